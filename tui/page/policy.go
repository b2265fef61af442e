package page

import (
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Policy edits the tables.
type Policy struct {
	*Shared
	keys   policyKeys
	kind   tables.Kind
	places map[tables.Kind]*rowTable
	filter finder
	// edit is the cell being edited; nil when none is.
	edit *cellEdit
	// list is the list of problems; nil when it is not open.
	list *problemList
}

type policyKeys struct {
	NextTab, PrevTab, Left, Right             widget.Binding
	Edit, Below, Above, Delete, Down, Up, Off widget.Binding
	Undo, Redo, Save, Reload, Apply           widget.Binding
}

// NewPolicy makes the page.
func NewPolicy(s *Shared) *Policy {
	p := &Policy{Shared: s, kind: tables.Rules, places: make(map[tables.Kind]*rowTable)}
	for _, k := range tables.Kinds() {
		p.places[k] = newRowTable(k)
	}
	p.filter = newFinder(s.Desk, p.values)
	p.keys = policyKeys{
		NextTab: widget.Bind("Tab", "next table", "tab"),
		PrevTab: widget.Bind("S-Tab", "table before", "shift+tab").Hidden(),
		Left:    widget.Bind("h/l", "cell left, right", "left", "h").Hidden(),
		Right:   widget.Bind("l", "cell right", "right", "l").Hidden(),
		Edit:    widget.Bind("e", "edit", "e", "enter"),
		Below:   widget.Bind("o/O", "insert", "o"),
		Above:   widget.Bind("O", "insert above", "O").Hidden(),
		Delete:  widget.Bind("d", "delete", "d"),
		Down:    widget.Bind("J/K", "move", "J"),
		Up:      widget.Bind("K", "move up", "K").Hidden(),
		Off:     widget.Bind("x", "switch off", "x"),
		Undo:    widget.Bind("u", "undo", "u"),
		Redo:    widget.Bind("U", "redo", "U"),
		Save:    widget.Bind("s", "save", "s"),
		Reload:  widget.Bind("R", "load from disk", "R"),
		Apply:   widget.Bind("A", "review+apply", "A").Dangerous(),
	}
	return p
}

// Title is the name in the tabs.
func (p *Policy) Title() widget.Safe { return "Policy" }

// Typing reports whether a cell, the filter or the list of problems takes the
// keys.
func (p *Policy) Typing() bool { return p.edit != nil || p.filter.Typing() || p.list.typing() }

// Bindings are the keys of the page.
func (p *Policy) Bindings() []widget.Binding {
	k := p.keys
	switch {
	case p.list != nil:
		return p.listBindings()
	case p.Desk.Set() == nil:
		return []widget.Binding{k.Reload}
	case p.edit != nil:
		return p.edit.bindings()
	case p.filter.Typing():
		return p.filter.busy()
	}
	return p.tableBindings()
}

// tableBindings are the keys while the rows of a table have them.
func (p *Policy) tableBindings() []widget.Binding {
	k := p.keys
	var row, saved, undo, redo widget.Safe
	if _, ok := p.rows().Selected(); !ok {
		row = "there is no row here; o makes one"
	}
	if len(p.Desk.Dirty()) == 0 {
		saved = "nothing was changed"
	}
	if len(p.Desk.undo) == 0 {
		undo = "nothing to undo"
	}
	if len(p.Desk.redo) == 0 {
		redo = "nothing to redo"
	}
	return append([]widget.Binding{
		k.Edit.Off(row), k.Below, k.Delete.Off(row), k.Down.Off(row), k.Off.Off(row),
		k.Undo.Off(undo), k.Redo.Off(redo), k.Save.Off(saved), k.Apply, k.NextTab, p.filter.keys.Filter,
		k.Above, k.Up.Off(row), k.PrevTab, k.Left, k.Right, k.Reload,
	}, p.filter.bindings()[1:]...)
}

// rows is the table that is shown.
func (p *Policy) rows() *rowTable { return p.places[p.kind] }

// Key handles a key.
func (p *Policy) Key(k tea.KeyPressMsg) Effect {
	switch {
	case p.list != nil:
		return p.listKey(k)
	case p.Desk.Set() == nil:
		if p.keys.Reload.Is(k) {
			return p.reload()
		}
		return Effect{}
	case p.edit != nil:
		return p.editKey(k)
	case p.rows().Key(k):
		return Effect{}
	}
	if handled, again := p.filter.key(k, p.rows()); handled {
		if again {
			p.refresh()
		}
		return Effect{}
	}
	return p.command(k)
}

// command does what a key of the table says.
func (p *Policy) command(k tea.KeyPressMsg) Effect {
	keys := &p.keys
	switch {
	case keys.NextTab.Is(k):
		p.turn(1)
	case keys.PrevTab.Is(k):
		p.turn(-1)
	case keys.Left.Is(k):
		p.rows().step(-1)
	case keys.Right.Is(k):
		p.rows().step(1)
	case keys.Edit.Is(k):
		return p.startEdit(false)
	case keys.Below.Is(k):
		return p.insert(1)
	case keys.Above.Is(k):
		return p.insert(0)
	case keys.Delete.Is(k):
		return p.change("deleted", func(f *tables.File, n int) (int, error) { return n, f.DeleteRow(n) })
	case keys.Down.Is(k):
		return p.move(1)
	case keys.Up.Is(k):
		return p.move(-1)
	case keys.Off.Is(k):
		return p.toggle()
	case keys.Undo.Is(k):
		return p.travel("undone", p.Desk.Undo)
	case keys.Redo.Is(k):
		return p.travel("done again", p.Desk.Redo)
	case keys.Save.Is(k):
		return Effect{Cmd: p.Desk.Save(p.Calls)}
	case keys.Reload.Is(k):
		return p.reload()
	case keys.Apply.Is(k):
		return Effect{Go: ReviewScreen}
	}
	return Effect{}
}

// turn shows another table.
func (p *Policy) turn(by int) {
	n := len(tables.Kinds())
	p.filter.Clear()
	p.kind = tables.Kind((int(p.kind) + by + n) % n)
	p.refresh()
}

// change edits the selected line and selects the line that the edit names.
func (p *Policy) change(done string, edit func(f *tables.File, num int) (int, error)) Effect {
	at, ok := p.place()
	if !ok {
		return Effect{}
	}
	next := at.Line
	err := p.Desk.Edit(at, func(f *tables.File) (err error) {
		next, err = edit(f, at.Line)
		return err
	})
	if err != nil {
		return say(Bad, "%v", err)
	}
	p.refresh()
	p.rows().Select(next)
	e := Effect{Cmd: p.Desk.Check(p.Calls)}
	if done != "" {
		e.Say = &Note{Text: widget.Format("%s:%d %s (u takes it back)", at.Kind, at.Line, done)}
	}
	return e
}

// place is the selected cell.
func (p *Policy) place() (Place, bool) {
	num, ok := p.rows().selected()
	return Place{Kind: p.kind, Line: num, Cell: p.rows().cell()}, ok
}

// move moves the selected row by one row; comments between rows stay where
// they are.
func (p *Policy) move(by int) Effect {
	to, ok := p.rows().neighbour(by)
	if !ok {
		return Effect{}
	}
	return p.change("", func(f *tables.File, num int) (int, error) { return to, f.MoveRow(num, to) })
}

func (p *Policy) toggle() Effect {
	num, _ := p.rows().selected()
	if p.Desk.Set().File(p.kind).Line(num).Disabled {
		return p.change("switched on", func(f *tables.File, num int) (int, error) { return num, f.Enable(num) })
	}
	return p.change("switched off", func(f *tables.File, num int) (int, error) { return num, f.Disable(num) })
}

func (p *Policy) travel(done string, to func() (Place, bool)) Effect {
	at, ok := to()
	if !ok {
		return Effect{}
	}
	p.jump(at)
	return Effect{Cmd: p.Desk.Check(p.Calls), Say: &Note{Text: widget.Format("%s: %s:%d", done, at.Kind, at.Line)}}
}

// jump shows a cell.
func (p *Policy) jump(at Place) {
	p.list = nil
	p.kind = at.Kind
	p.filter.Clear()
	p.refresh()
	p.rows().goTo(at)
}

// reload reads the tables from disk, after a question when that loses edits.
func (p *Policy) reload() Effect {
	dirty := p.Desk.Dirty()
	if len(dirty) == 0 {
		return Effect{Cmd: p.Desk.Load(p.Calls), Say: &Note{Text: "reading the tables"}}
	}
	return Effect{Ask: &Ask{
		Dialog: &widget.Dialog{
			Title:   "Load the tables from disk",
			Text:    []widget.Safe{widget.Format("%s not saved would be lost, and cannot be brought back.", plural(p.Desk.Staged(), "changed line"))},
			Choices: []widget.Choice{{Key: "y", Does: "load, and drop my changes"}},
		},
		Then: func(int) Effect { return Effect{Cmd: p.Desk.Load(p.Calls)} },
	}}
}

// Handle takes messages.
func (p *Policy) Handle(msg tea.Msg) Effect {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		return p.paste(msg.Content)
	case Shown:
		p.refresh()
		return Effect{Cmd: p.Desk.Check(p.Calls)}
	case ShowPlace:
		if p.Desk.Set() != nil {
			p.jump(msg.At)
		}
	case LoadedMsg:
		p.edit = nil
		p.refresh()
	case CheckedMsg:
		if p.edit != nil && p.edit.check.Done(msg.N) {
			return p.editChecked(msg)
		}
		p.refresh()
	case SavedMsg:
		return p.saved(msg.Err)
	}
	return Effect{}
}

