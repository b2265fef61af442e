package apply

import (
	"context"
	"errors"
	"fmt"
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

// stage brings the kernel to the point where one swap opens the gate, and
// proves that it would open on exactly what is wanted. It reports false when no
// packet would be judged differently: then there is nothing to try.
func (t *txn) stage(ctx context.Context) (bool, error) {
	var steps plan.Steps
	err := t.step("plan", func() (err error) {
		steps, err = plan.Stage(t.live, t.want, t.own, t.j.MarkBit)
		return err
	})
	if err != nil {
		return false, err
	}
	if err := t.step("journal", func() error { return t.save(Prepared) }); err != nil {
		return false, err
	}
	if len(steps) == 0 {
		return false, nil
	}
	loading := t.step("stage", func() error { return run(ctx, t.k, steps) })
	if err := t.step("read back", func() error { return t.read(ctx) }); err != nil {
		return false, errors.Join(loading, err)
	}
	return true, t.step("verify", func() error { return t.verifyStaged(steps, loading) })
}

// verifyStaged compares the kernel with what staging should have made of it.
// A tool that failed but did its work is forgiven; one that reports success
// without doing it is not.
func (t *txn) verifyStaged(steps plan.Steps, loading error) error {
	if err := checkLanded(t.live, steps); err != nil {
		if loading != nil {
			return loading
		}
		return err
	}
	if loading != nil {
		t.prove("a tool reported a failure, but the kernel has everything: %v", loading)
	}
	if plan.Fingerprint(t.live, t.own) != t.j.Fingerprint {
		return ErrChanged
	}
	t.j.Census = census(t.live)
	t.prove("read back: the kernel holds the new rules and sets exactly as the tables say, IPv4 and IPv6")
	return nil
}

// arm puts the new rules in force: by one swap, on a timer of the kernel, or,
// where the kernel has no gate, by loading them.
func (t *txn) arm(ctx context.Context) error {
	t.j.Since = time.Now()
	t.j.Started = t.now()
	t.j.Deadline = t.j.Started + t.j.Timeout
	if err := t.step("journal trial", func() error { return t.save(Trial) }); err != nil {
		return err
	}
	if !t.j.DeadMan {
		if err := t.step("load", func() error { return t.loadAll(ctx, t.want) }); err != nil {
			return err
		}
	} else if err := t.step("flip", func() error { return t.flip(ctx, kernelSeconds(t.j.Timeout)) }); err != nil {
		return err
	}
	t.j.Code = newCode()
	return t.step("journal code", func() error { return t.save(Trial) })
}

// flip opens the gate, and believes it when the kernel shows it.
func (t *txn) flip(ctx context.Context, seconds int) error {
	loading := load(ctx, t.k, plan.Arm(seconds))
	sets, err := t.k.ReadSets(ctx)
	if err != nil {
		return errors.Join(loading, err)
	}
	t.live.Sets = sets
	if gateOpen(sets) {
		return nil
	}
	if loading != nil {
		return fmt.Errorf("open the gate: %w", loading)
	}
	return errors.New("open the gate: the tool reports success, but the gate is closed")
}

// kernelSeconds is the timeout of the gate for a window.
func kernelSeconds(left time.Duration) int {
	return int((left + kernelGrace + time.Second - 1) / time.Second)
}

// prolong moves the deadline: in the kernel first, so that the kernel is never
// earlier than the guardian.
func (t *txn) prolong(ctx context.Context, until time.Duration) error {
	if t.j.DeadMan {
		if err := load(ctx, t.k, plan.Extend(kernelSeconds(until-t.now()))); err != nil {
			return fmt.Errorf("extend the trial: %w", err)
		}
	}
	t.j.Deadline = until
	return t.save(Trial)
}

// loadAll makes a target the whole truth without a gate: one transaction for
// each table and family, not one for all.
func (t *txn) loadAll(ctx context.Context, target plan.Target) error {
	if err := t.read(ctx); err != nil {
		return err
	}
	steps, err := plan.Confirm(t.live, target, t.allOwned())
	if err != nil {
		return err
	}
	return run(ctx, t.k, steps)
}

// allOwned is what the generation before and the new one call ours.
func (t *txn) allOwned() plan.Ownership {
	return joinOwned(t.own, plan.Owned(t.want.Rules))
}

func joinOwned(a, b plan.Ownership) plan.Ownership {
	return plan.Ownership{Sets: union(a.Sets, b.Sets), Chains: union(a.Chains, b.Chains)}
}

func union(a, b []string) []string {
	seen := make(map[string]bool, len(a)+len(b))
	var out []string
	for _, list := range [2][]string{a, b} {
		for _, s := range list {
			if !seen[s] {
				seen[s] = true
				out = append(out, s)
			}
		}
	}
	return out
}

// confirm keeps the new rules. Until the generation is promoted an error means
// that nothing is decided and the old rules can come back; afterwards, with
// errUntidy, the new rules are in force and what is left of the trial waits for
// the next command.
func (t *txn) confirm(ctx context.Context) error {
	if err := t.step("journal confirming", func() error { return t.save(Confirming) }); err != nil {
		return err
	}
	// A worker that takes over here may find the decision made already.
	promoted := t.store.linked(currentLink) == t.j.Generation
	var steps plan.Steps
	err := persist(ctx, func() (err error) {
		steps, err = t.holdAndPlan(ctx)
		return err
	})
	if err != nil && promoted {
		return fmt.Errorf("%w: %w", errUntidy, err)
	}
	if err != nil {
		return err
	}
	if err := t.step("promote", func() error { return t.store.promote(t.j.Generation) }); err != nil {
		return err
	}
	err = t.rewrite(ctx, steps)
	if err != nil {
		err = persist(ctx, func() error { return t.finish(ctx) })
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errUntidy, err)
	}
	return nil
}

