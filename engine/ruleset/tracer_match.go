package ruleset

import (
	"net/netip"
	"slices"
	"strings"
)

// makeAsk prepares one match.
func (t *Tracer) makeAsk(f Family, m Match) ask {
	switch m := m.(type) {
	case MatchState:
		return func(w *walker) Answer { return yes(m.matches(&w.packet)) }
	case MatchPorts:
		return func(w *walker) Answer { return yes(m.matches(&w.packet)) }
	case MatchMultiport:
		return func(w *walker) Answer { return yes(m.matches(&w.packet)) }
	case MatchSet:
		return makeSetAsk(t.sets[m.Name], m)
	case MatchMark:
		return func(w *walker) Answer { return yes((w.packet.Mark&m.Mask == m.Value) != m.Not) }
	case MatchConnMark:
		return func(w *walker) Answer {
			return yes(w.packet.tracked() && (w.packet.ConnMark&m.Mask == m.Value) != m.Not)
		}
	case MatchICMP:
		return func(w *walker) Answer { return yes(m.matches(&w.packet)) }
	case MatchHopLimit:
		return func(w *walker) Answer { return yes((w.packet.HopLimit == m.Value) != m.Not) }
	case MatchAddrType:
		return makeAddrTypeAsk(f, m)
	case MatchTCPFlags:
		return func(w *walker) Answer {
			return yes(w.packet.Proto == TCP && (w.packet.TCPFlags&m.Mask == m.Set) != m.Not)
		}
	case MatchPktType:
		return func(w *walker) Answer { return yes((w.packet.PktType == m.Type) != m.Not) }
	case MatchIPRange:
		return func(w *walker) Answer { return yes(m.matches(&w.packet)) }
	case MatchMAC:
		return makeMACAsk(m)
	case MatchIfaces:
		return func(w *walker) Answer { return yes(m.matches(&w.packet)) }
	}
	return func(*walker) Answer { return Unknown }
}

func (m MatchState) matches(p *Packet) bool {
	state := p.State
	if m.Old {
		state &^= StateSNAT | StateDNAT
	}
	return (m.States&state != 0) != m.Not
}

func (m MatchPorts) matches(p *Packet) bool {
	if !p.hasPorts() {
		return false
	}
	if m.Src != nil && m.Src.Contains(p.SrcPort) == m.SrcNot {
		return false
	}
	return m.Dst == nil || m.Dst.Contains(p.DstPort) != m.DstNot
}

func (m MatchMultiport) matches(p *Packet) bool {
	if !p.hasPorts() {
		return false
	}
	found := anyContains(m.Src, p.SrcPort) || anyContains(m.Dst, p.DstPort) ||
		anyContains(m.Either, p.SrcPort) || anyContains(m.Either, p.DstPort)
	return found != m.Not
}

func anyContains(ranges []PortRange, port uint16) bool {
	return slices.ContainsFunc(ranges, func(r PortRange) bool { return r.Contains(port) })
}

func makeSetAsk(x *setIndex, m MatchSet) ask {
	if x == nil {
		return func(*walker) Answer { return Unknown }
	}
	return func(w *walker) Answer { return x.contains(&w.packet, m.Dirs).unless(m.Not) }
}

// matches follows icmp_type_code_match: in IPv4 the type 255 means any.
func (m MatchICMP) matches(p *Packet) bool {
	any4 := m.Type == anyICMP && p.Family() == V4
	same := p.ICMPType == m.Type && (m.Code < 0 || int(p.ICMPCode) == m.Code)
	return (any4 || same) != m.Not
}

func (m MatchIPRange) matches(p *Packet) bool {
	if m.SrcFrom.IsValid() && between(m.SrcFrom, p.Src, m.SrcTo) == m.SrcNot {
		return false
	}
	return !m.DstFrom.IsValid() || between(m.DstFrom, p.Dst, m.DstTo) != m.DstNot
}

func between(from, a, to netip.Addr) bool { return from.Compare(a) <= 0 && a.Compare(to) <= 0 }

func makeMACAsk(m MatchMAC) ask {
	want := strings.ToLower(m.Addr)
	return func(w *walker) Answer {
		if w.packet.MAC == "" {
			return Unknown
		}
		return yes(strings.ToLower(w.packet.MAC) == want).unless(m.Not)
	}
}

func makeAddrTypeAsk(f Family, m MatchAddrType) ask {
	src, dst := splitTypes(m.Src), splitTypes(m.Dst)
	return func(w *walker) Answer {
		answer := Yes
		if src != nil {
			answer = w.hasType(f, w.packet.Src, src).unless(m.SrcNot)
		}
		if dst == nil || answer == No {
			return answer
		}
		if other := w.hasType(f, w.packet.Dst, dst).unless(m.DstNot); other != Yes {
			return other
		}
		return answer
	}
}

func splitTypes(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// hasType judges an address type. IPv4 addresses have one type and one of the
// asked types suffices; IPv6 asks all of them (xt_addrtype).
func (w *walker) hasType(f Family, a netip.Addr, types []string) Answer {
	answer := No
	if f == V6 {
		answer = Yes
	}
	for _, t := range types {
		switch one := w.isType(f, a, t); {
		case f == V4 && one == Yes, f == V6 && one == No:
			return one
		case one == Unknown:
			answer = Unknown
		}
	}
	return answer
}

// isType judges what can be told without the routing table of the host; the
// directed broadcast addresses of its networks pass as unicast.
func (w *walker) isType(f Family, a netip.Addr, want string) Answer {
	broadcast := f == V4 && (a.As4()[0] == 0 || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}))
	switch want {
	case "MULTICAST":
		return yes(a.IsMulticast())
	case "BROADCAST":
		return yes(broadcast)
	case "UNICAST":
		if a.IsMulticast() || broadcast || a.IsUnspecified() {
			return No
		}
		if f == V6 {
			return Yes // a local address is unicast too
		}
		return w.isLocal(a).unless(true)
	case "LOCAL":
		if a.IsMulticast() || broadcast {
			return No
		}
		return w.isLocal(a)
	}
	return Unknown
}

func (w *walker) isLocal(a netip.Addr) Answer {
	if a.IsLoopback() {
		return Yes
	}
	if w.route == nil {
		return Unknown
	}
	local, _ := w.route(a)
	return yes(local)
}
