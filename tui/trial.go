package tui

import (
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// takeTrial follows what the guardian says: a trial that began (here, in
// another window, or before this console was started) opens its screen, and
// one that ended closes it.
func (m *model) takeTrial(msg desk.TrialMsg) tea.Cmd {
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
func (m *model) applied(msg desk.AppliedMsg) tea.Cmd {
	if msg.Saved != nil {
		m.shared.Desk.Saved(msg.Saved)
	}
	cmd := m.apply(m.review.Handle(msg))
	var changed *engine.ErrChanged
	switch {
	case errors.As(msg.Err, &changed): // the save before it was refused
		return tea.Batch(cmd, m.apply(m.policy.Handle(desk.SavedMsg{Err: msg.Err})))
	case msg.Err != nil:
		return cmd
	}
	return tea.Batch(cmd, m.openTrial(msg.Status))
}

// answered takes the answer to a confirm, a rollback or more time.
func (m *model) answered(msg desk.AnsweredMsg) tea.Cmd {
	cmd := m.apply(m.trial.Handle(msg))
	if msg.Err != nil || msg.What == desk.Extend {
		return cmd
	}
	now := m.shared.Now()
	return tea.Batch(cmd, m.ended(ending{msg.Status.State, msg.Status.Reason, now, now.Sub(msg.Status.Since)}))
}

// takeHistory says how a trial ended: the one that was followed, or, in a
// console that was just opened, the last one when it was undone.
func (m *model) takeHistory(msg desk.HistoryMsg) tea.Cmd {
	switch {
	case m.asked.history.Done(msg.N):
		return m.ended(outcome(msg.Value, m.pending))
	case m.asked.last.Done(msg.N):
		if msg.Err == nil && len(msg.Value) > 0 && m.pending == "" && m.note.Text == "" {
			m.note = m.whileAway(&msg.Value[0])
		}
		return nil
	}
	return m.all(msg) // a page asked
}

// recent is how long ago a rollback may be for a new console to tell of it.
const recent = time.Hour

// whileAway tells of a rollback that nobody may have seen: that of a trial
// whose session broke off.
func (m *model) whileAway(g *engine.Generation) page.Note {
	at := g.When.Add(g.Took)
	if g.Result != engine.RolledBack || m.shared.Now().Sub(at) > recent {
		return page.Note{}
	}
	return page.Note{Text: widget.Format("rolled back at %s: %s; the tables stay as they are", at.Format("15:04:05"), g.Reason), Kind: page.Warn}
}

// outcome finds how a transaction ended.
func outcome(list []engine.Generation, id string) ending {
	for _, g := range list {
		if g.ID == id {
			return ending{state: g.Result, reason: g.Reason, at: g.When.Add(g.Took), took: g.Took}
		}
	}
	return ending{}
}

// ending is how a transaction ended.
type ending struct {
	state  engine.TrialState
	reason string
	at     time.Time
	took   time.Duration
}

// ended closes the screen of a trial that is over and says how it ended.
func (m *model) ended(how ending) tea.Cmd {
	told := desk.TrialEnded{ID: m.pending, State: how.state}
	m.pending = ""
	m.asked.trial.Drop() // an answer under way is about the time before
	m.asked.history.Drop()
	to := page.OverviewScreen
	switch how.state {
	case engine.Confirmed:
		m.note = page.Note{Text: widget.Format("kept: the new rules stay, after %d s on trial", int(how.took.Round(time.Second).Seconds())), Kind: page.Good}
	case engine.RolledBack:
		to = page.ReviewScreen
		m.note = page.Note{Text: widget.Format("rolled back at %s: %s; %s", how.at.Format("15:04:05"), how.reason, m.keptEdits()), Kind: page.Warn}
	default:
		m.note = page.Note{Text: widget.Format("the trial has ended: %s %s", how.state, how.reason), Kind: page.Warn}
	}
	cmds := []tea.Cmd{m.shared.Calls.Status(&m.asked.status), m.apply(m.review.Handle(told)), m.apply(m.pages[page.OverviewScreen].Handle(told))}
	if m.at == page.TrialScreen {
		cmds = append(cmds, m.show(to))
	}
	return tea.Batch(cmds...)
}

// keptEdits says where the edits are that were tried: an apply saves them
// first.
func (m *model) keptEdits() string {
	switch n := m.shared.Desk.Staged(); n {
	case 0:
		return "your edits stay in the tables"
	case 1:
		return "your 1 staged change stays staged"
	default:
		return fmt.Sprintf("your %d staged changes stay staged", n)
	}
}
