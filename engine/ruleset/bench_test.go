package ruleset

import (
	"fmt"
	"net/netip"
	"testing"
)

// The sizes that matter: a small host, a large one, and one beyond what people
// have.
var sizes = []int{10, 100, 1000, 10000}

// manyRules makes n rules of the kinds that tables compile to, in chains of a
// hundred.
func manyRules(n int) *Ruleset {
	rs := &Ruleset{Sets: Sets{}}
	t := rs.V4.Ensure(Filter)
	t.Ensure(Forward).Policy = string(Drop)
	set := NewSet("hosts_v4", HashNet, V4)
	set.Members = []Member{{Prefix: netip.MustParsePrefix("192.168.0.0/16")}}
	rs.Sets[set.Name] = set
	for i := range n {
		c := t.Ensure(fmt.Sprintf("zone%d_to_lan", i/100))
		if i%100 == 0 {
			t.Chain(Forward).Append(&Rule{In: Iface{Name: fmt.Sprintf("eth%d", i/100)}, Target: Jump{Chain: c.Name}, ID: "zone"})
		}
		port := Port(uint16(1 + i))
		r := &Rule{
			Proto: Proto{Num: TCP}, Matches: []Match{MatchPorts{Dst: &port}},
			Target: Jump{Chain: ChainAccept}, ID: fmt.Sprintf("%08x", i), Counters: Counters{uint64(i), uint64(i) * 1500},
		}
		if i%3 == 0 {
			r.Dst = Net{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 32)}
		} else {
			r.Matches = append(r.Matches, MatchSet{Name: set.Name, Dirs: "dst"})
		}
		c.Append(r)
	}
	t.Ensure(ChainAccept).Append(&Rule{Target: Accept, ID: "accept"})
	return rs
}

func manyMembers(n int) *Set {
	s := NewSet("geo_XX_v4", HashNet, V4)
	for i := range n {
		a := netip.AddrFrom4([4]byte{byte(i>>14) | 1, byte(i >> 6), byte(i << 2), 0})
		s.Members = append(s.Members, Member{Prefix: netip.PrefixFrom(a, 22+i%3).Masked()})
	}
	s.Normalize()
	return s
}

func bySize(b *testing.B, run func(b *testing.B, n int)) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			run(b, n)
		})
	}
}

func BenchmarkParseTables(b *testing.B) {
	bySize(b, func(b *testing.B, n int) {
		text := []byte(manyRules(n).V4.SaveText(V4))
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if _, err := ParseTables(V4, text); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkRestoreText(b *testing.B) {
	bySize(b, func(b *testing.B, n int) {
		rs := manyRules(n)
		for b.Loop() {
			if _, err := rs.RestoreText(V4); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSpec(b *testing.B) {
	bySize(b, func(b *testing.B, n int) {
		rs := manyRules(n)
		var room []byte
		for b.Loop() {
			for _, c := range rs.V4[0].Chains {
				for _, r := range c.Rules {
					room = r.AppendSpec(room[:0], V4)
				}
			}
		}
	})
}

func BenchmarkNewTracer(b *testing.B) {
	bySize(b, func(b *testing.B, n int) {
		rs := manyRules(n)
		for b.Loop() {
			NewTracer(rs)
		}
	})
}

// BenchmarkJudge is one packet that meets about a hundred rules, whatever the
// size, as zone chains make it.
func BenchmarkJudge(b *testing.B) {
	bySize(b, func(b *testing.B, n int) {
		tracer := NewTracer(manyRules(n))
		p := Packet{
			In: fmt.Sprintf("eth%d", (n-1)/100), Proto: TCP, DstPort: uint16(n),
			Src: netip.MustParseAddr("172.16.0.1"), Dst: netip.MustParseAddr("192.168.4.4"),
		}
		route := func(netip.Addr) (bool, string) { return false, "eth9" }
		for b.Loop() {
			if j := tracer.Judge(p, route); j.Outcome == "" {
				b.Fatal("no outcome")
			}
		}
	})
}

func BenchmarkParseSets(b *testing.B) {
	for _, n := range []int{100, 10000, 300000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			text, err := manyMembers(n).RestoreText()
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := ParseSets([]byte(text)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSetIndex(b *testing.B) {
	for _, n := range []int{100, 10000, 300000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			x := indexSet(manyMembers(n))
			p := &Packet{Src: netip.MustParseAddr("9.200.3.4")}
			for b.Loop() {
				x.contains(p, "src")
			}
		})
	}
}
