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

// rowPicker chooses the row that a person expected to decide. Rows between the
// zones of the packet come first.
type rowPicker struct {
	rows   []pickRow
	editor *widget.Editor
	table  *widget.Table[engine.RowRef]
	st     *style.Styles
}

type pickRow struct {
	ref  engine.RowRef
	text string
	near bool // between the zones of the packet
}

// startPick opens the choice of a row.
func (e *Explain) startPick() {
	p := &rowPicker{
		editor: widget.NewEditor(""), st: e.Styles,
		table: widget.NewTable[engine.RowRef](
			widget.Column{Title: "ROW", Width: 13}, widget.Column{Title: "RULE", Width: 30, Grow: 1},
			widget.Column{Title: "ZONES", Width: 5, Rank: 1}),
	}
	src, dst := e.zones()
	for _, k := range []tables.Kind{tables.Rules, tables.Virtuals} {
		for i, l := range e.set.File(k).Lines {
			if l.IsRow() {
				cells := l.Texts()
				p.rows = append(p.rows, pickRow{ref: engine.RowRef{Kind: k, Line: i + 1}, text: strings.Join(cells, " "), near: between(k, cells, src, dst)})
			}
		}
	}
	slices.SortStableFunc(p.rows, func(a, b pickRow) int { return rank(a) - rank(b) })
	e.pick = p
	p.fill()
}

func rank(r pickRow) int {
	if r.near {
		return 0
	}
	return 1
}

// between reports whether a row is about packets from one zone to another.
func between(k tables.Kind, cells []string, src, dst string) bool {
	if len(cells) < 2 || cells[0] != src {
		return false
	}
	return k == tables.Virtuals || cells[1] == dst || cells[1] == tables.All
}

// zones are those that the packet comes from and goes to.
func (e *Explain) zones() (src, dst string) {
	x := e.explained(liveSide)
	if dst = e.zone(x.Packet.Out); x.Local {
		dst = tables.FW
	}
	return e.zone(x.Packet.In), dst
}

// zone is the zone of an interface; empty for none.
func (e *Explain) zone(iface string) string {
	if cfg := e.Desk.Config(); cfg != nil && iface != "" {
		return desk.ZoneOf(cfg, iface)
	}
	return ""
}

// containsAll reports whether a text holds every word, which are lower case.
func containsAll(text string, words []string) bool {
	text = strings.ToLower(text)
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}

// fill shows the rows that hold every word that was typed.
func (p *rowPicker) fill() {
	words := strings.Fields(strings.ToLower(p.editor.Text()))
	p.table.Set(widget.Source[engine.RowRef]{
		Len: len(p.rows),
		Key: func(i int) engine.RowRef { return p.rows[i].ref },
		Cell: func(i, col int) (widget.Safe, style.Style) {
			r := &p.rows[i]
			switch {
			case col == 0:
				return widget.Clean(r.ref.String()), p.st.Text
			case col == 1:
				return widget.Clean(r.text), p.st.Text
			case r.near:
				return "match", p.st.Good
			}
			return "", p.st.Text
		},
		Keep: func(i int) bool { return containsAll(p.rows[i].ref.String()+" "+p.rows[i].text, words) },
	})
}

func (e *Explain) pickKey(k tea.KeyPressMsg) Effect {
	p := e.pick
	switch k.String() {
	case "esc":
		e.pick = nil
	case "enter":
		if i, ok := p.table.Selected(); ok {
			e.why, e.pick = p.rows[i].ref, nil
		}
	default:
		if !moveUnderText(p.table, k) && p.editor.Key(k) {
			p.fill()
		}
	}
	return Effect{}
}

func (p *rowPicker) bindings() []widget.Binding {
	return []widget.Binding{
		widget.Bind("Enter", "why not this one", "enter"),
		widget.Bind("^n/^p", "other row", "down", "up", "ctrl+n", "ctrl+p", "pgup", "pgdown"),
		widget.Bind("Esc", "back", "esc"),
	}
}

// render draws the choice.
func (p *rowPicker) render(s *Shared, width, height int) ([]string, *Point) {
	l := s.line(width).Put(s.Styles.Strong, " why not which row? ")
	text, at := p.editor.View(l.Left() - 1)
	x := width - l.Left() + at
	l.Put(s.Styles.Input, text)
	return append([]string{l.String()}, p.table.Render(width, height-1, s.Styles)...), &Point{X: x}
}
