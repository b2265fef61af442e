package apply

import (
	"context"
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
			w.j.By = r.who
			w.end(ctx, a, func(err error) { r.answer(w.current(), err) })
			return nil
		}
	}
}

func (w *worker) current() Status { return w.status.get(w.now()) }

// end ends the transaction and tells everybody who asks, as soon as the
// outcome is sure.
func (w *worker) end(ctx context.Context, a action, tell func(error)) {
	w.conclude(ctx, a, func(err error) {
		w.publish()
		tell(err)
	})
}

// watch looks every second whether the trial is still whole, and tells the
// first thing that is not.
func (w *worker) watch(ctx context.Context, disturbances chan<- string) {
	j, pause := w.j, watchPause
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
		if why := disturbance(live, j); why != "" {
			disturbances <- why
			return
		}
	}
}
