package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// fenceLimit is how long the console waits for an answer of the terminal before
// it ends or gives the terminal away. Whoever leaves within one round trip of a
// slow link would otherwise find the answer at his shell prompt, as typed text.
const fenceLimit = 1200 * time.Millisecond

// quit ends the console, after a question when that loses edits or leaves a
// trial alone.
func (m *model) quit() tea.Cmd {
	dirty := len(m.shared.Desk.Dirty()) > 0
	d := &widget.Dialog{Title: "Quit"}
	switch {
	case m.review.Applying():
		m.note = page.Note{Text: "an apply is under way; wait for its countdown", Kind: page.Warn}
		return nil
	case m.pending != "":
		d.Text = []widget.Safe{"New rules are on trial.", "When you leave, the old rules come back when the time is over, unless somebody confirms elsewhere (mfwtui confirm)."}
		if dirty {
			d.Text = append(d.Text, widget.Format("Not saved: %s would be lost.", m.shared.Desk.StagedLines()))
		}
		d.Choices = []widget.Choice{{Key: "y", Does: "leave; the rollback stays armed"}}
		return m.ask(d, func(int) page.Effect { return page.Effect{Cmd: m.leave()} })
	case dirty:
		d.Text = []widget.Safe{widget.Format("Not saved: %s.", m.shared.Desk.StagedLines())}
		d.Choices = []widget.Choice{{Key: "s", Does: "save, then quit"}, {Key: "y", Does: "quit, and drop my changes"}}
		return m.ask(d, func(choice int) page.Effect {
			if choice == 0 {
				m.leaving = true
				return page.Effect{Cmd: m.shared.Desk.Save(m.shared.Calls)}
			}
			return page.Effect{Cmd: m.leave()}
		})
	}
	return m.leave()
}

func (m *model) ask(d *widget.Dialog, then func(int) page.Effect) tea.Cmd {
	return m.apply(page.Effect{Ask: &page.Ask{Dialog: d, Then: then}})
}

// leave ends the program as soon as the terminal has answered what it was
// asked, or did not in time.
func (m *model) leave() tea.Cmd { return m.whenAnswered(tea.Quit) }

// whenAnswered runs a command as soon as the terminal has answered what it was
// asked, or did not in time.
func (m *model) whenAnswered(cmd tea.Cmd) tea.Cmd {
	since, waiting := m.link.open()
	if !waiting || since >= fenceLimit {
		return cmd
	}
	m.held = cmd
	return tea.Tick(fenceLimit-since, func(time.Time) tea.Msg { return releaseMsg{} })
}

// release runs what was held back, once.
func (m *model) release() tea.Cmd {
	cmd := m.held
	m.held = nil
	return cmd
}
