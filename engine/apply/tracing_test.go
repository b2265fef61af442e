package apply

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// tracedHere is a packet of each family that nobody sends.
var tracedHere = []plan.TracedPackets{
	{Src: netip.MustParseAddr("192.0.2.2"), Proto: ruleset.TCP, DstPort: 22},
	{Dst: netip.MustParseAddr("2001:db8::1"), Proto: ruleset.UDP},
}

// A process that dies while packets are traced leaves rules that end by
// themselves and are no drift; the next command removes them, and gives the
// kernel's log back.
func TestWhatADeadTraceLeavesEndsAndIsRemoved(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		want := letting(22)
		b.apply(want)
		before := loggersNow(t)
		steps, err := plan.TracePackets(tracedHere, 10, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := turnLog(b.paths); err != nil {
			t.Fatal(err)
		}
		if err := run(t.Context(), b.k, steps); err != nil {
			t.Fatal(err)
		}
		if now := loggersNow(t); strings.Contains(now, "nf_log") {
			t.Errorf("the log of the kernel goes to %q", now)
		}
		if d := plan.Compare(b.live(), want, plan.Owned(want.Rules)); !d.Empty() {
			t.Errorf("the rules that trace are drift:\n%s", d.Unified())
		}
		b.until("end of the rules", func() bool {
			sets := b.live().Sets
			return len(sets["mfwt.trace4"].Members)+len(sets["mfwt.trace6"].Members) == 0
		})
		if did, err := Recover(t.Context(), b.k, b.paths); err != nil || did == "" {
			t.Errorf("recover did %q, %v", did, err)
		}
		b.runs(want)
		if now := loggersNow(t); now != before {
			t.Errorf("loggers %q, before %q", now, before)
		}
		if _, err := os.Stat(filepath.Join(b.paths.Run, loggersFile)); !os.IsNotExist(err) {
			t.Errorf("the note about loggers is still there: %v", err)
		}
	})
}

// While packets are traced no transaction begins.
func TestATraceHoldsTheLock(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		steps, err := plan.TracePackets(tracedHere, 10, 10)
		if err != nil {
			t.Fatal(err)
		}
		err = TracePackets(t.Context(), b.k, b.paths, steps, true, func(load func() error) error {
			if err := load(); err != nil {
				return err
			}
			if _, err := lock(b.paths); err != errLocked {
				t.Errorf("the lock can be taken: %v", err)
			}
			if did, err := Recover(t.Context(), b.k, b.paths); did != "" || err != nil {
				t.Errorf("another command did %q, %v", did, err)
			}
			if rules := b.live().V4.Chain(ruleset.Raw, ruleset.Prerouting).Rules; len(rules) != 1 {
				t.Errorf("%d rules trace, want 1", len(rules))
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if left, err := plan.Rollback(b.live()); err != nil || len(left) > 0 {
			t.Errorf("left in the kernel: %v, %v", left, err)
		}
	})
}

func loggersNow(t *testing.T) (names string) {
	t.Helper()
	for _, family := range loggerFamilies {
		b, err := os.ReadFile(filepath.Join(loggerDir, family))
		if err != nil {
			t.Fatal(err)
		}
		names += strings.TrimSpace(string(b)) + " "
	}
	return names
}
