package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// txn runs the steps of one transaction. It is used by one goroutine.
type txn struct {
	k     host.Kernel
	flows flowTable
	paths Paths
	store store
	now   clock
	// guards says that this is a guardian, which may wait for the kernel; a
	// command that recovers may not.
	guards bool
	// fault is called before each step with its name; tests kill, stop or
	// fail the process there. It is nil outside of tests.
	fault func(step string) error

	j    journal
	want plan.Target
	own  plan.Ownership // recorded by the generation before
	// old is what was in force before the trial.
	old plan.Target
	// live is the last ruleset read.
	live *ruleset.Ruleset
	// sweep is what is left to do when the outcome is told.
	sweep plan.Steps
	// phases is how long each step took.
	phases []Phase
}

// step runs one named step and notes its time.
func (t *txn) step(name string, f func() error) error {
	if t.fault != nil {
		if err := t.fault(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	begin := time.Now()
	err := f()
	t.phases = append(t.phases, Phase{name, time.Since(begin)})
	return err
}

// prove adds a sentence about something that was verified.
func (t *txn) prove(format string, args ...any) {
	t.j.Proof = append(t.j.Proof, fmt.Sprintf(format, args...))
}

// save writes the journal.
func (t *txn) save(state State) error {
	t.j.State = state
	return writeJournal(t.paths, t.j)
}

func (t *txn) read(ctx context.Context) error {
	live, err := t.k.Read(ctx)
	if err != nil {
		return fmt.Errorf("read the live ruleset: %w", err)
	}
	t.live = live
	return nil
}

// run loads steps in order, both families of a step at the same time.
func run(ctx context.Context, k host.Kernel, steps plan.Steps) error {
	for _, p := range steps {
		if err := load(ctx, k, p); err != nil {
			return err
		}
	}
	return nil
}

func load(ctx context.Context, k host.Kernel, p plan.Payload) error {
	if p.Sets != "" {
		if err := k.RestoreSets(ctx, p.Sets); err != nil {
			return err
		}
	}
	if p.V4 == "" && p.V6 == "" {
		return nil
	}
	return k.RestoreBoth(ctx, p.V4, p.V6)
}

// allOwned is what the generation before and the new one call ours.
func (t *txn) allOwned() plan.Ownership {
	if t.want.Rules == nil {
		return t.own
	}
	return joinOwned(t.own, plan.Owned(t.want.Rules))
}

func joinOwned(a, b plan.Ownership) plan.Ownership {
	return plan.Ownership{Sets: union(a.Sets, b.Sets), Chains: union(a.Chains, b.Chains)}
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// bring makes a target the whole truth without a gate, one transaction for each
// table and family, and believes it when the kernel shows it.
func (t *txn) bring(ctx context.Context, want plan.Target, own plan.Ownership) error {
	if err := t.read(ctx); err != nil {
		return err
	}
	steps, err := plan.Confirm(t.live, want, own)
	if err != nil {
		return err
	}
	loading := run(ctx, t.k, steps)
	err = t.verifyIs(ctx, want, own)
	if err != nil && loading != nil {
		return loading // it explains the difference
	}
	return err
}

// verifyIs reads the kernel and compares it with what should be there now.
func (t *txn) verifyIs(ctx context.Context, want plan.Target, own plan.Ownership) error {
	if err := t.read(ctx); err != nil {
		return err
	}
	if err := t.noTrace(); err != nil {
		return err
	}
	if diff := plan.Compare(t.live, want, own); !diff.Empty() {
		return fmt.Errorf("the kernel does not run what it should: %s", diff.Summary())
	}
	return nil
}

// noTrace checks that of the trial nothing is left but what is to be swept up.
func (t *txn) noTrace() error {
	steps, err := plan.Rollback(t.live)
	if err != nil {
		return err
	}
	needed, _ := split(steps)
	if slices.ContainsFunc(needed, func(p plan.Payload) bool { return p != plan.Close() }) {
		return errors.New("something of the trial is left in the kernel")
	}
	return nil
}
