package page

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/find"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// problemList lists the problems of all tables. A nil list is closed.
type problemList struct {
	all    tables.Problems
	table  *widget.Table[tables.Problem]
	filter finder
	keys   problemKeys
	st     *style.Styles
	top    int // the line where the list begins
}

type problemKeys struct{ Go, Take, Undo, Redo, Close widget.Binding }

func newProblemKeys() problemKeys {
	return problemKeys{
		Go:    widget.Bind("Enter", "go there", "enter"),
		Take:  widget.Bind("t", "take the suggestion", "t"),
		Undo:  widget.Bind("u", "undo", "u"),
		Redo:  widget.Bind("U", "redo", "U").Hidden(),
		Close: widget.Bind("Esc", "back to the table", "esc"),
	}
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
	l := &problemList{st: p.Styles, keys: newProblemKeys(), table: widget.NewTable[tables.Problem](
		widget.Column{Width: 1},
		widget.Column{Title: "WHERE", Width: 18},
		widget.Column{Title: "WHAT", Width: 30, Grow: 1},
	)}
	l.filter = newFinder(p.Desk, l.values)
	l.filter.names.SpeakProblems()
	l.set(p.Desk.Problems())
	p.list = l
}

func (l *problemList) set(all tables.Problems) {
	if l == nil {
		return
	}
	l.all = all
	keep, mark := l.filter.ask(find.ProblemRecords(all))
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
		Keep: keep, Mark: mark,
	})
}

// selected is the selected problem.
func (l *problemList) selected() (tables.Problem, bool) {
	i, ok := l.table.Selected()
	if !ok {
		return tables.Problem{}, false
	}
	return l.all[i], true
}

// values are the terms of the selected problem.
func (l *problemList) values() []string {
	problem, ok := l.selected()
	if !ok {
		return nil
	}
	return []string{query.Term(query.Table, problem.File), query.Term(query.State, problem.Severity.String())}
}

// typing reports whether the filter of the list takes the keys.
func (l *problemList) typing() bool { return l != nil && l.filter.Typing() }

func (p *Policy) listBindings() []widget.Binding {
	l := p.list
	if l.typing() {
		return l.filter.busy()
	}
	var none, take, undo, redo widget.Safe
	problem, ok := l.selected()
	switch {
	case !ok:
		none, take = "there is no problem", "there is no problem"
	case problem.Suggest == "" || problem.Cell < 0 || p.Desk.Set() == nil:
		take = "the check has no suggestion for this one"
	case !p.Desk.Checked():
		take = "the tables are being checked"
	}
	if !p.Desk.CanUndo() {
		undo = "nothing to undo"
	}
	if !p.Desk.CanRedo() {
		redo = "nothing to redo"
	}
	k := l.keys
	list := append([]widget.Binding{k.Go.Off(none), k.Take.Off(take)}, l.filter.bindings()...)
	if l.filter.Text() == "" { // otherwise Esc drops the filter first
		list = append(list, k.Close)
	}
	return append(list, k.Undo.Off(undo), k.Redo.Off(redo))
}

// listKey handles a key while the list is open.
func (p *Policy) listKey(k tea.KeyPressMsg) Effect {
	l := p.list
	if handled, again := l.filter.key(k, l.table); handled {
		if again {
			l.set(l.all)
		}
		return Effect{}
	}
	switch {
	case l.keys.Close.Is(k):
		p.list = nil
	case l.keys.Go.Is(k):
		if problem, ok := l.selected(); ok {
			p.visit(problem)
		}
	case l.keys.Take.Is(k):
		return p.takeSuggestion()
	case l.keys.Undo.Is(k):
		return p.listTravel("undone", p.Desk.Undo)
	case l.keys.Redo.Is(k):
		return p.listTravel("done again", p.Desk.Redo)
	default:
		l.table.Key(k)
	}
	return Effect{}
}

// takeSuggestion writes what the check suggests into the cell of the selected
// problem. The list stays open for the next one.
func (p *Policy) takeSuggestion() Effect {
	problem, _ := p.list.selected()
	at, ok := desk.PlaceOf(problem)
	if !ok {
		return Effect{}
	}
	err := p.Desk.Edit(at, func(f *tables.File) error { return f.SetCell(at.Line, at.Cell, problem.Suggest) })
	if err != nil {
		return say(Bad, "%v", err)
	}
	p.refresh()
	return Effect{Cmd: p.Desk.Check(p.Calls), Say: &Note{Kind: Good,
		Text: widget.Format("%s:%d %s is %s now (%s takes it back)", at.Kind, at.Line, at.Kind.Columns()[at.Cell].Name, problem.Suggest, p.undoKey())}}
}

// listTravel goes back or forth in the edits without leaving the list.
func (p *Policy) listTravel(done string, to func() (desk.Place, bool)) Effect {
	l := p.list
	effect := p.travel(done, to)
	p.list = l
	return effect
}

// visit shows where a problem is.
func (p *Policy) visit(problem tables.Problem) {
	if at, ok := desk.PlaceOf(problem); ok {
		p.jump(at)
	}
}

// none says why the list is empty; nothing when it is not.
func (l *problemList) none() widget.Safe {
	switch {
	case len(l.all) == 0:
		return "no problem was found"
	case l.table.Shown() == 0:
		return "the filter keeps no problem; Esc drops it"
	}
	return ""
}

func (l *problemList) render(s *Shared, width, height int) ([]string, *Point) {
	errors, warnings := l.all.Count()
	title := s.line(width).Put(s.Styles.Strong, widget.Format(" problems: %s, %s", words.Plural(errors, "error"), words.Plural(warnings, "warning")))
	if errors > 0 {
		title.Put(s.Styles.Bad, "   errors block an apply")
	}
	lines := []string{title.String()}
	found, cursor := l.filter.lines(s, width, l.filter.count(l.table, "problem"))
	if cursor != nil {
		cursor.Y = len(lines)
	}
	lines = append(lines, found...)
	detail := min(5, height/3)
	l.top = len(lines)
	if none := l.none(); none != "" {
		lines = append(lines, s.line(width).Put(s.Styles.Dim, " "+none).String())
	} else {
		lines = append(lines, l.table.Render(width, height-len(lines)-detail, s.Styles)...)
	}
	if problem, ok := l.selected(); ok {
		lines = append(lines, s.rule(width))
		text := s.problem(problem, width)
		if problem.Suggest != "" && problem.Cell >= 0 {
			text = append(text[:min(len(text), detail-2)], s.line(width).Put(s.Styles.Key, " t").Text(" writes ").Put(s.Styles.Strong, widget.Clean(problem.Suggest)).String())
		}
		lines = append(lines, widget.Fit(text, detail-1)...)
	}
	return widget.Fit(lines, height), cursor
}
