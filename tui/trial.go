package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// takeTrial follows what the guardian says: a trial that began (here, in
// another window, or before this console was started) opens its screen, and
// one that ended closes it.
func (m *model) takeTrial(msg page.TrialMsg) tea.Cmd {
	switch {
	case msg.Err != nil && m.pending != "":
		m.trial.Take(msg.Status, msg.Err)
	case msg.Err != nil:
		m.note = page.Note{Text: widget.Format("whether a trial is pending is not known: %v", msg.Err), Kind: page.Warn}
	case msg.Pending && m.review.Applying():
		// Our own apply, before its flip: its answer opens the trial.
	case msg.Pending:
		return m.openTrial(msg.Status)
	case m.pending != "" && !m.asked.history.Busy():
		return m.shared.Calls.History(&m.asked.history)
	}
	return nil
}

// openTrial shows a trial that runs. Who looks around stays where he is.
func (m *model) openTrial(st engine.TrialStatus) tea.Cmd {
	if st.ID == m.pending {
		m.trial.Open(st)
		return nil
	}
	m.pending = st.ID
	m.trial.Open(st)
	m.dialog, m.help, m.find = nil, nil, nil
	return m.show(page.TrialScreen)
}

// applied takes the answer of an apply.
func (m *model) applied(msg page.AppliedMsg) tea.Cmd {
	if msg.Saved != nil {
		m.shared.Desk.Saved(msg.Saved)
	}
	cmd := m.apply(m.review.Handle(msg))
	if msg.Err != nil {
		return cmd
	}
	return tea.Batch(cmd, m.openTrial(msg.Status))
}

// answered takes the answer to a confirm, a rollback or more time.
func (m *model) answered(msg page.AnsweredMsg) tea.Cmd {
	cmd := m.apply(m.trial.Handle(msg))
	if msg.Err != nil || msg.What == page.Extend {
		return cmd
	}
	return tea.Batch(cmd, m.ended(msg.Status))
}

// ended closes the screen of a trial that is over and says how it ended.
func (m *model) ended(st engine.TrialStatus) tea.Cmd {
	m.pending = ""
	m.asked.trial.Drop() // an answer under way is about the time before
	m.asked.history.Drop()
	to := page.OverviewScreen
	switch st.State {
	case "confirmed":
		m.note = page.Note{Text: "kept: the new rules stay", Kind: page.Good}
	case "rolled back":
		to = page.ReviewScreen
		m.note = page.Note{Text: widget.Format("rolled back: the old rules are in force again. %s", st.Reason), Kind: page.Warn}
	default:
		m.note = page.Note{Text: widget.Format("the trial has ended: %s %s", st.State, st.Reason), Kind: page.Warn}
	}
	cmds := []tea.Cmd{m.shared.Calls.Status(&m.asked.status)}
	if m.at == page.TrialScreen {
		cmds = append(cmds, m.show(to))
	}
	return tea.Batch(cmds...)
}
