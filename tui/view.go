package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// View draws the screen.
func (m *model) View() tea.View {
	lines, cursor := m.screen()
	if m.movesNoCells {
		lines = widget.Closed(lines, m.layout.width)
	}
	v := tea.NewView(strings.Join(lines, "\n"))
	v.AltScreen = true
	if m.settings.Mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	v.WindowTitle = "mfwtui " + string(m.shared.Host)
	if cursor != nil {
		v.Cursor = tea.NewCursor(cursor.X, cursor.Y)
		v.Cursor.Blink = false
	}
	return v
}

// screen draws exactly as many lines as the screen has.
func (m *model) screen() ([]string, *page.Point) {
	l := m.layout
	if l.small() && m.at != page.TrialScreen {
		return m.tooSmall()
	}
	lines := append([]string{m.stateLine()}, m.tabs())
	view := m.page().Render(l.width, l.body)
	cursor := view.Cursor
	if cursor != nil {
		cursor = &page.Point{X: cursor.X, Y: cursor.Y + len(lines)}
	}
	lines = append(lines, view.Lines...)
	lines = append(lines, m.messageLine())
	lines = append(lines, widget.Hints(m.bindings(), l.width, l.hints, m.shared.Styles)...)
	lines = widget.Fit(lines, l.height)
	if box := m.overlay(); box != nil {
		lines, cursor = m.under(lines, box), nil
	}
	return lines, cursor
}

// under lays a box over the screen. Nothing ever lies over the first line:
// during a trial it is the clock.
func (m *model) under(lines, box []string) []string {
	first := lines[0]
	lines = widget.Overlay(lines, box, m.layout.width)
	lines[0] = first
	return lines
}

// overlay is what lies on top of the page; nil for nothing.
func (m *model) overlay() []string {
	width, height := m.layout.width, m.layout.height-2
	switch {
	case m.dialog != nil:
		return m.dialog.Render(width, height, m.shared.Styles)
	case m.find != nil:
		return m.find.render(width, height, m.shared.Styles)
	case m.help != nil:
		return m.help.render(width, height, m.shared.Styles)
	}
	return nil
}

// tooSmall is the screen without room for pages. The keys that leave and those
// of a trial still work; others would do something that nobody sees.
func (m *model) tooSmall() ([]string, *page.Point) {
	width, st := m.layout.width, m.shared.Styles
	var lines []string
	if m.pending != "" {
		lines = append(lines, widget.NewLine(width, st.Glyphs).Put(st.Alarm, "TRIAL "+m.clock()).Text(widget.Format(" %s opens it, ^r rolls back", m.keymap.name(page.Stay, "0"))).String())
	}
	for _, text := range widget.Format("enlarge to %dx%d or use --plain; q quits", minWidth, minHeight).Wrap(width) {
		lines = append(lines, widget.NewLine(width, st.Glyphs).Text(text).String())
	}
	lines = widget.Fit(lines, m.layout.height)
	if m.dialog != nil {
		return m.under(lines, m.dialog.Render(m.layout.width, m.layout.height, m.shared.Styles)), nil
	}
	return lines, nil
}

// bindings are the keys that the hints show: those of the page, then the
// console's. What lies over the page says itself what it takes, and is left alike.
func (m *model) bindings() []widget.Binding {
	if m.dialog != nil || m.find != nil || m.help != nil {
		return []widget.Binding{widget.Bind("Esc", "close", "esc")}
	}
	own := m.page().Bindings()
	if m.page().Typing() {
		return own
	}
	var global []widget.Binding
	if m.pending != "" {
		global = append(global, m.keys.Trial)
	}
	// Help and quit are never pushed out by the keys of a page.
	return m.keymap.shown(m.at, append(append(global, m.keys.Help, m.keys.Quit, m.keys.Palette, m.keys.Problems), own...))
}

// messageLine is the last note.
func (m *model) messageLine() string {
	st := m.shared.Styles
	how := map[page.NoteKind]style.Style{page.Info: st.Text, page.Good: st.Good, page.Warn: st.Warn, page.Bad: st.Bad}[m.note.Kind]
	l := widget.NewLine(m.layout.width, st.Glyphs)
	if m.note.Text != "" {
		l.Put(how, " "+m.note.Text)
	}
	return l.String()
}
