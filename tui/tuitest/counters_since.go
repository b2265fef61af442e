package tuitest

import (
	"context"

	"github.com/mfwtui/mfwtui/engine"
)

// StartCounting notes what the rows have counted.
func (s *Site) StartCounting(ctx context.Context) error {
	snap, err := s.Counters(ctx)
	if err != nil {
		return err
	}
	if err := s.enter("StartCounting"); err != nil {
		return err
	}
	base := &engine.CounterBaseline{At: snap.At, Rows: make(map[string]engine.RuleCount), Chains: engine.CountsOf(snap.Chains)}
	for _, r := range snap.Rows {
		base.Rows[r.ID] = engine.RuleCount{V4: r.V4, V6: r.V6}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since = base
	return nil
}

// StopCounting forgets it.
func (s *Site) StopCounting() error {
	if err := s.enter("StopCounting"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since = nil
	return nil
}
