package live

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// v4 is an IPv4 packet from 10.0.0.1 to 10.0.0.2.
func v4(proto byte, fragment [2]byte, payload ...byte) []byte {
	return append([]byte{0x45, 0, 0, 0, 0, 0, fragment[0], fragment[1], 64, proto, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}, payload...)
}

// v6 is an IPv6 packet from fd00::1 to fd00::2.
func v6(next byte, payload ...byte) []byte {
	b := make([]byte, 40, 40+len(payload))
	b[0], b[6], b[7] = 0x60, next, 64
	b[8], b[23], b[24], b[39] = 0xfd, 1, 0xfd, 2
	return append(b, payload...)
}

func TestHeadersOfPackets(t *testing.T) {
	a4, b4 := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	a6, b6 := netip.MustParseAddr("fd00::1"), netip.MustParseAddr("fd00::2")
	syn := []byte{0x30, 0x39, 0, 22, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2}
	hop := []byte{6, 0, 0, 0, 0, 0, 0, 0}
	tests := []struct {
		name   string
		packet []byte
		want   Header
	}{
		{"tcp", v4(6, [2]byte{}, syn...), Header{Src: a4, Dst: b4, Proto: 6, SrcPort: 12345, DstPort: 22, Flags: 2}},
		{"udp", v4(17, [2]byte{}, 0, 1, 0, 53), Header{Src: a4, Dst: b4, Proto: 17, SrcPort: 1, DstPort: 53}},
		{"icmp", v4(1, [2]byte{}, 8, 0), Header{Src: a4, Dst: b4, Proto: 1, Type: 8}},
		{"later fragment", v4(6, [2]byte{0, 9}, syn...), Header{Src: a4, Dst: b4, Proto: 6}},
		{"options", append([]byte{0x46}, append(v4(17, [2]byte{})[1:], 0, 0, 0, 0, 0, 1, 0, 53)...), Header{Src: a4, Dst: b4, Proto: 17, SrcPort: 1, DstPort: 53}},
		{"cut off", v4(6, [2]byte{}, 0x30), Header{Src: a4, Dst: b4, Proto: 6}},
		{"tcp over IPv6", v6(6, syn...), Header{Src: a6, Dst: b6, Proto: 6, SrcPort: 12345, DstPort: 22, Flags: 2}},
		{"behind hop-by-hop options", v6(0, append(hop, syn...)...), Header{Src: a6, Dst: b6, Proto: 6, SrcPort: 12345, DstPort: 22, Flags: 2}},
		{"first fragment", v6(44, append([]byte{17, 0, 0, 1, 0, 0, 0, 0}, 0, 1, 0, 53, 0, 0, 0, 0)...), Header{Src: a6, Dst: b6, Proto: 17, SrcPort: 1, DstPort: 53}},
		{"later fragment of IPv6", v6(44, append([]byte{17, 0, 1, 0, 0, 0, 0, 0}, 0, 1, 0, 53)...), Header{Src: a6, Dst: b6, Proto: 17}},
		{"icmpv6", v6(58, 128, 0), Header{Src: a6, Dst: b6, Proto: 58, Type: 128}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := parseHeader(tt.packet)
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateComparable(netip.Addr{})); !ok || diff != "" {
				t.Errorf("ok %v: %s", ok, diff)
			}
		})
	}
	for _, broken := range [][]byte{nil, {0x45}, {0x60}, {0x10}, {0x41, 19: 0}} {
		if h, ok := parseHeader(broken); ok {
			t.Errorf("%x was read as %+v", broken, h)
		}
	}
}

func FuzzHeader(f *testing.F) {
	f.Add(v4(6, [2]byte{}, 1, 2, 3, 4))
	f.Add(v6(0, 60, 255, 0, 0, 0, 0, 0, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, ok := parseHeader(b); ok && ruleset.OfAddr(h.Src) != ruleset.OfAddr(h.Dst) {
			t.Errorf("%x: families differ", b)
		}
	})
}
