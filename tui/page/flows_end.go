package page

import (
	"net/netip"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/widget"
)

const (
	// maxEnded is how many flows are ended at a time: what ends them waits for
	// all of them together.
	maxEnded = 500
	// listedEnded is how many of them the dialog names.
	listedEnded = 4
)

// askEnd asks before the marked flows end, or else the selected one.
func (f *Flows) askEnd() Effect {
	rows := f.marked()
	all := len(rows)
	rows = rows[:min(all, maxEnded)]
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
func (f *Flows) askEndShown() Effect { return f.confirmEnd(f.table.Rows(maxEnded), f.table.Shown()) }

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
		Title:   widget.Format("End %s?", plural(len(flows), "flow")),
		Text:    []widget.Safe{"Both ends get a reset; a client may connect again if the rules let it."},
		Choices: []widget.Choice{{Key: "e", Does: widget.Format("end %s now", plural(len(flows), "flow"))}},
	}
	if len(flows) < all {
		d.Text = append(d.Text, widget.Format("These are the first %d of %d: no more end at a time.", len(flows), all))
	}
	if own := f.ownAmong(flows); own != nil {
		d.Text = append(d.Text, widget.Format("YOUR OWN SSH CONNECTION IS AMONG THEM: %s. This console goes with it.", flowPath(own)))
		d.Word = f.Host
	}
	d.Text = append(d.Text, "")
	for i, n := range rows[:min(len(rows), listedEnded)] {
		line := protoName(&flows[i]) + " " + flowPath(&flows[i])
		if by := ruleOf(f.snap.Verdicts, int(n)); by != "" {
			line += "  " + by
		}
		d.Text = append(d.Text, widget.Clean(line))
	}
	if more := len(rows) - listedEnded; more > 0 {
		d.Text = append(d.Text, widget.Format("and %d more", more))
	}
	return Effect{Ask: &Ask{Dialog: d, Then: func(int) Effect {
		e := say(Info, "ending %s, which takes some seconds ...", plural(len(flows), "flow"))
		e.Cmd = f.Calls.EndFlows(&f.ending, flows)
		return e
	}}}
}

// flowPath is the source and the destination of a flow.
func flowPath(w *engine.Flow) string {
	ports := hasPorts(w)
	return string(endpoint(w.Orig.Src, w.Orig.SrcPort, ports) + " > " + endpoint(w.Orig.Dst, w.Orig.DstPort, ports))
}

// ownAmong is the administrator's own SSH connection when it is one of some
// flows; nil when it is not. Behind a translation sshd knows the ends as the
// reply has them.
func (f *Flows) ownAmong(flows []engine.Flow) *engine.Flow {
	client, server := f.Calls.OwnConnection()
	if !client.IsValid() {
		return nil
	}
	for i := range flows {
		w := &flows[i]
		from, to := netip.AddrPortFrom(w.Orig.Src, w.Orig.SrcPort), netip.AddrPortFrom(w.Orig.Dst, w.Orig.DstPort)
		back, behind := netip.AddrPortFrom(w.Reply.Dst, w.Reply.DstPort), netip.AddrPortFrom(w.Reply.Src, w.Reply.SrcPort)
		if w.Proto == ruleset.TCP && (client == from || client == back) && (server == to || server == behind) {
			return w
		}
	}
	return nil
}

// takeEnded says what became of the flows.
func (f *Flows) takeEnded(m EndedMsg) Effect {
	if !f.ending.Done(m.N) {
		return Effect{}
	}
	if m.Err != nil {
		return say(Bad, "not ended: %v", m.Err)
	}
	clear(f.marks)
	kind, words := Good, []string{plural(m.Value.Ended, "flow") + " ended"}
	if n := m.Value.Gone; n > 0 {
		words = append(words, plural(n, "flow")+" had ended already")
	}
	if n := m.Value.Idle; n > 0 {
		kind = Warn
		words = append(words, plural(n, "flow")+" idle: forgotten, but may come back if an end sends and the rules let it")
	}
	e := say(kind, "%s", strings.Join(words, ", "))
	e.Cmd = f.refresh().Cmd
	return e
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
