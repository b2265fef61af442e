package query

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Span is a range of addresses of one family, both ends included.
type Span struct{ Lo, Hi netip.Addr }

// AddrSpan is a single address.
func AddrSpan(a netip.Addr) Span {
	a = a.Unmap().WithZone("")
	return Span{a, a}
}

// PrefixSpan is a network.
func PrefixSpan(p netip.Prefix) Span {
	p = p.Masked()
	last := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(last)*8; bit++ {
		last[bit/8] |= 0x80 >> (bit % 8)
	}
	hi, _ := netip.AddrFromSlice(last)
	return Span{p.Addr(), hi}
}

// overlaps reports whether two spans share an address.
func (s Span) overlaps(o Span) bool {
	return s.Lo.Is4() == o.Lo.Is4() && s.Lo.Compare(o.Hi) <= 0 && o.Lo.Compare(s.Hi) <= 0
}

// joined sorts spans and joins those that overlap, so that one lookup answers
// for any number of them.
func joined(spans []Span) []Span {
	list := slices.Clone(spans)
	slices.SortFunc(list, func(a, b Span) int { return a.Lo.Compare(b.Lo) })
	out := list[:0]
	for _, s := range list {
		if n := len(out); n > 0 && out[n-1].overlaps(s) {
			if out[n-1].Hi.Less(s.Hi) {
				out[n-1].Hi = s.Hi
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// meets reports whether one of joined spans overlaps a span.
func meets(list []Span, s Span) bool {
	if len(list) <= 4 { // faster than a search
		return slices.ContainsFunc(list, s.overlaps)
	}
	at, _ := slices.BinarySearchFunc(list, s.Lo, func(have Span, lo netip.Addr) int { return have.Hi.Compare(lo) })
	return at < len(list) && list[at].overlaps(s)
}

// Ports is a range of ports, both ends included.
type Ports struct{ Lo, Hi uint16 }

func (p Ports) overlaps(o Ports) bool { return p.Lo <= o.Hi && o.Lo <= p.Hi }

// ParseSpan reads an address, a network or a range of addresses.
func ParseSpan(text string) (Span, bool) {
	if a, err := netip.ParseAddr(text); err == nil {
		return AddrSpan(a), true
	}
	if p, err := netip.ParsePrefix(text); err == nil {
		return PrefixSpan(p), true
	}
	if from, to, ok := strings.Cut(text, "-"); ok {
		lo, err := netip.ParseAddr(from)
		hi, err2 := netip.ParseAddr(to)
		if err == nil && err2 == nil && lo.Is4() == hi.Is4() && lo.Compare(hi) <= 0 {
			return Span{lo, hi}, true
		}
	}
	return Span{}, false
}

// ParsePorts reads a port or a range of ports.
func ParsePorts(text string) (Ports, bool) {
	from, to, ok := strings.Cut(text, "-")
	if !ok {
		to = from
	}
	lo, err := strconv.ParseUint(from, 10, 16)
	hi, err2 := strconv.ParseUint(to, 10, 16)
	return Ports{uint16(lo), uint16(hi)}, err == nil && err2 == nil && lo <= hi
}

// beginsAddress reports whether a text could become an address, a network or a
// range when more is typed.
func beginsAddress(text string) bool {
	first, rest, ranged := strings.Cut(text, "-")
	if ranged {
		_, ok := ParseSpan(first)
		return ok && (rest == "" || beginsOne(rest))
	}
	addr, bits, netted := strings.Cut(text, "/")
	if netted {
		a, err := netip.ParseAddr(addr)
		return err == nil && (bits == "" || len(bits) < 3 && isNumber(bits, uint64(a.BitLen())))
	}
	return beginsOne(text)
}

// beginsOne reports whether a text could become one address.
func beginsOne(text string) bool {
	if strings.Contains(text, ":") {
		return strings.Trim(text, "0123456789abcdefABCDEF:.") == "" && !strings.Contains(text, ":::") && strings.Count(text, ":") < 8
	}
	parts := strings.Split(text, ".")
	for i, p := range parts {
		if p == "" && i == len(parts)-1 && i > 0 {
			continue
		}
		if !isNumber(p, 255) {
			// The first group of an IPv6 address may still get its colon.
			return len(parts) == 1 && len(p) <= 4 && strings.Trim(p, "0123456789abcdefABCDEF") == ""
		}
	}
	return len(parts) <= 4
}

func isNumber(text string, limit uint64) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n <= limit
}

// colonText reports whether a word with a colon is an address or the beginning
// of one, with or without a port, and no key.
func colonText(word string) bool {
	return strings.Trim(word, "0123456789abcdefABCDEF:./[]") == ""
}
