package page

import (
	"errors"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// Render draws the page.
func (r *Review) Render(width, height int) View {
	if r.Applying() {
		return View{Lines: widget.Fit(r.progress(width), height)}
	}
	if r.raw != nil {
		return View{Lines: r.raw.render(r.Shared, width, height)}
	}
	lines := append(r.verdict(width), r.totals(width)...)
	lines = append(lines, r.comparison.impact.Summary(width)...)
	lines = append(lines, r.notes(width)...)
	r.top = len(lines)
	if r.comparison.of != nil {
		lines = append(lines, r.comparison.render(width, height-len(lines))...)
	} else {
		lines = append(lines, r.errorList(width, height-len(lines))...)
	}
	view := View{Lines: widget.Fit(lines, height)}
	if r.save != nil {
		r.overlay(&view, width)
	}
	return view
}

// overlay lays the panel that asks for a file name over the page.
func (r *Review) overlay(v *View, width int) {
	box, at := r.save.render(r.Shared, min(width, 76))
	x, y := max((width-min(width, 76))/2, 0), max((len(v.Lines)-len(box))/2, 0)
	v.Lines = widget.Overlay(v.Lines, box, width)
	if y+at.Y < len(v.Lines) {
		v.Cursor = &Point{X: min(x+at.X, width-1), Y: y + at.Y}
	}
}

// verdictOneLine is from which width on the verdict takes one line.
const verdictOneLine = 110

// verdict says what becomes of the administrator's own connection.
func (r *Review) verdict(width int) []string {
	if r.preview == nil || r.preview.Diff == nil {
		return nil
	}
	k := r.preview.Lockout
	l := r.line(width).Put(r.Styles.Strong, " VERDICT  ")
	switch {
	case r.lockedOut():
		return r.lockoutLines(l.Put(r.Styles.Bad, "LOCK-OUT  "), width)
	case !k.Known:
		return []string{l.Put(r.Styles.Dim, "not known where you come from (SSH_CONNECTION is not set)").String()}
	}
	wide := width >= verdictOneLine
	l.Text("your SSH ")
	switch {
	case k.Client.IsValid() && wide:
		l.Text(widget.Format("%s > %s ", k.Client, k.Server))
	case k.Client.IsValid():
		l.Text(widget.Format("%s > :%d ", k.Client, k.Server.Port()))
	}
	now, fresh := widget.Format("  NOW %s", k.Open), widget.Format("NEW %s", k.New)
	if wide {
		return []string{l.Text(now).Text("   ").Text(fresh).End(r.Styles.Good, "OK ").String()}
	}
	second := r.line(width).Text("          as a NEW connection: ").Text(widget.Clean(k.New)).End(r.Styles.Good, "OK ")
	return []string{l.Text(now).String(), second.String()}
}

// lockoutLines say why behind what stands in the line, and in a second one.
func (r *Review) lockoutLines(l *widget.Line, width int) []string {
	parts := r.lockoutText().Wrap(l.Left() - 1)
	lines := []string{l.Text(parts[0]).String()}
	if len(parts) > 1 {
		rest := r.line(width).To(len(" VERDICT  "))
		for _, part := range parts[1:] {
			rest.Text(part + " ")
		}
		lines = append(lines, rest.String())
	}
	return lines
}

// totals says how much changes, and against what the tables are compared.
func (r *Review) totals(width int) []string {
	of := r.comparison.of
	if of == nil {
		return nil
	}
	l := r.line(width).Put(r.Styles.Strong, " CHANGES  ").
		Text(widget.Format("%s   rules +%d -%d", words.Plural(len(of.Review.Rows), "row"), of.Added, of.Gone))
	if n := len(of.Diff.Sets); n > 0 {
		l.Text(widget.Format("   %s", words.Plural(n, "set")))
	}
	if n := len(of.Diff.Hooks); n > 0 {
		l.Text(widget.Format("   %s", words.Plural(n, "hook")))
	}
	if of.Review.Lost > 0 {
		l.Put(r.Styles.Warn, widget.Format("   %s", lostWords(of.Review.Lost)))
	}
	if of.OneFamily > 0 {
		l.Put(r.Styles.Warn, widget.Format("   ! %d in one family", of.OneFamily))
	}
	return []string{l.End(r.Styles.Dim, widget.Format("tables: %s ", r.problems)).String()}
}

// notes are why the last apply did not start, in full, and the note.
func (r *Review) notes(width int) []string {
	var lines []string
	if r.failed != nil {
		for _, text := range widget.Format("not applied, nothing was changed: %v", r.failed).Wrap(width - 2) {
			lines = append(lines, r.line(width).Text(" ").Put(r.Styles.Bad, text).String())
		}
		lines = append(lines[:min(len(lines), 5)], r.rule(width))
	}
	note := r.note().Wrap(width - 2)
	for _, text := range note[:min(len(note), 4)] {
		lines = append(lines, r.line(width).Text(" ").Text(text).String())
	}
	return lines
}

// note says why there is nothing to see, or why what is seen is not all.
func (r *Review) note() widget.Safe {
	switch {
	case r.Desk.Set() == nil && !r.Desk.Loading():
		return widget.Format("the tables cannot be read (%s says why)", r.problemsKey())
	case r.preview == nil && r.err != nil:
		return widget.Format("the comparison failed: %v   (%s tries again)", r.err, r.keyName(ReviewScreen, "R"))
	case r.preview == nil:
		return "compiling, and reading the kernel's rules ..."
	case errors.Is(r.err, engine.ErrProblems), r.preview.Compiled == nil:
		return widget.Format("the tables have %s and cannot be compiled; Enter goes to the first error:", r.problems)
	case r.err != nil:
		return widget.Format("the comparison failed: %v   (%s tries again)", r.err, r.keyName(ReviewScreen, "R"))
	case r.of != r.Desk.Set():
		return widget.Format("the tables were edited since this comparison; %s compares again", r.keyName(ReviewScreen, "R"))
	}
	return r.baseNote()
}

// baseNote says what is compared with what, where that is not what one would
// think.
func (r *Review) baseNote() widget.Safe {
	of := r.comparison.of
	switch {
	case of.Review.Unread != "":
		return widget.Format("rows cannot be compared: %s", of.Review.Unread)
	case r.preview.Diff.Empty() && len(of.Review.Rows) == 0:
		return "no difference: the firewall runs exactly these rules"
	case of.Review.Against == nil:
		return "nothing was confirmed yet: every row is new"
	case r.preview.Diff.Empty():
		return "no rule of the kernel changes; the rows below differ from the confirmed tables"
	case len(of.Review.Rows) == 0:
		return "no row differs from the confirmed tables, but the kernel does not run them: somebody changed its rules"
	}
	return ""
}

// errorList lists the errors that keep the tables from being compiled.
func (r *Review) errorList(width, height int) []string {
	var lines []string
	for _, p := range r.errors[:min(len(r.errors), max(height, 0))] {
		sign := widget.Safe("  E ")
		if len(lines) == 0 {
			sign = "> E "
		}
		lines = append(lines, r.line(width).Put(r.Styles.Bad, sign).
			Text(widget.Format("%s:%d:%d  %s", p.File, p.Line, p.Col, p.Text)).String())
	}
	return lines
}

// progress is shown while an apply is under way.
func (r *Review) progress(width int) []string {
	return []string{
		"",
		r.line(width).Put(r.Styles.Strong, " applying ...").Text(widget.Format("  %s", age(r.Now().Sub(r.since)))).String(),
		"",
		r.line(width).Text(" rehearsal in a network namespace of its own, with a connection from your address;").String(),
		r.line(width).Text(" guardian started; new rules loaded beside the old ones and read back; then the flip.").String(),
		"",
		r.line(width).Put(r.Styles.Dim, " Until the flip nothing changes. Keys pressed now are thrown away.").String(),
	}
}
