package engine

import (
	"net/netip"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// ExplainRecord is an explanation in the form in which programs read it. Its
// JSON is stable.
type ExplainRecord struct {
	Verdict     string       `json:"verdict"`
	With        string       `json:"with,omitempty"`
	Row         string       `json:"row,omitempty"`
	Local       bool         `json:"to_this_host"`
	In          string       `json:"in"`
	Out         string       `json:"out,omitempty"`
	Dst         string       `json:"destination"`
	DNAT        bool         `json:"dnat"`
	Masqueraded bool         `json:"masqueraded"`
	Steps       []StepRecord `json:"steps"`
	NotJudged   []string     `json:"not_judged"`
	// NotSimulated is what no walk takes into account.
	NotSimulated []string      `json:"not_simulated"`
	WhyNot       *WhyNotRecord `json:"why_not,omitempty"`
}

// WhyNotRecord is why a row did not decide about the packet.
type WhyNotRecord struct {
	Row    string `json:"row"`
	Reason string `json:"reason"`
}

// StepRecord is a rule that the packet met. Index counts from 1; it is 0 for a
// policy.
type StepRecord struct {
	Table   string `json:"table"`
	Chain   string `json:"chain"`
	Index   int    `json:"index,omitempty"`
	Matched string `json:"matched"`
	ID      string `json:"id,omitempty"`
	Row     string `json:"row,omitempty"`
	Rule    string `json:"rule"`
}

// Record is the explanation for programs.
func (x *Explanation) Record() ExplainRecord {
	out := ExplainRecord{
		Verdict: string(x.Outcome), With: x.With, Row: x.Decider().String(), Local: x.Local,
		In: x.Packet.In, Out: x.Packet.Out, Dst: endpoint(x.Packet.Dst, x.Packet.DstPort),
		DNAT: x.DNATed, Masqueraded: x.Masqueraded, Steps: []StepRecord{}, NotJudged: []string{},
		NotSimulated: NotSimulated(),
	}
	for _, s := range x.Steps {
		out.Steps = append(out.Steps, x.stepRecord(s))
	}
	for _, d := range x.Doubts {
		out.NotJudged = append(out.NotJudged, d.Table+" "+d.Chain+": "+d.Why)
	}
	return out
}

func (x *Explanation) stepRecord(s ruleset.Step) StepRecord {
	one := StepRecord{Table: s.Table, Chain: s.Chain, Index: s.Index + 1, Matched: s.Matched.String(), Rule: "policy"}
	if s.Rule != nil {
		ref, _ := x.Row(s)
		one.ID, one.Row, one.Rule = s.Rule.ID, ref.String(), s.Rule.Spec(x.Packet.Family())
	}
	return one
}

func endpoint(a netip.Addr, port uint16) string {
	if port == 0 {
		return a.String()
	}
	return netip.AddrPortFrom(a, port).String()
}
