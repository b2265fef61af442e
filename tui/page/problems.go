package page

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// problemList lists the problems of all tables. A nil list is closed.
type problemList struct {
	all   tables.Problems
	table *widget.Table[tables.Problem]
	st    *style.Styles
}

// ProblemsShown reports whether the list of problems is shown.
func (p *Policy) ProblemsShown() bool { return p.list != nil }

// ShowProblems shows the list of problems, or the tables again.
func (p *Policy) ShowProblems(on bool) {
	if !on {
		p.list = nil
		return
	}
	p.uses = nil
	p.list = &problemList{st: p.Styles, table: widget.NewTable[tables.Problem](
		widget.Column{Width: 1},
		widget.Column{Title: "WHERE", Width: 18},
		widget.Column{Title: "WHAT", Width: 30, Grow: 1},
	)}
	p.list.set(p.Desk.Problems())
}

func (l *problemList) set(all tables.Problems) {
	if l == nil {
		return
	}
	l.all = all
	l.table.Set(widget.Source[tables.Problem]{
		Len: len(all),
		Key: func(i int) tables.Problem { return all[i] },
		Cell: func(i, col int) (widget.Safe, style.Style) {
			switch col {
			case 0:
				if all[i].Severity == tables.Error {
					return "E", l.st.Bad
				}
				return "W", l.st.Warn
			case 1:
				return widget.Format("%s:%d:%d", all[i].File, all[i].Line, all[i].Col), l.st.Text
			}
			return widget.Clean(all[i].Text), l.st.Text
		},
	})
}

func (l *problemList) bindings() []widget.Binding {
	return []widget.Binding{
		widget.Bind("Enter", "go there", "enter"),
		widget.Bind("Esc", "back to the table", "esc"),
	}
}

// listKey handles a key while the list is open.
func (p *Policy) listKey(k tea.KeyPressMsg) Effect {
	switch {
	case k.String() == "esc":
		p.list = nil
	case k.String() == "enter":
		if i, ok := p.list.table.Selected(); ok {
			p.visit(p.list.all[i])
		}
	default:
		p.list.table.Key(k)
	}
	return Effect{}
}

// visit shows where a problem is.
func (p *Policy) visit(problem tables.Problem) {
	for _, k := range tables.Kinds() {
		if k.String() == problem.File {
			p.jump(Place{Kind: k, Line: problem.Line, Cell: problem.Cell})
		}
	}
}

func (l *problemList) render(s *Shared, width, height int) []string {
	errors, warnings := l.all.Count()
	title := s.line(width).Put(s.Styles.Strong, widget.Format(" problems: %s, %s", plural(errors, "error"), plural(warnings, "warning")))
	if errors > 0 {
		title.Put(s.Styles.Bad, "   errors block an apply")
	}
	lines := []string{title.String()}
	detail := min(4, height/3)
	lines = append(lines, l.table.Render(width, height-1-detail, s.Styles)...)
	if i, ok := l.table.Selected(); ok {
		lines = append(lines, s.rule(width))
		lines = append(lines, widget.Fit(s.problem(l.all[i], width), detail-1)...)
	}
	return widget.Fit(lines, height)
}
