package page

import (
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// shortState is a conntrack state in six letters.
func shortState(s string) string {
	switch s {
	case "ESTABLISHED":
		return "ESTAB"
	case "SYN_SENT":
		return "SYN"
	case "SYN_RECV":
		return "SYN-R"
	case "TIME_WAIT":
		return "TIME-W"
	case "CLOSE_WAIT":
		return "CLOSEW"
	case "LAST_ACK":
		return "LASTAK"
	case "FIN_WAIT":
		return "FIN-W"
	case "REPLIED":
		return "REPLY"
	case "UNREPLIED":
		return "UNREPL"
	case "ASSURED":
		return "ASSURD"
	}
	return s
}

// natMark says whether source, destination or both are rewritten.
func natMark(w *engine.Flow) widget.Safe {
	switch {
	case w.SrcNAT && w.DstNAT:
		return "both"
	case w.SrcNAT:
		return "src"
	case w.DstNAT:
		return "dst"
	}
	return ""
}

func flowBytes(w *engine.Flow) uint64 { return w.OrigCount.Bytes + w.ReplyCount.Bytes }

// bornAt is when the flow began, as far as is known.
func bornAt(w *engine.Flow) time.Time {
	if !w.Start.IsZero() {
		return w.Start
	}
	return w.FirstSeen
}

// Render draws the page: which list it is, and the list.
func (f *Flows) Render(width, height int) View {
	active, count := 0, f.count()
	if f.refused {
		active, count = 1, f.denied.filter.count(f.denied.table, "line")
	}
	head := f.head(active, count, width)
	var v View
	if f.refused {
		v = f.denied.render(width, height-1)
	} else {
		v = f.renderFlows(width, height-1)
	}
	if v.Cursor != nil {
		v.Cursor.Y++
	}
	return View{Lines: append([]string{head}, v.Lines...), Cursor: v.Cursor}
}

// head names the lists, and says how to filter while nothing is filtered.
func (f *Flows) head(active int, count widget.Safe, width int) string {
	tabs := widget.Tabs([]widget.Safe{"flows", "denied"}, active, max(width-count.Width()-1, 1), f.Styles)
	l := f.line(width)
	if !f.Typing() && f.filter.Text() == "" && active == 0 {
		l.To(len("[flows] denied "))
		l.Put(f.Styles.Dim, filterHint(l.Left()-count.Width()-2))
	}
	return widget.Join(tabs, l.End(f.Styles.Strong, count).String())
}

// filterHint shows by examples what a filter is, as many as have room.
func filterHint(room int) widget.Safe {
	var hint widget.Safe
	for _, more := range []widget.Safe{"  / filters: words, port:443", " src:10.0.0.0/8", " proto:udp", " !not"} {
		if hint.Width()+more.Width() > room {
			break
		}
		hint += more
	}
	return hint
}

func (f *Flows) renderFlows(width, height int) View {
	lines, cursor := f.filter.lines(f.Shared, width, "")
	detail := 0
	switch {
	case height >= 18:
		detail = 6
	case height >= 15:
		detail = 5
	}
	names := f.told.on && detail > 0 && f.by == ungrouped && f.selected() != nil
	room := height - len(lines) - detail - 1
	f.top = 1 + len(lines) // below the head
	if names {
		room -= toldLines
	}
	if f.by != ungrouped {
		lines = append(lines, f.groups.Render(width, room, f.Styles)...)
	} else {
		lines = append(lines, f.table.Render(width, room, f.Styles)...)
	}
	if detail > 0 {
		lines = append(lines, f.rule(width))
		lines = append(lines, widget.Fit(f.detail(width), detail-1)...)
	}
	if names {
		lines = append(lines, f.toldDetail(width)...)
	}
	return View{Lines: append(widget.Fit(lines, height-1), f.state(width)), Cursor: cursor}
}

// count says how many flows the list shows, or how many groups.
func (f *Flows) count() widget.Safe {
	all := words.Plural(f.snap.Flows.Len(), "flow")
	if f.by != ungrouped {
		return widget.Format("%s by %s of %s", words.Plural(f.groups.Shown(), "group"), groupingNames[f.by], all)
	}
	return f.filter.count(f.table, "flow")
}

// state is the line under the list: paused or live, whether bytes count, and how
// often events were lost and the table read again.
func (f *Flows) state(width int) string {
	l := f.line(width).Text(" ")
	if f.paused.on {
		l.Put(f.Styles.Warn, widget.Format("PAUSED %s (%s resumes; %s changed)", age(f.Now().Sub(f.paused.since)), f.keyName(FlowsScreen, "p"), words.Plural(f.moved, "flow")))
	} else {
		l.Put(f.Styles.Good, "live")
	}
	if len(f.marks) > 0 {
		l.Put(f.Styles.Strong, widget.Format("   %d marked", len(f.marks)))
	}
	switch {
	case f.err != nil:
		l.Put(f.Styles.Bad, widget.Format("   %v", f.err))
	case !f.latest.At.IsZero() && !f.latest.Accounting:
		l.Put(f.Styles.Warn, widget.Format("   bytes are not counted: accounting is off (%s switches it on)", f.keyName(FlowsScreen, "a")))
	}
	if n := f.latest.Resyncs; n > 0 {
		l.Put(f.Styles.Dim, widget.Format("   %s repaired", words.Plural(n, "overrun")))
	}
	if f.latest.Max > 0 {
		l.End(f.Styles.Dim, widget.Format("conntrack %d of %d ", f.latest.Flows.Len(), f.latest.Max))
	}
	return l.String()
}
