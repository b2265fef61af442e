package ruleset

import (
	"net/netip"
	"slices"
	"sort"
	"strings"
)

// setIndex answers whether a packet is in a set.
type setIndex struct {
	family Family
	// spans are for sets of addresses: from each address on, up to the next
	// one, everything is in the set or nothing is.
	spans []span
	// ports are for sets of ports, sorted.
	ports []PortRange
	// lists are for lists of sets.
	lists []*setIndex
	known bool // false for a type that is not indexed
	typ   string
}

// AddrRange is a range of addresses, both ends included.
type AddrRange struct{ From, To netip.Addr }

// Ranges are the addresses in a set of addresses, in order and without overlap,
// networks that are excluded taken out. It is false for any other type of set.
func (s *Set) Ranges() ([]AddrRange, bool) {
	x := indexSet(s)
	if !x.known || s.Type == BitmapPort || s.Type == ListSet {
		return nil, false
	}
	var ranges []AddrRange
	for i, sp := range x.spans {
		if !sp.in {
			continue
		}
		last := LastAddr(netip.PrefixFrom(sp.from, 0))
		if i+1 < len(x.spans) {
			last = x.spans[i+1].from.Prev()
		}
		ranges = append(ranges, AddrRange{sp.from, last})
	}
	return ranges, true
}

type span struct {
	from netip.Addr
	in   bool
}

// indexSets makes an index of every set.
func indexSets(sets Sets) map[string]*setIndex {
	indexes := make(map[string]*setIndex, len(sets))
	for name, s := range sets {
		indexes[name] = indexSet(s)
	}
	for name, s := range sets {
		if s.Type != ListSet {
			continue
		}
		for _, m := range s.Members {
			member := indexes[m.Text]
			if member == nil {
				member = &setIndex{} // not there, so not known
			}
			indexes[name].lists = append(indexes[name].lists, member)
		}
	}
	return indexes
}

func indexSet(s *Set) *setIndex {
	x := &setIndex{family: s.Family, typ: s.Type, known: true}
	switch s.Type {
	case HashNet, HashIP, "bitmap:ip":
		x.spans = makeSpans(s.Members)
	case BitmapPort:
		for _, m := range s.Members {
			x.ports = append(x.ports, m.Port)
		}
		slices.SortFunc(x.ports, func(a, b PortRange) int { return int(a.Lo) - int(b.Lo) })
	case ListSet:
	default:
		x.known = false
	}
	return x
}

// makeSpans flattens networks into spans. A network inside another one decides
// for itself: that is how nomatch works.
func makeSpans(members []Member) []span {
	if !slices.IsSortedFunc(members, compareMembers) {
		members = slices.Clone(members)
		slices.SortFunc(members, compareMembers)
	}
	var spans []span
	var open []Member // the networks that contain the current address
	leave := func() {
		last := open[len(open)-1]
		open = open[:len(open)-1]
		next := LastAddr(last.Prefix).Next()
		if !next.IsValid() {
			return
		}
		in := len(open) > 0 && open[len(open)-1].matches()
		spans = appendSpan(spans, span{next, in})
	}
	for _, m := range members {
		for len(open) > 0 && !open[len(open)-1].Prefix.Contains(m.Prefix.Addr()) {
			leave()
		}
		spans = appendSpan(spans, span{m.Prefix.Addr(), m.matches()})
		open = append(open, m)
	}
	for len(open) > 0 {
		leave()
	}
	return spans
}

// appendSpan adds a span; of two that start at the same address the later one
// holds.
func appendSpan(spans []span, s span) []span {
	if n := len(spans); n > 0 && spans[n-1].from == s.from {
		spans[n-1].in = s.in
		return spans
	}
	return append(spans, s)
}

// matches reports whether the network is in the set, not excluded from it.
func (m Member) matches() bool { return !slices.Contains(strings.Fields(m.Text), noMatch) }

// contains asks the set for a packet. The answer to a set of another family is
// no, as in the kernel.
func (x *setIndex) contains(p *Packet, dirs string) Answer {
	dir, _, more := strings.Cut(dirs, ",")
	switch {
	case x.typ == ListSet:
		return x.listContains(p, dirs)
	case !x.known:
		if strings.Contains(x.typ, ",") && !more {
			return No // a set of pairs, asked for one thing only
		}
		return Unknown
	case x.ports != nil || x.typ == BitmapPort:
		return x.portContains(p, dir)
	case x.family != p.Family():
		return No
	}
	addr := p.Src
	if dir == "dst" {
		addr = p.Dst
	}
	i := sort.Search(len(x.spans), func(i int) bool { return x.spans[i].from.Compare(addr) > 0 })
	return yes(i > 0 && x.spans[i-1].in)
}

func (x *setIndex) portContains(p *Packet, dir string) Answer {
	if !p.hasPorts() {
		return No
	}
	port := p.SrcPort
	if dir == "dst" {
		port = p.DstPort
	}
	i := sort.Search(len(x.ports), func(i int) bool { return x.ports[i].Lo > port })
	return yes(i > 0 && x.ports[i-1].Contains(port))
}

func (x *setIndex) listContains(p *Packet, dirs string) Answer {
	answer := No
	for _, member := range x.lists {
		switch member.contains(p, dirs) {
		case Yes:
			return Yes
		case Unknown:
			answer = Unknown
		}
	}
	return answer
}

func yes(b bool) Answer {
	if b {
		return Yes
	}
	return No
}

// unless turns yes and no around when not is set.
func (a Answer) unless(not bool) Answer {
	if not && a != Unknown {
		return Yes - a
	}
	return a
}
