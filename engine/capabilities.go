package engine

import (
	"context"
	"sync"

	"github.com/mfwtui/mfwtui/engine/host"
)

// capabilities remembers what this host can do. To find out takes eight programs
// and a network namespace, and a console asks every few seconds.
type capabilities struct {
	mu    sync.Mutex
	known host.Capabilities
}

// ask is what this host can do, apart from its interfaces and where hooks belong,
// which are those of the first call. What it lacks is looked for again: somebody
// may install it.
func (c *capabilities) ask(ctx context.Context, k host.Kernel) (host.Capabilities, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known.DeadMan {
		return c.known, nil
	}
	found, err := k.Probe(ctx)
	if err == nil {
		c.known = found
	}
	return found, err
}
