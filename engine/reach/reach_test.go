package reach

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// dice makes random rulesets over few values, so that rules meet.
type dice struct{ *rand.Rand }

func pick[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

func (d dice) address(f ruleset.Family) netip.Addr {
	if f == ruleset.V6 {
		return netip.MustParseAddr(fmt.Sprintf("fd00::%x", d.IntN(8)))
	}
	return netip.MustParseAddr(fmt.Sprintf("10.0.0.%d", d.IntN(8)))
}

func (d dice) network(f ruleset.Family) ruleset.Net {
	if d.IntN(3) > 0 {
		return ruleset.Net{}
	}
	a := d.address(f)
	bits := a.BitLen() - d.IntN(4)
	return ruleset.Net{Prefix: netip.PrefixFrom(a, bits).Masked(), Not: d.IntN(4) == 0}
}

func (d dice) iface() ruleset.Iface {
	if d.IntN(2) > 0 {
		return ruleset.Iface{}
	}
	return ruleset.Iface{Name: pick(d, "eth0", "eth1", "eth+", "br-+", "br-x"), Not: d.IntN(4) == 0}
}

func (d dice) ports() *ruleset.PortRange {
	if d.IntN(2) > 0 {
		return nil
	}
	lo := uint16(d.IntN(6) + 1)
	return &ruleset.PortRange{Lo: lo, Hi: lo + uint16(d.IntN(3))}
}

func (d dice) condition(f ruleset.Family, hook bool) ruleset.Rule {
	r := ruleset.Rule{In: d.iface(), Src: d.network(f), Dst: d.network(f)}
	if hook {
		r.Out = d.iface()
	}
	switch d.IntN(6) {
	case 0, 1:
		r.Proto.Num = pick(d, ruleset.TCP, ruleset.UDP)
		r.Matches = append(r.Matches, ruleset.MatchPorts{Src: d.ports(), Dst: d.ports(), DstNot: d.IntN(5) == 0})
	case 2:
		r.Proto.Num = ruleset.TCP
		r.Matches = append(r.Matches, ruleset.MatchMultiport{Either: []ruleset.PortRange{ruleset.Port(1), {Lo: 3, Hi: 4}}, Not: d.IntN(3) == 0})
	case 3:
		r.Proto.Num = map[ruleset.Family]uint8{ruleset.V4: ruleset.ICMP, ruleset.V6: ruleset.ICMPv6}[f]
		r.Matches = append(r.Matches, ruleset.MatchICMP{Type: uint8(d.IntN(4)), Code: d.IntN(3) - 1, Not: d.IntN(4) == 0})
	case 4:
		r.Matches = append(r.Matches, pick[ruleset.Match](d,
			ruleset.MatchSet{Name: "nets" + f.String(), Dirs: pick(d, "src", "dst"), Not: d.IntN(3) == 0},
			ruleset.MatchSet{Name: "ports", Dirs: "dst"},
			ruleset.MatchSet{Name: "both", Dirs: pick(d, "src", "dst")},
			ruleset.MatchState{States: ruleset.StateDNAT}, ruleset.MatchState{States: ruleset.StateDNAT}, ruleset.MatchState{States: ruleset.StateDNAT, Not: true},
			ruleset.MatchState{States: ruleset.StateEstablished},
			ruleset.MatchAddrType{Dst: "LOCAL", DstNot: d.IntN(3) == 0}, ruleset.MatchAddrType{Src: "MULTICAST"},
			ruleset.MatchIfaces{Names: []string{"eth0", "br-+"}, Out: hook && d.IntN(2) == 0, Not: d.IntN(2) == 0},
			ruleset.MatchTCPFlags{Mask: 0x17, Set: 0x02}, ruleset.MatchMark{Value: 4, Mask: 4}))
	}
	return r
}

func (d dice) rules(f ruleset.Family, table string, chains ...string) (rules []*ruleset.Rule) {
	for range d.IntN(7) {
		r := d.condition(f, table == ruleset.Filter)
		switch {
		case len(chains) > 0 && d.IntN(2) == 0:
			r.Target = ruleset.Jump{Chain: pick(d, chains...), Goto: d.IntN(2) == 0}
		case table == ruleset.NAT:
			to := d.address(f)
			dnat := ruleset.DNAT{From: to, To: to}
			if r.Proto.Num == ruleset.TCP || r.Proto.Num == ruleset.UDP {
				switch d.IntN(3) {
				case 0:
					dnat.Ports = ruleset.Port(uint16(d.IntN(6)))
				case 1:
					dnat.Ports, dnat.Base = ruleset.PortRange{Lo: 3, Hi: 6}, pick[uint16](d, 1, 2, 4)
					r.Matches = []ruleset.Match{ruleset.MatchPorts{Dst: &ruleset.PortRange{Lo: dnat.Base, Hi: dnat.Base + 3}}}
				}
			}
			r.Target = pick[ruleset.Target](d, dnat, dnat, ruleset.Accept, ruleset.Return)
		default:
			r.Target = pick[ruleset.Target](d, ruleset.Accept, ruleset.Accept, ruleset.Drop, ruleset.Reject{With: "icmp-port-unreachable"}, ruleset.Return, nil)
		}
		rules = append(rules, &r)
	}
	return rules
}

func (d dice) ruleset() *ruleset.Ruleset {
	rs := &ruleset.Ruleset{Sets: ruleset.Sets{}}
	for _, f := range ruleset.Families() {
		ts := rs.Tables(f)
		for _, table := range []string{ruleset.Mangle, ruleset.Filter} {
			t := ts.Ensure(table)
			t.Ensure("c1").Rules = d.rules(f, ruleset.Filter, "c2", "c3")
			t.Ensure("c2").Rules = d.rules(f, ruleset.Filter, "c3")
			t.Ensure("c3").Rules = d.rules(f, ruleset.Filter)
			for _, base := range []string{ruleset.Input, ruleset.Forward} {
				c := t.Ensure(base)
				c.Policy = pick(d, string(ruleset.Accept), string(ruleset.Drop))
				c.Rules = d.rules(f, ruleset.Filter, "c1", "c2")
			}
		}
		c := ts.Ensure(ruleset.Raw).Ensure(ruleset.Prerouting)
		c.Policy, c.Rules = string(ruleset.Accept), d.rules(f, ruleset.Raw)[:]
		t := ts.Ensure(ruleset.NAT)
		t.Ensure("n1").Rules = d.rules(f, ruleset.NAT)
		pre := t.Ensure(ruleset.Prerouting)
		pre.Policy, pre.Rules = string(ruleset.Accept), d.rules(f, ruleset.NAT, "n1")
		if d.IntN(2) == 0 {
			d.beside(rs.Beside(f), f)
		}
		nets := ruleset.NewSet("nets"+f.String(), ruleset.HashNet, f)
		for range 3 {
			p := d.network(f).Prefix
			if p.IsValid() {
				nets.Members = append(nets.Members, ruleset.Member{Prefix: p})
			}
		}
		nets.Normalize()
		rs.Sets[nets.Name] = nets
	}
	ports := ruleset.NewSet("ports", ruleset.BitmapPort, 0)
	ports.Members = []ruleset.Member{{Port: ruleset.PortRange{Lo: 2, Hi: 3}}, {Port: ruleset.Port(6)}}
	rs.Sets["ports"] = ports
	both := ruleset.NewSet("both", ruleset.ListSet, 0)
	both.Members = []ruleset.Member{{Text: "netsv4"}, {Text: "netsv6"}}
	rs.Sets["both"] = both
	return rs
}

// beside adds a table of nftables, asked before or behind those of iptables.
func (d dice) beside(ts *ruleset.Tables, f ruleset.Family) {
	t := ts.Ensure("native")
	t.Ensure("f1").Rules = d.rules(f, ruleset.Filter)
	t.Ensure("n2").Rules = d.rules(f, ruleset.NAT)
	for i, base := range []ruleset.Base{
		{Hook: ruleset.Prerouting, Priority: -300}, {Hook: ruleset.Prerouting, Priority: pick(d, -100, -99), NAT: true},
		{Hook: ruleset.Input, Priority: pick(d, 0, 10)}, {Hook: ruleset.Forward, Priority: pick(d, -10, 0, 10)},
	} {
		c := t.Ensure(fmt.Sprint("base", i))
		c.Base, c.Policy = base, pick(d, string(ruleset.Accept), string(ruleset.Accept), string(ruleset.Drop))
		switch {
		case base.NAT:
			c.Policy, c.Rules = string(ruleset.Accept), d.rules(f, ruleset.NAT, "n2")
		case base.Hook == ruleset.Prerouting:
			c.Rules = d.rules(f, ruleset.Raw)
		default:
			c.Rules = d.rules(f, ruleset.Filter, "f1")
		}
	}
}

func (d dice) packet(f ruleset.Family) ruleset.Packet {
	p := ruleset.Packet{
		In: pick(d, interfaceNames...), Out: pick(d, append(interfaceNames, "")...),
		Src: d.address(f), Dst: d.address(f), Proto: pick(d, ruleset.TCP, ruleset.UDP, ruleset.ICMP, ruleset.ICMPv6, 47),
	}
	if d.IntN(10) == 0 {
		p.Src = netip.MustParseAddr(map[ruleset.Family]string{ruleset.V4: "224.0.0.5", ruleset.V6: "ff02::5"}[f])
	}
	switch p.Proto {
	case ruleset.TCP, ruleset.UDP:
		p.SrcPort, p.DstPort = uint16(d.IntN(9)), uint16(d.IntN(9))
	case ruleset.ICMP, ruleset.ICMPv6:
		p.ICMPType, p.ICMPCode = uint8(d.IntN(5)), uint8(d.IntN(3))
	}
	if p.Proto == ruleset.TCP {
		p.TCPFlags = tcpSYN
	}
	return p
}

// interfaceNames are those that packets come and go by.
var interfaceNames = []string{"eth0", "eth1", "eth2", "br-x", "br-y", "wlan0"}

// localNet are the addresses of the host in these tests.
var localNet = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/31"), netip.MustParsePrefix("fd00::/127")}

func isLocal(a netip.Addr) bool { return localNet[0].Contains(a) || localNet[1].Contains(a) }

// judge asks the trace about a packet that leaves by a given interface.
func judge(t *ruleset.Tracer, p ruleset.Packet) bool {
	j := t.Judge(p, func(dst netip.Addr) (bool, string) { return isLocal(dst), p.Out })
	return j.Outcome == ruleset.Accepted
}

// place makes the way of a packet consistent: local addresses are for this host.
func place(p ruleset.Packet, final netip.Addr) ruleset.Packet {
	if isLocal(final) {
		p.Out = ""
	} else if p.Out == "" {
		p.Out = "eth1"
	}
	return p
}

func TestSetsHoldWhatTheTraceLetsThrough(t *testing.T) {
	passed := 0
	for seed := range uint64(300) {
		d := dice{rand.New(rand.NewPCG(seed, 7))}
		rs := d.ruleset()
		reach := Through(rs, Facts{Local: localNet})
		tracer := ruleset.NewTracer(rs)
		for range 100 {
			p := d.packet(pick(d, ruleset.V4, ruleset.V6))
			final := tracer.Judge(p, func(dst netip.Addr) (bool, string) { return isLocal(dst), p.Out }).Packet.Dst
			p = place(p, final)
			want := judge(tracer, p)
			if want {
				passed++
			}
			if got := reach.Passes(p); got != want {
				t.Fatalf("seed %d: %+v: in the set of what passes: %v, by the trace: %v\n%s", seed, p, got, want, trace(rs, p))
			}
		}
	}
	if passed < 3000 {
		t.Errorf("only %d packets passed, too few to prove anything", passed)
	}
}

// trace tells how a packet was judged.
func trace(rs *ruleset.Ruleset, p ruleset.Packet) (text string) {
	for _, s := range rs.Trace(p, func(dst netip.Addr) (bool, string) { return isLocal(dst), p.Out }).Steps {
		spec := "policy"
		if s.Rule != nil {
			spec = s.Rule.Spec(p.Family())
		}
		text += fmt.Sprintln(s.Table, s.Chain, s.Index, s.Matched, spec)
	}
	return text
}

func TestBoxesAreWhatChanged(t *testing.T) {
	found := 0
	for seed := range uint64(150) {
		d := dice{rand.New(rand.NewPCG(seed, 8))}
		before, after := d.ruleset(), d.ruleset()
		change := Compare(before, after, Facts{Local: localNet, Interfaces: interfaceNames}, 100_000)
		if change.More {
			t.Fatalf("seed %d: the boxes were cut", seed)
		}
		was, now := ruleset.NewTracer(before), ruleset.NewTracer(after)
		for range 60 {
			p := d.packet(pick(d, ruleset.V4, ruleset.V6))
			a := was.Judge(p, func(dst netip.Addr) (bool, string) { return isLocal(dst), p.Out })
			b := now.Judge(p, func(dst netip.Addr) (bool, string) { return isLocal(dst), p.Out })
			if isLocal(a.Packet.Dst) != isLocal(b.Packet.Dst) {
				continue // it leaves by different interfaces
			}
			p = place(p, a.Packet.Dst)
			before, after := judge(was, p), judge(now, p)
			if got, want := inBoxes(change.Allowed, p), !before && after; got != want {
				t.Fatalf("seed %d: %+v newly allowed: %v, want %v", seed, p, got, want)
			}
			if got, want := inBoxes(change.Denied, p), before && !after; got != want {
				t.Fatalf("seed %d: %+v newly denied: %v, want %v", seed, p, got, want)
			}
			if before != after {
				found++
			}
		}
	}
	if found < 500 {
		t.Errorf("only %d verdicts changed, too few to prove anything", found)
	}
}

// inBoxes asks boxes for a packet.
func inBoxes(boxes []Box, p ruleset.Packet) bool {
	for _, b := range boxes {
		if b.Family == p.Family() && b.holds(p) {
			return true
		}
	}
	return false
}

func (b *Box) holds(p ruleset.Packet) bool {
	name := func(list []string, iface string) bool { return list == nil || slices.Contains(list, iface) }
	inPorts := func(list []ruleset.PortRange, port uint16) bool {
		for _, r := range list {
			if r.Contains(port) {
				return true
			}
		}
		return list == nil
	}
	inAddrs := func(list []ruleset.AddrRange, a netip.Addr) bool {
		for _, r := range list {
			if r.From.Compare(a) <= 0 && a.Compare(r.To) <= 0 {
				return true
			}
		}
		return list == nil
	}
	proto := b.Protos == nil
	for _, r := range b.Protos {
		proto = proto || r.Lo <= p.Proto && p.Proto <= r.Hi
	}
	dst := p.DstPort
	if p.Proto == ruleset.ICMP || p.Proto == ruleset.ICMPv6 {
		dst = uint16(p.ICMPType)<<8 | uint16(p.ICMPCode)
	}
	return name(b.In, p.In) && name(b.Out, p.Out) && proto && inAddrs(b.Src, p.Src) && inAddrs(b.Dst, p.Dst) &&
		inPorts(b.SrcPorts, p.SrcPort) && inPorts(b.DstPorts, dst)
}
