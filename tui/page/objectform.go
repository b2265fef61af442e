package page

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// objectForm makes a new object while a cell that names it is edited. The row
// and the cell are one edit, and afterwards the person is where he was.
type objectForm struct {
	*Policy
	class   tables.Object
	kind    tables.Kind // the table that gets the row
	columns []tables.Column
	fields  []*widget.Editor
	at      int

	check    desk.Request
	again    bool // the text changed while a check was under way
	problems tables.Problems
	shunned  bool // the person does not want the suggestion
	ask      desk.Request
	typed    bool // the person typed into a field
	hint     widget.Safe
}

// openForm opens the form with the name that the cell holds.
func (p *Policy) openForm(class tables.Object) Effect {
	kind, ok := definingKind(class)
	if !ok {
		return Effect{}
	}
	f := &objectForm{Policy: p, class: class, kind: kind, columns: kind.Columns()}
	for i, c := range f.columns {
		e := widget.NewEditor("")
		e.Solid = true
		if c.Object == class && c.Defines {
			e.SetText(p.edit.editor.Text())
		} else if f.at == 0 {
			f.at = i
		}
		f.fields = append(f.fields, e)
	}
	f.moveValue()
	if f.name() == "" || class == tables.ZoneObject {
		f.at = 0
	}
	p.panel = f
	effect := f.changed()
	return Effect{Cmd: tea.Batch(effect.Cmd, f.askHost())}
}

// moveValue puts an address or a port that was typed where a name must stand
// into the field that it belongs to, and leaves the name to the person.
func (f *objectForm) moveValue() {
	text, to := f.name(), 0
	switch f.class {
	case tables.AddressObject:
		base, _, _ := strings.Cut(text, "/")
		if addr, err := netip.ParseAddr(base); err == nil && addr.Is4() {
			to = 1
		} else if err == nil {
			to = 2
		}
	case tables.ServiceObject:
		if _, err := strconv.ParseUint(text, 10, 16); err == nil {
			to = 1
		}
	}
	if to > 0 {
		f.fields[0].SetText("")
		f.fields[to].SetText(text)
	}
}

// askHost asks for what this host knows about the name.
func (f *objectForm) askHost() tea.Cmd {
	switch f.class {
	case tables.ServiceObject:
		return f.Calls.HostServices(&f.ask)
	case tables.ZoneObject:
		return f.Calls.HostInterfaces(&f.ask)
	}
	return nil
}

// required reports whether a field must hold something.
func (f *objectForm) required(i int) bool {
	return f.columns[i].Defines || f.columns[i].Object != tables.NoObject
}

// name is the name of the new object.
func (f *objectForm) name() string {
	i := slices.IndexFunc(f.columns, func(c tables.Column) bool { return c.Object == f.class && c.Defines })
	return f.fields[i].Text()
}

// missing is the first field that must hold something and does not; -1 for
// none.
func (f *objectForm) missing() int {
	for i, e := range f.fields {
		if e.Text() == "" && f.required(i) {
			return i
		}
	}
	return -1
}

// texts are the cells of the new row.
func (f *objectForm) texts() []string {
	texts := make([]string, len(f.fields))
	for i, e := range f.fields {
		if texts[i] = e.Text(); texts[i] == "" {
			texts[i] = tables.Empty
		}
	}
	return texts
}

// draft is the set with the new row and the cell that names it, and the line of
// the row.
func (f *objectForm) draft() (*tables.Set, int, error) {
	set := f.Desk.Set()
	num := afterRows(set.File(f.kind))
	set, err := set.Edit(f.kind, func(file *tables.File) error { return file.InsertRow(num, f.texts()) })
	if err != nil {
		return nil, num, err
	}
	at := f.edit.at
	set, err = set.Edit(at.Kind, func(file *tables.File) error { return file.SetCell(at.Line, at.Cell, f.name()) })
	return set, num, err
}

// changed checks the tables as they would be.
func (f *objectForm) changed() Effect {
	f.shunned = false
	if f.check.Busy() {
		f.again = true
		return Effect{}
	}
	f.again, f.problems = false, nil
	if f.missing() >= 0 { // nothing to find fault with yet
		return Effect{}
	}
	set, num, err := f.draft()
	if err != nil {
		f.problems = tables.Problems{{File: f.kind.String(), Line: num, Cell: -1, Severity: tables.Error, Text: err.Error()}}
		return Effect{}
	}
	return Effect{Cmd: f.Calls.Check(&f.check, set)}
}

func (f *objectForm) take(msg tea.Msg) (Effect, bool) {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		f.field().Insert(msg.Content)
		f.typed = true
		return f.changed(), true
	case desk.CheckedMsg:
		if f.check.Done(msg.N) {
			return f.checked(msg), true
		}
	case desk.HostServicesMsg:
		if f.ask.Done(msg.N) {
			return f.known(msg.Value), true
		}
	case desk.HostInterfacesMsg:
		if f.ask.Done(msg.N) {
			var names []string
			for _, i := range msg.Value {
				names = append(names, i.Name)
			}
			f.hint = widget.Format("this host has %s", strings.Join(names, ", "))
			return Effect{}, true
		}
	}
	return Effect{}, false
}

