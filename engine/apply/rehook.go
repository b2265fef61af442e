package apply

import (
	"context"
	"fmt"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/plan"
)

// Rehook puts the hooks of the confirmed generation right where somebody has
// removed them or has put something in front of them, as Docker's engine does
// when it starts. It moves nothing but our own jumps, by one transaction of the
// kernel for each table and family. What it put right is the result, empty when
// all was well or nothing was ever confirmed. While a transaction is pending it
// does nothing and the error is a *PendingError: the end of a trial puts the
// hooks right too.
func Rehook(ctx context.Context, k host.Kernel, paths Paths) ([]plan.HookDiff, error) {
	held, err := lockWhenIdle(ctx, paths)
	if err != nil {
		return nil, fmt.Errorf("repair hooks: %w", err)
	}
	defer held.Close()
	t := newTxn(k, paths)
	if _, err := t.recoverAll(ctx); err != nil {
		return nil, fmt.Errorf("repair hooks: %w", err)
	}
	found, err := t.rehook(ctx)
	if err != nil {
		return nil, fmt.Errorf("repair hooks: %w", err)
	}
	return found, nil
}

func (t *txn) rehook(ctx context.Context) ([]plan.HookDiff, error) {
	current := t.store.linked(currentLink)
	if current == "" {
		return nil, nil
	}
	m, want, err := t.store.target(current)
	if err != nil {
		return nil, err
	}
	if err := t.read(ctx); err != nil {
		return nil, err
	}
	found := plan.CompareHooks(t.live, want, m.Own)
	steps, err := plan.Rehook(t.live, want, m.Own)
	if err == nil {
		err = run(ctx, t.k, steps)
	}
	if err != nil {
		return nil, err
	}
	if err := t.read(ctx); err != nil {
		return nil, err
	}
	if left := plan.CompareHooks(t.live, want, m.Own); len(left) > 0 {
		h := left[0]
		return nil, fmt.Errorf("the %s hook from %s to %s %s after all; mfwtui boot loads the confirmed rules anew", h.Family, h.From, h.To, h.Why)
	}
	return found, nil
}

// reserve gives Docker's engine its chain ahead of time, see plan.Reserve. A
// load that fails has met an engine that was quicker.
func (t *txn) reserve(ctx context.Context, want plan.Target) error {
	if err := t.read(ctx); err != nil {
		return err
	}
	steps, err := plan.Reserve(t.live, want)
	if err != nil {
		return err
	}
	_ = run(ctx, t.k, steps)
	return nil
}
