package docker

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// run is one run of an engine in memory.
type run struct {
	version string
	reads   int
	events  chan struct{}
	slow    time.Duration
	err     error
}

func (r *run) read(ctx context.Context) (Snapshot, error) {
	r.reads++
	select {
	case <-time.After(r.slow):
	case <-ctx.Done():
	}
	return Snapshot{Version: r.version, At: time.Now()}, r.err
}
func (r *run) changes(context.Context) <-chan struct{} { return r.events }
func (r *run) close()                                  {}

// following follows engines in order; each one is there when the one before has
// ended, nil being a time when none answers.
func following(t *testing.T, runs ...*run) <-chan State {
	ctx, cancel := context.WithCancel(t.Context())
	next := 0
	states := follow(ctx, func(context.Context) (source, error) {
		r := runs[min(next, len(runs)-1)]
		next++
		if r == nil {
			return nil, &AbsentError{Socket: "/run/docker.sock", Err: errors.New("refused")}
		}
		return r, nil
	})
	t.Cleanup(func() {
		cancel()
		for range states {
		}
	})
	return states
}

func TestEventsThatComeTogetherAreOneReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &run{events: make(chan struct{})}
		states := following(t, r)
		<-states
		for range 5 {
			r.events <- struct{}{}
			time.Sleep(settle / 2)
		}
		<-states
		synctest.Wait()
		if r.reads != 2 {
			t.Errorf("%d readings, want the first and one more", r.reads)
		}
	})
}

func TestAStreamOfEventsDoesNotPutTheReadingOffForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &run{events: make(chan struct{})}
		states := following(t, r)
		<-states
		began := time.Now()
		stop := make(chan struct{})
		var busy sync.WaitGroup
		busy.Go(func() {
			for {
				select {
				case r.events <- struct{}{}:
					time.Sleep(settle / 2)
				case <-stop:
					return
				}
			}
		})
		if got := (<-states).Snapshot.At.Sub(began); got > settleLimit+settle {
			t.Errorf("read after %s", got)
		}
		close(stop)
		busy.Wait()
	})
}

func TestEverythingIsReadAgainEachMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		states := following(t, &run{events: make(chan struct{})})
		first := (<-states).Snapshot.At
		if got := (<-states).Snapshot.At.Sub(first); got != reconcileEvery {
			t.Errorf("read again after %s, want %s", got, reconcileEvery)
		}
	})
}

func TestARestartOfTheEngineIsFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, renewed := &run{version: "20.10", events: make(chan struct{})}, &run{version: "29", events: make(chan struct{})}
		states := following(t, old, nil, nil, renewed)
		if got := (<-states).Snapshot.Version; got != "20.10" {
			t.Fatalf("first engine %q", got)
		}
		close(old.events)
		var absent *AbsentError
		if got := <-states; !errors.As(got.Err, &absent) {
			t.Fatalf("between the engines: %+v", got)
		}
		began, got := time.Now(), State{Err: absent}
		for got.Err != nil {
			got = <-states
		}
		if got.Snapshot.Version != "29" || time.Since(began) > 2*maxBackOff {
			t.Errorf("after %s: %+v", time.Since(began), got)
		}
	})
}

func TestASlowReaderGetsTheNewestState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		states := following(t, &run{events: make(chan struct{})})
		time.Sleep(10*reconcileEvery + time.Second)
		if age := time.Since((<-states).Snapshot.At); age > reconcileEvery {
			t.Errorf("the state is %s old", age)
		}
	})
}

func TestAnEngineThatFailsIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad, good := &run{err: errors.New("garbage"), events: make(chan struct{})}, &run{version: "29", events: make(chan struct{})}
		states := following(t, bad, good)
		if got := <-states; got.Err == nil {
			t.Fatalf("first: %+v", got)
		}
		if got := <-states; got.Err != nil || got.Snapshot.Version != "29" {
			t.Errorf("then: %+v", got)
		}
	})
}