// checked keeps what the check says about the new row.
func (f *objectForm) checked(m desk.CheckedMsg) Effect {
	if f.again {
		return f.changed()
	}
	num := afterRows(f.Desk.Set().File(f.kind))
	for _, p := range m.Problems {
		if p.File == f.kind.String() && p.Line == num {
			f.problems = append(f.problems, p)
		}
	}
	return Effect{}
}

// known fills in the ports that this host knows by the name, unless the person
// was faster.
func (f *objectForm) known(list []tables.HostService) Effect {
	for _, s := range list {
		if s.Name != f.name() && !slices.Contains(s.Aliases, f.name()) || f.typed {
			continue
		}
		for i, text := range s.Row()[1:] {
			if text != tables.Empty {
				f.fields[i+1].SetText(text)
			}
		}
		f.hint = "these are the ports of /etc/services"
		return f.changed()
	}
	return Effect{}
}

func (f *objectForm) field() *widget.Editor { return f.fields[f.at] }

// problem is the worst problem, of the selected field if it has one.
func (f *objectForm) problem() *tables.Problem {
	var worst *tables.Problem
	rank := func(p *tables.Problem) int {
		n := 2 * int(p.Severity)
		if p.Cell == f.at {
			n++
		}
		return n
	}
	for i := range f.problems {
		if p := &f.problems[i]; worst == nil || rank(p) > rank(worst) {
			worst = p
		}
	}
	return worst
}

// suggestion is what Enter takes for the selected field; empty for nothing.
func (f *objectForm) suggestion() string {
	for _, p := range f.problems {
		if p.Cell == f.at && p.Suggest != "" && p.Suggest != f.field().Text() && !f.shunned {
			return p.Suggest
		}
	}
	return ""
}

func (f *objectForm) typing() bool { return true }

func (f *objectForm) bindings() []widget.Binding {
	enter, esc := "next field", "cancel"
	switch {
	case f.suggestion() != "":
		enter, esc = "take the suggestion", "keep my text"
	case f.at == len(f.fields)-1:
		enter = "add it"
	}
	return []widget.Binding{
		widget.Bind("Enter", enter, "enter"),
		widget.Bind("^o", "add it, back to the cell", objectKey),
		widget.Bind("Tab", "next field", "tab", "down"),
		widget.Bind("S-Tab", "field before", "shift+tab", "up"),
		widget.Bind("Esc", esc, "esc"),
	}
}

func (f *objectForm) key(k tea.KeyPressMsg) Effect {
	switch k.String() {
	case "esc":
		if f.suggestion() != "" {
			f.shunned = true
			return Effect{}
		}
		f.panel = nil
		return Effect{}
	case "enter":
		if s := f.suggestion(); s != "" {
			f.field().SetText(s)
			return f.changed()
		}
		if f.at == len(f.fields)-1 {
			return f.add()
		}
		f.step(1)
		return Effect{}
	case objectKey:
		return f.add()
	case "tab", "down":
		f.step(1)
		return Effect{}
	case "shift+tab", "up":
		f.step(-1)
		return Effect{}
	}
	before := f.field().Text()
	f.field().Key(k)
	if f.field().Text() == before {
		return Effect{}
	}
	f.typed = true
	return f.changed()
}

func (f *objectForm) step(by int) {
	f.at = (f.at + by + len(f.fields)) % len(f.fields)
	f.shunned = false
}

// add inserts the row and writes the cell, in one edit. A row with an error is
// not added: it would only move the error.
func (f *objectForm) add() Effect {
	if i := f.missing(); i >= 0 {
		f.at = i
		return say(Warn, "%s is missing", f.columns[i].Name)
	}
	if p := f.problem(); p != nil && p.Severity == tables.Error {
		if p.Cell >= 0 {
			f.at = p.Cell
		}
		return say(Bad, "not added: %s", p.Text)
	}
	next, num, err := f.draft()
	if err != nil {
		return say(Bad, "not added: %v", err)
	}
	p, e := f.Policy, f.edit
	p.Desk.Put(e.at, next)
	p.panel, p.edit = nil, nil
	p.refresh()
	effect := Effect{Cmd: p.Desk.Check(p.Calls), Say: &Note{Text: widget.Format("%s:%d %s added (%s takes it back)", f.kind, num, f.name(), p.undoKey()), Kind: Good}}
	if e.fresh && e.at.Cell < len(e.at.Kind.Columns())-1 {
		p.rows().step(1)
		more := p.startEdit(true)
		effect.Cmd = tea.Batch(effect.Cmd, more.Cmd)
	}
	return effect
}
