package apply

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// pollDeadline is how often the clock is read in a trial.
	pollDeadline = 100 * time.Millisecond
	// watchPause is how often a trial looks whether it is still whole, at
	// most: a look takes no more than a twentieth of the time.
	watchPause = time.Second
	watchShare = 20
)

// trial waits for an answer, for the deadline, or for somebody else who takes
// the trial apart, and ends the transaction.
func (w *worker) trial(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	disturbances := make(chan string, 1)
	go w.watch(ctx, disturbances)
	tick := time.NewTicker(pollDeadline)
	defer tick.Stop()
	for {
		var r request // the zero request answers nobody
		select {
		case r = <-w.requests:
		case why := <-disturbances:
			r.event = disturbed{why}
		case <-tick.C:
			r.event = passed{}
		}
		switch a := decide(w.j, w.now(), r.event).(type) {
		case refuse:
			r.answer(w.current(), a.err)
		case prolong:
			err := w.prolong(ctx, a.until)
			w.publish()
			r.answer(w.current(), err)
		case keep, undo:
			err := w.end(ctx, a)
			r.answer(w.current(), err)
			return nil
		}
	}
}

func (w *worker) current() Status { return w.status.get(w.now()) }

// end confirms or rolls back, as far as it can be done now, and records how
// the transaction ended. A confirmation that fails before it is decided
// becomes a rollback; the error says why.
func (w *worker) end(ctx context.Context, a action) error {
	err := w.conclude(ctx, a)
	w.publish()
	return err
}

// conclude is end without the people.
func (t *txn) conclude(ctx context.Context, a action) error {
	var failed error
	if _, ok := a.(keep); ok {
		err := t.confirm(ctx)
		if err == nil || errors.Is(err, errUntidy) {
			t.record(Confirmed, err)
			return nil
		}
		failed = fmt.Errorf("confirm: %w; rolled back", err)
		a = undo{failed.Error()}
	}
	t.j.Reason = a.(undo).why
	// A journal that cannot be written leaves the one that says the same
	// with a deadline.
	_ = t.save(Trial)
	err := persist(ctx, func() error { return t.rollback(ctx) })
	t.record(RolledBack, err)
	return failed
}

// record writes down how the transaction ended. When the kernel could not be
// tidied up, the journal stays, and the next command tries again.
func (t *txn) record(state State, untidy error) {
	if state == RolledBack && t.j.Started == 0 {
		state = Failed
	}
	r := result{State: state, Reason: t.j.Reason, Ended: time.Now(), Took: time.Since(t.j.Since)}
	if untidy != nil {
		r.Reason = join("; ", r.Reason, "left for the next command: "+untidy.Error())
	}
	// The link current tells a confirmation even when this file cannot be
	// written, and everything else reads as not confirmed.
	_ = t.store.writeResult(t.j.Generation, r)
	if untidy == nil {
		t.discardTraces(state)
	}
	t.j.State, t.j.Reason = state, r.Reason
	audit(t.paths, t.j)
}

func (t *txn) discardTraces(state State) {
	if state != Confirmed {
		t.store.discard(t.j.Generation)
	}
	t.store.prune()
	removeOld(t.paths)
	// The last step: what it says is done.
	_ = removeJournal(t.paths)
}

func join(separator string, parts ...string) string {
	var out string
	for _, p := range parts {
		if out != "" && p != "" {
			out += separator
		}
		out += p
	}
	return out
}

// watch looks every second whether the trial is still whole, and tells the
// first thing that is not.
func (w *worker) watch(ctx context.Context, disturbances chan<- string) {
	census, pause := w.j.Census, watchPause
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		begin := time.Now()
		live, err := w.k.Read(ctx)
		if ctx.Err() != nil {
			return
		}
		pause = max(watchPause, watchShare*time.Since(begin))
		if err != nil {
			continue // what cannot be read now may be read later
		}
		if why := disturbance(live, census); why != "" {
			disturbances <- why
			return
		}
	}
}
