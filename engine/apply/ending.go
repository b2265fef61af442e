package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// errUntidy says that the new rules are in force for good, but the kernel
// still holds something of the trial.
var errUntidy = errors.New("confirmed, but not tidied up")

// conclude ends the transaction with keep or undo, and records how. A
// confirmation that fails before it is decided becomes a rollback, and the
// error that tell gets says why. tell is called as soon as the outcome is sure
// and verified; what only sweeps up comes after it. While the gate cannot be
// closed nothing is sure: tell is called once more before, with an error, and a
// guardian goes on trying.
func (t *txn) conclude(ctx context.Context, a action, tell func(error)) {
	state, cause, untidy := t.settle(ctx, a)
	if state == RolledBack && untidy != nil && t.gateStays(ctx) {
		tell(errors.Join(notConfirmed("", cause), t.notYet(untidy)))
		if !t.guards {
			return // the journal stays, and the next command tries again
		}
		untidy = t.outlastGate(ctx, untidy)
	}
	t.record(state, untidy)
	tell(notConfirmed(", rolled back", cause))
	if state == Confirmed && t.j.MarkBit != 0 {
		// The cut rule is gone: a mark that stays does no harm until the
		// next trial, which clears it again.
		_ = t.step("forget marks", func() error { return t.flows.forget(t.j.MarkBit) })
	}
	if untidy == nil {
		if untidy = persist(ctx, func() error { return t.sweepUp(ctx) }); untidy != nil {
			t.record(state, untidy)
		}
	}
	if untidy != nil {
		return // the journal stays, and the next command tries again
	}
	if state != Confirmed {
		t.store.discard(t.j.Generation)
	}
	t.store.prune()
	removeOld(t.paths)
	_ = removeJournal(t.paths)
}

// notConfirmed is a confirmation that a cause kept from its end; nil without one.
func notConfirmed(so string, cause error) error {
	if cause == nil {
		return nil
	}
	return fmt.Errorf("not confirmed%s: %w", so, cause)
}

// settle brings the outcome about. cause is why a confirmation became a
// rollback; untidy, why something of the trial is left in the kernel.
func (t *txn) settle(ctx context.Context, a action) (state State, cause, untidy error) {
	if _, ok := a.(keep); ok {
		err := t.confirm(ctx)
		if err == nil || errors.Is(err, errUntidy) {
			return Confirmed, nil, err
		}
		cause, a = err, undo{notConfirmed("", err).Error()}
	}
	t.j.Reason = a.(undo).why
	// A journal that cannot be written leaves one that says the same with a
	// deadline.
	_ = t.save(Trial)
	untidy = persist(ctx, func() error { return t.rollback(ctx) })
	if t.j.Started == 0 {
		return Failed, cause, untidy
	}
	return RolledBack, cause, untidy
}

// gateStays reports whether the kernel still may send packets to the new rules,
// after a rollback that failed.
func (t *txn) gateStays(ctx context.Context) bool {
	if !t.j.DeadMan || t.kernelLeft() <= 0 && !t.j.Held {
		return false
	}
	sets, err := t.k.ReadSets(ctx)
	return err != nil || gateOpen(sets)
}

// kernelLeft is the time until the gate closes by its own timeout, which the
// kernel counts in whole seconds; a gate that is held does not.
func (t *txn) kernelLeft() time.Duration {
	return t.j.Deadline + kernelGrace + time.Second - t.now()
}

func (t *txn) notYet(cause error) error {
	if t.j.Held {
		return fmt.Errorf("the old rules are not back yet: %w; they are when ipset flush %s succeeds", cause, ruleset.TrialSet)
	}
	return fmt.Errorf("the old rules are not back yet: %w; the kernel goes back by itself in %s", cause, t.kernelLeft().Round(time.Second))
}

// gatePause lies between two tries to close a gate that stays open.
const gatePause = 5 * time.Second

// outlastGate goes on trying to roll back until the gate is closed, be it by the
// kernel.
func (t *txn) outlastGate(ctx context.Context, untidy error) error {
	for untidy != nil && t.gateStays(ctx) {
		time.Sleep(gatePause)
		untidy = t.rollback(ctx)
	}
	return untidy
}

// record writes down how the transaction ended.
func (t *txn) record(state State, untidy error) {
	if untidy != nil {
		t.j.Reason = join("; ", t.j.Reason, "left for the next command: "+untidy.Error())
	}
	t.j.State, t.j.Reason = state, strings.ReplaceAll(t.j.Reason, "\n", "; ")
	// The link current tells a confirmation even when this file cannot be
	// written, and everything else reads as not confirmed.
	_ = t.store.writeResult(t.j.Generation, result{
		State: state, Reason: t.j.Reason, Ended: time.Now(), Took: time.Since(t.j.Since), By: t.j.By,
	})
	t.notePast(state)
	audit(t.paths, t.j)
}

// notePast adds the end of the transaction to the history, where it stays when
// the generation is pruned.
func (t *txn) notePast(state State) {
	p := pastLine{
		Event: Applied, ID: t.j.Generation, When: t.j.Since, Who: t.j.Who, By: t.j.By,
		State: state, Reason: t.j.Reason, Took: time.Since(t.j.Since),
	}
	if m, err := t.store.about(t.j.Generation); err == nil {
		p.Previous, p.Changes, p.When = m.Previous, m.Changes, m.When
	}
	_ = t.store.note(p) // the history tells people, and decides nothing
}

func join(separator, a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + separator + b
}

