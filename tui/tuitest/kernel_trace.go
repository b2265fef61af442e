package tuitest

import (
	"context"
	"errors"
	"net/netip"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// TracePackets tells at once of a packet that a row refuses, and of a second one
// alike.
func (s *Site) TracePackets(ctx context.Context, req engine.TraceRequest) (*engine.PacketTrace, error) {
	if err := s.enter("TracePackets"); err != nil {
		return nil, err
	}
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trial != nil {
		return nil, errors.New("trace packets: an apply is pending")
	}
	if s.Silent {
		return &engine.PacketTrace{Took: req.For}, nil
	}
	src, dst := req.Src, req.Dst
	if !src.IsValid() {
		src = adminAddr
	}
	if !dst.IsValid() {
		dst = netip.MustParseAddr("198.51.100.4")
	}
	p := engine.TracedPacket{At: now, In: "eth0", Steps: s.tracedSteps(ruleset.OfAddr(src))}
	p.From = engine.PacketHeader{Src: src, Dst: dst, Proto: req.Proto, SrcPort: 51022, DstPort: req.DstPort, Flags: 2}
	p.To = p.From
	return &engine.PacketTrace{Packets: []engine.TracedPacket{p, p}, Took: req.For}, nil
}

// tracedSteps are the first rules of the site's filter table, the last of which
// refuses.
func (s *Site) tracedSteps(f ruleset.Family) []engine.TraceStep {
	steps := []engine.TraceStep{{Table: ruleset.Raw, Chain: ruleset.Prerouting, Index: -1, Policy: true, Verdict: "accept"}}
	filter := s.live.Tables(f).Table(ruleset.Filter)
	if filter == nil {
		return steps
	}
	for _, c := range filter.Chains {
		for i, r := range c.Rules {
			if r.ID == "" || len(steps) > 3 {
				continue
			}
			steps = append(steps, engine.TraceStep{Table: ruleset.Filter, Chain: c.Name + s.Taint, Index: i, Rule: r, Verdict: "continue"})
		}
	}
	steps[len(steps)-1].Verdict = "drop"
	return steps
}
