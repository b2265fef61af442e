package plan_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"

	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// generator makes random targets of the layout that the compiler makes. The
// same seed gives the same targets.
type generator struct {
	*rand.Rand
	rs *ruleset.Ruleset
}

func randomTarget(seed uint64) plan.Target {
	g := generator{Rand: rand.New(rand.NewPCG(seed, 2)), rs: &ruleset.Ruleset{Sets: ruleset.Sets{}}}
	zones := []string{"ext", "int", "dmz", "lan"}[:1+g.IntN(4)]
	for _, f := range ruleset.Families() {
		g.filter(f, zones)
		if g.IntN(3) > 0 {
			g.nat(f)
		}
		if g.IntN(3) == 0 {
			g.mangle(f, zones)
		}
	}
	for name := range g.rs.Sets {
		if !g.named(name) {
			delete(g.rs.Sets, name)
		}
	}
	return target(g.rs)
}

// withID gives a rule the id that its words hash to.
func withID(f ruleset.Family, r *ruleset.Rule) *ruleset.Rule {
	h := fnv.New32a()
	h.Write([]byte(r.Spec(f)))
	r.ID = fmt.Sprintf("%08x", h.Sum32())
	return r
}

func (g *generator) chain(f ruleset.Family, table, chain string, rules ...*ruleset.Rule) {
	c := g.rs.Tables(f).Ensure(table).Ensure(chain)
	for _, r := range rules {
		c.Append(withID(f, r))
	}
}

func (g *generator) hook(f ruleset.Family, table, from, to string) {
	c := g.rs.Tables(f).Ensure(table).Ensure(from)
	c.Append(&ruleset.Rule{ID: "hook", Target: ruleset.Jump{Chain: to}})
}

func established() *ruleset.Rule {
	return &ruleset.Rule{
		Matches: []ruleset.Match{ruleset.MatchState{States: ruleset.StateEstablished | ruleset.StateRelated}},
		Target:  ruleset.Accept,
	}
}

func (g *generator) filter(f ruleset.Family, zones []string) {
	g.chain(f, ruleset.Filter, ruleset.ChainDrop, &ruleset.Rule{Target: ruleset.Drop})
	g.chain(f, ruleset.Filter, ruleset.ChainAccept, &ruleset.Rule{Target: ruleset.Accept})
	for _, root := range []string{ruleset.RootInput, ruleset.RootForward} {
		g.chain(f, ruleset.Filter, root, established())
		for i, zone := range zones {
			zoneChain := zone + map[string]string{ruleset.RootInput: "_inp", ruleset.RootForward: "_fwd"}[root]
			for range g.IntN(6) {
				g.chain(f, ruleset.Filter, zoneChain, g.rule(f))
			}
			g.chain(f, ruleset.Filter, zoneChain)
			g.chain(f, ruleset.Filter, root, &ruleset.Rule{In: ruleset.Iface{Name: fmt.Sprintf("eth%d", i)}, Target: ruleset.Jump{Chain: zoneChain}})
		}
		g.chain(f, ruleset.Filter, root, &ruleset.Rule{Target: ruleset.Jump{Chain: ruleset.ChainDrop}})
	}
	g.hook(f, ruleset.Filter, ruleset.Input, ruleset.RootInput)
	from := ruleset.Forward
	if f == ruleset.V4 && g.IntN(2) == 0 {
		from = "DOCKER-USER"
	}
	g.hook(f, ruleset.Filter, from, ruleset.RootForward)
}

func (g *generator) nat(f ruleset.Family) {
	inside := netip.MustParseAddr(map[ruleset.Family]string{ruleset.V4: "192.168.0.9", ruleset.V6: "fd00::9"}[f])
	for range 1 + g.IntN(2) {
		r := g.rule(f)
		r.Target = ruleset.DNAT{From: inside, To: inside}
		g.chain(f, ruleset.NAT, ruleset.RootPrerouting, r)
		r = g.rule(f)
		r.Target = ruleset.Masquerade{}
		g.chain(f, ruleset.NAT, ruleset.RootPostrouting, r)
	}
	g.hook(f, ruleset.NAT, ruleset.Prerouting, ruleset.RootPrerouting)
	g.hook(f, ruleset.NAT, ruleset.Postrouting, ruleset.RootPostrouting)
}

