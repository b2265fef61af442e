package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"

	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Update routes a message. What it is about is decided in the pages.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.layout = newLayout(msg.Width, msg.Height)
	case tea.KeyPressMsg:
		m.trial.Heard(0)
		m.clicked = false
		return m, m.press(msg)
	case tea.MouseClickMsg:
		return m, m.click(msg.Mouse())
	case tea.MouseWheelMsg:
		return m, m.wheel(msg.Mouse())
	case tea.PasteMsg:
		return m, m.paste(msg)
	case uv.PrimaryDeviceAttributesEvent:
		m.trial.Heard(m.link.answered())
		return m, m.release()
	case releaseMsg:
		return m, m.release()
	case editMsg:
		return m, m.openEditor()
	case tea.BackgroundColorMsg:
		m.fitBackground(msg.IsDark())
	case tickMsg:
		return m, m.tick()
	case desk.LoadedMsg:
		if !m.shared.Desk.TakeLoaded(msg) {
			return m, nil
		}
		return m, tea.Batch(m.shared.Desk.Check(m.shared.Calls), m.all(msg))
	case desk.CheckedMsg:
		m.shared.Desk.TakeChecked(msg)
		return m, tea.Batch(m.shared.Desk.Check(m.shared.Calls), m.all(msg))
	case desk.SavedMsg:
		if !m.shared.Desk.TakeSaved(msg) {
			return m, nil
		}
		if m.leaving && msg.Err == nil {
			return m, m.leave()
		}
		m.leaving = false
		return m, tea.Batch(m.apply(m.policy.Handle(msg)), m.shared.Calls.Status(&m.asked.status))
	case desk.StatusMsg:
		if m.asked.status.Done(msg.N) {
			m.status, m.statusErr = msg.Value, msg.Err
			return m, m.all(msg)
		}
	case desk.TrialMsg:
		if m.asked.trial.Done(msg.N) {
			return m, m.takeTrial(msg)
		}
	case desk.AppliedMsg:
		return m, m.applied(msg)
	case desk.AnsweredMsg:
		return m, m.answered(msg)
	case desk.HistoryMsg:
		return m, m.takeHistory(msg)
	default:
		return m, m.all(msg)
	}
	return m, nil
}

// takesPaste reports whether a page has a use for a paste now.
func takesPaste(p page.Page) bool {
	if paster, ok := p.(page.Paster); ok {
		return paster.TakesPaste()
	}
	return p.Typing()
}

// all gives a message to every page; those that do not wait for it drop it.
func (m *model) all(msg tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	for _, at := range append(screens[:], page.TrialScreen) {
		cmds = append(cmds, m.apply(m.pages[at].Handle(msg)))
	}
	return tea.Batch(cmds...)
}

// How often things are looked at that no page asks for, in seconds.
const (
	statusEvery    = 5
	idleTrialEvery = 2
	diskEvery      = 3
)

// tick looks at what moves by itself: the guardian each second while a trial
// runs, since another administrator may answer it.
func (m *model) tick() tea.Cmd {
	m.ticks++
	cmds := []tea.Cmd{tick()}
	if m.meter() {
		cmds = append(cmds, m.link.ask(""))
	}
	if m.pace.second() || m.at == page.TrialScreen {
		m.read = m.shared.Now()
		cmds = append(cmds, m.apply(m.page().Handle(page.Tick{})))
	}
	if !m.asked.trial.Busy() && (m.pending != "" || m.ticks%idleTrialEvery == 0) {
		cmds = append(cmds, m.shared.Calls.Trial(&m.asked.trial))
	}
	if !m.asked.status.Busy() && m.ticks%statusEvery == 0 {
		cmds = append(cmds, m.shared.Calls.Status(&m.asked.status))
	}
	if m.ticks%diskEvery == 0 {
		cmds = append(cmds, m.shared.Desk.WatchDisk(m.shared.Calls))
	}
	return tea.Batch(cmds...)
}

// press takes a key from the keyboard. A key that is a command is turned into
// the one that the screen knows.
func (m *model) press(k tea.KeyPressMsg) tea.Cmd {
	if m.dialog == nil && m.help == nil && m.find == nil && !m.page().Typing() {
		turned, ok := m.keymap.press(m.at, k)
		if !ok {
			return nil
		}
		k = turned
	}
	under := m.help != nil
	cmd := m.key(k)
	if m.movesNoCells && under != (m.help != nil) {
		return tea.Batch(cmd, tea.ClearScreen) // or what moved under the help would be moved by DL
	}
	return cmd
}

