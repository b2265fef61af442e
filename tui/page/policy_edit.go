package page

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// cellEdit is a cell being edited: the text, what could complete it, and what
// the check says about it. Nothing is changed before Enter.
type cellEdit struct {
	at     desk.Place
	editor *widget.Editor
	view   widget.Safe // what the cell shows
	before string
	// fresh says that the row was just made: Enter goes on to the next cell.
	fresh bool
	// made are the tables with that row as it was made: while they are these,
	// nothing was written into it.
	made *tables.Set

	offers []tables.Completion
	pick   int  // the chosen offer
	chosen bool // the person moved through the offers

	check   desk.Request
	again   bool            // the text changed while a check was under way
	problem *tables.Problem // of this cell
	shunned bool            // the person does not want the suggestion
}

// startEdit opens the selected cell.
func (p *Policy) startEdit(fresh bool) Effect {
	at, ok := p.place()
	if !ok {
		return Effect{}
	}
	line := p.Desk.Set().File(at.Kind).Line(at.Line)
	text := ""
	if at.Cell < len(line.Cells) {
		text = line.Cells[at.Cell].Text
	}
	e := &cellEdit{at: at, editor: widget.NewEditor(text), before: text, fresh: fresh}
	if fresh && text == blank {
		e.editor.SetText("")
	}
	e.editor.Solid = true
	e.editor.Standin = text == tables.Empty || text == tables.All || text == tables.ScopeAll
	p.edit = e
	return p.editChanged()
}

// editChanged follows a change of the text: other offers, another check.
func (p *Policy) editChanged() Effect {
	e := p.edit
	e.offers, e.pick, e.chosen, e.shunned = tables.Complete(p.Desk.Set(), e.at.Kind, e.at.Cell, e.editor.Text()), 0, false, false
	p.refresh()
	if e.check.Busy() {
		e.again = true
		return Effect{}
	}
	return p.checkDraft()
}

// checkDraft checks the tables as they would be with the text as it is.
func (p *Policy) checkDraft() Effect {
	e := p.edit
	e.again = false
	if e.editor.Text() == "" { // nothing to find fault with yet
		e.problem = nil
		return Effect{}
	}
	set, err := p.Desk.Set().Edit(e.at.Kind, func(f *tables.File) error {
		return f.SetCell(e.at.Line, e.at.Cell, e.editor.Text())
	})
	if err != nil {
		e.problem = &tables.Problem{File: e.at.Kind.String(), Line: e.at.Line, Cell: e.at.Cell, Severity: tables.Error, Text: err.Error()}
		return Effect{}
	}
	return Effect{Cmd: p.Calls.Check(&e.check, set)}
}

// editChecked takes what the check says about the cell.
func (p *Policy) editChecked(m desk.CheckedMsg) Effect {
	e := p.edit
	if e.again {
		return p.checkDraft()
	}
	e.problem = nil
	for _, problem := range m.Problems {
		if problem.File == e.at.Kind.String() && problem.Line == e.at.Line && problem.Cell == e.at.Cell {
			if e.problem == nil || problem.Severity > e.problem.Severity {
				e.problem = &problem
			}
		}
	}
	return Effect{}
}

// suggestion is what Enter takes instead of a text that is wrong: what the
// check offers, or what the text is the beginning of; empty for nothing.
func (e *cellEdit) suggestion() string {
	text := e.editor.Text()
	switch {
	case e.problem == nil, e.shunned, e.problem.Suggest == text:
		return ""
	case e.problem.Suggest != "":
		return e.problem.Suggest
	case e.problem.Severity == tables.Error && text != "" && strings.HasPrefix(e.offer(), text) && e.offer() != text:
		return e.offer()
	}
	return ""
}

// offer is the completion that Tab takes; empty for none.
func (e *cellEdit) offer() string {
	if len(e.offers) == 0 {
		return ""
	}
	return e.offers[e.pick].Text
}

// editKey handles a key while a cell is edited.
func (p *Policy) editKey(k tea.KeyPressMsg) Effect {
	e := p.edit
	switch k.String() {
	case "esc":
		if e.suggestion() != "" {
			e.shunned = true
			return Effect{}
		}
		return p.cancelEdit()
	case "enter":
		return p.editEnter()
	case "tab":
		if offer := e.offer(); offer != "" && offer != e.editor.Text() {
			return p.replace(offer)
		}
		return p.commit(1)
	case "shift+tab":
		return p.commit(-1)
	case "down", "ctrl+n":
		e.choose(1)
		return Effect{}
	case "up", "ctrl+p":
		e.choose(-1)
		return Effect{}
	case objectKey:
		return p.newObject()
	}
	before := e.editor.Text()
	e.editor.Key(k)
	if e.editor.Text() == before {
		p.refresh()
		return Effect{}
	}
	return p.editChanged()
}

// cancelEdit leaves the cell as it was. A new row into which nothing was written
// goes with it: nobody wants to look for what is left of a slip of the finger.
func (p *Policy) cancelEdit() Effect {
	e := p.edit
	p.edit = nil
	if e.fresh && e.made == p.Desk.Set() {
		p.Desk.Undo()
		p.refresh()
		return Effect{Cmd: p.Desk.Check(p.Calls), Say: &Note{Text: "no row made"}}
	}
	p.refresh()
	return Effect{}
}

