package live

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// message is a netlink message of a kind.
func message(kind uint16, payload ...byte) []byte {
	b := make([]byte, unix.NLMSG_HDRLEN, unix.NLMSG_HDRLEN+len(payload)+3)
	binary.NativeEndian.PutUint32(b, uint32(unix.NLMSG_HDRLEN+len(payload)))
	binary.NativeEndian.PutUint16(b[4:], kind)
	b = append(b, payload...)
	return b[:(len(b)+3)&^3]
}

func TestDumpMessages(t *testing.T) {
	const flow = unix.NFNL_SUBSYS_CTNETLINK << 8
	refused := binary.NativeEndian.AppendUint32(nil, ^uint32(unix.EPERM)+1)
	tests := []struct {
		name     string
		datagram []byte
		taken    string
		done     bool
		err      error
	}{
		{"two of many", slices.Concat(message(flow, 'a'), message(flow, 'b', 'c')), "a bc ", false, nil},
		{"the last", slices.Concat(message(flow, 'a'), message(unix.NLMSG_DONE, 0, 0, 0, 0)), "a ", true, nil},
		{"refused", message(unix.NLMSG_ERROR, refused...), "", true, unix.EPERM},
		{"ended by an error", message(unix.NLMSG_DONE, refused...), "", true, unix.EPERM},
		{"a header that is cut", message(flow)[:7], "", false, errMalformed},
		{"a length beyond the end", message(flow, 1, 2, 3, 4)[:18], "", false, errMalformed},
		{"no length", make([]byte, 20), "", false, errMalformed},
		{"an end without its code", message(unix.NLMSG_DONE), "", false, errMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var taken string
			done, err := dumpMessages(tt.datagram, func(payload []byte) error {
				taken += string(payload) + " "
				return nil
			})
			if done != tt.done || !errors.Is(err, tt.err) || taken != tt.taken {
				t.Errorf("took %q, done %t, error %v; want %q, %t, %v", taken, done, err, tt.taken, tt.done, tt.err)
			}
		})
	}
}
