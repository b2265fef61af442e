package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/settings"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// model is the console.
type model struct {
	shared *page.Shared
	keys   globalKeys
	keymap keymap
	layout layout

	pages  map[page.Screen]page.Page
	policy *page.Policy
	review *page.Review
	trial  *page.Trial
	at     page.Screen
	before page.Screen // where Back leads

	dialog *page.Ask // nil: none is open
	help   *help     // nil: closed
	find   *palette  // nil: closed
	note   page.Note

	status    engine.Status
	statusErr error
	asked     struct{ status, trial, history, last desk.Request }
	ticks     int
	pending   string // id of the trial that runs; empty for none

	link     *link
	pace     pace
	sparks   []string // the glyphs of sparklines, while the link is good
	read     time.Time
	held     tea.Cmd // waits for the terminal's answers
	leaving  bool
	clicked  bool // what is selected was clicked on, and no key was pressed since
	settings settings.Settings
	profile  colorprofile.Profile

	movesNoCells bool // the terminal can neither insert nor delete characters, nor lines

	env     []string    // of the person
	editing *desk.Place // where the editor is about to be opened; nil: nowhere
	away    *outside    // another program has the terminal
}

// newModel makes the console for a backend.
func newModel(ctx context.Context, b engine.Backend, st *style.Styles, now func() time.Time) *model {
	s := &page.Shared{
		Calls: desk.NewCalls(ctx, b), Styles: st, Desk: &desk.Desk{},
		Host: widget.Clean(b.Host()), Now: now,
	}
	m := &model{
		shared: s, keys: newGlobalKeys(), layout: newLayout(80, 24), pages: newPages(s),
		at: page.OverviewScreen, before: page.OverviewScreen, link: &link{now: now}, read: now(),
		away: &outside{},
	}
	m.settings = settings.Default()
	m.pace.chosen, m.sparks = m.settings.Refresh, st.Glyphs.Spark
	m.policy = m.pages[page.PolicyScreen].(*page.Policy)
	m.review = m.pages[page.ReviewScreen].(*page.Review)
	m.trial = m.pages[page.TrialScreen].(*page.Trial)
	return m
}

// newPages makes the screens.
func newPages(s *page.Shared) map[page.Screen]page.Page {
	return map[page.Screen]page.Page{
		page.OverviewScreen: page.NewOverview(s),
		page.PolicyScreen:   page.NewPolicy(s),
		page.ReviewScreen:   page.NewReview(s),
		page.FlowsScreen:    page.NewFlows(s),
		page.CountersScreen: page.NewCounters(s),
		page.ExplainScreen:  page.NewExplain(s),
		page.HistoryScreen:  page.NewHistory(s),
		page.TrialScreen:    page.NewTrial(s),
	}
}

// page is the visible page.
func (m *model) page() page.Page { return m.pages[m.at] }

// Init reads the tables, the state, and whether a trial is pending.
func (m *model) Init() tea.Cmd {
	return tea.Batch(
		m.link.ask(m.background()),
		m.shared.Desk.Load(m.shared.Calls),
		m.shared.Calls.Status(&m.asked.status),
		m.shared.Calls.Trial(&m.asked.trial),
		m.shared.Calls.History(&m.asked.last),
		m.apply(m.page().Handle(page.Shown{})),
		tick(),
	)
}

func tick() tea.Cmd { return tea.Tick(time.Second, func(t time.Time) tea.Msg { return tickMsg(t) }) }

// apply does what a page wants and returns the command to run.
func (m *model) apply(e page.Effect) tea.Cmd {
	cmds := []tea.Cmd{e.Cmd}
	if e.Say != nil {
		m.note = *e.Say
	}
	if e.Ask != nil {
		e.Ask.Dialog.Show(m.shared.Now())
		m.dialog = e.Ask
	}
	if e.Edit != nil {
		cmds = append(cmds, m.edit(*e.Edit))
	}
	if e.Copy != "" {
		cmds = append(cmds, tea.SetClipboard(e.Copy))
	}
	switch e.Go {
	case page.Stay:
	case page.Back:
		cmds = append(cmds, m.show(m.before))
	default:
		cmds = append(cmds, m.show(e.Go))
	}
	if e.Tell != nil {
		cmds = append(cmds, m.apply(m.page().Handle(e.Tell)))
	}
	return tea.Batch(cmds...)
}

// show changes the screen.
func (m *model) show(to page.Screen) tea.Cmd {
	if to == m.at {
		return nil
	}
	hidden := m.apply(m.page().Handle(page.Hidden{}))
	m.before, m.at = m.at, to
	if m.before == page.TrialScreen { // Back never leads from the trial to itself
		m.before = to
	}
	return tea.Batch(hidden, m.apply(m.page().Handle(page.Shown{})))
}
