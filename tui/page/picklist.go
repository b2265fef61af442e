package page

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// pickList lists what this host has for a table: services, interfaces or
// addresses. Typing searches; Enter adds a row, or fills the row that was being
// edited.
type pickList struct {
	*Policy
	kind   tables.Kind
	items  []pickItem
	search widget.Filter
	table  *widget.Table[int]
	ask    desk.Request
	err    error
	into   *desk.Place // the row to fill; nil adds one
	last   int         // the line that was added last
}

// pickItem is a row that can be added, and what else there is to know.
type pickItem struct {
	row  []string
	note string
	// had is the line where the table has it already; 0 for none.
	had int
}

// openPick opens the list for the shown table.
func (p *Policy) openPick(into *desk.Place) Effect {
	l := &pickList{Policy: p, kind: p.kind, into: into}
	columns := []widget.Column{{Width: 1}}
	for i, c := range p.kind.Columns() {
		columns = append(columns, widget.Column{Title: widget.Clean(strings.ToUpper(c.Title)), Width: []int{18, 12, 12}[i], Grow: 1, Middle: i == 2})
	}
	l.table = widget.NewTable[int](append(columns, widget.Column{Title: "ALSO", Width: 16, Grow: 2, Rank: 1})...)
	l.search.Open()
	p.panel = l
	if p.kind == tables.Services {
		return Effect{Cmd: p.Calls.HostServices(&l.ask)}
	}
	return Effect{Cmd: p.Calls.HostInterfaces(&l.ask)}
}

func (l *pickList) take(msg tea.Msg) (Effect, bool) {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		l.search.Paste(msg.Content)
		l.show()
		return Effect{}, true
	case desk.HostServicesMsg:
		if l.ask.Done(msg.N) {
			l.err = msg.Err
			for _, s := range msg.Value {
				l.items = append(l.items, pickItem{row: s.Row(), note: strings.Join(s.Aliases, " ")})
			}
			l.show()
			return Effect{}, true
		}
	case desk.HostInterfacesMsg:
		if l.ask.Done(msg.N) {
			l.err = msg.Err
			for _, i := range msg.Value {
				l.items = append(l.items, l.interfaceItems(i)...)
			}
			l.show()
			return Effect{}, true
		}
	}
	return Effect{}, false
}

// interfaceItems are the rows that an interface gives to the table.
func (l *pickList) interfaceItems(i engine.HostInterface) []pickItem {
	if l.kind == tables.Interfaces {
		note := []string{i.State()}
		if i.Port {
			note = append(note, "port of a bridge")
		}
		return []pickItem{{row: []string{i.Name, i.Zone(), tables.Empty}, note: strings.Join(append(note, i.Words()...), " ")}}
	}
	var items []pickItem
	if row, ok := i.AddressRow(); ok {
		items = append(items, pickItem{row: row, note: "network of " + i.Name + ", " + i.State()})
	}
	if row, ok := i.OwnRow(); ok {
		items = append(items, pickItem{row: row, note: "this host on " + i.Name})
	}
	return items
}

// show marks what the table has, and takes what the search keeps.
func (l *pickList) show() {
	file := l.Desk.Set().File(l.kind)
	for i := range l.items {
		l.items[i].had = hadBy(file, l.items[i].row)
	}
	words := strings.Fields(strings.ToLower(l.search.Text()))
	l.table.Set(widget.Source[int]{
		Len:  len(l.items),
		Key:  func(i int) int { return i },
		Cell: l.cell,
		Keep: func(i int) bool {
			text := strings.ToLower(strings.Join(l.items[i].row, " ") + " " + l.items[i].note)
			return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
		},
	})
}

// hadBy is the line of a table that defines the name of a row, or has the same
// values under another name; 0 for none.
func hadBy(f *tables.File, row []string) int {
	values := row[1:]
	if f.Kind == tables.Interfaces { // a zone has many interfaces
		values = nil
	}
	for i, l := range f.Lines {
		texts := l.Texts()
		if l.IsRow() && len(texts) == len(row) && (texts[0] == row[0] || len(values) > 0 && slices.Equal(texts[1:], values)) {
			return i + 1
		}
	}
	return 0
}

func (l *pickList) cell(i, col int) (widget.Safe, style.Style) {
	item, how := &l.items[i], style.Style{}
	if item.had > 0 {
		how = l.Styles.Dim
	}
	switch {
	case col == 0 && item.had > 0:
		return "=", how
	case col == 0:
		return "", how
	case col <= len(item.row):
		return widget.Clean(item.row[col-1]), how
	case item.had > 0:
		return widget.Format("in %s:%d", l.kind, item.had), how
	}
	return widget.Clean(item.note), l.Styles.Dim
}

