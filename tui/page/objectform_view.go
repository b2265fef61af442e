package page

import (
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// formWidth is the width of the form inside its frame.
const formWidth = 66

// wordLines is how many lines say what is wrong or what may be written.
const wordLines = 4

// render draws the form over the tables.
func (f *objectForm) render(width, height int) View {
	screen := f.renderTables(width, height)
	inner := max(min(width-4, formWidth), 1)
	body, x, y := f.body(inner)
	if room := height - 2; len(body) > room {
		body = body[:max(room, 0)]
	}
	title := widget.Format("New %s for %s:%d", f.class, f.edit.at.Kind, f.edit.at.Line)
	box := widget.Box(title, body, inner, f.Styles)
	left, top := max((width-inner-4)/2, 0), max((height-len(box))/2, 0)
	return View{
		Lines:  widget.Fit(widget.Overlay(screen.Lines, box, width), height),
		Cursor: &Point{X: min(left+2+x, width-1), Y: min(top+1+y, height-1)},
	}
}

// body draws the fields, and says where the cursor is.
func (f *objectForm) body(inner int) (lines []string, x, y int) {
	const label = 12
	for i, e := range f.fields {
		l := f.line(inner).Put(f.fieldMark(i))
		l.Cell(f.Styles.Text, widget.Clean(f.columns[i].Title), label-2)
		text, at := e.View(inner - label)
		if i == f.at {
			x, y = label+at, len(lines)
			l.Cell(f.Styles.Input, text, inner-label)
		} else if text == "" && !f.required(i) {
			l.Put(f.Styles.Dim, tables.Empty)
		} else {
			l.Text(text)
		}
		lines = append(lines, l.String())
	}
	return append(append(lines, ""), f.words(inner)...), x, y
}

// words say what is wrong, or what may stand in the field.
func (f *objectForm) words(inner int) []string {
	var lines []string
	help := widget.Clean(f.columns[f.at].Help)
	switch p := f.problem(); {
	case p != nil:
		lines = f.verdict(*p, inner)
	case f.missing() < 0:
		lines = append(lines, f.line(inner).Put(f.Styles.Good, "ok").String())
	}
	if s := f.suggestion(); s != "" {
		return widget.Fit(append(lines[:min(len(lines), 2)], f.line(inner).Put(f.Styles.Key, "Enter").Text(" takes ").Put(f.Styles.Strong, widget.Clean(s)).
			Put(f.Styles.Key, "   Esc").Text(" keeps what you typed").String()), wordLines)
	}
	if f.hint != "" && f.problem() == nil {
		help = f.hint
	}
	for _, text := range help.Wrap(inner) {
		lines = append(lines, f.line(inner).Put(f.Styles.Dim, text).String())
	}
	return widget.Fit(lines, wordLines)
}

// fieldMark marks a field with a problem.
func (f *objectForm) fieldMark(i int) (style.Style, widget.Safe) {
	how, mark := f.Styles.Text, widget.Safe("  ")
	for _, p := range f.problems {
		if p.Cell == i && (mark == "  " || p.Severity == tables.Error) {
			how, mark = f.severity(p)
		}
	}
	return how, mark
}
