package engine

import (
	"context"
	"sync"
	"time"

	"github.com/mfwtui/mfwtui/engine/host"
)

// capabilitiesAge is for how long what a host can do is believed: another back end
// may come into use, or hold rules as well.
const capabilitiesAge = time.Minute

// capabilities remembers what this host can do. To find out takes eight programs
// and a network namespace, and a console asks every few seconds.
type capabilities struct {
	mu    sync.Mutex
	at    time.Time
	known host.Capabilities
}

// ask is what this host can do, as it was within the last minute. What it lacks is
// looked for each time: somebody may install it.
func (c *capabilities) ask(ctx context.Context, k host.Kernel) (host.Capabilities, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known.DeadMan && time.Since(c.at) < capabilitiesAge {
		return c.known, nil
	}
	found, err := k.Probe(ctx)
	if err == nil {
		c.known, c.at = found, time.Now()
	}
	return found, err
}