// key routes a key: what lies on top gets it first.
func (m *model) key(k tea.KeyPressMsg) tea.Cmd {
	switch {
	case m.editing != nil:
		return nil // it is meant for the editor
	case m.dialog != nil:
		return m.dialogKey(k)
	case m.keys.Leave.Is(k):
		m.find, m.help = nil, nil
		return m.quit()
	case m.find != nil:
		return m.findKey(k)
	case m.help != nil:
		if !m.help.key(k) {
			m.help = nil
		}
		return nil
	}
	p := m.page()
	if m.layout.small() && m.at != page.TrialScreen {
		return m.smallKey(k)
	}
	if m.note = (page.Note{}); !p.Typing() {
		if cmd, ok := m.global(k); ok {
			return cmd
		}
	}
	for _, b := range p.Bindings() {
		if b.Why != "" && b.Is(k) {
			m.note = page.Note{Text: b.Why, Kind: page.Warn}
			return nil
		}
	}
	return m.apply(p.Key(k))
}

// smallKey handles a key on a screen without room for pages.
func (m *model) smallKey(k tea.KeyPressMsg) tea.Cmd {
	switch {
	case m.pending != "" && m.keys.Trial.Is(k):
		return m.show(page.TrialScreen)
	case m.pending != "" && m.trial.RollsBack(k):
		return m.apply(m.trial.Key(k))
	case m.keys.Redraw.Is(k):
		return tea.ClearScreen
	case m.keys.Quit.Is(k):
		return m.quit()
	}
	return nil
}

// global does what the keys of the console say.
func (m *model) global(k tea.KeyPressMsg) (tea.Cmd, bool) {
	for i, b := range m.keys.Screens {
		if b.Is(k) {
			return m.show(screens[i]), true
		}
	}
	switch {
	case m.keys.Trial.Is(k) && m.pending != "":
		return m.show(page.TrialScreen), true
	case m.keys.Help.Is(k):
		m.help = newHelp(m)
		return nil, true
	case m.keys.Palette.Is(k):
		m.find = newPalette(m)
		return nil, true
	case m.keys.Problems.Is(k):
		m.policy.ShowProblems(m.at != page.PolicyScreen || !m.policy.ProblemsShown())
		return m.show(page.PolicyScreen), true
	case m.keys.Copy.Is(k):
		return m.copy(), true
	case m.keys.Redraw.Is(k):
		return tea.ClearScreen, true
	case m.keys.Faster.Is(k):
		m.turnPace(-1)
		return nil, true
	case m.keys.Slower.Is(k):
		m.turnPace(1)
		return nil, true
	case m.keys.Quit.Is(k):
		return m.quit(), true
	}
	return nil, false
}

// copy puts what the page has selected on the person's clipboard (OSC 52).
func (m *model) copy() tea.Cmd {
	var text string
	if p, ok := m.page().(page.Copier); ok {
		text = p.Copied()
	}
	if text == "" {
		m.note = page.Note{Text: "there is nothing to copy here", Kind: page.Warn}
		return nil
	}
	m.note = page.Note{Text: widget.Format("copied %d bytes, if this terminal allows it (OSC 52)", len(text))}
	if len(text) > desk.MaxCopy {
		text = text[:strings.LastIndexByte(text[:desk.MaxCopy], '\n')+1]
		m.note = page.Note{Text: widget.Format("CUT: copied the first %d bytes only, a terminal takes no more", len(text)), Kind: page.Warn}
	}
	return m.apply(page.Effect{Copy: text})
}

// paste gives a text to whatever is being typed. A dialog takes none.
func (m *model) paste(msg tea.PasteMsg) tea.Cmd {
	switch {
	case m.dialog != nil:
	case m.find != nil:
		m.find.paste(msg.Content)
	case m.help == nil && takesPaste(m.page()):
		return m.apply(m.page().Handle(msg))
	}
	return nil
}

// findKey gives a key to the palette and runs what it chose.
func (m *model) findKey(k tea.KeyPressMsg) tea.Cmd {
	chosen, done := m.find.key(k, m.shared.Now())
	if done {
		m.find = nil
	}
	if chosen == nil {
		return nil
	}
	m.note = page.Note{}
	return chosen.run()
}

func (m *model) dialogKey(k tea.KeyPressMsg) tea.Cmd {
	ask := m.dialog
	switch answer := ask.Dialog.Key(k, m.shared.Now()); answer {
	case widget.Open:
		return nil
	case widget.No:
		m.dialog = nil
		return nil
	default:
		m.dialog = nil
		return m.apply(ask.Then(int(answer)))
	}
}
