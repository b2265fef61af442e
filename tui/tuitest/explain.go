package tuitest

import (
	"context"
	"net/netip"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// ExplainBoth walks a packet through the rules of the tables on disk, and
// through those of a set. The rules have the form of the real ones, Docker's
// beside them: a dispatch by interface, a chain for each pair of zones, and the
// translations of the virtuals.
func (s *Site) ExplainBoth(ctx context.Context, set *tables.Set, q engine.Question) (engine.BothWays, error) {
	if err := s.enter("ExplainBoth"); err != nil {
		return engine.BothWays{}, err
	}
	p := q.Packet
	switch p.In {
	case "":
		_, p.In = sampleRoute(p.Src)
	case tables.FW:
		p.In = ""
	}
	to := sampleRoute
	if q.Out == tables.FW {
		to = func(netip.Addr) (bool, string) { return true, "" }
	} else if q.Out != "" {
		to = func(netip.Addr) (bool, string) { return false, q.Out }
	}
	onDisk, _ := s.Load()
	both := engine.BothWays{Packet: p, Live: s.walk(onDisk, p, to)}
	if _, both.Problems = s.Check(set); !both.Problems.HasErrors() {
		both.Staged = s.walk(set, p, to)
	}
	return both, nil
}

func (s *Site) walk(set *tables.Set, p ruleset.Packet, to ruleset.Route) *engine.Explanation {
	cfg, _ := set.Check(tables.Facts{})
	rows := map[string]engine.RowRef{"hook": {Name: "hook"}, "established": {Name: "established"}, "reject": {Name: "reject"}}
	rules := &ruleset.Ruleset{}
	for _, f := range ruleset.Families() {
		b := builder{cfg: cfg, fam: f, tables: rules.Tables(f), rows: rows}
		b.build(s.Taint)
	}
	return engine.Walk(rules, set, rows, p, to)
}

// sampleRoute is how the site routes.
func sampleRoute(dst netip.Addr) (local bool, out string) {
	switch text := dst.String(); {
	case text == "198.51.100.4", text == "2001:db8::4":
		return true, ""
	case strings.HasPrefix(text, "192.168.0."), strings.HasPrefix(text, "fd00:1:"):
		return false, "eth1"
	case strings.HasPrefix(text, "172.17."):
		return false, "docker0"
	}
	return false, "eth0"
}

// builder makes the rules of one family.
type builder struct {
	cfg    *tables.Config
	fam    ruleset.Family
	tables *ruleset.Tables
	rows   map[string]engine.RowRef
}

func (b *builder) chain(table, chain string) *ruleset.Chain {
	return b.tables.Ensure(table).Ensure(chain)
}

func jump(id, chain string) *ruleset.Rule {
	return &ruleset.Rule{ID: id, Target: ruleset.Jump{Chain: chain}}
}

func (b *builder) build(taint string) {
	fail2ban := &ruleset.Rule{Proto: ruleset.Proto{Num: ruleset.TCP}, Target: ruleset.Jump{Chain: "f2b-sshd"}}
	fail2ban.Matches = []ruleset.Match{ruleset.UnknownMatch{Words: []string{"-m", "recent", "--rcheck", "--name", "sshd" + taint}}}
	b.base(ruleset.NAT, ruleset.Prerouting, jump("hook", ruleset.RootPrerouting), jump("", "DOCKER"))
	b.base(ruleset.Filter, ruleset.Input, fail2ban, jump("hook", ruleset.RootInput))
	b.base(ruleset.Filter, ruleset.Forward, jump("", "DOCKER-USER"))
	b.chain(ruleset.Filter, "DOCKER-USER").Append(jump("hook", ruleset.RootForward))
	b.chain(ruleset.Filter, "f2b-sshd")
	b.chain(ruleset.NAT, "DOCKER")
	if b.fam == ruleset.V4 {
		web := netip.MustParseAddr("172.17.0.5")
		b.chain(ruleset.NAT, "DOCKER").Append(&ruleset.Rule{Proto: ruleset.Proto{Num: ruleset.TCP}, Matches: toPort(443), Target: ruleset.DNAT{From: web, To: web, Ports: ruleset.Port(443)}})
	}
	b.chain(ruleset.NAT, ruleset.RootPrerouting)
	known := []ruleset.Match{ruleset.MatchState{States: ruleset.StateEstablished | ruleset.StateRelated}}
	for _, root := range []string{ruleset.RootInput, ruleset.RootForward} {
		b.chain(ruleset.Filter, root).Append(&ruleset.Rule{ID: "established", Matches: known, Target: ruleset.Accept})
	}
	b.rules()
	b.dispatch()
	for i := range b.cfg.Virtuals {
		b.virtual(&b.cfg.Virtuals[i])
	}
	b.ends()
}

// base makes a built-in chain.
func (b *builder) base(table, chain string, rules ...*ruleset.Rule) {
	c := b.chain(table, chain)
	c.Policy = "ACCEPT"
	c.Append(rules...)
}

func toPort(port uint16) []ruleset.Match {
	return []ruleset.Match{ruleset.MatchPorts{Dst: &ruleset.PortRange{Lo: port, Hi: port}}}
}

// rules puts each row into the chains of its zones.
func (b *builder) rules() {
	for i := range b.cfg.Rules {
		r := &b.cfg.Rules[i]
		rule, ok := sampleRule(b.cfg, r, b.fam)
		if !ok {
			continue
		}
		b.rows[rule.ID] = engine.RowRef{Kind: tables.Rules, Line: r.Num}
		if r.DstZone == tables.FW || r.DstZone == tables.All {
			b.chain(ruleset.Filter, r.SrcZone+"_inp").Append(rule)
		}
		for _, zone := range b.cfg.Zones() {
			if zone != r.SrcZone && (r.DstZone == zone || r.DstZone == tables.All) {
				b.chain(ruleset.Filter, r.SrcZone+"_to_"+zone).Append(rule)
			}
		}
	}
}

// dispatch leads from the root chains to those of the zones.
func (b *builder) dispatch() {
	for _, in := range b.cfg.Interfaces {
		b.chain(ruleset.Filter, in.Zone+"_inp")
		for root, chain := range map[string]string{ruleset.RootInput: in.Zone + "_inp", ruleset.RootForward: in.Zone + "_fwd"} {
			rule := jump("zone-"+in.Name, chain)
			rule.In.Name = in.Name
			b.chain(ruleset.Filter, root).Append(rule)
		}
		for _, out := range b.cfg.Interfaces {
			if out.Zone == in.Zone {
				continue
			}
			b.chain(ruleset.Filter, in.Zone+"_to_"+out.Zone)
			rule := jump("to-"+out.Name, in.Zone+"_to_"+out.Zone)
			rule.Out.Name = out.Name
			b.chain(ruleset.Filter, in.Zone+"_fwd").Append(rule)
		}
	}
}

// virtual translates, or leaves the packet to Docker.
func (b *builder) virtual(v *tables.Virtual) {
	id := rowID(v.Line.Texts())
	b.rows[id] = engine.RowRef{Kind: tables.Virtuals, Line: v.Num}
	ext, in := first(b.cfg.Addresses[v.ExtAddr], b.fam), first(b.cfg.Addresses[v.IntAddr], b.fam)
	outer, inner := b.cfg.Services[v.ExtService].TCP, b.cfg.Services[v.IntService].TCP
	if len(outer) == 0 || len(inner) == 0 {
		return
	}
	base := ruleset.Rule{ID: id, Proto: ruleset.Proto{Num: ruleset.TCP}, In: ruleset.Iface{Name: b.cfg.InZone(v.SrcZone)[0].Name}}
	forward := b.chain(ruleset.Filter, ruleset.RootForward)
	pass := base
	pass.Matches = toPort(inner[0].Lo)
	if v.IntAddr == tables.Docker {
		pass.Out.Name, pass.Target = "docker0", ruleset.Return
		forward.Append(&pass)
		return
	}
	base.Dst.Prefix, base.Matches = ext, toPort(outer[0].Lo)
	base.Target = ruleset.DNAT{From: in.Addr(), To: in.Addr(), Ports: ruleset.Port(inner[0].Lo)}
	b.chain(ruleset.NAT, ruleset.RootPrerouting).Append(&base)
	pass.Dst.Prefix, pass.Target = in, ruleset.Jump{Chain: ruleset.ChainAccept}
	forward.Append(&pass)
}

// ends are the chains that carry a verdict out, and the last rule of the roots.
func (b *builder) ends() {
	b.chain(ruleset.Filter, ruleset.ChainAccept).Append(&ruleset.Rule{ID: "accept", Target: ruleset.Accept})
	b.chain(ruleset.Filter, ruleset.ChainDrop).Append(&ruleset.Rule{ID: "drop", Target: ruleset.Drop})
	b.chain(ruleset.Filter, ruleset.ChainReject).Append(
		&ruleset.Rule{ID: "reject-answer", Proto: ruleset.Proto{Num: ruleset.TCP}, Target: ruleset.Reject{With: "tcp-reset"}},
		&ruleset.Rule{ID: "reject-answer", Target: ruleset.Reject{With: "icmp-port-unreachable"}})
	for _, root := range []string{ruleset.RootInput, ruleset.RootForward} {
		b.chain(ruleset.Filter, root).Append(jump("reject", ruleset.ChainReject))
	}
}
