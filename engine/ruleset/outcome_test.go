package ruleset

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// hooked makes rules that packets meet: built-in chains which lead to those of
// tables.
func (g randomRules) hooked(n int) *Ruleset {
	rs := &Ruleset{Sets: g.sets()}
	tables := g.tables(n)
	for table, chains := range map[string][]string{
		Filter: {Input, Forward, Output}, NAT: {Prerouting, Input, Output, Postrouting}, Mangle: {Prerouting, Forward, Postrouting},
	} {
		for _, chain := range chains {
			c := tables.Ensure(table).Ensure(chain)
			c.Policy = pick(g, string(Accept), string(Drop))
			if table != Filter {
				c.Policy = string(Accept)
			}
			for range 3 {
				c.Append(g.rule(table))
			}
			c.Append(&Rule{Target: Jump{Chain: "MFWCHAIN"}, ID: "hook"})
		}
	}
	*rs.Tables(g.family) = tables
	return rs
}

func (g randomRules) packet() Packet {
	p := Packet{
		In: pick(g, "eth0", "ppp3", ""), Out: pick(g, "eth1", "tun0", ""), Src: g.addr(), Dst: g.addr(),
		Proto: pick(g, TCP, UDP, g.icmpProto(), 47), State: pick(g, StateNew, StateEstablished, StateRelated, StateInvalid, StateEstablished|StateDNAT),
		Mark: g.Uint32(), ConnMark: g.Uint32(), TCPFlags: uint8(g.IntN(64)), ICMPType: uint8(g.IntN(140)),
	}
	if p.hasPorts() {
		p.SrcPort, p.DstPort = uint16(g.Uint32()), pick(g, 80, 443, uint16(g.Uint32()))
	}
	return p
}

func TestTheOutcomeAloneIsThatOfTheJudgement(t *testing.T) {
	for _, f := range Families() {
		g := randomRules{rand.New(rand.NewPCG(11, uint64(f))), f}
		route := func(dst netip.Addr) (bool, string) { return dst.AsSlice()[dst.BitLen()/8-1]%3 == 0, "eth1" }
		met := make(map[Outcome]int)
		for range 200 {
			rs := g.hooked(1 + g.IntN(20))
			tracer := NewTracer(rs)
			for range 100 {
				p := g.packet()
				want := tracer.Judge(p, route).Outcome
				met[want]++
				if got := tracer.Outcome(p, route); got != want {
					t.Fatalf("%s: outcome %q, judgement %q of %+v", f, got, want, p)
				}
			}
		}
		for _, o := range []Outcome{Accepted, Dropped, Rejected} {
			if met[o] < 100 {
				t.Errorf("%s: only %d of the packets end with %s", f, met[o], o)
			}
		}
	}
}

func TestTheOutcomeAloneMakesNoGarbage(t *testing.T) {
	g := randomRules{rand.New(rand.NewPCG(3, 3)), V4}
	tracer := NewTracer(manyRules(1000))
	p := g.packet()
	p.In, p.Proto = "eth9", TCP
	route := func(netip.Addr) (bool, string) { return false, "eth1" }
	if n := testing.AllocsPerRun(1000, func() { tracer.Outcome(p, route) }); n > 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

// The race detector makes a pool forget walkers, so that both make some.
func TestAJudgementInTheRoomOfAnotherMakesNoPath(t *testing.T) {
	tracer := NewTracer(manyRules(1000))
	p := Packet{In: "eth9", Proto: TCP, DstPort: 998, Src: netip.MustParseAddr("172.16.0.1"), Dst: netip.MustParseAddr("192.168.4.4")}
	route := func(netip.Addr) (bool, string) { return false, "eth1" }
	var j Judgement
	with := testing.AllocsPerRun(1000, func() { tracer.Judge(p, route) })
	if n := testing.AllocsPerRun(1000, func() { tracer.JudgeInto(&j, p, route) }); n != with-1 {
		t.Errorf("%v allocations a packet, and %v with a path of its own", n, with)
	}
}

// Walkers are used again: what one judgement says may not change with the next.
func TestJudgementsShareNoPath(t *testing.T) {
	tracer := NewTracer(manyRules(1000))
	route := func(netip.Addr) (bool, string) { return false, "eth1" }
	packet := func(port uint16) Packet {
		return Packet{In: fmt.Sprintf("eth%d", (port-1)/100), Proto: TCP, DstPort: port, Src: netip.MustParseAddr("172.16.0.1"), Dst: netip.MustParseAddr("192.168.4.4")}
	}
	var room Judgement
	tracer.JudgeInto(&room, packet(998), route)
	first := tracer.Judge(packet(2), route)
	want := slices.Clone(first.Path)
	tracer.Judge(packet(503), route)
	tracer.JudgeInto(&room, packet(2), route)
	if len(want) == 0 || !slices.Equal(first.Path, want) || !slices.Equal(room.Path, want) {
		t.Errorf("the first judgement became\n%v, one in the room of another is\n%v, want\n%v", first.Path, room.Path, want)
	}
}
