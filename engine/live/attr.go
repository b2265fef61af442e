package live

import (
	"encoding/binary"
	"errors"
	"strings"
)

// errMalformed is a netlink message that does not add up.
var errMalformed = errors.New("malformed netlink attribute")

// Conntrack attributes, from include/uapi/linux/netfilter/nfnetlink_conntrack.h;
// each group numbers the children of one attribute.
const (
	ctaTupleOrig     = 1
	ctaTupleReply    = 2
	ctaStatus        = 3
	ctaProtoInfo     = 4
	ctaTimeout       = 7
	ctaMark          = 8
	ctaCountersOrig  = 9
	ctaCountersReply = 10
	ctaID            = 12
	ctaZone          = 18
	ctaTimestamp     = 20

	ctaTupleIP    = 1
	ctaTupleProto = 2

	ctaIPV4Src = 1
	ctaIPV4Dst = 2
	ctaIPV6Src = 3
	ctaIPV6Dst = 4

	ctaProtoNum        = 1
	ctaProtoSrcPort    = 2
	ctaProtoDstPort    = 3
	ctaProtoICMPID     = 4
	ctaProtoICMPType   = 5
	ctaProtoICMPCode   = 6
	ctaProtoICMPv6ID   = 7
	ctaProtoICMPv6Type = 8
	ctaProtoICMPv6Code = 9

	ctaProtoInfoTCP      = 1
	ctaProtoInfoTCPState = 1

	ctaCountersPackets = 1
	ctaCountersBytes   = 2

	ctaTimestampStart = 1
)

// attrs is what is left of a row of netlink attributes.
type attrs []byte

// The two upper bits of an attribute's type are flags (nested, byte order).
const attrTypeMask = 0x3fff

// next takes the first attribute off the row. At the end, ok is false and the
// row is empty; bytes that are left then are no attribute.
func (a *attrs) next() (kind uint16, data []byte, ok bool) {
	b := *a
	if len(b) < 4 {
		return 0, nil, false
	}
	size := int(binary.NativeEndian.Uint16(b))
	if size < 4 || size > len(b) {
		return 0, nil, false
	}
	*a = b[min((size+3)&^3, len(b)):]
	return binary.NativeEndian.Uint16(b[2:]) & attrTypeMask, b[4:size], true
}

// end is the error of a row that was read to its end.
func (a attrs) end() error {
	if len(a) != 0 {
		return errMalformed
	}
	return nil
}

// The kernel's conntrack attributes are big endian. A short value reads as 0:
// the length of each is fixed, so only a kernel that is not Linux would send one.

func be16(b []byte) uint16 {
	if len(b) < 2 {
		return 0
	}
	return binary.BigEndian.Uint16(b)
}

func be32(b []byte) uint32 {
	if len(b) < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(b)
}

func be64(b []byte) uint64 {
	if len(b) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

func u8(b []byte) uint8 {
	if len(b) < 1 {
		return 0
	}
	return b[0]
}

// cString is a string of the kernel, which ends in a zero byte.
func cString(b []byte) string { return strings.TrimRight(string(b), "\x00") }
