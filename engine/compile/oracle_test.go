package compile

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// TestVerdictsAreThoseOfTheTables compares the compiled rules, walked by the
// packet trace, with what the tables say read from top to bottom the way
// MicroFW reads them, for random tables and packets. The reading below knows
// nothing about chains, sets or marks.
func TestVerdictsAreThoseOfTheTables(t *testing.T) {
	const configs, packets = 3000, 40
	seen := make(map[string]int)
	for seed := range uint64(configs) {
		r := rand.New(rand.NewPCG(seed, 2))
		cfg, facts := randomConfig(r)
		res, problems := Compile(cfg, facts)
		if problems.HasErrors() {
			t.Fatalf("seed %d: %v", seed, problems)
		}
		checkInvariants(t, res)
		tracer := ruleset.NewTracer(res.Rules)
		for range packets {
			p := randomPacket(r)
			want := reading{cfg, facts}.judge(p)
			got := traced(tracer, p, route)
			seen[strings.Fields(want)[0]]++
			if strings.HasSuffix(want, "masqueraded") {
				seen["masqueraded "+cfg.Options.NATOrder]++
			}
			if got != want {
				t.Fatalf("seed %d: packet %+v: rules say %q, tables say %q\n%s", seed, p, got, want, describe(cfg, facts, res, p))
			}
		}
	}
	for _, outcome := range []string{"accept", "drop", "reject", "masqueraded upstream", "masqueraded first-match"} {
		if seen[outcome] < configs/10 {
			t.Errorf("only %d packets were to %s, too few to prove anything: %v", seen[outcome], outcome, seen)
		}
	}
}

// describe shows what a failure needs to be understood.
func describe(cfg *tables.Config, facts Facts, res *Result, p ruleset.Packet) string {
	var b strings.Builder
	fmt.Fprintf(&b, "bridges %v, options %+v\n", facts.Bridges, cfg.Options)
	for _, i := range cfg.Interfaces {
		fmt.Fprintf(&b, "interfaces %s %s\n", i.Name, i.Zone)
	}
	for _, r := range cfg.Rules {
		fmt.Fprintf(&b, "rules %s %s %s %s %s %s\n", r.SrcZone, r.DstZone, r.Src.Text, r.Dst.Text, r.Service, r.Action)
	}
	for _, v := range cfg.Virtuals {
		fmt.Fprintf(&b, "virtuals %s %s %s %s %s\n", v.SrcZone, v.ExtAddr, v.IntAddr, v.ExtService, v.IntService)
	}
	return b.String() + show(res, p.Family(), false)
}

// traced is what the compiled rules make of a packet, in the words of reading.
func traced(tracer *ruleset.Tracer, p ruleset.Packet, route ruleset.Route) string {
	j := tracer.Judge(p, route)
	words := string(j.Outcome)
	if j.Outcome == ruleset.Rejected {
		words += " " + j.With
	}
	if j.DNATed {
		words += fmt.Sprintf(" to %s:%d", j.Packet.Dst, j.Packet.DstPort)
	}
	if j.Masqueraded {
		words += " masqueraded"
	}
	return words
}

// reading judges packets by the tables alone, for the first packet of a flow.
type reading struct {
	cfg   *tables.Config
	facts Facts
}

// judge follows semantics 2.4 to 2.7: destination rewriting, the rows, and what
// happens without a row.
func (t reading) judge(p ruleset.Packet) string {
	dnat := t.rewrite(&p)
	local, out := route(p.Dst)
	var verdict string
	if local {
		verdict = t.input(p)
	} else {
		p.Out = out
		verdict = t.forward(p, dnat)
	}
	if verdict == "reject" {
		verdict += " " + rejectWord(p)
	}
	if dnat {
		verdict += fmt.Sprintf(" to %s:%d", p.Dst, p.DstPort)
	}
	if !local && strings.HasPrefix(verdict, "accept") && t.masqueraded(p) {
		verdict += " masqueraded"
	}
	return verdict
}

func rejectWord(p ruleset.Packet) string {
	switch {
	case p.Proto == ruleset.TCP:
		return "tcp-reset"
	case p.Family() == ruleset.V6:
		return "icmp6-adm-prohibited"
	case p.Proto == ruleset.UDP:
		return "icmp-port-unreachable"
	case p.Proto == ruleset.ICMP:
		return "icmp-host-unreachable"
	}
	return "icmp-host-prohibited"
}

