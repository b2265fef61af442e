package live

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"testing"
)

func TestListenersAreReadFromTheKernelsTable(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the table below is that of a little-endian machine")
	}
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0
   2: 0A00A8C0:0016 0700A8C0:CB8E 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0
   3: B80D0120000000000000000001000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4 1
   4: 0000000000000000FFFF00000100000A:0050 00000000000000000000000000000000:0000 0A
   5: 00000000
   6: 0000:0016 00000000:0000 0A
   7: 00000000:zz 00000000:0000 0A
`
	var got []string
	for _, at := range parseListeners(table) {
		got = append(got, at.String())
	}
	want := []string{"127.0.0.1:8080", "0.0.0.0:22", "[2001:db8::1]:443", "10.0.0.1:80"}
	if !slices.Equal(got, want) {
		t.Errorf("listeners %q, want %q", got, want)
	}
}

func TestASocketThatListensIsListed(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	list, err := ReadListeners()
	if err != nil {
		t.Fatal(err)
	}
	want := netip.MustParseAddrPort(l.Addr().String())
	if !slices.Contains(list, want) {
		t.Errorf("%v is not among %v", want, list)
	}
}
