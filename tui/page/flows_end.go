package page

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// listedEnded is how many of the flows that are to end the dialog shows at a
// time, and listedOwn how many beside the words about the own connection: a
// screen of 24 lines holds so many.
const listedEnded, listedOwn = 8, 4

// askEnd asks before the marked flows end, or else the selected one.
func (f *Flows) askEnd() Effect {
	rows := f.marked()
	all := len(rows)
	rows = rows[:min(all, desk.MaxEnded)]
	if i, ok := f.table.Selected(); ok && len(f.marks) == 0 {
		rows, all = []int32{int32(i)}, 1
	}
	return f.confirmEnd(rows, all)
}

// marked are the marked flows.
func (f *Flows) marked() (rows []int32) {
	for i := range f.snap.Flows.Len() {
		if len(f.marks) > 0 && f.marks[keyAt(f.snap.Flows, i)] {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

// askEndShown asks before all flows end that the list shows.
func (f *Flows) askEndShown() Effect {
	return f.confirmEnd(f.table.Rows(desk.MaxEnded), f.table.Shown())
}

// confirmEnd names the flows that are to end, which are the first of all. What
// is asked about is what ends: the list may move behind the dialog.
func (f *Flows) confirmEnd(rows []int32, all int) Effect {
	if len(rows) == 0 {
		return say(Warn, "these flows are gone already")
	}
	flows := make([]engine.Flow, len(rows))
	for i, n := range rows {
		flows[i] = f.snap.Flows.At(int(n))
	}
	d := &widget.Dialog{
		Title:   widget.Format("End %s?", words.Plural(len(flows), "flow")),
		Text:    []widget.Safe{"TCP gets resets, the rest is stopped until it is silent; a client may come back if the rules let it."},
		Choices: []widget.Choice{{Key: "e", Does: widget.Format("end %s now", words.Plural(len(flows), "flow"))}},
	}
	if len(flows) < all {
		d.Text = append(d.Text, widget.Format("These are the first %d of %d: no more end at a time.", len(flows), all))
	}
	if own := f.ownAmong(flows); own != nil {
		d.Text = append(d.Text, widget.Format("YOUR OWN SSH CONNECTION IS AMONG THEM: %s. This console goes with it.", words.FlowPath(own)))
		d.Word = f.Host
	}
	list := endList{head: append(d.Text, ""), flows: flows, page: listedEnded}
	if d.Word != "" {
		list.page = listedOwn
	}
	for _, n := range rows {
		list.by = append(list.by, ruleOf(f.snap.Verdicts, int(n)))
	}
	d.Text = list.text()
	d.Adjust = func(k tea.KeyPressMsg) bool {
		moved := list.move(k)
		d.Text = list.text()
		return moved
	}
	return Effect{Ask: &Ask{Dialog: d, Then: func(int) Effect {
		e := say(Info, "ending %s, which takes some seconds ...", words.Plural(len(flows), "flow"))
		e.Cmd = f.Calls.EndFlows(&f.ending, flows)
		return e
	}}}
}

// endList is the text of the dialog: a part of the flows that are to end, which
// can be moved through.
type endList struct {
	head  []widget.Safe
	flows []engine.Flow
	by    []string
	top   int
	page  int
}

func (l *endList) move(k tea.KeyPressMsg) bool {
	step, ok := map[string]int{"up": -1, "down": 1, "pgup": -l.page, "pgdown": l.page}[k.String()]
	l.top = max(min(l.top+step, len(l.flows)-l.page), 0)
	return ok
}

func (l *endList) text() []widget.Safe {
	text := slices.Clone(l.head)
	end := min(l.top+l.page, len(l.flows))
	for i := l.top; i < end; i++ {
		line := words.Protocol(&l.flows[i]) + " " + words.FlowPath(&l.flows[i])
		if l.by[i] != "" {
			line += "  " + l.by[i]
		}
		text = append(text, widget.Clean(line))
	}
	if len(l.flows) > l.page {
		text = append(text, widget.Format("%d to %d of %d; up, down, PgUp, PgDn show the others", l.top+1, end, len(l.flows)))
	}
	return text
}

// ownAmong is the administrator's own SSH connection when it is one of some
// flows; nil when it is not.
func (f *Flows) ownAmong(flows []engine.Flow) *engine.Flow {
	client, server := f.Calls.OwnConnection()
	if !client.IsValid() {
		return nil
	}
	for i := range flows {
		if desk.IsBetween(&flows[i], client, server) {
			return &flows[i]
		}
	}
	return nil
}

// takeEnded says what became of the flows.
func (f *Flows) takeEnded(m desk.EndedMsg) Effect {
	if !f.ending.Done(m.N) {
		return Effect{}
	}
	if m.Err != nil {
		return say(Bad, "not ended: %v", m.Err)
	}
	clear(f.marks)
	words, sure := words.Ended(m.Value, "flow")
	e := say(endedKind(sure), "%s", words)
	e.Cmd = f.refresh().Cmd
	return e
}

// endedKind is how to take what became of flows that were to end.
func endedKind(sure bool) NoteKind {
	if sure {
		return Good
	}
	return Warn
}

// noEnd says why the selected or marked flows cannot be ended now, and why not
// those that are shown.
func (f *Flows) noEnd() (chosen, shown widget.Safe) {
	switch {
	case f.ending.Busy():
		shown = "flows are being ended"
		chosen = shown
	case f.by != ungrouped:
		chosen = "Enter opens the group; then its flows can be ended"
		shown = chosen
	case f.table.Shown() == 0:
		shown = "there is no flow here"
		if chosen = shown; len(f.marks) > 0 {
			chosen = ""
		}
	}
	return chosen, shown
}
