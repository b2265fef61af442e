package plan_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// packets are random packets that meet the rules of the generator, each as the
// first of a flow and as one of an established flow.
func packets(seed uint64, n int) []ruleset.Packet {
	r := rand.New(rand.NewPCG(seed, 3))
	addrs := []string{"10.1.2.3", "10.9.9.9", "192.168.0.9", "192.168.1.9", "203.0.113.7", "8.8.8.8", "172.17.0.2", "198.51.100.1",
		"fd00::9", "fd00:1::5", "2001:db8::7", "2001:db8::8", "2a00::1", "::1"}
	var out []ruleset.Packet
	for len(out) < n {
		p := ruleset.Packet{
			In:  fmt.Sprintf("eth%d", r.IntN(5)),
			Src: netip.MustParseAddr(addrs[r.IntN(len(addrs))]), Dst: netip.MustParseAddr(addrs[r.IntN(len(addrs))]),
			Proto: []uint8{ruleset.TCP, ruleset.TCP, ruleset.UDP}[r.IntN(3)], SrcPort: 40000,
			DstPort: []uint16{22, 25, 80, 443, 8080, 1}[r.IntN(6)],
			State:   []ruleset.State{ruleset.StateNew, ruleset.StateNew, ruleset.StateEstablished}[r.IntN(3)],
		}
		if ruleset.OfAddr(p.Src) != ruleset.OfAddr(p.Dst) {
			continue
		}
		if r.IntN(2) == 0 {
			p.Out = []string{"eth0", "eth1", "docker0"}[r.IntN(3)]
		}
		out = append(out, p)
	}
	return out
}

// verdict is what becomes of a packet, without what only a trial does to it.
func verdict(rules *ruleset.Tracer, p ruleset.Packet) string {
	j := rules.Judge(p, nil)
	j.Packet.ConnMark &^= bit
	return fmt.Sprint(j.Outcome, j.With, j.Packet, j.Local, j.DNATed, j.SNATed, j.Masqueraded)
}

func verdicts(rs *ruleset.Ruleset, ps []ruleset.Packet) []string {
	rules := ruleset.NewTracer(rs)
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = verdict(rules, p)
	}
	return out
}

// assertVerdicts reads the kernel and compares what becomes of the packets.
func assertVerdicts(t *testing.T, when string, b bed, ps []ruleset.Packet, want []string) {
	t.Helper()
	rs := read(t, b)
	rules := ruleset.NewTracer(rs)
	for i, p := range ps {
		if got := verdict(rules, p); got != want[i] {
			t.Fatalf("%s: packet %+v\nwant %s\ngot  %s\n%s", when, p, want[i], got, dump(rs))
		}
	}
}

func TestEveryMomentOfATrialHasTheWholeOldOrTheWholeNewVerdicts(t *testing.T) {
	for i, tr := range transitions(t, 16) {
		ps := packets(uint64(i), 40)
		before, after := verdicts(tr.live, ps), verdicts(plan.After(tr.live, tr.want, tr.own), ps)
		k := fakeWith(t, tr.live)
		stage := units(must(t)(plan.Stage(tr.live, tr.want, tr.own, bit)))
		for n, u := range stage {
			loadUnits(t, k, []unit{u})
			assertVerdicts(t, fmt.Sprintf("%s %d: staged %d of %d", tr.name, i, n+1, len(stage)), k, ps, before)
		}
		if len(stage) == 0 && !slices.Equal(before, after) {
			t.Fatalf("%s %d: nothing is staged, but verdicts change", tr.name, i)
		}
		flip(t, k)
		assertVerdicts(t, tr.name+": gate open", k, ps, after)
		tried := read(t, k)
		confirm := units(must(t)(plan.Confirm(tried, tr.want, tr.own)))
		for n, u := range confirm {
			loadUnits(t, k, []unit{u})
			assertVerdicts(t, fmt.Sprintf("%s %d: confirmed %d of %d", tr.name, i, n+1, len(confirm)), k, ps, after)
		}
		k = fakeWith(t, tried)
		rollback := units(must(t)(plan.Rollback(tried)))
		for n, u := range rollback {
			loadUnits(t, k, []unit{u})
			assertVerdicts(t, fmt.Sprintf("%s %d: rolled back %d of %d", tr.name, i, n+1, len(rollback)), k, ps, before)
		}
	}
}

