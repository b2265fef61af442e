package page

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// trialEnded ends the flows that were chosen for it.
func (r *Review) trialEnded(m desk.TrialEnded) Effect {
	flows := r.after.Due(m)
	if len(flows) == 0 {
		return Effect{}
	}
	e := say(Good, "kept: the new rules stay; ending %s, which takes some seconds ...", words.Plural(len(flows), "grandfathered flow"))
	e.Cmd = r.Calls.EndFlows(&r.ending, flows)
	return e
}

// ended says what became of them.
func (r *Review) ended(m desk.EndedMsg) Effect {
	switch {
	case !r.ending.Done(m.N):
		return Effect{}
	case m.Err != nil:
		return say(Bad, "kept, but the grandfathered flows did not end: %v", m.Err)
	}
	words, sure := words.Ended(m.Value, "grandfathered flow")
	return say(endedKind(sure), "kept: the new rules stay; %s", words)
}

// toggleEnd chooses whether the grandfathered flows end after the confirm.
func (r *Review) toggleEnd() {
	p := r.comparison.impact
	p.end = !p.end && p.noEnd() == ""
}

// takeImpact takes the consequences; the dialog before an apply tells them, too.
func (r *Review) takeImpact(msg tea.Msg) {
	if r.comparison.impact.take(msg) && r.asks.dialog != nil {
		r.asks.write()
	}
}

// dialogWords says before an apply what happens to the flows, and what was
// chosen about them. Where a word is typed, x is a letter of it.
func (p *impact) dialogWords(word bool) []widget.Safe {
	switch {
	case p.FlowErr != nil:
		return []widget.Safe{widget.Format("What happens to the flows is not known: %v", p.FlowErr)}
	case p.flowAsk.Busy():
		return []widget.Safe{"The flows are still being judged."}
	case p.Flows == nil:
		return nil
	}
	text := []widget.Safe{widget.Format("Flows: %d cut, %d grandfathered, %d newly open.",
		p.counts[engine.Cut], p.counts[engine.Grandfathered], p.counts[engine.Opens])}
	if len(p.ending) > 0 && (p.end || !word) {
		text = append(text, p.choice())
	}
	return text
}
