package engine

import (
	"context"
	"sync"
	"time"

	"github.com/mfwtui/mfwtui/engine/live"
)

// flowFeed follows the conntrack table from the second look on: one look costs
// one dump, a console that keeps looking gets rates and first-seen times.
type flowFeed struct {
	mu     sync.Mutex
	looked bool
	feed   *live.Follower
	// began is when the follower knew every flow: those seen first after it
	// are new.
	began time.Time
}

// FollowFlows makes the first look at the flows follow them already, for who
// will look again: else the list of the first look and the table of the follower
// are in memory at once.
func (e *Engine) FollowFlows() {
	e.flows.mu.Lock()
	defer e.flows.mu.Unlock()
	e.flows.looked = true
}

// followed is when the follower began; zero when there is none yet.
func (f *flowFeed) followed() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.began
}

// feedEvery is the interval of the follower.
const feedEvery = time.Second

func (f *flowFeed) read(ctx context.Context) (FlowSnapshot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.looked {
		snap, err := live.ReadFlows(ctx)
		f.looked = err == nil
		return snap, err
	}
	if f.feed == nil {
		// The follower lives as long as the process: its table is what makes
		// the next look cheap.
		feed, err := live.FollowFlows(context.WithoutCancel(ctx), feedEvery)
		if err != nil {
			return FlowSnapshot{}, err
		}
		f.feed, f.began = feed, time.Now()
	}
	snap, err := f.feed.Snapshot(ctx)
	if err != nil && ctx.Err() == nil { // the follower gave up: start a new one at the next look
		f.feed, f.looked, f.began = nil, false, time.Time{}
	}
	return snap, err
}
