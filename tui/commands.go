package tui

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// The most entries of the palette: more rows than that are found by their
// number all the same.
const (
	maxPlaces   = 3000
	maxProblems = 500
)

// commands lists what the palette finds: the keys of this screen, the screens,
// the keys of the console, those of the other screens, then places.
func commands(m *model) []command {
	list := m.pageCommands(m.at)
	for i, b := range m.keys.Screens {
		list = append(list, m.keyCommand(m.at, b, "go to "+m.pages[screens[i]].Title()))
	}
	for _, b := range m.keys.list(m.pending != "")[len(m.keys.Screens):] {
		if b.Help() != m.keys.Palette.Help() {
			list = append(list, m.keyCommand(m.at, b, widget.Clean(b.Help().Desc)))
		}
	}
	for _, at := range screens {
		if at != m.at && !m.pages[at].Typing() {
			list = append(list, m.pageCommands(at)...)
		}
	}
	return append(append(list, m.placeCommands()...), m.problemCommands()...)
}

// pageCommands are the keys of a page.
func (m *model) pageCommands(at page.Screen) []command {
	p := m.pages[at]
	var list []command
	for _, b := range p.Bindings() {
		list = append(list, m.keyCommand(at, b, p.Title()+": "+widget.Clean(b.Help().Desc)))
	}
	return list
}

// labelNow is what a key is called now, on a screen.
func (m *model) labelNow(at page.Screen, b widget.Binding) widget.Safe {
	return widget.Clean(m.keymap.shown(at, []widget.Binding{b})[0].Help().Key)
}

// keyCommand is the command that presses a key, on its screen.
func (m *model) keyCommand(at page.Screen, b widget.Binding, text widget.Safe) command {
	c := command{text: text, key: m.labelNow(at, b), why: b.Why}
	for i, own := range screens {
		if own == at && at != m.at {
			c.key = m.labelNow(page.Stay, m.keys.Screens[i]) + " " + c.key
		}
	}
	c.run = func() tea.Cmd {
		cmd := m.show(at)
		if len(b.Keys()) == 0 {
			return cmd
		}
		return tea.Batch(cmd, m.key(widget.Press(b.Keys()[0])))
	}
	return c
}

// goTo is the command that shows a cell of a table.
func (m *model) goTo(text widget.Safe, at desk.Place) command {
	return command{text: text, run: func() tea.Cmd {
		return m.apply(page.Effect{Go: page.PolicyScreen, Tell: page.ShowPlace{At: at}})
	}}
}

// placeCommands are the tables, the objects that they define, and their rows.
func (m *model) placeCommands() []command {
	set := m.shared.Desk.Set()
	if set == nil {
		return nil
	}
	var list, rows []command
	for _, k := range tables.Kinds() {
		list = append(list, m.goTo(widget.Format("table %s", k), desk.Place{Kind: k}))
	}
	rows = make([]command, 0, maxPlaces)
	for _, k := range tables.Kinds() {
		first := k.Columns()[0]
		for i, l := range set.File(k).Lines {
			if len(list)+len(rows) >= maxPlaces {
				break
			}
			if len(l.Cells) == 0 {
				continue
			}
			at := desk.Place{Kind: k, Line: i + 1}
			if first.Defines {
				list = append(list, m.goTo(lineText(first.Object.String(), l), at))
			} else {
				rows = append(rows, m.goTo(lineText(k.String()+":"+strconv.Itoa(i+1), l), at))
			}
		}
	}
	return append(list, rows...)
}

// lineText is a line of a table behind what it is. There are thousands of them
// when the palette opens, which Format would take twice the time for.
func lineText(what string, l *tables.Line) widget.Safe {
	var b strings.Builder
	b.Grow(64)
	b.WriteString(what)
	for _, c := range l.Cells {
		b.WriteByte(' ')
		b.WriteString(c.Text)
	}
	return widget.Clean(b.String())
}

// problemCommands are the cells with problems.
func (m *model) problemCommands() []command {
	var list []command
	for _, p := range m.shared.Desk.Problems() {
		if at, ok := desk.PlaceOf(p); ok && len(list) < maxProblems {
			list = append(list, m.goTo(widget.Format("%s %s", p.Severity, p.Error()), at))
		}
	}
	return list
}

// rowCommand goes to a row by its number, as in rules:32.
func (m *model) rowCommand(text string) (command, bool) {
	table, num, ok := strings.Cut(text, ":")
	n, err := strconv.Atoi(num)
	set := m.shared.Desk.Set()
	if !ok || err != nil || set == nil {
		return command{}, false
	}
	for _, k := range tables.Kinds() {
		if !strings.EqualFold(k.String(), table) {
			continue
		}
		if l := set.File(k).Line(n); l != nil && len(l.Cells) > 0 {
			return m.goTo(widget.Format("go to %s:%d %s", k, n, strings.Join(l.Texts(), " ")), desk.Place{Kind: k, Line: n}), true
		}
	}
	return command{}, false
}
