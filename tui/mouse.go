package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// wheelRows is how many rows a notch of the wheel moves.
const wheelRows = 3

// click handles a click: on a tab, on what the page shows, on a hint. What was
// clicked on is opened by another click, as by Enter. A dialog
// is answered from the keyboard alone, and so is a trial: there a click does
// nothing, wherever it lands.
func (m *model) click(at tea.Mouse) tea.Cmd {
	switch {
	case at.Button != tea.MouseLeft, m.dialog != nil, m.find != nil, m.layout.small(), m.at == page.TrialScreen:
		return nil
	case m.help != nil:
		m.help = nil
		return nil
	case at.Y >= m.layout.height-m.layout.hints:
		return m.clickHint(at.X, at.Y-(m.layout.height-m.layout.hints))
	case m.page().Typing():
		return nil
	case at.Y == 1:
		return m.clickTab(at.X)
	}
	if c, ok := m.page().(page.Clicker); ok && at.Y >= headLines && at.Y < headLines+m.layout.body {
		again := m.clicked // a first click only selects, also what is selected already
		m.clicked = true
		if hit := c.Click(at.X, at.Y-headLines); hit == widget.Again && again {
			m.clicked = false
			return m.key(widget.Press("enter"))
		}
	}
	return nil
}

func (m *model) clickTab(x int) tea.Cmd {
	labels, active := m.tabLabels()
	i, ok := widget.TabAt(labels, active, m.layout.width, x)
	if !ok {
		return nil
	}
	trial := len(labels) - len(screens) // its tab comes first, while one runs
	if i < trial {
		return m.show(page.TrialScreen)
	}
	return m.show(screens[i-trial])
}

// clickHint does what the key of the hint does.
func (m *model) clickHint(x, y int) tea.Cmd {
	b, ok := widget.HintAt(m.bindings(), m.layout.width, m.layout.hints, x, y)
	if !ok || len(b.Keys()) == 0 {
		return nil
	}
	return m.key(widget.Press(b.Keys()[0]))
}

// wheel moves in the list that is shown.
func (m *model) wheel(at tea.Mouse) tea.Cmd {
	var key tea.KeyPressMsg // an arrow: a letter would be typed into a search
	switch at.Button {
	case tea.MouseWheelDown:
		key = widget.Press("down")
	case tea.MouseWheelUp:
		key = widget.Press("up")
	default:
		return nil
	}
	var cmds []tea.Cmd
	for range wheelRows {
		switch {
		case m.dialog != nil, m.layout.small():
		case m.find != nil:
			m.find.key(key, m.shared.Now())
		case m.help != nil:
			m.help.key(key)
		case !m.page().Typing():
			cmds = append(cmds, m.apply(m.page().Key(key)))
		}
	}
	return tea.Batch(cmds...)
}