// confirm keeps the new rules. Until the generation is promoted an error means
// that nothing is decided and the old rules can come back; afterwards, with
// errUntidy, the new rules are in force and what is left of the trial waits for
// the next command.
func (t *txn) confirm(ctx context.Context) error {
	t.j.Held = true
	if err := t.step("journal confirming", func() error { return t.save(Confirming) }); err != nil {
		t.j.Held = false
		return err
	}
	// A worker that takes over here may find the decision made already.
	promoted := t.store.linked(currentLink) == t.j.Generation
	var steps plan.Steps
	err := persist(ctx, func() (err error) {
		steps, err = t.hold(ctx)
		return err
	})
	if err != nil && promoted {
		return fmt.Errorf("%w: %w", errUntidy, err)
	}
	if err != nil {
		return err
	}
	if err := t.step("promote", func() error { return t.promote() }); err != nil {
		return err
	}
	if err = t.rewrite(ctx, steps); err != nil {
		err = persist(ctx, func() error { return t.rewriteAgain(ctx) })
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errUntidy, err)
	}
	return nil
}

// promote decides: from here on the new rules boot. What fails after the one
// rename that counts is only told.
func (t *txn) promote() error {
	err := t.store.promote(t.j.Generation)
	if err != nil && t.store.linked(currentLink) == t.j.Generation {
		t.j.Reason = join("; ", t.j.Reason, err.Error())
		return nil
	}
	return err
}

// hold keeps the gate open for good, and plans the rest. The plan checks that
// the kernel really holds the gate.
func (t *txn) hold(ctx context.Context) (plan.Steps, error) {
	if t.live.Sets[ruleset.TrialSet] != nil {
		if err := t.step("hold", func() error { return t.holdGate(ctx) }); err != nil {
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

// holdGate takes the timeout off the gate. One that is not open is opened by the
// swap, for both families at once, and since the read-back nothing but that has
// changed.
func (t *txn) holdGate(ctx context.Context) error {
	if t.j.Started == 0 {
		t.j.Started, t.j.Since = t.now(), time.Now()
	}
	if !gateOpen(t.live.Sets) {
		return t.flip(ctx, 0)
	}
	if err := load(ctx, t.k, plan.Hold()); err != nil {
		return err
	}
	return t.read(ctx)
}

// rewriteAgain does the second half of confirm again, from what the kernel
// holds now.
func (t *txn) rewriteAgain(ctx context.Context) error {
	if err := t.read(ctx); err != nil {
		return err
	}
	steps, err := t.hold(ctx)
	if err != nil {
		return err
	}
	return t.rewrite(ctx, steps)
}

// rewrite makes the canonical chains what the staged ones are, removes what the
// trial put into them, and verifies the result.
func (t *txn) rewrite(ctx context.Context, steps plan.Steps) error {
	steps, t.sweep = split(steps)
	if err := t.step("rewrite", func() error { return run(ctx, t.k, steps) }); err != nil {
		return err
	}
	return t.step("verify kept", func() error { return t.verifyIs(ctx, t.want, t.allOwned()) })
}

// cutWindow is how long a rollback waits for the flows of the trial to end
// while the cut rule blocks them.
const (
	cutWindow = time.Second
	cutRound  = 50 * time.Millisecond
)

// rollback brings the old rules back and removes what the trial put into
// them. The first step alone is enough for the rules.
func (t *txn) rollback(ctx context.Context) error {
	if t.j.DeadMan && t.j.Started != 0 {
		// A gate that cannot be closed here closes by its timeout, and the
		// steps below close it again.
		_ = t.step("close", func() error { return load(ctx, t.k, plan.Close()) })
		if t.j.MarkBit != 0 {
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
	// Time in which this process stood still ended no flow.
	for round, end := 0, time.Now().Add(cutWindow); ; round++ {
		last := time.Now().After(end) && round >= int(cutWindow/cutRound)/2
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

// clean removes what the trial has in the kernel, as far as there is anything.
func (t *txn) clean(ctx context.Context) error {
	steps, err := plan.Rollback(t.live)
	if err != nil || len(steps) == 0 {
		return err
	}
	steps, t.sweep = split(steps)
	if err := run(ctx, t.k, steps); err != nil {
		return err
	}
	return t.read(ctx)
}

// verifyOld compares with what was in force before, and puts that back where
// somebody else damaged it during the trial. Without a gate that is the
// rollback. What was never in force left the old rules alone, and what somebody
// else did to them meanwhile stays.
func (t *txn) verifyOld(ctx context.Context) error {
	if err := t.noTrace(); err != nil {
		return err
	}
	own := t.own
	if !t.j.DeadMan {
		own = t.allOwned()
	}
	if t.j.Started == 0 || t.old.Rules == nil || plan.Compare(t.live, t.old, own).Empty() {
		return nil
	}
	// A plain load must not meet a half-removed trial.
	if err := t.sweepUp(ctx); err != nil {
		return err
	}
	if err := t.bring(ctx, t.old, own); err != nil {
		return fmt.Errorf("bring the old rules back: %w", err)
	}
	if t.j.DeadMan {
		t.j.Reason = join("; ", t.j.Reason, "the old rules had been damaged and were loaded again")
	}
	return nil
}

// attempts is how often an ending is tried, and patience for how long, before it
// is left to the next command: whoever waits for the answer has answerLimit.
const (
	attempts = 5
	patience = 25 * time.Second
)

// persist repeats an ending with growing pauses: 0.2, 0.4, 0.8, 1.6 s.
func persist(ctx context.Context, f func() error) error {
	pause := 200 * time.Millisecond
	begin := time.Now()
	for i := 1; ; i++ {
		err := f()
		if err == nil || i == attempts || time.Since(begin) > patience || ctx.Err() != nil {
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
