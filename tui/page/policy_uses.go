package page

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// object is a name that the tables define in one place and use in others. The
// zero value is none.
type object struct {
	class tables.Object
	name  string
}

// objectAt is the object that a cell holds, or else the one that its row
// defines; none for a word with a meaning of its own, such as ALL.
func objectAt(set *tables.Set, at desk.Place) object {
	line, columns, cell := set.File(at.Kind).Line(at.Line), at.Kind.Columns(), at.Cell
	if cell < 0 || cell >= len(columns) || columns[cell].Object == tables.NoObject {
		cell = slices.IndexFunc(columns, func(c tables.Column) bool { return c.Defines })
	}
	if line == nil || cell < 0 || cell >= len(line.Cells) {
		return object{}
	}
	return object{columns[cell].Object, line.Cells[cell].Text}
}

// usesOf lists where an object is used. The answer is kept, since the inspector
// asks each time the screen is drawn.
func (p *Policy) usesOf(o object) []tables.Use {
	if set := p.Desk.Set(); p.used.set != set || p.used.object != o {
		p.used = knownUses{set, o, set.WhereUsed(o.class, o.name)}
	}
	return p.used.uses
}

// knownUses is where an object is used in a set of tables.
type knownUses struct {
	set    *tables.Set
	object object
	uses   []tables.Use
}

// useList lists every cell that holds the name of an object.
type useList struct {
	of     object
	origin desk.Place // where it was opened
	set    *tables.Set
	uses   []tables.Use
	table  *widget.Table[tables.Use]
}

// showUses lists where the object under the cursor is used.
func (p *Policy) showUses() Effect {
	at, ok := p.place()
	if !ok {
		return Effect{}
	}
	o := objectAt(p.Desk.Set(), at)
	uses := p.usesOf(o)
	switch {
	case o == (object{}):
		return say(Warn, "there is no object here; move to an address, a service or a zone")
	case len(uses) == 0:
		return say(Warn, "%s is no object: it has a meaning of its own", o.name)
	}
	p.uses = &useList{of: o, origin: at, set: p.Desk.Set(), uses: uses, table: widget.NewTable[tables.Use](
		widget.Column{Width: 1},
		widget.Column{Title: "WHERE", Width: 14},
		widget.Column{Title: "COLUMN", Width: 11},
		widget.Column{Title: "ROW", Width: 20, Grow: 1},
	)}
	p.uses.table.Set(widget.Source[tables.Use]{
		Len:  len(uses),
		Key:  func(i int) tables.Use { return uses[i] },
		Cell: func(i, col int) (widget.Safe, style.Style) { return p.uses.cell(p.Styles, uses[i], col) },
	})
	p.uses.table.Select(tables.Use{Kind: at.Kind, Num: at.Line, Cell: at.Cell})
	return Effect{}
}

func (l *useList) cell(st *style.Styles, u tables.Use, col int) (widget.Safe, style.Style) {
	how := st.Text
	if u.Disabled {
		how = st.Dim
	}
	switch col {
	case 0:
		switch {
		case u.Disabled:
			return "x", how
		case u.Defines:
			return "=", st.Strong
		}
		return "", how
	case 1:
		return widget.Clean(desk.Place{Kind: u.Kind, Line: u.Num}.String()), how
	case 2:
		return widget.Clean(u.Kind.Columns()[u.Cell].Title), how
	}
	return rowText(l.set, u), how
}

// rowText is the row of a use in one line.
func rowText(set *tables.Set, u tables.Use) widget.Safe {
	return widget.Clean(strings.Join(set.File(u.Kind).Line(u.Num).Texts(), " "))
}

func (l *useList) bindings() []widget.Binding {
	return []widget.Binding{
		widget.Bind("Enter", "go there", "enter"),
		widget.Bind("Esc", "back to the table", "esc", "v"),
	}
}

// usesKey handles a key while the list is open.
func (p *Policy) usesKey(k tea.KeyPressMsg) Effect {
	l := p.uses
	switch k.String() {
	case "esc", "v":
		p.jump(l.origin)
	case "enter":
		if i, ok := l.table.Selected(); ok {
			u := l.uses[i]
			p.jump(desk.Place{Kind: u.Kind, Line: u.Num, Cell: u.Cell})
			p.visiting = l
		}
	default:
		l.table.Key(k)
	}
	return Effect{}
}

// backToUses opens the list again that led to this cell, unless the tables were
// edited since.
func (p *Policy) backToUses() {
	if l := p.visiting; l != nil && l.set == p.Desk.Set() {
		p.uses = l
	}
	p.visiting = nil
}

// countUses says how often an object is defined, used, and used in rows that are
// off.
func countUses(uses []tables.Use) (defined, used, off int) {
	for _, u := range uses {
		switch {
		case u.Disabled:
			off++
		case u.Defines:
			defined++
		default:
			used++
		}
	}
	return defined, used, off
}

func (l *useList) render(s *Shared, width, height int) []string {
	defined, used, off := countUses(l.uses)
	title := s.line(width).Put(s.Styles.Strong, widget.Format(" %s %s", l.of.class, l.of.name)).
		Text(widget.Format("   %s, %s", words.Plural(used, "use"), words.Plural(defined, "definition")))
	if off > 0 {
		title.Put(s.Styles.Dim, widget.Format(", %d in rows that are switched off", off))
	}
	if used == 0 && off == 0 {
		title.Put(s.Styles.Warn, "   nothing uses it")
	}
	lines := append([]string{title.String()}, l.table.Render(width, height-3, s.Styles)...)
	lines = append(widget.Fit(lines, height-2), s.rule(width))
	if i, ok := l.table.Selected(); ok {
		lines = append(lines, s.line(width).Text(" "+rowText(l.set, l.uses[i])).String())
	}
	return widget.Fit(lines, height)
}

// copied is the list as text.
func (l *useList) copied() string {
	var b strings.Builder
	for _, u := range l.uses {
		b.WriteString(desk.Place{Kind: u.Kind, Line: u.Num}.String() + ": " + l.set.File(u.Kind).Line(u.Num).String() + "\n")
	}
	return b.String()
}