// errUntidy says that the new rules are in force for good, but the kernel
// still holds something of the trial.
var errUntidy = errors.New("confirmed, but not tidied up")

// holdAndPlan takes the timeout off the gate and plans the rest. The plan
// itself checks that the kernel really holds the gate.
func (t *txn) holdAndPlan(ctx context.Context) (plan.Steps, error) {
	if t.staged() {
		if err := t.step("hold", func() error { return t.hold(ctx) }); err != nil {
			return nil, fmt.Errorf("keep the gate open: %w", err)
		}
	}
	var steps plan.Steps
	err := t.step("plan confirm", func() (err error) {
		steps, err = plan.Confirm(t.live, t.want, t.allOwned())
		return err
	})
	return steps, err
}

// hold keeps the gate open for good. A gate that never was open is opened by
// the swap, for both families at once, and nothing but the sets can have
// changed since the read-back.
func (t *txn) hold(ctx context.Context) error {
	if t.j.Started == 0 {
		t.j.Started, t.j.Since = t.now(), time.Now()
		return t.flip(ctx, 0)
	}
	if err := load(ctx, t.k, plan.Hold()); err != nil {
		return err
	}
	return t.read(ctx)
}

// staged reports whether the kernel holds a gate, as far as was read.
func (t *txn) staged() bool { return t.live != nil && t.live.Sets[ruleset.TrialSet] != nil }

// finish does the second half of confirm again, from what the kernel holds
// now.
func (t *txn) finish(ctx context.Context) error {
	if err := t.read(ctx); err != nil {
		return err
	}
	steps, err := t.holdAndPlan(ctx)
	if err != nil {
		return err
	}
	return t.rewrite(ctx, steps)
}