func (l *pickList) typing() bool { return true }

func (l *pickList) bindings() []widget.Binding {
	var none widget.Safe
	if _, ok := l.table.Selected(); !ok {
		none = "there is nothing to take"
	}
	enter := "add"
	if l.into != nil {
		enter = "fill the row"
	}
	return pickBindings(enter, none)
}

func pickBindings(enter string, none widget.Safe) []widget.Binding {
	return []widget.Binding{
		widget.Bind("Enter", enter, "enter").Off(none),
		widget.Bind("^n/^p", "down, up", "down", "up", "ctrl+n", "ctrl+p"),
		widget.Bind("Esc", "close", "esc"),
	}
}

func (l *pickList) key(k tea.KeyPressMsg) Effect {
	switch k.String() {
	case "esc":
		l.close()
	case "enter":
		if i, ok := l.table.Selected(); ok {
			return l.pick(&l.items[i])
		}
	default:
		if !moveUnderText(l.table, k) && l.search.Key(k) {
			l.show()
		}
	}
	return Effect{}
}

// moveUnderText moves in a list while a text above it takes the letters.
func moveUnderText[K comparable](table *widget.Table[K], k tea.KeyPressMsg) bool {
	switch k.String() {
	case "ctrl+n":
		k = tea.KeyPressMsg{Code: tea.KeyDown}
	case "ctrl+p":
		k = tea.KeyPressMsg{Code: tea.KeyUp}
	case "down", "up", "pgdown", "pgup":
	default:
		return false
	}
	return table.Key(k)
}

// close shows the tables again, with the row that was added last.
func (l *pickList) close() {
	l.panel = nil
	l.refresh()
	if l.last > 0 && l.edit == nil {
		l.filter.Clear()
		l.refresh()
		l.rows().goTo(desk.Place{Kind: l.kind, Line: l.last, Cell: -1})
	}
}

// pick adds a row, or fills the edited one.
func (l *pickList) pick(item *pickItem) Effect {
	if item.had > 0 && (l.into == nil || item.had != l.into.Line) {
		return say(Warn, "%s:%d has this already", l.kind, item.had)
	}
	if l.into != nil {
		return l.fill(item)
	}
	num := afterRows(l.Desk.Set().File(l.kind))
	err := l.Desk.Edit(desk.Place{Kind: l.kind, Line: num}, func(f *tables.File) error { return f.InsertRow(num, item.row) })
	if err != nil {
		return say(Bad, "%v", err)
	}
	l.last = num
	l.refresh()
	l.show()
	return Effect{
		Cmd: l.Desk.Check(l.Calls),
		Say: &Note{Text: widget.Format("%s:%d %s added (Esc, then %s takes it back)", l.kind, num, item.row[0], l.undoKey()), Kind: Good},
	}
}

// fill writes all cells of the row that was being edited.
func (l *pickList) fill(item *pickItem) Effect {
	at := *l.into
	if err := l.Desk.Edit(at, func(f *tables.File) error { return f.SetRow(at.Line, item.row) }); err != nil {
		return say(Bad, "%v", err)
	}
	p := l.Policy
	p.panel, p.edit = nil, nil
	p.refresh()
	return Effect{
		Cmd: p.Desk.Check(p.Calls),
		Say: &Note{Text: widget.Format("%s:%d is %s now (%s takes it back)", at.Kind, at.Line, item.row[0], p.undoKey()), Kind: Good},
	}
}

func (l *pickList) render(width, height int) View {
	title := l.line(width).Put(l.Styles.Strong, widget.Format(" %s of this host  ", l.kind))
	cursor := &Point{X: l.search.Put(title, l.Styles), Y: 0}
	title.End(l.Styles.Dim, widget.Format("%d of %d", l.table.Shown(), l.table.Len()))
	lines := []string{title.String()}
	switch {
	case l.err != nil:
		lines = append(lines, l.line(width).Put(l.Styles.Bad, widget.Format(" %v", l.err)).String())
	case l.ask.Busy():
		lines = append(lines, l.line(width).Text(" looking ...").String())
	case len(l.items) == 0:
		lines = append(lines, l.line(width).Text(" this host has none").String())
	default:
		lines = append(lines, l.table.Render(width, height-2, l.Styles)...)
	}
	lines = widget.Fit(lines, height-1)
	foot := l.line(width).Put(l.Styles.Dim, " typing searches   = is in the table already")
	if i, ok := l.table.Selected(); ok && l.items[i].note != "" {
		foot = l.line(width).Text(widget.Clean(" " + l.items[i].row[0] + ": " + l.items[i].note))
	}
	return View{Lines: widget.Fit(append(lines, foot.String()), height), Cursor: cursor}
}
