package ruleset

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
)

// randomRules makes rulesets with everything that the printer can write, so
// that the real tools and the trace can be asked about all of it.
type randomRules struct {
	*rand.Rand
	family Family
}

// sets are the sets that random rules ask.
func (g randomRules) sets() Sets {
	nets := NewSet("nets_"+g.family.String(), HashNet, g.family)
	for range 20 {
		nets.Members = append(nets.Members, Member{Prefix: g.prefix()})
	}
	nets.Normalize()
	ports := NewSet("ports_tcp", BitmapPort, 0)
	ports.Members = []Member{{Port: PortRange{80, 90}}, {Port: Port(443)}}
	list := NewSet("mfw_trial", ListSet, 0)
	list.Timeout = 100
	list.Members = []Member{{Text: nets.Name, Timeout: 50}}
	return Sets{nets.Name: nets, ports.Name: ports, list.Name: list}
}

// tables makes three tables with n rules each.
func (g randomRules) tables(n int) Tables {
	var ts Tables
	for _, name := range []string{Filter, NAT, Mangle} {
		t := ts.Ensure(name)
		c, other := t.Ensure("MFWCHAIN"), t.Ensure("ext_inp")
		other.Append(&Rule{Target: Return, ID: "end"})
		for i := range n {
			r := g.rule(name)
			r.ID = fmt.Sprintf("%s-%d", name, i)
			if g.IntN(2) == 0 {
				r.Counters = Counters{g.Uint64N(1 << 40), g.Uint64N(1 << 50)}
			}
			c.Append(r)
		}
	}
	return ts
}

func (g randomRules) rule(table string) *Rule {
	r := &Rule{}
	if g.maybe() {
		r.Proto = Proto{Num: pick(g, TCP, UDP, g.icmpProto(), 47, 132, 255)}
	}
	if g.maybe() {
		r.Src = Net{g.prefix(), g.maybe()}
	}
	if g.maybe() {
		r.Dst = Net{g.prefix(), g.maybe()}
	}
	if g.maybe() {
		r.In = Iface{pick(g, "eth0", "br-0123456789ab", "ppp+", "veth1.100"), g.maybe()}
	}
	if table != NAT && g.maybe() {
		r.Out = Iface{pick(g, "eth1", "wg0", "tun+"), g.maybe()}
	}
	for g.maybe() {
		r.Matches = append(r.Matches, g.match(r.Proto.Num))
	}
	r.Matches = g.protocolMatches(r, r.Matches)
	r.Target = g.target(table, r.Proto.Num)
	if r.checkMarks() != nil {
		return g.rule(table)
	}
	return r
}

// protocolMatches adds ports, flags and types that fit the protocol.
func (g randomRules) protocolMatches(r *Rule, ms []Match) []Match {
	switch r.Proto.Num {
	case TCP, UDP:
		if g.maybe() {
			src, dst := g.ports(), g.ports()
			ms = append(ms, MatchPorts{Src: &src, Dst: &dst, SrcNot: g.maybe(), DstNot: g.maybe()})
		}
		if r.Proto.Num == TCP && g.maybe() {
			ms = append(ms, MatchTCPFlags{Mask: SYN | ACK | FIN | RST, Set: pick(g, SYN, SYN|ACK, 0), Not: g.maybe()})
		}
		if g.maybe() {
			ms = append(ms, g.multiport())
		}
	case g.icmpProto():
		if g.maybe() {
			ms = append(ms, MatchICMP{Type: pick[uint8](g, 0, 3, 8, 128, 135, 255), Code: pick(g, -1, 0, 4), Not: g.maybe()})
			if m := ms[len(ms)-1].(MatchICMP); m.Type == 255 {
				ms[len(ms)-1] = MatchICMP{Type: 255, Code: -1}
			}
		}
	}
	return ms
}

func (g randomRules) multiport() MatchMultiport {
	list := []PortRange{g.ports(), Port(uint16(g.IntN(65536))), g.ports()}
	m := MatchMultiport{Not: g.maybe()}
	switch g.IntN(3) {
	case 0:
		m.Src = list
	case 1:
		m.Dst = list
	default:
		m.Either = list
	}
	return m
}

