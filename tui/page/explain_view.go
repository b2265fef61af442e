package page

import (
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// sidesFrom is the width from which live and staged stand side by side; below
// it, Tab turns from one to the other.
const sidesFrom = 76

// leastSteps is how many lines of the way stay visible: what is below them goes
// first when the screen is low.
const leastSteps = 4

// Render draws the page.
func (e *Explain) Render(width, height int) View {
	lines, cursor := e.renderForm(width)
	room := height - len(lines)
	switch {
	case e.pick != nil:
		picker, at := e.pick.render(e.Shared, width, room-1)
		at.Y = len(lines) + 1
		lines = append(append(lines, e.rule(width)), picker...)
		return View{Lines: widget.Fit(lines, height), Cursor: at}
	case len(e.ways) == 0:
		lines = append(lines, e.rule(width))
		lines = append(lines, e.invite(width)...)
		return View{Lines: widget.Fit(lines, height), Cursor: cursor}
	}
	foot := e.footer(width)
	if most := max(room-1-leastSteps, 1); len(foot) > most {
		foot = foot[:most]
	}
	// What real packets met takes from the way no more than half, and leaves
	// the least of it.
	left := room - 1 - len(foot)
	real := e.tracePane(width, min(max(left/2, 3), left-leastSteps))
	steps := left - len(real)
	lines = append(lines, e.beside(width, e.title(liveSide), e.title(stagedSide)))
	lines = append(lines, e.walks(width, steps)...)
	lines = append(lines, real...)
	return View{Lines: widget.Fit(append(lines, foot...), height), Cursor: cursor}
}

// invite says how to begin.
func (e *Explain) invite(width int) []string {
	if e.err != nil {
		return []string{e.line(width).Put(e.Styles.Bad, widget.Format(" %v", e.err)).String()}
	}
	if e.ask.Busy() {
		return []string{e.line(width).Put(e.Styles.Dim, " walking ...").String()}
	}
	var lines []string
	for i, paragraph := range []widget.Safe{
		"Write a packet (e) or take one from a flow (i, or Enter on Flows), and see every rule that it meets: by the rules that run, and by those that are staged.",
		"src and dst take addresses, names of address objects, ports and services: 203.0.113.9 or [2001:db8::9]:51022 or NAME or NAME:https",
	} {
		if i > 0 {
			lines = append(lines, "")
		}
		for _, text := range paragraph.Wrap(width - 2) {
			lines = append(lines, e.line(width).Text(" "+text).String())
		}
	}
	return lines
}

// renderForm draws the tuple in two lines, and one with what is to be said about
// it.
func (e *Explain) renderForm(width int) ([]string, *Point) {
	var cursor *Point
	var lines []string
	for y, fields := range [][]int{{inField, outField, protoField, stateField}, {srcField, dstField}} {
		l := e.line(width)
		for n, field := range fields {
			most := max((width-8*len(fields))/len(fields), 6)
			if x := e.field(l, field, most, n == len(fields)-1); x >= 0 {
				cursor = &Point{X: min(x, width-1), Y: y}
			}
		}
		if y == 0 {
			l.Text("  ").Put(e.Styles.Strong, widget.Format("IP%s", e.family))
		}
		lines = append(lines, l.String())
	}
	return append(lines, e.formNote(width)), cursor
}

// field draws a field in brackets, unless it is an IPv6 address that has its
// own, and returns the column of the cursor, -1 when it is in another one.
func (e *Explain) field(l *widget.Line, field, most int, last bool) int {
	open, end := widget.Safe("["), widget.Safe("]")
	if strings.HasPrefix(e.form[field], "[") && (e.edit == nil || e.edit.field != field) {
		open, end = "", ""
	}
	l.Text(" ").Put(e.Styles.Dim, widget.Clean(fieldNames[field])).Text(" " + open)
	cursor := -1
	if e.edit != nil && e.edit.field == field {
		text, at := e.edit.editor.View(most)
		cursor = l.Used() + at
		l.Cell(e.Styles.Input, text, max(text.Width(), at+1))
	} else {
		text, how := widget.Clean(e.form[field]), e.Styles.Strong
		if text == "" {
			text, how = "...", e.Styles.Dim
			if field == inField || field == outField {
				text = "by route"
			}
		}
		l.Put(how, text.CutMiddle(most, e.Styles.Glyphs.Ellipsis))
	}
	l.Text(end)
	if !last {
		l.Text(" ")
	}
	return cursor
}

// formNote is the line under the form: what is wrong with it, what could be
// meant, or the packet that the names stand for.
func (e *Explain) formNote(width int) string {
	l := e.line(width).Text(" ")
	st := e.Styles
	if d := e.edit; d != nil {
		if text := d.editor.Text(); d.wrong() && text != "" && !strings.HasSuffix(text, ":") {
			l.Put(st.Bad, widget.Clean(d.problem.text))
			if d.offer() != "" {
				l.Text("   ").Put(st.Key, "Enter").Text(widget.Format(" takes %s", d.offer()))
			}
			return l.String()
		}
		for i, offer := range d.offers[:min(len(d.offers), 12)] {
			how := st.Dim
			if i == d.pick {
				how = st.Strong
			}
			l.Put(how, widget.Clean(offer)).Text("  ")
		}
		return l.String()
	}
	if len(e.ways) == 0 {
		return l.String()
	}
	p := &e.ways[0].Packet
	in := "this host"
	if p.In != "" {
		in = p.In
		if zone := e.zone(p.In); zone != "" {
			in += " (" + zone + ")"
		}
	}
	ports := hasPortsProto(p.Proto)
	return l.Put(st.Dim, widget.Format("from %s: %s > ", in, words.Endpoint(p.Src, p.SrcPort, ports))+words.Endpoint(p.Dst, p.DstPort, ports)).String()
}

// title heads a side.
func (e *Explain) title(side int) cell {
	how := e.Styles.Dim
	if side == e.focus {
		how = e.Styles.Strong
	}
	if side == liveSide {
		return cell{{how, " LIVE"}, {e.Styles.Dim, "  the rules that run"}}
	}
	return cell{{how, " STAGED"}, {e.Styles.Dim, "  after an apply"}}
}

// cell is a text in pieces of one style each.
type cell []item

// beside draws a line for each side, divided by a rule; only the one in focus
// when there is no room for both.
func (e *Explain) beside(width int, live, staged cell) string {
	sides := []cell{live, staged}
	if width < sidesFrom {
		return e.put(e.line(width), sides[e.focus]).String()
	}
	half := (width - 1) / 2
	left := e.put(e.line(half), live).To(half).String()
	l := e.line(width-half).Glyph(e.Styles.Rule, e.Styles.Glyphs.Vertical)
	return left + e.put(l, staged).String()
}

func (e *Explain) put(l *widget.Line, c cell) *widget.Line {
	for _, piece := range c {
		l.Put(piece.how, piece.text)
	}
	return l
}

// walks draws both ways.
func (e *Explain) walks(width, height int) []string {
	if width < sidesFrom {
		return e.walkLines(e.focus, width, height)
	}
	half := (width - 1) / 2
	left, right := e.walkLines(liveSide, half, height), e.walkLines(stagedSide, width-half-1, height)
	divider := e.line(1).Glyph(e.Styles.Rule, e.Styles.Glyphs.Vertical).String()
	for i := range left {
		left[i] = widget.Pad(left[i], half) + divider + right[i]
	}
	return left
}

func (e *Explain) walkLines(side, width, height int) []string {
	if e.explained(side) != nil {
		return e.sides[side].render(width, height, side == e.focus, e.Styles)
	}
	lines := []string{
		e.line(width).Put(e.Styles.Bad, " the tables have errors: nothing is staged").String(),
		e.line(width).Text(widget.Format(" %s lists them", e.problemsKey())).String(),
	}
	return widget.Fit(lines, height)
}

// footer is what came out, the most important first: the verdict, where the
// packet went, why not the row that was asked about, the other family, the
// selected rule, what could not be judged.
func (e *Explain) footer(width int) []string {
	lines := []string{e.rule(width), e.beside(width, e.verdict(liveSide, 0), e.verdict(stagedSide, 0)), e.beside(width, e.journey(liveSide), e.journey(stagedSide))}
	if e.why != (engine.RowRef{}) {
		lines = append(lines, e.whyLines(width)...)
	}
	lines = append(lines, e.otherFamily(width), e.selectedRule(width), e.notSimulated(width))
	return slices.DeleteFunc(lines, func(l string) bool { return l == "" })
}

// verdict says the outcome of a way, and by what.
func (e *Explain) verdict(side, way int) cell {
	both := &e.ways[way]
	x := both.Live
	if side == stagedSide {
		x = both.Staged
	}
	if x == nil {
		return nil
	}
	how := e.Styles.Bad
	if x.Outcome == ruleset.Accepted {
		how = e.Styles.Good
	}
	words := widget.Format(" %s", strings.ToUpper(string(x.Outcome)))
	if x.With != "" && way == 0 {
		words += widget.Clean(" " + x.With)
	}
	return cell{{how, words}, {e.Styles.Text, widget.Clean(" " + decidedBy(x))}}
}

// decidedBy names what decided.
func decidedBy(x *engine.Explanation) string {
	if by := x.DeciderWords(); by != "" {
		return "by " + by
	}
	if len(x.Path) == 0 {
		return ""
	}
	last := x.Path[len(x.Path)-1]
	if last.Rule == nil {
		return "by the policy of " + last.Table + " " + last.Chain
	}
	return string(widget.Format("by rule %d of %s %s, not ours", last.Index+1, last.Table, last.Chain))
}

// journey says where the packet goes and what was translated.
func (e *Explain) journey(side int) cell {
	x := e.explained(side)
	if x == nil {
		return nil
	}
	text := " to this host"
	if !x.Local && x.Packet.Out == "" {
		text = " not routed: a rule before stops it"
	} else if !x.Local {
		text = " out " + x.Packet.Out
		if zone := e.zone(x.Packet.Out); zone != "" {
			text += " (" + zone + ")"
		}
	}
	ports := hasPortsProto(x.Packet.Proto)
	if x.DNATed {
		text += ", DNAT > " + string(words.Endpoint(x.Packet.Dst, x.Packet.DstPort, ports))
	}
	if x.SNATed {
		text += ", SNAT > " + string(words.Endpoint(x.Packet.Src, x.Packet.SrcPort, ports))
	}
	if x.Masqueraded {
		text += ", source becomes that of " + x.Packet.Out
	}
	return cell{{e.Styles.Text, widget.Clean(text)}}
}

// whyLines are the answers about the row that was asked about: one line when
// both sides say the same.
func (e *Explain) whyLines(width int) []string {
	live, staged := e.ways[0].WhyNot(e.why)
	var lines []string
	answer := func(side, words string) {
		for _, part := range widget.Format("why not %s%s? %s", e.why, side, words).Wrap(width - 2) {
			lines = append(lines, e.line(width).Text(" "+part).String())
		}
	}
	if live == staged {
		answer("", live)
		return lines
	}
	answer(" live", live)
	if staged != "" {
		answer(" staged", staged)
	}
	return lines
}

// otherFamily is what becomes of the same packet over the other family.
func (e *Explain) otherFamily(width int) string {
	same := e.ways[0].Same()
	if len(e.ways) < 2 {
		if !same {
			return ""
		}
		return e.line(width).Put(e.Styles.Dim, " live and staged are the same: what is staged does not touch this packet").String()
	}
	head := item{e.Styles.Dim, widget.Format(" IP%s (f):", e.ways[1].Packet.Family())}
	return e.beside(width, append(cell{head}, e.verdict(liveSide, 1)...), append(cell{head}, e.verdict(stagedSide, 1)...))
}

// selectedRule is the selected rule in full.
func (e *Explain) selectedRule(width int) string {
	v := &e.sides[e.focus]
	step, ok := v.selected()
	if !ok {
		return ""
	}
	l := e.line(width).Put(e.Styles.Strong, widget.Format(" %s %s %d", step.Table, step.Chain, step.Index+1)).Text("  ")
	if ref, text := v.x.Row(step); ref.Line > 0 {
		l.Text(widget.Clean(ref.String() + " " + text)).Text("  ")
	}
	if no, refused := v.x.Refusal(v.lines[v.at].step); refused && no.Has != "" {
		return l.Put(style.Style{}, widget.Clean("asks "+no.Asks+", the packet has "+no.Has)).String()
	}
	return l.Put(e.Styles.Dim, widget.Clean(step.Rule.Spec(v.x.Packet.Family()))).String()
}

// notSimulated lists what no side could judge.
func (e *Explain) notSimulated(width int) string {
	list := engine.NotSimulated(e.explained(liveSide), e.explained(stagedSide))
	return e.line(width).Put(e.Styles.Dim, " not simulated: ").Put(e.Styles.Dim, widget.Clean(strings.Join(list, "; "))).String()
}
