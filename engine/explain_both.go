package engine

import "github.com/mfwtui/mfwtui/engine/ruleset"

// StepBeside is a rule that the packet met, by the numbers of its steps today
// and after an apply; -1 where it was not met.
type StepBeside struct{ Live, Staged int }

// Beside puts the steps of both ways side by side, each side in its order. There
// must be a staged side. Rules are the same when they stand in the same chain and
// read the same.
func (b *BothWays) Beside() []StepBeside {
	f := b.Packet.Family()
	places := make(map[string][]int, len(b.Staged.Steps))
	for i, s := range b.Staged.Steps {
		key := stepKey(s, f)
		places[key] = append(places[key], i)
	}
	var list []StepBeside
	next := 0
	stagedTo := func(end int) {
		for ; next < end; next++ {
			list = append(list, StepBeside{Live: -1, Staged: next})
		}
	}
	for i, s := range b.Live.Steps {
		key := stepKey(s, f)
		for len(places[key]) > 0 && places[key][0] < next {
			places[key] = places[key][1:]
		}
		if len(places[key]) == 0 {
			list = append(list, StepBeside{Live: i, Staged: -1})
			continue
		}
		stagedTo(places[key][0])
		list = append(list, StepBeside{Live: i, Staged: next})
		next++
	}
	stagedTo(len(b.Staged.Steps))
	return list
}

// stepKey is what a step is recognized by on the other side.
func stepKey(s ruleset.Step, f ruleset.Family) string {
	return s.Table + " " + s.Chain + " " + s.Rule.Spec(f)
}

// WhyNot is why a row of the staged tables did not decide about the packet, on
// either side; staged is empty when there is no staged side. A row that was
// removed is looked for in what runs.
func (b *BothWays) WhyNot(row RowRef) (live, staged string) {
	// A row is known by its id, which it has on both sides; its line is that of
	// the tables as edited.
	id, known := "", false
	if b.Staged != nil {
		id, known = b.Staged.RowID(row)
	}
	if !known {
		id, _ = b.Live.RowID(row)
	}
	const nothing = "it makes no rule"
	reason := b.Live.WhyNot(id)
	if live = reason.Words; reason.Kind == Absent {
		live = "it is not there yet (staged, not applied), or it makes no rule"
	}
	if b.Staged == nil {
		return live, ""
	}
	if reason = b.Staged.WhyNot(id); reason.Kind == Absent {
		return live, nothing
	}
	return live, reason.Words
}

// BothRecord is the way of a packet today and after an apply, in the form in
// which programs read it. Its JSON is stable. Staged is null when the tables
// have errors.
type BothRecord struct {
	Live   *ExplainRecord `json:"live"`
	Staged *ExplainRecord `json:"staged"`
	// Trace is what real packets met, when that was asked for.
	Trace *TraceRecord `json:"trace,omitempty"`
}

// Record is both ways for programs, with why a row did not decide when one is
// named.
func (b *BothWays) Record(why RowRef) BothRecord {
	live := b.Live.Record()
	out := BothRecord{Live: &live}
	if b.Staged != nil {
		staged := b.Staged.Record()
		out.Staged = &staged
	}
	if why == (RowRef{}) {
		return out
	}
	now, then := b.WhyNot(why)
	live.WhyNot = &WhyNotRecord{Row: why.String(), Reason: now}
	if out.Staged != nil {
		out.Staged.WhyNot = &WhyNotRecord{Row: why.String(), Reason: then}
	}
	return out
}