// choose moves through the offers.
func (e *cellEdit) choose(by int) {
	if n := len(e.offers); n > 0 {
		if e.chosen || by < 0 {
			e.pick = (e.pick + by + n) % n
		}
		e.chosen = true
	}
}

// editEnter takes the chosen offer, or else the suggestion, or else the text
// as it is.
func (p *Policy) editEnter() Effect {
	e := p.edit
	switch {
	case e.chosen && e.offer() != e.editor.Text():
		return p.replace(e.offer())
	case e.suggestion() != "":
		return p.replace(e.suggestion())
	case e.fresh && e.at.Cell < len(e.at.Kind.Columns())-1:
		return p.commit(1)
	}
	return p.commit(0)
}

func (p *Policy) replace(text string) Effect {
	p.edit.editor.SetText(text)
	return p.editChanged()
}

// commit writes the cell and goes on to the next cell in a direction; 0 ends.
func (p *Policy) commit(next int) Effect {
	e := p.edit
	text := e.editor.Text()
	if text == "" && e.before != "" {
		text = e.before
	}
	var effect Effect
	if text != e.before {
		err := p.Desk.Edit(e.at, func(f *tables.File) error { return f.SetCell(e.at.Line, e.at.Cell, text) })
		if err != nil {
			return say(Bad, "%v", err)
		}
		effect.Cmd = p.Desk.Check(p.Calls)
	}
	p.edit = nil
	p.refresh()
	to := e.at.Cell + next
	if next == 0 || to < 0 || to >= len(e.at.Kind.Columns()) {
		return effect
	}
	p.rows().step(next)
	more := p.startEdit(e.fresh)
	effect.Cmd = tea.Batch(effect.Cmd, more.Cmd)
	return effect
}

// paste puts text into the cell; its first line only, since a cell is one
// word.
func (p *Policy) paste(text string) Effect {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	switch {
	case p.edit != nil:
		p.edit.editor.Insert(strings.TrimSpace(text))
		return p.editChanged()
	case p.list.typing():
		p.list.filter.Paste(text)
		p.list.set(p.list.all)
	case p.filter.Filter.Typing():
		p.filter.Paste(text)
		p.refresh()
	}
	return Effect{}
}

// blank stands in the cells of a new row that must be filled in: no table
// takes it, so a row that was not finished cannot be applied.
const blank = "?"

// insert makes a row above (0) or below (1) the selected one and opens its
// first empty cell.
func (p *Policy) insert(below int) Effect {
	file := p.Desk.Set().File(p.kind)
	num, texts := len(file.Lines)+1, newRow(p.kind, nil)
	if at, ok := p.place(); ok {
		num, texts = at.Line+below, newRow(p.kind, file.Line(at.Line).Texts())
	}
	at := desk.Place{Kind: p.kind, Line: num}
	if err := p.Desk.Edit(at, func(f *tables.File) error { return f.InsertRow(num, texts) }); err != nil {
		return say(Bad, "%v", err)
	}
	p.filter.Clear()
	p.refresh()
	for cell, text := range texts {
		if text == blank {
			at.Cell = cell
			break
		}
	}
	p.rows().goTo(at)
	check := p.Desk.Check(p.Calls)
	effect := p.startEdit(true)
	p.edit.made = p.Desk.Set()
	effect.Cmd = tea.Batch(check, effect.Cmd)
	return effect
}

// newRow is what a new row starts with. A rule takes the zones of its
// neighbour; service and action must be filled in, so that a new rule allows
// nothing by itself.
func newRow(k tables.Kind, neighbour []string) []string {
	texts := make([]string, len(k.Columns()))
	for i := range texts {
		texts[i] = blank
	}
	switch k {
	case tables.Addresses, tables.Services:
		texts[1], texts[2] = tables.Empty, tables.Empty
	case tables.Interfaces:
		texts[2] = tables.Empty
	case tables.Rules:
		texts[2], texts[3] = tables.All, tables.All
		if len(neighbour) >= 2 {
			texts[0], texts[1] = neighbour[0], neighbour[1]
		}
	case tables.Options:
		texts[0] = "*"
	}
	return texts
}

func (e *cellEdit) bindings() []widget.Binding {
	var none widget.Safe
	if e.offer() == "" {
		none = "nothing to complete"
	}
	enter, esc := "write the cell", "cancel"
	if e.suggestion() != "" {
		enter, esc = "take the suggestion", "keep my text"
	}
	return []widget.Binding{
		widget.Bind("Enter", enter, "enter"),
		widget.Bind("Tab", "complete, or next cell", "tab"),
		widget.Bind("^n/^p", "other completion", "down", "up", "ctrl+n", "ctrl+p").Off(none),
		widget.Bind("S-Tab", "cell before", "shift+tab"),
		widget.Bind("Esc", esc, "esc"),
	}
}
