package reach

import (
	"cmp"
	"encoding/binary"
	"net/netip"
)

// field is a dimension of the packet space, in the order in which diagrams ask.
// What tells packets apart in few ways comes first: that keeps diagrams small.
type field uint8

const (
	inField    field = iota // atom of an input interface
	outField                // atom of an output interface; 0 is this host
	protoField              // IP protocol
	portField               // destination port, or type<<8|code of ICMP
	dstField
	srcField
	srcPortField
	fields = iota
)

// leaf is the field of the two sets without a node.
const leaf field = fields

// value is a point of a field as a 128-bit number.
type value struct{ hi, lo uint64 }

func (v value) compare(o value) int { return cmp.Or(cmp.Compare(v.hi, o.hi), cmp.Compare(v.lo, o.lo)) }

// next is v+1; before is v-1. Both wrap.
func (v value) next() value {
	v.lo++
	if v.lo == 0 {
		v.hi++
	}
	return v
}

func (v value) before() value {
	if v.lo == 0 {
		v.hi--
	}
	v.lo--
	return v
}

func number[N ~uint8 | ~uint16 | ~int](n N) value { return value{lo: uint64(n)} }

// ofAddr is an address as a number: 32 bits for IPv4.
func ofAddr(a netip.Addr) value {
	if a.Is4() {
		b := a.As4()
		return value{lo: uint64(binary.BigEndian.Uint32(b[:]))}
	}
	b := a.As16()
	return value{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

// addr is the address of a number.
func (v value) addr(v6 bool) netip.Addr {
	if !v6 {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], uint32(v.lo))
		return netip.AddrFrom4(b)
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], v.hi)
	binary.BigEndian.PutUint64(b[8:], v.lo)
	return netip.AddrFrom16(b)
}

// span is a range of a field, both ends included.
type span struct{ lo, hi value }

func one(v value) span { return span{v, v} }
