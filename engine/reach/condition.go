package reach

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// moment is what rules can ask besides the header: where on its way the packet
// is, and what has become of it.
type moment struct {
	state    ruleset.State
	outKnown bool // the routing decision was made
}

// condition is the set of packets that a rule matches at a moment. Known is
// false when a part of the rule could not be judged: then the packets are those
// that the rest of the rule takes.
func (w *world) condition(r *ruleset.Rule, at moment) (matched set, known bool) {
	s := w.space
	matched, known = s.within(inField, w.interfaces.spans(r.In)), r.Raw == nil
	switch {
	case at.outKnown:
		matched = s.and(matched, s.within(outField, w.interfaces.spans(r.Out)))
	case r.Out.Name != "" && (atom{}).in(r.Out.Name) == r.Out.Not:
		return nothing, known
	}
	if r.Proto.Num != 0 {
		matched = s.and(matched, w.not(s.within(protoField, []span{one(number(r.Proto.Num))}), r.Proto.Not))
	}
	matched = s.and(matched, w.network(srcField, r.Src))
	matched = s.and(matched, w.network(dstField, r.Dst))
	for _, m := range r.Matches {
		part, ok := w.match(m, r.Proto.Num, at)
		matched, known = s.and(matched, part), known && ok
	}
	return matched, known
}

func (w *world) not(a set, not bool) set {
	if not {
		return w.space.not(a)
	}
	return a
}

func (w *world) network(f field, n ruleset.Net) set {
	if !n.Prefix.IsValid() {
		return everything
	}
	return w.not(w.prefixes(f, n.Prefix), n.Not)
}

// prefixes is the set of packets with an address in one of the networks; those
// of the other family do not count.
func (w *world) prefixes(f field, list ...netip.Prefix) set {
	var spans []span
	for _, p := range list {
		if p.Addr().Is4() == (w.family == ruleset.V4) {
			spans = append(spans, span{ofAddr(p.Masked().Addr()), ofAddr(ruleset.LastAddr(p))})
		}
	}
	return w.space.within(f, ordered(spans))
}

// ordered sorts spans and joins those that overlap or touch.
func ordered(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return a.lo.compare(b.lo) })
	joined := spans[:0]
	for _, sp := range spans {
		n := len(joined)
		if n > 0 && (sp.lo.compare(joined[n-1].hi) <= 0 || joined[n-1].hi.next() == sp.lo) {
			if joined[n-1].hi.compare(sp.hi) < 0 {
				joined[n-1].hi = sp.hi
			}
			continue
		}
		joined = append(joined, sp)
	}
	return joined
}

func always(b bool) set {
	if b {
		return everything
	}
	return nothing
}

// The header of the packets that this package is about, where it is the same
// for all of them.
const (
	tcpSYN   = 0x02
	hopLimit = 64
	pktType  = "unicast"
)

// match is the set of packets that one match takes; false when it cannot be
// told, with the set of all.
func (w *world) match(m ruleset.Match, proto uint8, at moment) (set, bool) {
	s := w.space
	switch m := m.(type) {
	case ruleset.MatchState:
		state := at.state
		if m.Old {
			state &^= ruleset.StateSNAT | ruleset.StateDNAT
		}
		return always((m.States&state != 0) != m.Not), true
	case ruleset.MatchPorts:
		part := w.withPorts()
		if m.Src != nil {
			part = s.and(part, w.not(w.ports(srcPortField, *m.Src), m.SrcNot))
		}
		if m.Dst != nil {
			part = s.and(part, w.not(w.ports(portField, *m.Dst), m.DstNot))
		}
		return part, true
	case ruleset.MatchMultiport:
		found := s.or(w.ports(srcPortField, slices.Concat(m.Src, m.Either)...), w.ports(portField, slices.Concat(m.Dst, m.Either)...))
		return s.and(w.withPorts(), w.not(found, m.Not)), true
	case ruleset.MatchSet:
		part, ok := w.member(m.Name, m.Dirs)
		if !ok {
			return everything, false
		}
		return w.not(part, m.Not), true
	case ruleset.MatchMark:
		return always((m.Value == 0) != m.Not), !w.marked
	case ruleset.MatchConnMark:
		return always((m.Value == 0) != m.Not), !w.marked
	case ruleset.MatchICMP:
		return w.icmp(m), true
	case ruleset.MatchHopLimit:
		return always((m.Value == hopLimit) != m.Not), true
	case ruleset.MatchAddrType:
		return w.addrType(m)
	case ruleset.MatchTCPFlags:
		tcp := s.within(protoField, []span{one(number(ruleset.TCP))})
		return s.and(tcp, always((tcpSYN&m.Mask == m.Set) != m.Not)), true
	case ruleset.MatchPktType:
		return always((m.Type == pktType) != m.Not), true
	case ruleset.MatchIPRange:
		return w.addrRanges(m), true
	case ruleset.MatchIfaces:
		return w.anyIface(m, at), true
	}
	return everything, false
}

// anyIface is the set of packets with one of several interfaces. The one that they
// leave by has no name before the routing decision.
func (w *world) anyIface(m ruleset.MatchIfaces, at moment) set {
	if m.Out && !at.outKnown {
		return always(m.Not)
	}
	f := inField
	if m.Out {
		f = outField
	}
	found := nothing
	for _, name := range m.Names {
		found = w.space.or(found, w.space.within(f, w.interfaces.spans(ruleset.Iface{Name: name})))
	}
	return w.not(found, m.Not)
}

