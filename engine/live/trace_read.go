package live

import (
	"context"
	"errors"
	"time"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// ErrTraceTaken says that another process reads the log that traced packets go
// to.
var ErrTraceTaken = errors.New("another program reads the netlink log group 0, where the kernel tells of traced packets")

// readRules reads the live ruleset.
type readRules func(context.Context) (*ruleset.Ruleset, error)

// tracer is how a back end tells of traced packets.
type tracer interface {
	// learn reads the rules; what is heard before waits.
	learn(ctx context.Context, read readRules) error
	// events sends what is heard until ctx ends.
	events(ctx context.Context, out chan<- traceEvent)
	Close() error
}

// Tracer hears which rules packets meet that a rule marks with TRACE. It follows
// the network namespace of the thread that opened it.
type Tracer struct{ of tracer }

// OpenTracer begins to hear; the rules that trace come after it. For the legacy
// back end the kernel's logger must be turned to netlink as well, see
// apply.TracePackets.
func OpenTracer(backend host.Backend) (*Tracer, error) {
	if backend == host.Legacy {
		t, err := openLogTrace()
		if err != nil {
			return nil, err
		}
		return &Tracer{t}, nil
	}
	t, err := openNFTTrace()
	if err != nil {
		return nil, err
	}
	return &Tracer{t}, nil
}

// Close stops hearing.
func (t *Tracer) Close() error { return t.of.Close() }

// Listen hears packets until the window is over, or until so many were heard.
// The rules that trace must be loaded; read is called in the thread of the
// caller.
func (t *Tracer) Listen(ctx context.Context, read func(context.Context) (*ruleset.Ruleset, error), packets int, window time.Duration) (Traced, error) {
	if err := t.of.learn(ctx, read); err != nil {
		return Traced{}, err
	}
	hearing, stop := context.WithCancel(ctx)
	events, done := make(chan traceEvent), make(chan struct{})
	go func() {
		defer close(done)
		t.of.events(hearing, events)
	}()
	result, err := collect(ctx, events, packets, window)
	stop()
	<-done
	if log, numbered := t.of.(*logTrace); numbered && err == nil {
		result.Shifted = log.shifted(ctx)
	}
	return result, err
}
