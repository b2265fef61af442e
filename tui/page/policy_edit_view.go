package page

import (
	"strings"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// severity is how a problem is marked.
func (s *Shared) severity(p tables.Problem) (style.Style, widget.Safe) {
	if p.Severity == tables.Error {
		return s.Styles.Bad, "E "
	}
	return s.Styles.Warn, "W "
}

// verdict writes what is wrong with what is being typed. The person is at the
// cell and the keys that mend it stand below, so it says neither; a suggestion
// stands at the end of the line when there is room.
func (s *Shared) verdict(p tables.Problem, width int) []string {
	how, mark := s.severity(p)
	text, _, _ := strings.Cut(p.Text, "; did you mean")
	text = strings.TrimSuffix(strings.TrimSuffix(text, "; add it to addresses"), "; add it to services")
	var meant widget.Safe
	if p.Suggest != "" {
		meant = widget.Format("did you mean: %s", p.Suggest)
	}
	var lines []string
	wrapped := widget.Clean(text).Wrap(width - 2)
	for i, part := range wrapped {
		l := s.line(width)
		if i == 0 {
			l.Put(how, mark)
		} else {
			l.Text("  ")
		}
		l.Text(part)
		if i == len(wrapped)-1 && meant != "" {
			l.End(s.Styles.Strong, meant)
		}
		lines = append(lines, l.String())
	}
	return lines
}

// inspectEdit says what the check says about the text being typed, which key
// mends it, and what completes it.
func (p *Policy) inspectEdit(width int) []string {
	e := p.edit
	column := e.at.Kind.Columns()[e.at.Cell]
	var lines []string
	switch text := e.editor.Text(); {
	case e.problem != nil:
		for _, l := range p.verdict(*e.problem, width-1) {
			lines = append(lines, " "+l)
		}
	case text != "":
		lines = []string{p.line(width).Put(p.Styles.Strong, widget.Format(" %s  ", column.Title)).Put(p.Styles.Good, "ok  ").Text(widget.Clean(text)).String()}
	}
	if e.problem == nil {
		lines = append(lines, p.line(width).Put(p.Styles.Dim, " "+widget.Clean(column.Help)).String())
	} else if keys := p.mending(width); keys != "" {
		lines = append(lines[:min(len(lines), 2)], keys)
	}
	return append(lines, p.offers(width))
}

// mending lists the keys that mend what is wrong.
func (p *Policy) mending(width int) string {
	l := p.line(width)
	s := p.edit.suggestion()
	if s != "" {
		l.Put(p.Styles.Key, " Enter").Text(" takes ").Put(p.Styles.Strong, widget.Clean(s))
	}
	if b := p.objectBinding(); b.Why == "" && p.edit.problem.Severity == tables.Error && p.edit.editor.Text() != "" {
		if s != "" {
			l.Text(" ")
		}
		l.Put(p.Styles.Key, " ^o").Text(widget.Clean(" " + b.Help().Desc))
	}
	if s != "" {
		l.Put(p.Styles.Key, "   Esc").Text(" keeps what you typed")
	}
	return l.String()
}

// offers lists the completions, the one that Tab takes in brackets.
func (p *Policy) offers(width int) string {
	e := p.edit
	if len(e.offers) == 0 {
		return ""
	}
	l := p.line(width).Put(p.Styles.Key, " Tab ")
	first := max(e.pick-3, 0)
	for i := first; i < len(e.offers) && l.Left() > 0; i++ {
		name := widget.Clean(e.offers[i].Text)
		if i == e.pick {
			l.Put(p.Styles.Strong, "["+name+"]")
			if e.offers[i].Help != "" {
				l.Put(p.Styles.Dim, " "+widget.Clean(e.offers[i].Help).Cut(30, p.Styles.Glyphs.Ellipsis)+"  ")
			}
		} else {
			l.Text(" " + name + " ")
		}
	}
	return l.String()
}