// hooked are the built-in chains that our chains can be hooked into.
var hooked = [][2]string{
	{ruleset.Filter, ruleset.Input}, {ruleset.Filter, ruleset.Forward}, {ruleset.Mangle, ruleset.Forward},
	{ruleset.NAT, ruleset.Prerouting}, {ruleset.NAT, ruleset.Postrouting},
}

func TestEveryMomentOfAPlainLoadHasOldOrNewVerdictsByTable(t *testing.T) {
	for i, tr := range transitions(t, 16) {
		ps := packets(uint64(i), 30)
		before := ruleset.NewTracer(tr.live)
		after := ruleset.NewTracer(plan.After(tr.live, tr.want, tr.own))
		k := fakeWith(t, tr.live)
		load := units(must(t)(plan.Confirm(tr.live, tr.want, tr.own)))
		done := map[string]bool{}
		for n, u := range load {
			loadUnits(t, k, []unit{u})
			now := ruleset.NewTracer(read(t, k))
			for _, at := range hooked {
				key := func(p ruleset.Packet) string { return ruleset.OfAddr(p.Src).String() + at[0] }
				for _, p := range ps {
					got, old, want := tableVerdict(now, at, p), tableVerdict(before, at, p), tableVerdict(after, at, p)
					if u.family == ruleset.OfAddr(p.Src) && u.text[1:1+len(at[0])] == at[0] {
						done[key(p)] = true
					}
					if got != want && (done[key(p)] || got != old) {
						t.Fatalf("%s %d: %d of %d loaded: %v, packet %+v\nold %s\nnew %s\ngot %s", tr.name, i, n+1, len(load), at, p, old, want, got)
					}
				}
			}
		}
	}
}

func tableVerdict(rules *ruleset.Tracer, at [2]string, p ruleset.Packet) string {
	j := rules.TraceChain(at[0], at[1], p).Judgement
	return fmt.Sprint(j.Outcome, j.With, j.Packet, j.DNATed, j.SNATed, j.Masqueraded)
}

func TestFlowsOfATrialAreCutAfterItAndNoOthersBefore(t *testing.T) {
	for i, tr := range transitions(t, 12) {
		if tr.name == "first apply" || tr.name == "to nothing" {
			continue
		}
		k := fakeWith(t, tr.live)
		load(t, k, must(t)(plan.Stage(tr.live, tr.want, tr.own, bit)))
		staged := read(t, k)
		before := ruleset.NewTracer(staged)
		flip(t, k)
		load(t, k, plan.Steps{plan.Close()})
		over := ruleset.NewTracer(read(t, k))
		for _, p := range packets(uint64(i), 40) {
			p.State, p.ConnMark = ruleset.StateEstablished, bit
			root := ruleset.RootInput
			if p.Out != "" {
				root = ruleset.RootForward
			}
			if staged.Tables(p.Family()).Chain(ruleset.Filter, "mfwt."+root) == nil {
				continue // this root chain decides as before
			}
			if got := before.TraceChain(ruleset.Filter, root, p); got.Outcome != ruleset.Accepted {
				t.Fatalf("%d: a flow of an earlier trial meets %q before the flip: %+v", i, got.Outcome, p)
			}
			if got := over.TraceChain(ruleset.Filter, root, p); got.Outcome == ruleset.Accepted {
				t.Fatalf("%d: a flow of the trial goes on after it: %+v", i, p)
			}
		}
	}
}
