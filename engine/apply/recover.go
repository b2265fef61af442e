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

// Recover finishes or undoes what a dead process left. It returns what it did
// in words, empty when there was nothing to do, and leaves a transaction with
// a living guardian alone. A window that is still open gets a new guardian.
func Recover(ctx context.Context, k host.Kernel, paths Paths) (string, error) {
	held, err := lock(paths)
	if errors.Is(err, errLocked) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("recover: %w", err)
	}
	defer held.Close()
	t := newTxn(k, paths)
	found, err := t.inherit(ctx)
	if err != nil {
		return "", fmt.Errorf("recover: %w", err)
	}
	if found == remedyResume && len(t.j.Guardian) > 0 {
		held.Close() // the new guardian takes it
		if err := reviveGuardian(ctx, paths, t.j); err == nil {
			return "the pending transaction had lost its guardian and got a new one", nil
		}
		if held, err = lock(paths); err != nil {
			return "", nil // another one is there
		}
		defer held.Close()
	}
	if found == remedyResume {
		t.j.Reason, found = "its guardian died", remedyUndo
	}
	return t.remedy(ctx, found)
}

// newTxn is a transaction on the real clock and the real conntrack table.
func newTxn(k host.Kernel, paths Paths) *txn {
	return &txn{k: k, flows: conntrackTable{}, paths: paths, store: store{paths.State}, now: bootClock}
}

// inherit reads the journal that a dead process left, and what belongs to it,
// and says what is to be done. The lock must be held.
func (t *txn) inherit(ctx context.Context) (remedy, error) {
	boot, err := bootID()
	if err != nil {
		return "", err
	}
	j, found, err := readJournal(t.paths)
	if !found && err == nil {
		return remedyNone, nil
	}
	todo := judge(j, err, t.now(), boot)
	if todo == remedyNone {
		removeOld(t.paths)
		return remedyNone, removeJournal(t.paths)
	}
	if t.old, _ = loadOld(t.paths); err != nil {
		return todo, t.inheritNothing(err)
	}
	t.j = j
	t.j.clamp(t.now())
	if err := t.loadGeneration(); err != nil {
		// Without the rules nothing can be finished.
		t.j.Reason, todo = join("; ", t.j.Reason, err.Error()), remedyUndo
	}
	if todo == remedyResume && t.neverFlipped(ctx) {
		t.j.Reason, todo = "the guardian died before the new rules were in force", remedyUndo
	}
	return todo, nil
}

// neverFlipped reports whether the gate of an open window is closed, or, where
// there is no gate, whether the load was cut short: the journal is written
// before the flip.
func (t *txn) neverFlipped(ctx context.Context) bool {
	if !t.j.DeadMan {
		return t.j.Census == ""
	}
	sets, err := t.k.ReadSets(ctx)
	return err == nil && !gateOpen(sets)
}

// inheritNothing prepares for a rollback without a journal that can be read:
// to the confirmed rules, where there are some, since nobody can tell any more
// whether somebody said yes.
func (t *txn) inheritNothing(cause error) error {
	t.j = journal{State: Trial, Started: 1, DeadMan: true, Held: true, MarkBit: defaultMark, Reason: cause.Error()}
	current := t.store.linked(currentLink)
	if current == "" {
		return nil
	}
	m, want, err := t.store.target(current)
	if err != nil {
		return err
	}
	t.old, t.own = want, m.Own
	return nil
}

// remedy does what inherit found, and says so in words.
func (t *txn) remedy(ctx context.Context, todo remedy) (string, error) {
	var a action = keep{}
	did := "finished the confirmation of what %s applied"
	switch todo {
	case remedyNone:
		return t.removeStray(ctx)
	case remedyFinish:
		if err := t.read(ctx); err != nil {
			return "", fmt.Errorf("recover: %w", err)
		}
	default:
		a, did = undo{t.whyUndone()}, "rolled back what %s applied: "+t.whyUndone()
	}
	var failed error
	t.conclude(ctx, a, func(err error) { failed = err })
	if failed != nil {
		return "", fmt.Errorf("recover: %w", failed)
	}
	return fmt.Sprintf(did, orUnknown(t.j.Who)), nil
}

func (t *txn) whyUndone() string {
	switch {
	case t.j.Reason != "":
		return t.j.Reason
	case t.j.State == Trial:
		return "the guardian died, and the time was over"
	}
	return "the guardian died before the new rules were in force"
}

// removeStray removes what is left of a trial that no journal tells of, such as
// one that another tool saved and loaded again, or of packets that were traced.
// A gate cannot exist without its set, so the sets tell; they are quickly read.
func (t *txn) removeStray(ctx context.Context) (did string, err error) {
	sets, err := t.k.ReadSets(ctx)
	if err != nil {
		return "", fmt.Errorf("recover: %w", err)
	}
	if hasTrialSet(sets) {
		if did, err = t.removeTraces(ctx); err != nil {
			return "", err
		}
	}
	if err := turnLogBack(t.paths); err != nil {
		return did, fmt.Errorf("recover: %w", err)
	}
	return did, nil
}

// removeTraces removes whatever there is of a trial in the kernel.
func (t *txn) removeTraces(ctx context.Context) (string, error) {
	err := t.read(ctx)
	if err == nil {
		t.sweep, err = plan.Rollback(t.live)
	}
	if err == nil {
		err = persist(ctx, func() error { return t.sweepUp(ctx) })
	}
	if err != nil {
		return "", fmt.Errorf("recover: remove what is left of a trial: %w", err)
	}
	return "removed what was left of a trial in the kernel", nil
}

// hasTrialSet reports whether a set that only a trial has exists.
func hasTrialSet(sets ruleset.Sets) bool {
	steps, err := plan.Rollback(&ruleset.Ruleset{Sets: sets})
	return err != nil || len(steps) > 0
}

// reviveGuardian starts a guardian for an open window and waits until it
// answers.
func reviveGuardian(ctx context.Context, paths Paths, j journal) error {
	a := guardArgs{role: roleSupervisor, paths: paths, tx: j.ID, resume: true}
	cmd := guardianProcess(j.Guardian, a)
	if err := cmd.Start(); err != nil {
		return err
	}
	go cmd.Wait()
	for end := time.Now().Add(readyLimit); ; {
		if s, err := talk(ctx, paths, question{Verb: verbStatus}); err == nil && s.ID == j.ID {
			return nil
		}
		if time.Now().After(end) || ctx.Err() != nil {
			return errors.New("the new guardian does not answer")
		}
		time.Sleep(retryPause)
	}
}
