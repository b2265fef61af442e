package reach

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// policy is n rules of one pair of zones, as a compiler makes them: a host or a
// network to a host, one port.
func policy(n int) *ruleset.Ruleset {
	d := dice{rand.New(rand.NewPCG(1, 2))}
	rs := &ruleset.Ruleset{Sets: ruleset.Sets{}}
	for _, f := range ruleset.Families() {
		t := rs.Tables(f).Ensure(ruleset.Filter)
		pair := t.Ensure("ext_to_int")
		for i := range n {
			port := ruleset.Port(uint16(1 + d.IntN(2000)))
			r := &ruleset.Rule{Src: d.host(f), Dst: d.host(f), Proto: ruleset.Proto{Num: ruleset.TCP}, ID: fmt.Sprintf("%08x", i),
				Matches: []ruleset.Match{ruleset.MatchPorts{Dst: &port}}, Target: pick[ruleset.Target](d, ruleset.Accept, ruleset.Accept, ruleset.Drop)}
			if d.IntN(4) == 0 {
				r.Src = ruleset.Net{}
			}
			pair.Append(r)
		}
		pair.Append(&ruleset.Rule{Target: ruleset.Drop})
		forward := t.Ensure(ruleset.Forward)
		forward.Policy = string(ruleset.Accept)
		forward.Append(&ruleset.Rule{In: ruleset.Iface{Name: "eth0"}, Out: ruleset.Iface{Name: "eth1"}, Target: ruleset.Jump{Chain: "ext_to_int"}})
	}
	return rs
}

func (d dice) host(f ruleset.Family) ruleset.Net {
	a := netip.AddrFrom4([4]byte{10, byte(d.IntN(4)), byte(d.IntN(256)), byte(d.IntN(256))})
	if f == ruleset.V6 {
		a = netip.MustParseAddr(fmt.Sprintf("fd00::%x:%x", d.IntN(4), d.IntN(65536)))
	}
	return ruleset.Net{Prefix: netip.PrefixFrom(a, a.BitLen()-pick(d, 0, 0, 8))}
}

func BenchmarkCompare(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000} {
		before, after := policy(n), policy(n)
		for _, f := range ruleset.Families() {
			c := after.Tables(f).Chain(ruleset.Filter, "ext_to_int")
			port := ruleset.Port(8080)
			r := ruleset.Rule{Proto: ruleset.Proto{Num: ruleset.TCP}, Matches: []ruleset.Match{ruleset.MatchPorts{Dst: &port}}, Target: ruleset.Accept}
			c.Rules = append([]*ruleset.Rule{&r}, c.Rules...)
		}
		b.Run(fmt.Sprint(n, " rules"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if c := Compare(before, after, Facts{}, 100); len(c.Allowed) == 0 {
					b.Fatal("nothing was found")
				}
			}
		})
	}
}

func BenchmarkFindIdle(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000} {
		rs := policy(n)
		b.Run(fmt.Sprint(n, " rules"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				FindIdle(rs, Facts{})
			}
		})
	}
}
