package engine

import (
	"testing"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func TestAgreementOfARealPacketWithItsWalk(t *testing.T) {
	rule := func(id string) *ruleset.Rule { return &ruleset.Rule{ID: id, Target: ruleset.Accept} }
	path := func(r *ruleset.Rule, index int) []ruleset.Step {
		return []ruleset.Step{{Table: ruleset.Filter, Chain: ruleset.Input, Index: index, Rule: r, Matched: ruleset.Yes}}
	}
	met := func(r *ruleset.Rule, index int, verdict string) *TracedPacket {
		return &TracedPacket{Steps: []TraceStep{{Table: ruleset.Filter, Chain: ruleset.Input, Index: index, Rule: r, Policy: r == nil, Verdict: verdict}}}
	}
	row, other, foreign := rule("row"), rule("other"), rule("")
	tests := []struct {
		name   string
		state  ruleset.State // of the packet after the walk
		walked []ruleset.Step
		real   *TracedPacket
		want   Agreement
	}{
		{"the same row", ruleset.StateNew, path(row, 0), met(row, 0, "accept"), Agrees},
		{"the same row, otherwise", ruleset.StateNew, path(row, 0), met(row, 0, "drop"), Differs},
		{"another row", ruleset.StateNew, path(row, 0), met(other, 1, "accept"), Differs},
		{"a later packet", ruleset.StateNew, path(row, 0), met(rule(establishedPart), 1, "accept"), Later},
		{"a later packet of what is translated", ruleset.StateNew | ruleset.StateSNAT, path(row, 0), met(rule(establishedPart), 1, "accept"), Later},
		{"the established rule instead of a walk of an open connection", ruleset.StateEstablished, path(row, 0), met(rule(establishedPart), 1, "accept"), Differs},
		{"the same foreign rule", ruleset.StateNew, path(foreign, 2), met(foreign, 2, "accept"), Agrees},
		{"another foreign rule", ruleset.StateNew, path(foreign, 2), met(foreign, 3, "accept"), Differs},
		{"a policy instead of a foreign rule", ruleset.StateNew, path(foreign, 2), met(nil, -1, "accept"), Differs},
		{"nothing told", ruleset.StateNew, path(row, 0), &TracedPacket{}, Untold},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := &Explanation{Trace: &ruleset.Trace{}}
			x.Outcome, x.Path, x.Packet.State = ruleset.Accepted, tt.walked, tt.state
			if got := x.Agree(&PacketTrace{}, tt.real); got != tt.want {
				t.Errorf("agreement %v, want %v", got, tt.want)
			}
		})
	}
}
