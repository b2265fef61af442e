package live

import (
	"encoding/binary"
	"net/netip"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Header is what the beginning of an IP packet says.
type Header struct {
	Src, Dst netip.Addr
	Proto    uint8
	// SrcPort and DstPort are of TCP and UDP, and Flags of TCP; zero in a
	// fragment that is not the first.
	SrcPort, DstPort uint16
	Flags            uint8
	// Type and Code are of ICMP and ICMPv6.
	Type, Code uint8
}

// parseHeader reads an IPv4 or IPv6 packet that may be cut off; false when not
// even its addresses are there.
func parseHeader(b []byte) (h Header, ok bool) {
	if len(b) == 0 {
		return h, false
	}
	switch b[0] >> 4 {
	case 4:
		return parseV4(b)
	case 6:
		return parseV6(b)
	}
	return h, false
}

func parseV4(b []byte) (h Header, ok bool) {
	size := int(b[0]&0x0f) * 4
	if len(b) < 20 || size < 20 {
		return h, false
	}
	h.Src, h.Dst = netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
	h.Proto = b[9]
	if offset := binary.BigEndian.Uint16(b[6:8]) & 0x1fff; offset == 0 && len(b) >= size {
		h.transport(b[size:])
	}
	return h, true
}

// The extension headers of IPv6 that may stand before what the packet carries.
const (
	hopByHop    = 0
	routing     = 43
	fragment    = 44
	authHeader  = 51
	destOptions = 60
)

func parseV6(b []byte) (h Header, ok bool) {
	if len(b) < 40 {
		return h, false
	}
	h.Src, h.Dst = netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
	h.Proto = b[6]
	for rest := b[40:]; ; {
		var size int
		switch {
		case len(rest) < 8:
			h.transport(rest)
			return h, true
		case h.Proto == hopByHop, h.Proto == routing, h.Proto == destOptions:
			size = (int(rest[1]) + 1) * 8
		case h.Proto == authHeader:
			size = (int(rest[1]) + 2) * 4
		case h.Proto == fragment:
			if offset := binary.BigEndian.Uint16(rest[2:4]) >> 3; offset != 0 {
				h.Proto = rest[0]
				return h, true
			}
			size = 8
		default:
			h.transport(rest)
			return h, true
		}
		h.Proto = rest[0]
		rest = rest[min(size, len(rest)):]
	}
}

// transport reads ports, flags, or type and code, as far as they are there.
func (h *Header) transport(b []byte) {
	switch h.Proto {
	case ruleset.TCP, ruleset.UDP:
		if len(b) >= 4 {
			h.SrcPort, h.DstPort = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		}
		if h.Proto == ruleset.TCP && len(b) >= 14 {
			h.Flags = b[13]
		}
	case ruleset.ICMP, ruleset.ICMPv6:
		if len(b) >= 2 {
			h.Type, h.Code = b[0], b[1]
		}
	}
}