// saved says how a save went. When somebody else wrote the files meanwhile,
// nothing was written, and the person decides.
func (p *Policy) saved(err error) Effect {
	var changed *engine.ErrChanged
	switch {
	case errors.As(err, &changed):
		return Effect{Ask: &Ask{
			Dialog: &widget.Dialog{
				Title: "Not saved",
				Text: []widget.Safe{
					widget.Format("%s: somebody else changed this on disk since it was read here. Nothing was written.", strings.Join(changed.Files, ", ")), "",
					"Go back to keep your changes here and look at the file, or load it again.",
				},
				Choices: []widget.Choice{{Key: "y", Does: widget.Format("load from disk, and drop %s of mine", plural(p.Desk.Staged(), "changed line"))}},
			},
			Then: func(int) Effect { return Effect{Cmd: p.Desk.Load(p.Calls)} },
		}}
	case err != nil:
		return say(Bad, "not saved: %v", err)
	}
	p.refresh()
	return say(Good, "saved; the firewall runs the old rules until you apply (3 reviews)")
}

// refresh shows the tables as they are now.
func (p *Policy) refresh() {
	set := p.Desk.Set()
	if set == nil {
		return
	}
	p.rows().show(p.Shared, p.Desk, &p.filter, p.edit)
	p.list.set(p.Desk.Problems())
}
