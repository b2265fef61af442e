package plan_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// The rules that trace ask for exactly what was named, end with their sets, and
// stand where packets come in and where this host sends them.
func TestTracingRulesAskForWhatIsNamed(t *testing.T) {
	addr := netip.MustParseAddr
	for _, c := range []struct {
		name string
		kind plan.TracedPackets
		sets string
		f    ruleset.Family
		rule string
	}{
		{"all of it", plan.TracedPackets{Src: addr("192.0.2.1"), Dst: addr("192.0.2.2"), Proto: ruleset.TCP, SrcPort: 40000, DstPort: 443},
			"mfwt.trace4", ruleset.V4, "-s 192.0.2.1/32 -d 192.0.2.2/32 -p tcp -m tcp --sport 40000 --dport 443 -m set --match-set mfwt.trace4 src"},
		{"a destination", plan.TracedPackets{Dst: addr("2001:db8::1"), Proto: ruleset.UDP},
			"mfwt.trace6", ruleset.V6, "-d 2001:db8::1/128 -p udp -m set --match-set mfwt.trace6 src"},
		{"a port from anywhere", plan.TracedPackets{Family: ruleset.V6, Proto: ruleset.TCP, SrcPort: 22},
			"mfwt.trace6", ruleset.V6, "-p tcp -m tcp --sport 22 -m set --match-set mfwt.trace6 src"},
	} {
		steps, err := plan.TracePackets([]plan.TracedPackets{c.kind}, 100, 15)
		if err != nil || len(steps) != 1 {
			t.Fatalf("%s: %d steps, %v", c.name, len(steps), err)
		}
		rule := ` ` + c.rule + ` -m limit --limit 10/sec --limit-burst 100 -m comment --comment "mfw:trial-trace" -j TRACE` + "\n"
		text, other := steps[0].V4, steps[0].V6
		family, low, high := "inet", "0.0.0.0/1", "128.0.0.0/1"
		if c.f == ruleset.V6 {
			text, other, family, low, high = other, text, "inet6", "::/1", "8000::/1"
		}
		if diff := cmp.Diff("*raw\n-I PREROUTING"+rule+"-I OUTPUT"+rule+"COMMIT\n", text); diff != "" || other != "" {
			t.Errorf("%s: for the other family %q; want, got:\n%s", c.name, other, diff)
		}
		sets := "create " + c.sets + " hash:net family " + family + " timeout 15\nadd " + c.sets + " " + low + "\nadd " + c.sets + " " + high + "\n"
		if steps[0].Sets != sets {
			t.Errorf("%s: sets %q, want %q", c.name, steps[0].Sets, sets)
		}
	}
}

// What traces is nothing that a preview shows, and a rollback removes it.
func TestTracingRulesAreNoDriftAndGo(t *testing.T) {
	k := host.NewFake()
	before, err := k.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	steps, err := plan.TracePackets([]plan.TracedPackets{{Family: ruleset.V4, Proto: ruleset.TCP}, {Family: ruleset.V6, Proto: ruleset.TCP}}, 5, 15)
	if err != nil {
		t.Fatal(err)
	}
	loadUnits(t, k, units(steps))
	tracing, err := k.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := plan.Compare(tracing, plan.Target{Rules: &ruleset.Ruleset{}}, plan.Ownership{}); !d.Empty() {
		t.Errorf("drift:\n%s", d.Unified())
	}
	away, err := plan.Rollback(tracing)
	if err != nil || len(away) == 0 {
		t.Fatalf("%d steps, %v", len(away), err)
	}
	loadUnits(t, k, units(away))
	after, err := k.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if left, err := plan.Rollback(after); err != nil || len(left) > 0 || len(after.Sets) != len(before.Sets) {
		t.Errorf("left: %v, %v, %v", left, after.Sets, err)
	}
}
