package page

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
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
	// uses is the list of uses of an object; nil when it is not open.
	uses *useList
	// visiting is the list of uses that led to the selected cell.
	visiting *useList
	// rename is an object being renamed; nil when none is.
	rename *rename
	inspector
	// panel covers the tables; nil when none does.
	panel panel
	hosts hostKeys
	disk  diskState
}

type policyKeys struct {
	NextTab, PrevTab, Left, Right             widget.Binding
	Edit, Below, Above, Delete, Down, Up, Off widget.Binding
	Undo, Redo, Save, Reload, Apply           widget.Binding
	Uses, Rename, Mark, Align, Back           widget.Binding
}

// NewPolicy makes the page.
func NewPolicy(s *Shared) *Policy {
	p := &Policy{Shared: s, kind: tables.Rules, places: make(map[tables.Kind]*rowTable)}
	for _, k := range tables.Kinds() {
		p.places[k] = newRowTable(k)
	}
	p.filter = newFinder(s.Desk, p.values)
	p.filter.ownEsc = true
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
		Uses:    widget.Bind("v", "where used", "v"),
		Rename:  widget.Bind("r", "rename", "r"),
		Mark:    widget.Bind("space", "mark", "space"),
		Align:   widget.Bind("=", "align columns", "=").Hidden(),
		Back:    widget.Bind("Esc", "unmark; drop the filter; back to the uses", "esc").Hidden().Named("back"),
	}
	p.hosts = newHostKeys()
	return p
}

// Title is the name in the tabs.
func (p *Policy) Title() widget.Safe { return "Policy" }

// Typing reports whether a cell, a new name, a filter or a panel takes the keys.
func (p *Policy) Typing() bool {
	if p.paneled() {
		return p.panel.typing()
	}
	return p.edit != nil || p.rename != nil || p.filter.Typing() || p.list.typing()
}

// Bindings are the keys of the page.
func (p *Policy) Bindings() []widget.Binding {
	k := p.keys
	switch {
	case p.list != nil:
		return p.listBindings()
	case p.panel != nil:
		return p.panel.bindings()
	case p.Desk.Set() == nil:
		return []widget.Binding{k.Reload}
	case p.edit != nil:
		return append(p.edit.bindings(), p.objectBinding())
	case p.rename != nil:
		return p.rename.bindings()
	case p.filter.Typing():
		return p.filter.busy()
	case p.uses != nil:
		return p.uses.bindings()
	}
	return p.tableBindings()
}

// tableBindings are the keys while the rows of a table have them.
func (p *Policy) tableBindings() []widget.Binding {
	k := p.keys
	var row, saved, undo, redo widget.Safe
	if _, ok := p.rows().Selected(); !ok {
		row = p.noRow()
	}
	if len(p.Desk.Dirty()) == 0 {
		saved = "nothing was changed"
	}
	if !p.Desk.CanUndo() {
		undo = "nothing to undo"
	}
	if !p.Desk.CanRedo() {
		redo = "nothing to redo"
	}
	return append([]widget.Binding{
		k.Edit.Off(row), k.Below, k.Delete.Off(row), k.Down.Off(row), k.Mark.Off(row), k.Off.Off(row),
		k.Undo.Off(undo), k.Redo.Off(redo), k.Save.Off(saved), k.Apply, k.Uses.Off(row), p.filter.keys.Filter, k.Rename.Off(row), k.NextTab,
		p.hosts.Pick.Off(p.noPick()), p.hosts.Editor,
		k.Above, k.Up.Off(row), k.PrevTab, k.Left, k.Right, k.Align.Off(row), k.Reload, k.Back,
	}, p.filter.bindings()[1:]...)
}

// rows is the table that is shown.
func (p *Policy) rows() *rowTable { return p.places[p.kind] }

// Key handles a key.
func (p *Policy) Key(k tea.KeyPressMsg) Effect {
	switch {
	case p.list != nil:
		return p.listKey(k)
	case p.panel != nil:
		return p.panel.key(k)
	case p.Desk.Set() == nil:
		if p.keys.Reload.Is(k) {
			return p.reload()
		}
		return Effect{}
	case p.edit != nil:
		return p.editKey(k)
	case p.rename != nil:
		return p.renameKey(k)
	case p.uses != nil:
		return p.usesKey(k)
	case p.rows().Key(k):
		return Effect{}
	}
	if handled, again := p.filter.key(k, p.rows()); handled {
		if again {
			p.refresh()
		}
		return Effect{}
	}
	if p.keys.editsRows(k) {
		return p.editRows(k)
	}
	return p.command(k)
}

