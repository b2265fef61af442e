package docker

import (
	"context"
	"strings"
	"time"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"
)

// State is what is known of the engine: a snapshot, or why there is none.
type State struct {
	Snapshot Snapshot
	Err      error // an *AbsentError where no engine answers
}

// The pace of a follower.
const (
	// settle is how long it waits after an event for the ones that come with
	// it: the start of a container is a handful within 200 ms.
	settle = 250 * time.Millisecond
	// settleLimit is how long a stream of events may put a reading off.
	settleLimit = time.Second
	// reconcileEvery is when it reads again although nothing was reported.
	reconcileEvery = time.Minute
	// minBackOff and maxBackOff lie between two tries to reach an engine.
	minBackOff = time.Second
	maxBackOff = 8 * time.Second
)

// Follow sends what is known of the engine at once, after each change, and when
// the engine goes or comes back, until ctx ends; then it closes the channel. The
// channel holds only the newest state: a slow reader misses old ones and blocks
// nobody.
func Follow(ctx context.Context, socket string) <-chan State {
	return follow(ctx, func(ctx context.Context) (source, error) {
		c, err := connect(ctx, socket)
		if err != nil {
			return nil, err
		}
		return c, nil
	})
}

// source is one run of an engine.
type source interface {
	read(ctx context.Context) (Snapshot, error)
	// changes reports that something happened, and ends with the run.
	changes(ctx context.Context) <-chan struct{}
	close()
}

func follow(ctx context.Context, open func(context.Context) (source, error)) <-chan State {
	f := &follower{open: open, out: make(chan State, 1)}
	go f.run(ctx)
	return f.out
}

type follower struct {
	open func(context.Context) (source, error)
	out  chan State
}

func (f *follower) run(ctx context.Context) {
	defer close(f.out)
	for wait := minBackOff; ; wait = min(2*wait, maxBackOff) {
		if f.session(ctx) {
			wait = minBackOff
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// session follows one run of the engine, and reports whether it could be read
// at all.
func (f *follower) session(ctx context.Context) (answered bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := f.open(ctx)
	if err != nil {
		f.publish(ctx, State{Err: err})
		return false
	}
	defer s.close()
	// Subscribed before the first reading, so that nothing is missed between.
	changes := s.changes(ctx)
	for {
		snap, err := s.read(ctx)
		f.publish(ctx, State{snap, err})
		if err != nil || !await(ctx, changes) {
			return answered || err == nil
		}
		answered = true
	}
}

// await waits until it is time to read again; false when the run has ended.
func await(ctx context.Context, changes <-chan struct{}) bool {
	reconcile := time.NewTimer(reconcileEvery)
	defer reconcile.Stop()
	var quiet, latest <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return false
		case <-reconcile.C:
			return true
		case <-quiet:
			return true
		case <-latest:
			return true
		case _, ok := <-changes:
			if !ok {
				return false
			}
			quiet = time.After(settle)
			if latest == nil {
				latest = time.After(settleLimit)
			}
		}
	}
}

// publish replaces the state that nobody has fetched yet.
func (f *follower) publish(ctx context.Context, s State) {
	if ctx.Err() != nil {
		return
	}
	select {
	case <-f.out:
	default:
	}
	f.out <- s // only this goroutine sends, so there is room
}

// changes implements source by the engine's stream of events.
func (c *connection) changes(ctx context.Context) <-chan struct{} {
	filters := make(client.Filters).Add("type", string(events.ContainerEventType), string(events.NetworkEventType), string(events.DaemonEventType))
	out := make(chan struct{}, 1)
	stream := c.api.Events(ctx, client.EventsListOptions{Filters: filters}) // returns when it has been subscribed
	go func() {
		defer close(out)
		for {
			select {
			case <-stream.Err:
				return
			case e := <-stream.Messages:
				if !changesNothing(e.Action) {
					select {
					case out <- struct{}{}:
					default: // the one before is not seen yet
					}
				}
			}
		}
	}()
	return out
}

// changesNothing reports whether an event is about what runs in a container, as
// a health check does every few seconds.
func changesNothing(a events.Action) bool {
	return strings.HasPrefix(string(a), "exec_") || strings.HasPrefix(string(a), "health_status") || a == events.ActionTop
}