func (g *generator) mangle(f ruleset.Family, zones []string) {
	g.chain(f, ruleset.Mangle, zones[0]+"_fwd", &ruleset.Rule{Target: ruleset.SetMark{Value: 0x400, Mask: 0xffffffff}})
	g.chain(f, ruleset.Mangle, ruleset.RootForward, &ruleset.Rule{In: ruleset.Iface{Name: "eth0"}, Target: ruleset.Jump{Chain: zones[0] + "_fwd"}})
	g.hook(f, ruleset.Mangle, ruleset.Forward, ruleset.RootForward)
}

// rule is a random rule with few possible values, so that packets meet it.
func (g *generator) rule(f ruleset.Family) *ruleset.Rule {
	r := &ruleset.Rule{Target: []ruleset.Target{
		ruleset.Jump{Chain: ruleset.ChainAccept}, ruleset.Jump{Chain: ruleset.ChainDrop}, ruleset.Return,
	}[g.IntN(3)]}
	switch g.IntN(3) {
	case 0:
		r.Src = ruleset.Net{Prefix: g.prefix(f)}
	case 1:
		r.Matches = append(r.Matches, ruleset.MatchSet{Name: g.netSet(f), Dirs: "src"})
	}
	if g.IntN(2) == 0 {
		r.Proto.Num = ruleset.TCP
		if g.IntN(2) == 0 {
			port := g.port()
			r.Matches = append(r.Matches, ruleset.MatchPorts{Dst: &port})
		} else {
			r.Matches = append(r.Matches, ruleset.MatchSet{Name: g.portSet(), Dirs: "dst"})
		}
	}
	return r
}

// The values that rules and packets draw from.
var (
	nets4 = []string{"10.0.0.0/8", "10.1.0.0/16", "192.168.0.0/24", "203.0.113.7/32"}
	nets6 = []string{"fd00::/8", "fd00:1::/32", "2001:db8::/32", "2001:db8::7/128"}
)

func (g *generator) prefix(f ruleset.Family) netip.Prefix {
	if f == ruleset.V6 {
		return netip.MustParsePrefix(nets6[g.IntN(len(nets6))])
	}
	return netip.MustParsePrefix(nets4[g.IntN(len(nets4))])
}

func (g *generator) port() ruleset.PortRange {
	return ruleset.Port([]uint16{22, 25, 80, 443}[g.IntN(4)])
}

func (g *generator) netSet(f ruleset.Family) string {
	name := fmt.Sprintf("%s_%s", []string{"home", "partner"}[g.IntN(2)], f)
	if g.rs.Sets[name] == nil {
		s := ruleset.NewSet(name, ruleset.HashNet, f)
		for range 1 + g.IntN(3) {
			s.Members = append(s.Members, ruleset.Member{Prefix: g.prefix(f)})
		}
		s.Normalize()
		g.rs.Sets[name] = s
	}
	return name
}

func (g *generator) portSet() string {
	const name = "web_tcp"
	if g.rs.Sets[name] == nil {
		s := ruleset.NewSet(name, ruleset.BitmapPort, 0)
		for range 1 + g.IntN(3) {
			s.Members = append(s.Members, ruleset.Member{Port: g.port()})
		}
		s.Normalize()
		g.rs.Sets[name] = s
	}
	return name
}

// named reports whether a rule names the set.
func (g *generator) named(set string) bool {
	for _, f := range ruleset.Families() {
		for _, t := range *g.rs.Tables(f) {
			for _, c := range t.Chains {
				for _, r := range c.Rules {
					for _, name := range r.SetNames() {
						if name == set {
							return true
						}
					}
				}
			}
		}
	}
	return false
}
