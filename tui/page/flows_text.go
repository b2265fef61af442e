package page

import (
	"fmt"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// protoName is the short name of the protocol of a flow.
func protoName(w *engine.Flow) string {
	switch w.Proto {
	case ruleset.TCP:
		return "tcp"
	case ruleset.UDP:
		return "udp"
	case ruleset.ICMP, ruleset.ICMPv6:
		return "icmp"
	}
	return fmt.Sprint(w.Proto)
}

func hasPorts(w *engine.Flow) bool { return w.Proto == ruleset.TCP || w.Proto == ruleset.UDP }

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

// Render draws the page.
func (f *Flows) Render(width, height int) View {
	count := f.filter.count(f.table, "flow")
	lines, cursor := f.filter.lines(f.Shared, width, count)
	if lines == nil {
		lines = []string{f.line(width).Put(f.Styles.Dim, " / filters: words, src:10.0.0.0/8 port:443 proto:udp !not").
			End(f.Styles.Strong, count).String()}
	}
	detail := 0
	if height >= 15 {
		detail = 5
	}
	lines = append(lines, f.table.Render(width, height-len(lines)-detail-1, f.Styles)...)
	if detail > 0 {
		lines = append(lines, f.rule(width))
		lines = append(lines, widget.Fit(f.detail(width), detail-1)...)
	}
	return View{Lines: append(widget.Fit(lines, height-1), f.state(width)), Cursor: cursor}
}

// detail says everything about the selected flow.
func (f *Flows) detail(width int) []string {
	i, ok := f.table.Selected()
	if !ok {
		if f.err != nil {
			return []string{f.line(width).Put(f.Styles.Bad, widget.Format(" %v", f.err)).String()}
		}
		if f.table.Len() > 0 {
			return []string{f.line(width).Put(f.Styles.Dim, " the filter keeps no flow; Esc drops it").String()}
		}
		return []string{f.line(width).Put(f.Styles.Dim, " no flows").String()}
	}
	w := &f.snap.Flows[i]
	assured := ""
	if w.Assured {
		assured = " assured"
	}
	head := widget.Format(" %s %s%s  id %d  timeout %s  mark %#x  zone %d", protoName(w), w.State, assured, w.ID, age(w.Timeout), w.Mark, w.Zone)
	lines := []string{f.line(width).Text(head).String()}
	orig := endpoint(w.Orig.Src, w.Orig.SrcPort, hasPorts(w)) + " > " + endpoint(w.Orig.Dst, w.Orig.DstPort, hasPorts(w))
	reply := endpoint(w.Reply.Src, w.Reply.SrcPort, hasPorts(w)) + " > " + endpoint(w.Reply.Dst, w.Reply.DstPort, hasPorts(w))
	if !hasPorts(w) {
		orig += widget.Format("  type %d code %d", w.Orig.DstPort>>8, w.Orig.DstPort&0xff)
	}
	if !w.SrcNAT && !w.DstNAT {
		reply = "the same way back"
	}
	return append(lines, f.direction("orig ", orig, w.OrigCount, width), f.direction("reply", reply, w.ReplyCount, width), f.translated(w, width))
}

func (f *Flows) direction(name, path widget.Safe, n ruleset.Counters, width int) string {
	l := f.line(width).Put(f.Styles.Dim, " "+name+" ").Text(path)
	if f.snap.Accounting {
		l.End(f.Styles.Text, widget.Format("%s pkts %s B ", short(float64(n.Packets)), short(float64(n.Bytes))))
	}
	return l.String()
}

// translated says which address the flow really goes to or comes from.
func (f *Flows) translated(w *engine.Flow, width int) string {
	l := f.line(width)
	if w.DstNAT {
		l.Put(f.Styles.Dim, " DNAT ").Text(endpoint(w.Orig.Dst, w.Orig.DstPort, hasPorts(w)) + " > " + endpoint(w.Reply.Src, w.Reply.SrcPort, hasPorts(w)))
	}
	if w.SrcNAT {
		l.Put(f.Styles.Dim, " SNAT ").Text(endpoint(w.Orig.Src, w.Orig.SrcPort, hasPorts(w)) + " > " + endpoint(w.Reply.Dst, w.Reply.DstPort, hasPorts(w)))
	}
	return l.String()
}

// state is the line under the list: paused or live, and whether bytes count.
func (f *Flows) state(width int) string {
	l := f.line(width).Text(" ")
	if f.paused.on {
		l.Put(f.Styles.Warn, widget.Format("PAUSED %s (p resumes; %s changed)", age(f.Now().Sub(f.paused.since)), plural(changed(f.snap.Flows, f.latest.Flows), "flow")))
	} else {
		l.Put(f.Styles.Good, "live")
	}
	switch {
	case f.err != nil:
		l.Put(f.Styles.Bad, widget.Format("   %v", f.err))
	case !f.latest.At.IsZero() && !f.latest.Accounting:
		l.Put(f.Styles.Warn, "   bytes are not counted: accounting is off (a switches it on)")
	}
	if f.latest.Max > 0 {
		l.End(f.Styles.Dim, widget.Format("conntrack %d of %d ", len(f.latest.Flows), f.latest.Max))
	}
	return l.String()
}
