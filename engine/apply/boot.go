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

// Boot loads the confirmed generation, the previous one when that is damaged,
// and a lock-down ruleset when both are. The text says what was loaded; the
// error is not nil unless that is the confirmed generation as a whole. Where
// nothing was ever confirmed nothing is loaded.
func Boot(ctx context.Context, k host.Kernel, paths Paths) (string, error) {
	held, err := lockWhenIdle(ctx, paths)
	if err != nil {
		return "", fmt.Errorf("boot: %w", err)
	}
	defer held.Close()
	t := newTxn(k, paths)
	if _, err := t.recoverAll(ctx); err != nil {
		return "", fmt.Errorf("boot: %w", err)
	}
	if caps, err := k.Probe(ctx); err == nil {
		t.j.IPv4Only = !caps.IPv6
	}
	did, err := t.boot(ctx)
	t.noteBoot(did, err)
	return did, err
}

// noteBoot adds a boot to the history; one that had nothing to load is none.
func (t *txn) noteBoot(did string, err error) {
	if !t.store.everConfirmed() {
		return
	}
	p := pastLine{Event: Booted, ID: newID(time.Now()), When: time.Now(), Who: "boot", State: Confirmed, Reason: did, Previous: t.store.linked(currentLink)}
	if err != nil {
		p.State, p.Reason = Failed, join("; ", did, err.Error())
	}
	_ = t.store.note(p)
}

// recoverAll is Recover for somebody who holds the lock: an open window is
// over.
func (t *txn) recoverAll(ctx context.Context) (string, error) {
	found, err := t.inherit(ctx)
	if err != nil {
		return "", err
	}
	if found == remedyResume {
		t.j.Reason, found = "its guardian died", remedyUndo
	}
	return t.remedy(ctx, found)
}

// candidate is one thing that boot may load.
type candidate struct {
	name string
	load func() (plan.Target, error)
}

func (t *txn) boot(ctx context.Context) (string, error) {
	current, previous := t.store.linked(currentLink), t.store.linked(previousLink)
	if current == "" && previous == "" && !t.store.everConfirmed() {
		return "no generation was ever confirmed: nothing to load", nil
	}
	var failures []error
	for _, c := range t.candidates(current, previous) {
		want, err := c.load()
		if err == nil {
			if t.j.IPv4Only {
				want = onlyIPv4(want)
			}
			err = t.reserve(ctx, want)
		}
		if err == nil {
			err = t.bring(ctx, want, joinOwned(t.own, plan.Owned(want.Rules)))
		}
		if err == nil {
			return "loaded " + c.name, errors.Join(failures...)
		}
		failures = append(failures, fmt.Errorf("boot: %s: %w", c.name, err))
	}
	return "", errors.Join(failures...)
}

// candidates lists what to try, best first. A family that cannot be loaded
// gets the lock-down while the other keeps its rules: never no rules, and
// never rules that let nobody in.
func (t *txn) candidates(current, previous string) []candidate {
	lock := lockdown(t.store.adminPorts())
	whole := func(id string) func() (plan.Target, error) {
		return func() (plan.Target, error) {
			if id == "" {
				return plan.Target{}, errors.New("there is none")
			}
			m, want, err := t.store.target(id)
			t.own = joinOwned(t.own, m.Own)
			return want, err
		}
	}
	given := func(want plan.Target, err error) func() (plan.Target, error) {
		return func() (plan.Target, error) { return want, err }
	}
	confirmed, err := whole(current)()
	list := []candidate{{"the confirmed generation", given(confirmed, err)}}
	if err == nil {
		list = append(list,
			candidate{"the IPv4 rules of the confirmed generation and the IPv6 lock-down", given(mix(confirmed, lock, ruleset.V4), nil)},
			candidate{"the IPv6 rules of the confirmed generation and the IPv4 lock-down", given(mix(confirmed, lock, ruleset.V6), nil)})
	}
	return append(list,
		candidate{"the previous generation", whole(previous)},
		candidate{"the lock-down rules: SSH from anywhere, nothing else", given(lock, nil)})
}

// Teardown removes all that is ours from the kernel. The generations stay, and
// the next boot loads the confirmed one again.
func Teardown(ctx context.Context, k host.Kernel, paths Paths) error {
	held, err := lockWhenIdle(ctx, paths)
	if err != nil {
		return fmt.Errorf("tear down: %w", err)
	}
	defer held.Close()
	t := newTxn(k, paths)
	if _, err := t.recoverAll(ctx); err != nil {
		return fmt.Errorf("tear down: %w", err)
	}
	if t.own, err = t.recorded(t.store.linked(currentLink)); err != nil {
		return fmt.Errorf("tear down: %w", err)
	}
	if err := t.read(ctx); err != nil {
		return fmt.Errorf("tear down: %w", err)
	}
	steps, err := plan.Teardown(t.live, t.own)
	if err == nil {
		err = run(ctx, k, steps)
	}
	if err != nil {
		return fmt.Errorf("tear down: %w", err)
	}
	return nil
}
