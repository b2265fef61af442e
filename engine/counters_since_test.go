package engine

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// countingHost is an engine on a kernel with one chain of these rules, which may
// be changed.
func countingHost(t *testing.T, rules ...ruleset.Rule) (*Engine, *ruleset.Chain) {
	t.Helper()
	c := &ruleset.Chain{Name: "ext_inp"}
	for i := range rules {
		c.Append(&rules[i])
	}
	rs := &ruleset.Ruleset{}
	*rs.Tables(ruleset.V4) = ruleset.Tables{{Name: ruleset.Filter, Chains: []*ruleset.Chain{c}}}
	return New(Config{Dir: t.TempDir(), State: t.TempDir(), Run: t.TempDir(), Kernel: stillKernel{Kernel: host.NewFake(), rules: rs}}), c
}

// stillKernel only tells its rules.
type stillKernel struct {
	host.Kernel
	rules *ruleset.Ruleset
}

func (k stillKernel) ReadRules(context.Context) (*ruleset.Ruleset, error) { return k.rules, nil }

// packetsSince are the packets of each row since the baseline, by id.
func packetsSince(t *testing.T, e *Engine) (map[string]uint64, CounterSnapshot) {
	t.Helper()
	snap, err := e.Counters(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if snap.Since == nil {
		return nil, snap
	}
	n := make(map[string]uint64)
	for _, r := range snap.FromBaseline().Rows {
		n[r.ID] = r.V4.Packets
	}
	return n, snap
}

func TestCountersSinceAMomentSurviveTheConsoleAndAnApply(t *testing.T) {
	e, chain := countingHost(t, counting("kept", 100), counting("removed", 5))
	if err := e.StartCounting(t.Context()); err != nil {
		t.Fatal(err)
	}
	later := New(e.cfg) // another console
	*chain = ruleset.Chain{Name: chain.Name}
	kept, added := counting("kept", 130), counting("added", 7)
	chain.Append(&added)
	chain.Append(&kept)
	n, _ := packetsSince(t, later)
	if len(n) != 2 || n["kept"] != 30 || n["added"] != 7 {
		t.Errorf("counted %v, want kept 30 and added 7", n)
	}
	if err := later.StopCounting(); err != nil {
		t.Fatal(err)
	}
	if n, snap := packetsSince(t, e); n != nil || snap.Dropped != "" {
		t.Errorf("counted %v after the end, dropped %q", n, snap.Dropped)
	}
}

func TestCountersSinceAMomentEndWhereTheyCannotBeRight(t *testing.T) {
	tests := []struct {
		name   string
		damage func(e *Engine, c *ruleset.Chain)
		says   string
	}{
		{"the kernel counts anew", func(_ *Engine, c *ruleset.Chain) { c.Rules[0].Counters.Packets = 3 }, "the counters began anew"},
		{"a broken file", func(e *Engine, _ *ruleset.Chain) { _ = os.WriteFile(e.counterBaselinePath(), []byte("{"), 0o600) }, "cannot be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, chain := countingHost(t, counting("row", 100))
			if err := e.StartCounting(t.Context()); err != nil {
				t.Fatal(err)
			}
			tt.damage(e, chain)
			n, snap := packetsSince(t, e)
			if n != nil || !strings.Contains(snap.Dropped, tt.says) {
				t.Errorf("counted %v, dropped %q, want %q", n, snap.Dropped, tt.says)
			}
			if _, snap := packetsSince(t, e); snap.Since != nil || snap.Dropped != "" {
				t.Errorf("a second reading says %q again", snap.Dropped)
			}
		})
	}
}