// withPorts is the set of TCP and UDP packets.
func (w *world) withPorts() set {
	return w.space.within(protoField, []span{one(number(ruleset.TCP)), one(number(ruleset.UDP))})
}

func (w *world) ports(f field, ranges ...ruleset.PortRange) set {
	spans := make([]span, len(ranges))
	for i, r := range ranges {
		spans[i] = span{number(r.Lo), number(r.Hi)}
	}
	return w.space.within(f, ordered(spans))
}

// icmp matches by type and code, whatever the protocol: a rule asks for that
// itself. In IPv4 the type 255 means any.
func (w *world) icmp(m ruleset.MatchICMP) set {
	if m.Type == 255 && w.family == ruleset.V4 {
		return always(!m.Not)
	}
	codes := span{number(uint16(m.Type) << 8), number(uint16(m.Type)<<8 | 0xff)}
	if m.Code >= 0 {
		codes = one(number(uint16(m.Type)<<8 | uint16(m.Code)))
	}
	return w.not(w.space.within(portField, []span{codes}), m.Not)
}

func (w *world) addrRanges(m ruleset.MatchIPRange) set {
	part := everything
	if m.SrcFrom.IsValid() {
		part = w.not(w.space.within(srcField, []span{{ofAddr(m.SrcFrom), ofAddr(m.SrcTo)}}), m.SrcNot)
	}
	if m.DstFrom.IsValid() {
		dst := w.not(w.space.within(dstField, []span{{ofAddr(m.DstFrom), ofAddr(m.DstTo)}}), m.DstNot)
		part = w.space.and(part, dst)
	}
	return part
}

// member is the set of packets that an ipset contains; false when the set is
// not there or of a type that is not understood. What the wrong family asks is
// in no set of addresses.
func (w *world) member(name, dirs string) (set, bool) {
	s := w.rules.Sets[name]
	if s == nil {
		return nothing, false
	}
	dir, _, more := strings.Cut(dirs, ",")
	switch s.Type {
	case ruleset.ListSet:
		return w.anyMember(s, dirs)
	case ruleset.BitmapPort:
		f := srcPortField
		if dir == "dst" {
			f = portField
		}
		ranges := make([]ruleset.PortRange, len(s.Members))
		for i, m := range s.Members {
			ranges[i] = m.Port
		}
		return w.space.and(w.withPorts(), w.ports(f, ranges...)), true
	}
	ranges, ok := s.Ranges()
	if !ok {
		return nothing, strings.Contains(s.Type, ",") && !more
	}
	if s.Family != w.family {
		return nothing, true
	}
	f := srcField
	if dir == "dst" {
		f = dstField
	}
	spans := make([]span, len(ranges))
	for i, r := range ranges {
		spans[i] = span{ofAddr(r.From), ofAddr(r.To)}
	}
	return w.space.within(f, ordered(spans)), true
}

func (w *world) anyMember(list *ruleset.Set, dirs string) (set, bool) {
	found, known := nothing, true
	for _, m := range list.Members {
		part, ok := w.member(m.Text, dirs)
		found, known = w.space.or(found, part), known && ok
	}
	return found, known
}

// addrType follows the tracer: of the types of an IPv4 address one must be among
// those asked, IPv6 asks all of them.
func (w *world) addrType(m ruleset.MatchAddrType) (set, bool) {
	part, known := everything, true
	if m.Src != "" {
		types, ok := w.addrTypes(srcField, m.Src)
		part, known = w.not(types, m.SrcNot), ok
	}
	if m.Dst != "" {
		types, ok := w.addrTypes(dstField, m.Dst)
		part, known = w.space.and(part, w.not(types, m.DstNot)), known && ok
	}
	if !known {
		return everything, false
	}
	return part, true
}

func (w *world) addrTypes(f field, types string) (set, bool) {
	all := w.family == ruleset.V6
	found, known := always(all), true
	for t := range strings.SplitSeq(types, ",") {
		part, ok := w.hasType(f, t)
		known = known && ok
		if all {
			found = w.space.and(found, part)
		} else {
			found = w.space.or(found, part)
		}
	}
	return found, known
}

var (
	multicast4 = netip.MustParsePrefix("224.0.0.0/4")
	multicast6 = netip.MustParsePrefix("ff00::/8")
	loopback4  = netip.MustParsePrefix("127.0.0.0/8")
	loopback6  = netip.MustParsePrefix("::1/128")
	thisNet    = netip.MustParsePrefix("0.0.0.0/8")
	broadcast4 = netip.MustParsePrefix("255.255.255.255/32")
)

func (w *world) hasType(f field, t string) (set, bool) {
	s := w.space
	multicast := w.prefixes(f, multicast4, multicast6)
	broadcast := w.prefixes(f, thisNet, broadcast4)
	local := w.prefixes(f, append([]netip.Prefix{loopback4, loopback6}, w.facts.Local...)...)
	local = s.minus(s.minus(local, multicast), broadcast)
	switch t {
	case "MULTICAST":
		return multicast, true
	case "BROADCAST":
		return broadcast, true
	case "LOCAL":
		return local, true
	case "UNICAST":
		others := s.or(multicast, broadcast)
		if w.family == ruleset.V4 {
			others = s.or(others, local)
		} else {
			others = s.or(others, w.prefixes(f, netip.PrefixFrom(netip.IPv6Unspecified(), 128)))
		}
		return s.not(others), true
	}
	return everything, false
}