func (t reading) input(p ruleset.Packet) string {
	first := t.cfg.Options.VirtualOrder == "first"
	if first && t.published(p) {
		return "accept"
	}
	for _, i := range t.cfg.Interfaces {
		if !named(i.Name, p.In) {
			continue
		}
		if slices.ContainsFunc(i.Protocols, func(x tables.Protocol) bool { return x.Num == p.Proto }) {
			return "accept"
		}
		for _, r := range t.cfg.Rules {
			if r.SrcZone == i.Zone && (r.DstZone == tables.FW || r.DstZone == tables.All) && t.asks(r, p) {
				return r.Action.Verb.String()
			}
		}
	}
	if !first && t.published(p) || isPing(p) {
		return "accept"
	}
	return "reject"
}

func (t reading) forward(p ruleset.Packet, dnat bool) string {
	first := t.cfg.Options.VirtualOrder == "first"
	if first && t.passes(p, dnat) {
		return "accept"
	}
	for _, i := range t.cfg.Interfaces {
		if !named(i.Name, p.In) {
			continue
		}
		if named(i.Name, p.Out) {
			if slices.Contains(t.facts.Bridges, i.Name) {
				return "accept"
			}
			return "drop"
		}
		for _, r := range t.cfg.Rules {
			if r.SrcZone == i.Zone && t.leads(r, p.Out) && t.asks(r, p) {
				return r.Action.Verb.String()
			}
		}
	}
	if !first && t.passes(p, dnat) || isPing(p) {
		return "accept"
	}
	return "reject"
}

// masqueraded reports whether the source of an accepted packet is rewritten.
func (t reading) masqueraded(p ruleset.Packet) bool {
	if t.cfg.Options.NATOrder == "first-match" {
		for _, i := range t.cfg.Interfaces {
			for _, r := range t.cfg.Rules {
				if named(i.Name, p.In) && r.SrcZone == i.Zone && t.leads(r, p.Out) && t.asks(r, p) {
					return r.Action.NAT
				}
			}
		}
		return false
	}
	return slices.ContainsFunc(t.cfg.Rules, func(r tables.Rule) bool {
		return r.Action.NAT && t.leads(r, p.Out) && t.asks(r, p) && (!r.Src.Any || t.inZone(r.SrcZone, p.In))
	})
}

// rewrite changes the destination as the first virtual that takes the packet
// says, and reports whether it has become another: the kernel does not count a
// packet as translated that was for the internal side already.
func (t reading) rewrite(p *ruleset.Packet) bool {
	before := *p
	for _, v := range t.cfg.Virtuals {
		to := t.target(v, p.Family())
		if v.IntAddr == tables.Docker || !to.IsValid() || !t.inZone(v.SrcZone, p.In) || !t.holds(v.ExtAddr, p.Dst) {
			continue
		}
		if v.ExtService == tables.All {
			p.Dst = to
			return *p != before
		}
		for _, pair := range t.pairs(v) {
			if pair.proto != p.Proto {
				continue
			}
			for _, ext := range pair.ext {
				if p.DstPort < ext.Lo || p.DstPort > ext.Hi {
					continue
				}
				p.Dst = to
				if in := pair.int[0]; v.ExtService != v.IntService {
					p.DstPort = min(in.Lo+p.DstPort-ext.Lo, in.Hi)
				}
				return *p != before
			}
		}
	}
	return false
}

// passes reports whether a virtual lets a packet to its internal side through.
func (t reading) passes(p ruleset.Packet, dnat bool) bool {
	if t.cfg.Options.VirtualScope == "dnat" && !dnat {
		return false
	}
	return slices.ContainsFunc(t.cfg.Virtuals, func(v tables.Virtual) bool {
		if !t.inZone(v.SrcZone, p.In) {
			return false
		}
		if v.IntAddr == tables.Docker {
			return t.inZone(tables.Docker, p.Out) && t.hasPort(v, p, func(x pairing) []tables.PortSpec { return x.int })
		}
		to := t.target(v, p.Family())
		if !to.IsValid() || to != p.Dst || len(t.values(v.ExtAddr, p.Family())) == 0 {
			return false
		}
		return v.IntService == tables.All || t.hasPort(v, p, func(x pairing) []tables.PortSpec { return x.int })
	})
}

