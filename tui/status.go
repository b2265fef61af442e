package tui

import (
	"fmt"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// stateLine is the first line: where you are, whether the kernel runs what was
// applied, what is staged, and the time. During a trial it is the clock.
func (m *model) stateLine() string {
	st := m.shared.Styles
	l := widget.NewLine(m.layout.width, st.Glyphs)
	if m.pending != "" && m.layout.width < minWidth {
		return l.Put(st.Alarm, " TRIAL "+m.clock()+" ").String()
	}
	l.Put(st.Strong, " mfwtui  "+m.shared.Host+"  ")
	if m.pending != "" {
		l.Put(st.Alarm, " TRIAL - NOT KEPT YET ").Put(st.Strong, "  rollback in "+m.clock())
	} else {
		text, how := m.liveState()
		l.Text(" LIVE ").Put(how, text)
		staged := m.shared.Desk.Staged()
		how = st.Text
		if staged > 0 {
			how = st.Changed
		}
		l.Text("   STAGED ").Put(how, widget.Format("%d", staged))
		text, how = m.checkState()
		l.Text("   check ").Put(how, text)
		if len(m.shared.Desk.Elsewhere()) > 0 {
			l.Text("   DISK ").Put(st.Warn, "changed")
		}
	}
	return l.End(st.Dim, widget.Clean(m.shared.Now().Format("15:04:05"))+" ").String()
}

// clock is the time left as the guardian says.
func (m *model) clock() widget.Safe { return page.Clock(m.trial.Left()) }

// liveState says whether the kernel runs what was applied last.
func (m *model) liveState() (widget.Safe, style.Style) {
	st := m.shared.Styles
	switch {
	case m.statusErr != nil:
		return "unknown", st.Bad
	case m.status.Version == "" && m.status.Current == nil:
		return "...", st.Dim
	case m.status.Current == nil:
		return "nothing applied", st.Warn
	case m.status.Drift == nil || m.status.Drift.Empty():
		return "in sync", st.Good
	}
	return "DRIFT", st.Warn
}

// checkState counts the problems of the tables.
func (m *model) checkState() (widget.Safe, style.Style) {
	st := m.shared.Styles
	errors, warnings := m.shared.Desk.Problems().Count()
	switch {
	case m.shared.Desk.Config() == nil && errors == 0:
		return "...", st.Dim
	case errors > 0:
		return widget.Clean(fmt.Sprintf("%dE %dW", errors, warnings)), st.Bad
	case warnings > 0:
		return widget.Clean(fmt.Sprintf("%dW", warnings)), st.Warn
	}
	return "ok", st.Good
}

// tabs is the second line; a rule while the trial covers the screens.
func (m *model) tabs() string {
	if m.at == page.TrialScreen {
		return widget.Ruler(m.layout.width, m.shared.Styles)
	}
	labels, active := make([]widget.Safe, 0, len(screens)+1), 0
	if m.pending != "" {
		labels, active = append(labels, "0 TRIAL"), 1
	}
	first := active
	for i, at := range screens {
		if at == m.at {
			active = first + i
		}
		labels = append(labels, widget.Format("%d %s", i+1, m.pages[at].Title()))
	}
	return widget.Tabs(labels, active, m.layout.width, m.shared.Styles)
}
