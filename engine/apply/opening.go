package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

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
		return false, t.step("read back", func() error { return t.verifySame(ctx) })
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
	var fingerprint, trial string
	var beside sync.WaitGroup
	beside.Go(func() { fingerprint = plan.Fingerprint(t.live, t.own) })
	if !t.j.Yes { // without a trial nobody watches one
		beside.Go(func() { trial = census(t.live) })
	}
	err := checkLanded(t.live, steps)
	beside.Wait()
	if err != nil {
		if loading != nil {
			return loading
		}
		return err
	}
	if loading != nil {
		t.prove("a tool reported a failure, but the kernel has everything: %v", loading)
	}
	if fingerprint != t.j.Fingerprint {
		return ErrChanged
	}
	t.j.Census = trial
	t.prove("read back: the kernel holds the new rules and sets exactly as the tables say, IPv4 and IPv6")
	return nil
}

// verifySame is verifyStaged where nothing was staged.
func (t *txn) verifySame(ctx context.Context) error {
	if err := t.read(ctx); err != nil {
		return err
	}
	return t.unchanged()
}

// unchanged checks that nobody else changed what is ours since it was read
// first.
func (t *txn) unchanged() error {
	if plan.Fingerprint(t.live, t.own) != t.j.Fingerprint {
		return ErrChanged
	}
	return nil
}

// arm puts the new rules in force: by one swap, on a timer of the kernel, or,
// where the kernel has no gate, by loading them.
func (t *txn) arm(ctx context.Context) error {
	t.j.Since = time.Now()
	t.j.Started = t.now()
	t.j.Deadline = t.j.Started + t.j.Timeout
	if err := t.step("journal trial", func() error { return t.save(Trial) }); err != nil {
		t.j.Started = 0 // nothing was put in force
		return err
	}
	open := func() error { return t.flip(ctx, kernelSeconds(t.j.Timeout)) }
	if !t.j.DeadMan {
		open = func() error { return t.bring(ctx, t.want, t.allOwned()) }
	}
	if err := t.step("flip", open); err != nil {
		return err
	}
	if !t.j.DeadMan { // a swap changes nothing of it
		t.j.Census = census(t.live)
	}
	t.j.Code = newCode()
	return t.step("journal code", func() error { return t.save(Trial) })
}

// flip opens the gate, and believes it when the kernel shows it. Of the sets
// only the gate is read: a host may have hundreds of thousands of members.
func (t *txn) flip(ctx context.Context, seconds int) error {
	gate, loading := t.k.RestoreAndReadSet(ctx, plan.Arm(seconds).Sets, ruleset.TrialSet)
	if gate != nil {
		t.live.Sets = maps.Clone(t.live.Sets)
		t.live.Sets[ruleset.TrialSet] = gate
	} else if sets, err := t.k.ReadSets(ctx); err == nil {
		t.live.Sets = sets
	} else {
		return errors.Join(loading, err)
	}
	if gateOpen(t.live.Sets) {
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
	before := t.j.Deadline
	t.j.Deadline = until
	if err := t.save(Trial); err != nil {
		t.j.Deadline = before // of which whoever takes over would know
		return fmt.Errorf("extend the trial: %w", err)
	}
	return nil
}