// rewrite makes the canonical chains what the staged ones are, removes what the
// trial needed, and verifies the result.
func (t *txn) rewrite(ctx context.Context, steps plan.Steps) error {
	if err := t.step("rewrite", func() error { return run(ctx, t.k, steps) }); err != nil {
		return err
	}
	if t.j.MarkBit != 0 {
		// The cut rule is gone: a mark that stays does no harm until the
		// next trial, which clears it again.
		_ = t.step("forget marks", func() error { return t.flows.forget(t.j.MarkBit) })
	}
	return t.step("verify kept", func() error { return t.verifyKept(ctx) })
}

func (t *txn) verifyKept(ctx context.Context) error {
	if err := t.read(ctx); err != nil {
		return err
	}
	if steps, err := plan.Rollback(t.live); err != nil || len(steps) > 0 {
		return errors.Join(errors.New("something of the trial is left in the kernel"), err)
	}
	if diff := plan.Compare(t.live, t.want, t.allOwned()); !diff.Empty() {
		return fmt.Errorf("the kernel does not run what was confirmed:\n%s", diff.Unified())
	}
	return nil
}

// cutWindow is how long a rollback waits for the flows of the trial to end
// while the cut rule blocks them.
const (
	cutWindow = time.Second
	cutRound  = 50 * time.Millisecond
)

// rollback brings the old rules back and removes every trace of the trial. The
// first step alone is enough for the rules.
func (t *txn) rollback(ctx context.Context) error {
	if t.j.DeadMan {
		// A gate that cannot be closed here closes by its timeout, and the
		// steps below close it again.
		_ = t.step("close", func() error { return load(ctx, t.k, plan.Close()) })
		if t.j.MarkBit != 0 && t.j.Started != 0 {
			_ = t.step("cut flows", func() error { return t.cutFlows(ctx) })
		}
	}
	if err := t.step("read", func() error { return t.read(ctx) }); err != nil {
		return err
	}
	if err := t.step("clean", func() error { return t.clean(ctx) }); err != nil {
		return err
	}
	return t.step("verify old", func() error { return t.verifyOld(ctx) })
}

func (t *txn) cutFlows(ctx context.Context) error {
	for end := time.Now().Add(cutWindow); ; {
		last := time.Now().After(end)
		left, err := t.flows.end(t.j.MarkBit, last)
		if err != nil || left == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(cutRound):
		}
	}
}

func (t *txn) clean(ctx context.Context) error {
	steps, err := plan.Rollback(t.live)
	if err != nil {
		return err
	}
	if err := run(ctx, t.k, steps); err != nil {
		return err
	}
	if len(steps) == 0 && t.j.DeadMan {
		return nil
	}
	return t.read(ctx)
}

// verifyOld compares with what was in force before, and puts that back where
// somebody else damaged it meanwhile. Without a gate it is the rollback.
func (t *txn) verifyOld(ctx context.Context) error {
	if steps, err := plan.Rollback(t.live); err != nil || len(steps) > 0 {
		return errors.Join(errors.New("something of the trial is left in the kernel"), err)
	}
	if t.old.Rules == nil || plan.Compare(t.live, t.old, t.allOwned()).Empty() {
		return nil
	}
	if t.j.DeadMan {
		t.prove("the old rules were damaged by somebody else and loaded again")
	}
	steps, err := plan.Confirm(t.live, t.old, t.allOwned())
	if err != nil {
		return err
	}
	if err := run(ctx, t.k, steps); err != nil {
		return err
	}
	if err := t.read(ctx); err != nil {
		return err
	}
	if diff := plan.Compare(t.live, t.old, t.allOwned()); !diff.Empty() {
		return fmt.Errorf("the old rules are not back:\n%s", diff.Unified())
	}
	return nil
}

// attempts is how often an ending is tried before it is left to the next
// command.
const attempts = 5

// persist repeats an ending with growing pauses: 0.2, 0.4, 0.8, 1.6 s.
func persist(ctx context.Context, f func() error) error {
	pause := 200 * time.Millisecond
	for i := 1; ; i++ {
		err := f()
		if err == nil || i == attempts || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
			pause *= 2
		}
	}
}
