package engine

import (
	"time"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// TraceRecord is what real packets met, in the form in which programs read it.
// Its JSON is stable.
type TraceRecord struct {
	Packets  int         `json:"packets"`
	Overruns int         `json:"overruns"`
	Shifted  bool        `json:"rules_changed"`
	Ways     []WayRecord `json:"ways"`
}

// WayRecord are packets that met the same rules.
type WayRecord struct {
	Packets int                `json:"packets"`
	First   time.Time          `json:"first"`
	Last    time.Time          `json:"last"`
	Proto   string             `json:"proto"`
	Src     string             `json:"source"`
	Dst     string             `json:"destination"`
	ToDst   string             `json:"destination_became,omitempty"`
	In      string             `json:"in,omitempty"`
	Out     string             `json:"out,omitempty"`
	Verdict string             `json:"verdict"`
	With    string             `json:"with,omitempty"`
	By      string             `json:"by,omitempty"`
	Steps   []TracedStepRecord `json:"steps"`
}

// TracedStepRecord is a rule that a real packet matched. Index counts from 1; it
// is 0 where there is none. Does is what the kernel says that it did.
type TracedStepRecord struct {
	Table string `json:"table"`
	Chain string `json:"chain"`
	Index int    `json:"index,omitempty"`
	ID    string `json:"id,omitempty"`
	Row   string `json:"row,omitempty"`
	Rule  string `json:"rule"`
	Does  string `json:"does"`
}

// Record is the trace for programs.
func (t *PacketTrace) Record() TraceRecord {
	out := TraceRecord{Packets: len(t.Packets), Overruns: t.Overruns, Shifted: t.Shifted, Ways: []WayRecord{}}
	for _, w := range t.Ways() {
		out.Ways = append(out.Ways, t.wayRecord(w))
	}
	return out
}

func (t *PacketTrace) wayRecord(w PacketWay) WayRecord {
	p := w.First
	outcome, with := p.Outcome()
	one := WayRecord{
		Packets: w.Count, First: p.At, Last: w.Last, Proto: shortProto(p.From.Proto),
		Src: endpoint(p.From.Src, p.From.SrcPort), Dst: endpoint(p.From.Dst, p.From.DstPort),
		In: p.In, Out: p.Out, Verdict: string(outcome), With: with, By: t.By(p), Steps: []TracedStepRecord{},
	}
	if to := endpoint(p.To.Dst, p.To.DstPort); to != one.Dst {
		one.ToDst = to
	}
	for _, s := range p.Steps {
		one.Steps = append(one.Steps, t.stepRecord(s, ruleset.OfAddr(p.From.Src)))
	}
	return one
}

func (t *PacketTrace) stepRecord(s TraceStep, f ruleset.Family) TracedStepRecord {
	one := TracedStepRecord{Table: s.Table, Chain: s.Chain, Index: s.Index + 1, Rule: RuleWords(s, f), Does: s.Verdict}
	if s.Rule != nil {
		ref, _ := t.Row(s)
		one.ID, one.Row = s.Rule.ID, ref.String()
	}
	return one
}

// RuleWords is what a packet met at a step: the rule as iptables prints it, or
// what there is in place of one.
func RuleWords(s TraceStep, f ruleset.Family) string {
	switch {
	case s.Policy:
		return "policy"
	case s.Rule != nil:
		return s.Rule.Spec(f)
	case s.Index >= 0:
		return "a rule that iptables does not show"
	}
	return "end of the chain"
}

// shortProto is the name of a protocol as flows have it too.
func shortProto(n uint8) string {
	if n == ruleset.ICMPv6 {
		return "icmpv6" // iptables writes ipv6-icmp
	}
	return ruleset.ProtocolName(n)
}
