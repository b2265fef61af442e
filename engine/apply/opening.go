package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mfwtui/mfwtui/engine/plan"
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