func (g randomRules) match(proto uint8) Match {
	switch g.IntN(12) {
	case 0:
		return MatchState{States: State(1 + g.IntN(127)), Not: g.maybe()}
	case 1:
		return MatchState{States: State(1 + g.IntN(31)), Not: g.maybe(), Old: true}
	case 2:
		return MatchSet{Name: "nets_" + g.family.String(), Dirs: pick(g, "src", "dst"), Not: g.maybe()}
	case 3:
		if proto != TCP && proto != UDP {
			return MatchSet{Name: "mfw_trial", Dirs: "src"}
		}
		return MatchSet{Name: "ports_tcp", Dirs: "dst", Not: g.maybe()}
	case 4:
		return MatchMark{Value: g.Uint32(), Mask: pick(g, g.Uint32(), 0xffffffff), Not: g.maybe()}
	case 5:
		return MatchConnMark{Value: g.Uint32(), Mask: pick[uint32](g, 0x4000000, 0xffffffff), Not: g.maybe()}
	case 6:
		return MatchHopLimit{Value: uint8(g.IntN(256)), Not: g.maybe()}
	case 7:
		return MatchAddrType{Dst: pick(g, "LOCAL", "UNICAST"), DstNot: g.maybe()}
	case 8:
		return MatchPktType{Type: pick(g, "unicast", "broadcast", "multicast"), Not: g.maybe()}
	case 9:
		from := g.addr()
		return MatchIPRange{SrcFrom: from, SrcTo: from.Next(), SrcNot: g.maybe()}
	case 10:
		return MatchLimit{Average: pick(g, "5/min", "60/min", "3/sec", "10/hour", "90/min", "3333/sec"), Burst: pick[uint32](g, 0, 5, 9)}
	}
	from := g.addr()
	return MatchIPRange{DstFrom: from, DstTo: from, DstNot: g.maybe()}
}

func (g randomRules) target(table string, proto uint8) Target {
	var nat PortRange
	if proto == TCP || proto == UDP {
		nat = pick(g, PortRange{}, PortRange{1024, 2048}, Port(8080))
	}
	to := g.addr()
	switch table {
	case NAT:
		switch g.IntN(4) {
		case 0:
			return DNAT{From: to, To: to, Ports: nat}
		case 1:
			if nat.Lo != nat.Hi {
				return DNAT{From: to, To: to.Next(), Ports: nat, Base: 80}
			}
			return DNAT{From: to, To: to.Next(), Ports: nat}
		case 2:
			return Accept
		}
		return Jump{Chain: "ext_inp"}
	case Mangle:
		if g.maybe() {
			return SetConnMark{Value: g.Uint32(), Mask: pick(g, 0x4000000, 0xffffffff, g.Uint32())}
		}
		return SetMark{Value: g.Uint32(), Mask: pick(g, 0xff00, 0xffffffff, g.Uint32())}
	}
	switch g.IntN(7) {
	case 0:
		return Reject{With: g.rejectWith(proto)}
	case 1:
		return NFLog{Group: uint16(g.IntN(100)), Prefix: pick(g, "", "mfw:4f2a", "in eth0, no rule")}
	case 2:
		return Jump{Chain: "ext_inp", Goto: true}
	case 3:
		return Jump{Chain: "ext_inp"}
	case 4:
		return nil
	}
	return pick(g, Accept, Drop, Return)
}

func (g randomRules) rejectWith(proto uint8) string {
	for {
		r := rejectWords[g.IntN(len(rejectWords))]
		if r.family == g.family && (r.word != "tcp-reset" || proto == TCP) {
			return r.word
		}
	}
}

func (g randomRules) icmpProto() uint8 {
	if g.family == V6 {
		return ICMPv6
	}
	return ICMP
}

func (g randomRules) maybe() bool { return g.IntN(3) == 0 }

func (g randomRules) ports() PortRange {
	lo := g.IntN(65000)
	return PortRange{uint16(lo), uint16(lo + g.IntN(2)*g.IntN(500))}
}

// addr is an address of a small world, so that rules and packets meet.
func (g randomRules) addr() netip.Addr {
	if g.family == V4 {
		return netip.AddrFrom4([4]byte{10, 0, byte(g.IntN(4)), byte(1 + g.IntN(250))})
	}
	a := netip.MustParseAddr("2001:db8::").As16()
	a[7], a[15] = byte(g.IntN(4)), byte(1+g.IntN(250))
	return netip.AddrFrom16(a)
}

func (g randomRules) prefix() netip.Prefix {
	a := g.addr()
	p, err := a.Prefix(a.BitLen() - g.IntN(a.BitLen()/2))
	if err != nil {
		panic(err)
	}
	return p
}

func pick[T any](g randomRules, from ...T) T { return from[g.IntN(len(from))] }
