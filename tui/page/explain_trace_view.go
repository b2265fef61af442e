package page

import (
	"fmt"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// tracePane is the lines about real packets, at most so many; none when the
// trace is about another packet, or there is none.
func (e *Explain) tracePane(width, most int) []string {
	if !e.traceShown() || most < 1 {
		return nil
	}
	lines := []string{e.traceHead(width)}
	if t := e.real.heard; t != nil && !e.real.ask.Busy() {
		for _, w := range t.Ways() {
			lines = append(lines, e.traceWay(width, t, &w)...)
		}
		for _, note := range traceNotes(t) {
			lines = append(lines, e.line(width).Put(e.Styles.Warn, " "+note).String())
		}
	}
	if over := len(lines) - most; over > 0 && most > 1 {
		lines = append(lines[:most-1], e.line(width).Put(e.Styles.Dim, widget.Format("   %s more; y copies all", words.Plural(over+1, "line"))).String())
	}
	return lines[:min(len(lines), most)]
}

// traceHead says what the trace does, or what came of it.
func (e *Explain) traceHead(width int) string {
	l := e.line(width).Put(e.Styles.Strong, " KERNEL TRACE ")
	switch r := &e.real; {
	case r.ask.Busy():
		left := max(traceWindow-e.Now().Sub(r.began), 0)
		l.Put(e.Styles.Warn, widget.Format("listening since %s, %s left: %s", r.began.Format("15:04:05"), age(left), e.tracedTuple()))
	case r.err != nil:
		l.Put(e.Styles.Bad, widget.Format("%v", r.err))
	case len(r.heard.Packets) == 0:
		l.Put(e.Styles.Warn, widget.Format("no such packet came in %s from %s: %s", age(traceWindow), r.began.Format("15:04:05"), e.tracedTuple()))
	default:
		l.Text(widget.Format("from %s: %s %s", r.began.Format("15:04:05"), words.Plural(len(r.heard.Packets), "real packet"), e.tracedTuple()))
	}
	return l.String()
}

// traceWay draws the packets of one way: when they came, what became of them
// and whether the walk said so; then the rules that they matched.
func (e *Explain) traceWay(width int, t *engine.PacketTrace, w *engine.PacketWay) []string {
	mark, how, words := e.agreement(t, w.First)
	l := e.line(width).Put(how, mark).Put(e.Styles.Strong, widget.Format(" %dx %s ", w.Count, w.First.At.Format("15:04:05.000")))
	lines := []string{l.Text(tracedWords(t, w.First)).Put(how, words).String()}
	for _, s := range w.First.Steps {
		lines = append(lines, e.tracedStep(width, t, s, ruleset.OfAddr(w.First.From.Src)))
	}
	return lines
}

// agreement compares a real packet with the walk through the rules that run.
func (e *Explain) agreement(t *engine.PacketTrace, p *engine.TracedPacket) (mark widget.Safe, how style.Style, words widget.Safe) {
	x := e.explained(liveSide)
	if x == nil {
		return " ", e.Styles.Dim, ""
	}
	switch x.Agree(t, p) {
	case engine.Differs:
		return "!", e.Styles.Bad, widget.Format("  NOT AS WALKED: %s %s", strings.ToUpper(string(x.Outcome)), decidedBy(x))
	case engine.Later:
		return " ", e.Styles.Dim, "  a later packet of an open connection"
	case engine.Untold:
		return "?", e.Styles.Warn, "  no rule that decides was told"
	}
	return "=", e.Styles.Good, "  as walked"
}

func (e *Explain) tracedStep(width int, t *engine.PacketTrace, s engine.TraceStep, f ruleset.Family) string {
	l := e.line(width).Text("    ").Put(e.Styles.Dim, widget.Clean(tracedPlace(s))).Text(" ")
	ref, text := t.Row(s)
	switch {
	case ref.Line > 0:
		l.Put(e.Styles.Strong, widget.Clean(ref.String())).Text(widget.Clean(" " + text))
	case s.Rule != nil && s.Rule.ID != "":
		l.Text(widget.Clean(s.Rule.ID))
	case s.Rule != nil:
		l.Text(widget.Clean(shortRule(s.Rule.Spec(f))))
	case s.Policy:
		l.Put(e.Styles.Dim, "policy")
	case s.Index >= 0:
		l.Put(e.Styles.Dim, "a rule that iptables does not show")
	default:
		l.Put(e.Styles.Dim, "end of the chain")
	}
	return l.Text("  ").Put(e.Styles.Dim, widget.Clean(s.Verdict)).String()
}

// tracedPlace is where a step was taken.
func tracedPlace(s engine.TraceStep) string {
	if s.Index < 0 {
		return s.Table + " " + s.Chain
	}
	return fmt.Sprintf("%s %s %d", s.Table, s.Chain, s.Index+1)
}

// tracedWords say what became of a packet, and what translation made of it.
func tracedWords(t *engine.PacketTrace, p *engine.TracedPacket) widget.Safe {
	outcome, with := p.Outcome()
	if outcome == "" {
		return "went on"
	}
	text := strings.ToUpper(string(outcome))
	if with != "" {
		text += " " + with
	}
	if by := t.By(p); by != "" {
		text += " by " + by
	}
	if p.To.Dst != p.From.Dst || p.To.DstPort != p.From.DstPort {
		text += ", DNAT > " + string(words.Endpoint(p.To.Dst, p.To.DstPort, hasPortsProto(p.To.Proto)))
	}
	return widget.Clean(text)
}

// traceNotes are what makes a trace doubtful.
func traceNotes(t *engine.PacketTrace) (notes []widget.Safe) {
	if t.Overruns > 0 {
		notes = append(notes, "the kernel told more than could be read: some rules are missing")
	}
	if t.Shifted {
		notes = append(notes, "the rules changed meanwhile: those named may be neighbours of the right ones")
	}
	return notes
}

// traceText is the whole trace, for copying.
func (e *Explain) traceText() string {
	t := e.real.heard
	if !e.traceShown() || t == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nkernel trace from %s, %s: %s\n", e.real.began.Format("2006-01-02 15:04:05"), e.tracedTuple(), words.Plural(len(t.Packets), "packet"))
	for _, w := range t.Ways() {
		_, _, words := e.agreement(t, w.First)
		fmt.Fprintf(&b, "  %dx %s %s%s\n", w.Count, w.First.At.Format("15:04:05.000"), tracedWords(t, w.First), words)
		for _, s := range w.First.Steps {
			rule := "policy"
			if s.Rule != nil {
				rule = s.Rule.Spec(ruleset.OfAddr(w.First.From.Src))
			}
			fmt.Fprintf(&b, "    %s  %s  %s", tracedPlace(s), rule, s.Verdict)
			if ref, text := t.Row(s); ref.Line > 0 {
				fmt.Fprintf(&b, "  # %s %s", ref, text)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}
