package tuitest

import (
	"context"
	"net/netip"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// LiveFlows are the flows, each admitted by one of a few rows.
func (s *Site) LiveFlows(ctx context.Context) (engine.LiveFlows, error) {
	if err := s.enter("LiveFlows"); err != nil {
		return engine.LiveFlows{}, err
	}
	snap, err := s.Flows(ctx)
	if err != nil {
		return engine.LiveFlows{}, err
	}
	verdicts := [3]*engine.FlowVerdict{
		{In: "eth0", From: "ext", To: "FW", Outcome: ruleset.Accepted, By: "rules:14", Exact: true},
		{In: "eth1", Out: "eth0", From: "int", To: "ext", Outcome: ruleset.Accepted, By: "rules:16" + s.Taint, Exact: true},
		{In: "eth0", Out: "eth1", From: "ext", To: "int", Outcome: ruleset.Accepted, By: "virtuals:2", Doubt: "a rate limit" + s.Taint},
	}
	live := engine.LiveFlows{FlowSnapshot: snap, Verdicts: make([]*engine.FlowVerdict, snap.Flows.Len())}
	for i := range live.Verdicts {
		live.Verdicts[i] = verdicts[i%len(verdicts)]
	}
	return live, nil
}

// PolicyImpact is a change that opens one port and closes another.
func (s *Site) PolicyImpact(ctx context.Context, p *engine.Preview) (*engine.PolicyImpact, error) {
	if err := s.enter("PolicyImpact"); err != nil {
		return nil, err
	}
	if p.Diff == nil || p.Diff.Empty() {
		return &engine.PolicyImpact{}, nil
	}
	families := []ruleset.Family{ruleset.V4, ruleset.V6}
	return &engine.PolicyImpact{
		Allowed: []engine.PacketSet{{Families: families, From: "ext", To: "FW", Service: "tcp 8080", Src: "any", Dst: "any",
			Before: "reject by rules:10", After: "accept by rules:9" + s.Taint}},
		Denied: []engine.PacketSet{{Families: families[:1], From: "int", To: "FW", Service: "tcp 23", Src: "lan_home (192.168.10.0/24)", Dst: "any",
			Before: "accept by rules:12", After: "reject by the final reject"}},
		Doubts: []string{"v4 filter: -m limit --limit 5/min" + s.Taint},
	}, nil
}

// FlowImpact touches some of the flows: it grandfathers seven and opens three.
func (s *Site) FlowImpact(ctx context.Context, p *engine.Preview) (*engine.FlowImpact, error) {
	if err := s.enter("FlowImpact"); err != nil {
		return nil, err
	}
	snap, err := s.Flows(ctx)
	if err != nil {
		return nil, err
	}
	impact := &engine.FlowImpact{Judged: snap.Flows.Len(), Own: &engine.OwnFlow{
		Client: p.Lockout.Client, Server: p.Lockout.Server, Listed: true,
		Open: "accept by established" + s.Taint, New: p.Lockout.New, GoesOn: true, Reopens: p.Lockout.Safe,
		OtherFamily: "over IPv6 from anywhere: reject by the final reject",
	}}
	if p.Diff == nil || p.Diff.Empty() {
		return impact, nil
	}
	opened := engine.Meaning{Fate: engine.Opens, From: "ext", To: "FW", Before: "reject by rules:10", After: "accept by rules:9"}
	kept := engine.Meaning{Fate: engine.Grandfathered, From: "int", To: "FW", Before: "accept by rules:12", After: "reject by the final reject" + s.Taint}
	var touched []engine.TouchedFlow
	for i := range min(snap.Flows.Len(), 10) {
		meaning := kept
		if i >= 7 {
			meaning = opened
		}
		touched = append(touched, engine.TouchedFlow{Flow: snap.Flows.At(i), Meaning: meaning})
	}
	impact.Touched = engine.ListTouched(touched...)
	return impact, nil
}

// Denied are a few packets that the final reject and a row logged.
func (s *Site) Denied(ctx context.Context) (engine.DeniedSnapshot, error) {
	if err := s.enter("Denied"); err != nil {
		return engine.DeniedSnapshot{}, err
	}
	now := s.Now()
	snap := engine.DeniedSnapshot{At: now, Logging: !s.Silent, Overruns: s.Lost[0], Forgotten: s.Lost[1]}
	if s.Silent {
		return snap, nil
	}
	for i, port := range []uint16{23, 3389, 445} {
		var d engine.DeniedPackets
		d.Row, d.By, d.In, d.From, d.To = "reject", "the final reject", "eth0", "ext", "FW"
		d.Ref.Name, d.Text = "reject", "reject"
		d.Src, d.Dst = netip.AddrFrom4([4]byte{203, 0, 113, byte(40 + i)}), netip.MustParseAddr("198.51.100.4")
		d.Proto, d.SrcPort, d.DstPort, d.Flags = ruleset.TCP, 50000, port, 2
		d.Count, d.Rate, d.First, d.Last = uint64(100/(i+1)), 1/float64(i+1), s.began, now
		d.DstName = "lan_router_ext" + s.Taint
		snap.List = append(snap.List, d)
	}
	return snap, nil
}

// Insights are those that are given.
func (s *Site) Insights(*tables.Set) []engine.RowInsight {
	_ = s.enter("Insights")
	return s.Idle
}

// EndFlows ends what it is given.
func (s *Site) EndFlows(ctx context.Context, flows []engine.Flow) (engine.EndedFlows, error) {
	if err := s.enter("EndFlows"); err != nil {
		return engine.EndedFlows{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed("end %d flows", len(flows))
	if s.Became != nil {
		return *s.Became, nil
	}
	return engine.EndedFlows{Ended: len(flows)}, nil
}

// OwnConnection is the administrator's, as far as it is given.
func (s *Site) OwnConnection() (client, server netip.AddrPort) {
	_ = s.enter("OwnConnection")
	return s.Own[0], s.Own[1]
}