// command does what a key of the table says that changes no row.
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
	case keys.Mark.Is(k):
		return p.mark()
	case keys.Uses.Is(k):
		return p.showUses()
	case keys.Rename.Is(k):
		return p.startRename()
	case keys.Save.Is(k):
		return Effect{Cmd: p.Desk.Save(p.Calls)}
	case keys.Reload.Is(k):
		return p.reload()
	case keys.Apply.Is(k):
		return Effect{Go: ReviewScreen}
	case p.hosts.Pick.Is(k):
		return p.openPick(nil)
	case p.hosts.Editor.Is(k):
		return p.openEditor()
	case keys.Back.Is(k) && len(p.rows().marks.nums) > 0:
		p.unmark()
	case keys.Back.Is(k) && p.filter.Text() != "":
		p.filter.Clear()
		p.refresh()
	case keys.Back.Is(k):
		p.backToUses()
	}
	return Effect{}
}

// tabOrder is the order of the tables on the screen: the rules come first.
func tabOrder() []tables.Kind {
	return []tables.Kind{tables.Rules, tables.Addresses, tables.Services, tables.Interfaces, tables.Virtuals, tables.Options}
}

// turn shows another table.
func (p *Policy) turn(by int) {
	order := tabOrder()
	p.filter.Clear()
	p.kind = order[(slices.Index(order, p.kind)+by+len(order))%len(order)]
	p.refresh()
}

// place is the selected cell.
func (p *Policy) place() (desk.Place, bool) {
	num, ok := p.rows().selected()
	return desk.Place{Kind: p.kind, Line: num, Cell: p.rows().cell()}, ok
}

func (p *Policy) travel(done string, to func() (desk.Place, bool)) Effect {
	at, ok := to()
	if !ok {
		return Effect{}
	}
	p.jump(at)
	return Effect{Cmd: p.Desk.Check(p.Calls), Say: &Note{Text: widget.Format("%s: %s", done, at)}}
}

// jump shows a cell; the filter stays when it does not hide the row.
func (p *Policy) jump(at desk.Place) {
	p.list, p.uses, p.visiting, p.panel = nil, nil, nil, nil
	if p.kind != at.Kind {
		p.kind = at.Kind
		p.filter.Clear()
	}
	p.refresh()
	if !p.rows().goTo(at) && p.filter.Text() != "" {
		p.filter.Clear()
		p.refresh()
		p.rows().goTo(at)
	}
}

// Handle takes messages.
func (p *Policy) Handle(msg tea.Msg) Effect {
	if p.panel != nil {
		if effect, taken := p.panel.take(msg); taken {
			return effect
		}
	}
	switch msg := msg.(type) {
	case tea.PasteMsg:
		return p.takePaste(msg.Content)
	case Shown:
		p.seen = true
		p.refresh()
		return Effect{Cmd: tea.Batch(p.Desk.Check(p.Calls), p.compile(), p.readHits())}
	case Tick:
		return Effect{Cmd: p.readHits()}
	case ShowPlace:
		if p.Desk.Set() != nil {
			p.jump(msg.At)
		}
	case desk.LoadedMsg:
		p.edit, p.rename, p.uses, p.panel = nil, nil, nil, nil
		p.refresh()
		return p.loaded(msg)
	case desk.CheckedMsg:
		return p.checked(msg)
	case desk.CompiledMsg:
		return p.takeCompiled(msg)
	case desk.RenamedMsg:
		return p.takeRenamed(msg)
	case desk.HitsMsg:
		p.takeHits(msg)
	case desk.SavedMsg:
		return p.saved(msg.Err)
	case desk.StatusMsg:
		return p.runsSaved(msg)
	default:
		return p.handleDisk(msg)
	}
	return Effect{}
}

// checked takes what a check says: about a text being typed, or about the
// tables as they are.
func (p *Policy) checked(msg desk.CheckedMsg) Effect {
	if p.edit != nil && p.edit.check.Done(msg.N) {
		return p.editChecked(msg)
	}
	p.refresh()
	return Effect{Cmd: p.compile()}
}

// refresh shows the tables as they are now.
func (p *Policy) refresh() {
	set := p.Desk.Set()
	if set == nil {
		return
	}
	p.Desk.SetTyped(desk.Place{})
	if p.edit != nil && p.edit.fresh {
		p.Desk.SetTyped(p.edit.at)
	}
	p.rows().show(p.Shared, p.Desk, &p.filter, p.edit, &p.known)
	p.list.set(p.Desk.Problems())
}
