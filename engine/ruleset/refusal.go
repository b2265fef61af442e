package ruleset

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Refusal is the first part of a rule that a packet does not meet: what the
// rule asks in the words of iptables, and what the packet has instead; Has is
// empty when there is no word for it. Matched is No, or Unknown for a part that
// cannot be judged. Met counts the
// extensions before it that the packet does meet; -1 for a part that is none.
type Refusal struct {
	Asks, Has string
	Matched   Answer
	Met       int
}

// Refusal finds why a rule does not match a packet, by the order in which Trace
// asks; false when it matches. A part that says no comes before one that cannot
// be judged.
func (t *Tracer) Refusal(r *Rule, p Packet, route Route) (Refusal, bool) {
	p.normalize()
	w := &walker{Tracer: t, packet: p, route: route}
	if asks, has := refusedBase(r, &p); asks != nil {
		return Refusal{Asks: asks.Spec(p.Family()), Has: has, Matched: No, Met: -1}, true
	}
	var unknown *Refusal
	if r.Raw != nil {
		unknown = &Refusal{Asks: strings.Join(r.Raw, " "), Matched: Unknown}
	}
	for i, m := range r.Matches {
		answer := t.makeAsk(p.Family(), m)(w)
		if answer == Yes || answer == Unknown && unknown != nil {
			continue
		}
		words := m.appendWords(nil, p.Family(), r.Proto.Num)
		one := Refusal{Asks: strings.TrimSpace(string(words)), Has: has(m, &p), Matched: answer, Met: i}
		if answer == No {
			return one, true
		}
		unknown = &one
	}
	if unknown != nil {
		return *unknown, true
	}
	return Refusal{}, false
}

// refusedBase finds the first part without an extension that a packet does not
// meet, as a rule of that part alone; nil when it meets all.
func refusedBase(r *Rule, p *Packet) (asks *Rule, has string) {
	in, out := makeIfaceAsk(r.In), makeIfaceAsk(r.Out)
	refuses := func(n Net, a netip.Addr) bool { return n.Prefix.IsValid() && n.Prefix.Contains(a) == n.Not }
	switch {
	case !in.matches(p.In):
		return &Rule{In: r.In}, ifaceWord(p.In)
	case !out.matches(p.Out):
		return &Rule{Out: r.Out}, ifaceWord(p.Out)
	case r.Proto.Num != 0 && (r.Proto.Num == p.Proto) == r.Proto.Not:
		return &Rule{Proto: r.Proto}, ProtocolName(p.Proto)
	case refuses(r.Src, p.Src):
		return &Rule{Src: r.Src}, p.Src.String()
	case refuses(r.Dst, p.Dst):
		return &Rule{Dst: r.Dst}, p.Dst.String()
	}
	return nil, ""
}

func ifaceWord(name string) string {
	if name == "" {
		return "no interface"
	}
	return name
}

// has says what a packet has in the place that a match asks for.
func has(m Match, p *Packet) string {
	switch m := m.(type) {
	case MatchState:
		return p.State.String()
	case MatchPorts:
		if !p.hasPorts() {
			return "no ports"
		}
		if m.Dst == nil || m.Src != nil && m.Src.Contains(p.SrcPort) == m.SrcNot {
			return strconv.Itoa(int(p.SrcPort))
		}
		return strconv.Itoa(int(p.DstPort))
	case MatchMultiport:
		return fmt.Sprintf("%d > %d", p.SrcPort, p.DstPort)
	case MatchSet:
		return inSet(m.Dirs, p)
	case MatchMark:
		return fmt.Sprintf("%#x", p.Mark)
	case MatchConnMark:
		return fmt.Sprintf("%#x", p.ConnMark)
	case MatchICMP:
		return fmt.Sprintf("type %d code %d", p.ICMPType, p.ICMPCode)
	case MatchHopLimit:
		return strconv.Itoa(int(p.HopLimit))
	case MatchPktType:
		return p.PktType
	case MatchIPRange:
		return p.Src.String() + " > " + p.Dst.String()
	}
	return ""
}

// inSet says what of a packet is looked for in a set.
func inSet(dirs string, p *Packet) string {
	addr, port := p.Src, p.SrcPort
	if dirs == "dst" {
		addr, port = p.Dst, p.DstPort
	}
	if p.hasPorts() {
		return netip.AddrPortFrom(addr, port).String()
	}
	return addr.String()
}
