package page

import (
	"errors"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// rename gives an object another name everywhere it is used. Nothing is changed
// before Enter.
type rename struct {
	of     object
	at     desk.Place
	uses   []tables.Use
	editor *widget.Editor

	next  *tables.Set // the tables with the new name; nil when it cannot be taken
	fault widget.Safe // why not

	ask   desk.Request
	again bool // the text changed while a check was under way
	enter bool // Enter was pressed, and waits for the check
}

// renameLines is what the rename takes of the screen under its separator.
const renameLines = 3

// startRename asks for a new name of the object under the cursor.
func (p *Policy) startRename() Effect {
	at, ok := p.place()
	if !ok {
		return Effect{}
	}
	o := objectAt(p.Desk.Set(), at)
	uses := p.usesOf(o)
	switch {
	case o == (object{}):
		return say(Warn, "there is no name here; move to an address, a service, a zone or an interface")
	case len(uses) == 0, o == object{tables.ZoneObject, tables.Docker}:
		return say(Warn, "%s has a meaning of its own and keeps its name", o.name)
	}
	p.rename = &rename{of: o, at: at, uses: uses, editor: widget.NewEditor(o.name)}
	p.rename.editor.Solid = true
	return p.renameChanged()
}

// renameChanged follows a change of the name: another check. An object may stand
// in thousands of rows, so the check is not made here.
func (p *Policy) renameChanged() Effect {
	r := p.rename
	r.next, r.fault, r.enter, r.again = nil, "", false, r.ask.Busy()
	if r.again || r.editor.Text() == r.of.name {
		return Effect{}
	}
	return Effect{Cmd: p.Calls.Rename(&r.ask, p.Desk.Set(), r.of.class, r.of.name, r.editor.Text())}
}

// takeRenamed takes what the tables would be with the new name.
func (p *Policy) takeRenamed(m desk.RenamedMsg) Effect {
	r := p.rename
	if r == nil || !r.ask.Done(m.N) {
		return Effect{}
	}
	if r.again {
		enter := r.enter
		e := p.renameChanged()
		r.enter = enter
		return e
	}
	r.next = m.Set
	if m.Err != nil {
		r.fault = renameFault(m.Err)
	} else {
		r.fault = r.faultIn(m.Problems)
	}
	if r.enter {
		return p.endRename()
	}
	return Effect{}
}

// renameFault says in a few words why a name cannot be taken.
func renameFault(err error) widget.Safe {
	var text *tables.CellTextError
	switch {
	case errors.As(err, &text):
		return widget.Clean("a name " + text.Reason)
	case errors.Is(err, tables.ErrNameTaken):
		return widget.Clean(tables.ErrNameTaken.Error())
	case errors.Is(err, tables.ErrReserved):
		return widget.Clean(tables.ErrReserved.Error())
	}
	return widget.Clean(err.Error())
}

// faultIn finds what is wrong with the name where it is defined.
func (r *rename) faultIn(problems tables.Problems) widget.Safe {
	for _, problem := range problems {
		if problem.Severity != tables.Error {
			continue
		}
		for _, u := range r.uses {
			if u.Defines && problem.File == u.Kind.String() && problem.Line == u.Num && problem.Cell == u.Cell {
				return widget.Clean(problem.Text)
			}
		}
	}
	return ""
}

// renameKey handles a key while a name is typed.
func (p *Policy) renameKey(k tea.KeyPressMsg) Effect {
	r := p.rename
	switch k.String() {
	case "esc":
		p.rename = nil
		return Effect{}
	case "enter":
		return p.endRename()
	}
	before := r.editor.Text()
	r.editor.Key(k)
	if r.editor.Text() == before {
		return Effect{}
	}
	return p.renameChanged()
}

// endRename writes the new name everywhere, in one step.
func (p *Policy) endRename() Effect {
	r := p.rename
	switch {
	case r.editor.Text() == r.of.name:
		p.rename = nil
		return Effect{}
	case r.ask.Busy():
		r.enter = true
		return Effect{}
	case r.fault != "":
		r.enter = false
		return say(Bad, "not renamed: %s", r.fault)
	}
	p.rename = nil
	p.Desk.Put(r.at, r.next)
	p.refresh()
	e := say(Good, "%s %s is now %s in %s (%s takes it back)", r.of.class, r.of.name, r.editor.Text(), words.Plural(len(r.uses), "place"), p.undoKey())
	e.Cmd = p.Desk.Check(p.Calls)
	return e
}

func (r *rename) bindings() []widget.Binding {
	var why widget.Safe
	if r.fault != "" {
		why = "the name cannot be taken: " + r.fault
	}
	return []widget.Binding{
		widget.Bind("Enter", "rename everywhere", "enter").Off(why),
		widget.Bind("Esc", "cancel", "esc"),
	}
}

// render draws the rename into renameLines lines and says in which column of
// the first one the cursor is.
func (r *rename) render(s *Shared, width int) (lines []string, cursor int) {
	l := s.line(width).Put(s.Styles.Strong, widget.Format(" rename %s ", r.of.class)).
		Text(widget.Clean(r.of.name).Cut(20, s.Styles.Glyphs.Ellipsis)).Text(" to ")
	start := width - l.Left()
	text, at := r.editor.View(max(width-start-1, 1))
	lines = append(lines, l.Put(s.Styles.Input, text).String())
	l = s.line(width)
	switch {
	case r.fault != "":
		l.Put(s.Styles.Bad, " E ").Text(r.fault)
	case r.ask.Busy():
		l.Put(s.Styles.Dim, " checking ...")
	case r.next == nil:
		l.Put(s.Styles.Dim, " type the new name")
	default:
		l.Put(s.Styles.Good, " ok")
	}
	lines = append(lines, l.String(), s.line(width).Put(s.Styles.Dim, " changes "+r.places()).String())
	return widget.Fit(lines, renameLines), start + at
}

// places says how many cells change, and where.
func (r *rename) places() widget.Safe {
	count := make(map[tables.Kind]int)
	for _, u := range r.uses {
		count[u.Kind]++
	}
	var where []string
	for _, k := range tables.Kinds() {
		if count[k] > 0 {
			where = append(where, fmt.Sprintf("%d in %s", count[k], k))
		}
	}
	return widget.Format("%s in one step: %s", words.Plural(len(r.uses), "place"), strings.Join(where, ", "))
}