// published reports whether a packet is for a port that Docker's proxy serves.
func (t reading) published(p ruleset.Packet) bool {
	return slices.ContainsFunc(t.cfg.Virtuals, func(v tables.Virtual) bool {
		return v.IntAddr == tables.Docker && t.inZone(v.SrcZone, p.In) && slices.Contains(t.cfg.Zones(), tables.Docker) &&
			t.hasPort(v, p, func(x pairing) []tables.PortSpec { return x.ext })
	})
}

// pairing is one of the combinations of the protocols of two services.
type pairing struct {
	proto    uint8
	ext, int []tables.PortSpec
}

func (t reading) pairs(v tables.Virtual) []pairing {
	var list []pairing
	ext, in := t.cfg.Services[v.ExtService], t.cfg.Services[v.IntService]
	for _, e := range [][]tables.PortSpec{ext.TCP, ext.UDP} {
		if len(e) > 0 && len(in.TCP) > 0 {
			list = append(list, pairing{ruleset.TCP, e, in.TCP})
		}
		if len(e) > 0 && len(in.UDP) > 0 {
			list = append(list, pairing{ruleset.UDP, e, in.UDP})
		}
	}
	return list
}

func (t reading) hasPort(v tables.Virtual, p ruleset.Packet, side func(pairing) []tables.PortSpec) bool {
	return slices.ContainsFunc(t.pairs(v), func(x pairing) bool {
		return x.proto == p.Proto && slices.ContainsFunc(side(x), func(s tables.PortSpec) bool { return s.Lo <= p.DstPort && p.DstPort <= s.Hi })
	})
}

// asks reports whether the addresses and the service of a row fit.
func (t reading) asks(r tables.Rule, p ruleset.Packet) bool {
	return t.refHolds(r.Src, p.Src) && t.refHolds(r.Dst, p.Dst) && t.serves(r.Service, p)
}

func (t reading) refHolds(ref tables.AddrRef, a netip.Addr) bool {
	if len(ref.Geo) > 0 {
		return slices.ContainsFunc(ref.Geo, func(code string) bool {
			return slices.ContainsFunc(t.facts.Countries[code], func(p netip.Prefix) bool { return p.Contains(a) })
		})
	}
	return ref.Any || t.holds(ref.Object, a)
}

func (t reading) values(object string, f ruleset.Family) []tables.AddrValue {
	if f == ruleset.V4 {
		return t.cfg.Addresses[object].V4
	}
	return t.cfg.Addresses[object].V6
}

func (t reading) holds(object string, a netip.Addr) bool {
	return slices.ContainsFunc(t.values(object, ruleset.OfAddr(a)), func(v tables.AddrValue) bool {
		return v.Prefix.IsValid() && v.Prefix.Contains(a) ||
			v.From.IsValid() && v.From.Compare(a) <= 0 && a.Compare(v.To) <= 0
	})
}

func (t reading) target(v tables.Virtual, f ruleset.Family) netip.Addr {
	if values := t.values(v.IntAddr, f); len(values) == 1 {
		return values[0].Prefix.Addr()
	}
	return netip.Addr{}
}

func (t reading) serves(service string, p ruleset.Packet) bool {
	s := t.cfg.Services[service]
	specs := s.TCP
	if p.Proto == ruleset.UDP {
		specs = s.UDP
	}
	return service == tables.All || (p.Proto == ruleset.TCP || p.Proto == ruleset.UDP) &&
		slices.ContainsFunc(specs, func(x tables.PortSpec) bool {
			return x.Lo <= p.DstPort && p.DstPort <= x.Hi && (x.SrcHi == 0 || x.SrcLo <= p.SrcPort && p.SrcPort <= x.SrcHi)
		})
}

// leads reports whether a row is about packets that leave by an interface.
func (t reading) leads(r tables.Rule, out string) bool {
	return slices.ContainsFunc(t.cfg.Interfaces, func(i tables.Interface) bool {
		return (r.DstZone == tables.All || r.DstZone == i.Zone) && named(i.Name, out)
	})
}

func (t reading) inZone(zone, name string) bool {
	return slices.ContainsFunc(t.cfg.Interfaces, func(i tables.Interface) bool { return i.Zone == zone && named(i.Name, name) })
}

// named reports whether an interface has a name of the table.
func named(pattern, name string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "+"); ok {
		return strings.HasPrefix(name, prefix)
	}
	return pattern == name
}

func isPing(p ruleset.Packet) bool { return p.Proto == ruleset.ICMP || p.Proto == ruleset.ICMPv6 }
