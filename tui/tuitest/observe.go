package tuitest

import (
	"context"
	"slices"

	"github.com/mfwtui/mfwtui/engine"
)

// Traffic moves on three interfaces; the busiest flows come from outside.
func (s *Site) Traffic(ctx context.Context) (engine.TrafficSnapshot, error) {
	if err := s.enter("Traffic"); err != nil {
		return engine.TrafficSnapshot{}, err
	}
	now, at := s.Now(), s.seconds()
	snap := engine.TrafficSnapshot{At: now, Rated: true, Flows: s.FlowCount, Max: 262144, Accounting: !s.NoAccounting, Timestamps: s.timestamps}
	for i, name := range []string{"lo", "eth0", "eth1", "docker0"} {
		snap.Interfaces = append(snap.Interfaces, engine.InterfaceTraffic{
			Name: name, Up: true, In: 9000 * pace(i+1, at), Out: 7000 * pace(i+2, at), New: pace(i+1, at) / 10,
		})
	}
	if !snap.Accounting {
		return snap, nil
	}
	for i := range min(s.FlowCount, 12) {
		p := engine.FlowPath{Flow: sampleFlow(i, int(at), now, true), From: "ext", To: "FW", By: "rules:7" + s.Taint, You: i == 1}
		if p.DstNAT {
			p.To, p.By = "DOCKER", "virtuals:3"
		}
		snap.Top = append(snap.Top, p)
	}
	slices.SortStableFunc(snap.Top, func(a, b engine.FlowPath) int { return int(b.Rate - a.Rate) })
	return snap, nil
}

// EnableTimestamps makes flows tell when they began.
func (s *Site) EnableTimestamps() error {
	if err := s.enter("EnableTimestamps"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed("timestamps on")
	s.timestamps = true
	return nil
}

// ForeignDrift says that two rules of Docker came since the last apply.
func (s *Site) ForeignDrift(ctx context.Context) (engine.ForeignDrift, error) {
	if err := s.enter("ForeignDrift"); err != nil {
		return engine.ForeignDrift{}, err
	}
	return engine.ForeignDrift{Since: s.began, Docker: engine.RuleChange{Added: 2}}, nil
}
