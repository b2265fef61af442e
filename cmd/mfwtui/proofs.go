package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/words"
)

// proofs look each second at what the trial that runs proves.
type proofs struct {
	latest atomic.Pointer[engine.TrialProof] // nil before the first
	stop   context.CancelFunc
	done   chan struct{}
}

// watchProofs begins to look. each, when not nil, is called with every proof.
func watchProofs(ctx context.Context, e *engine.Engine, each func(*engine.TrialProof)) *proofs {
	ctx, stop := context.WithCancel(ctx)
	p := &proofs{stop: stop, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			if proof, err := e.Proof(ctx); err == nil {
				p.latest.Store(&proof)
				if each != nil {
					each(&proof)
				}
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return p
}

// end stops looking and gives what was seen last in sentences.
func (p *proofs) end() []string {
	p.stop()
	<-p.done
	last := p.latest.Load()
	if last == nil {
		return nil
	}
	var lines []string
	for _, text := range words.Proof(last) {
		lines = append(lines, visible(string(text)))
	}
	return lines
}
