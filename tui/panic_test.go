package tui

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/settings"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// explosive is a console that panics when "!" is pressed: in Update, in View, in
// a command, in one of several commands.
type explosive struct {
	*model
	where string
	lit   bool
}

func (e explosive) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	bang := func() tea.Msg { panic("bang") }
	if k, ok := msg.(tea.KeyPressMsg); ok && k.String() == "!" {
		switch e.where {
		case "Update":
			panic("bang")
		case "View":
			e.lit = true
		case "Cmd":
			return e, bang
		case "Batch":
			return e, tea.Batch(tick(), bang)
		case "Sequence":
			return e, tea.Sequence(tick(), bang)
		}
	}
	_, cmd := e.model.Update(msg)
	return e, cmd
}

func (e explosive) View() tea.View {
	if e.lit {
		panic("bang")
	}
	return e.model.View()
}

// crashing is a program that panics itself, outside of what the library
// guards.
type crashing struct{ *tea.Program }

func (c crashing) Run() (tea.Model, error) {
	go func() { _, _ = c.Program.Run() }()
	time.Sleep(500 * time.Millisecond)
	panic("bang")
}

// runExplosive is the console of a child process that is made to panic.
func runExplosive(where string) error {
	s := settings.Default()
	o := Options{Env: os.Environ(), Settings: &s}
	site := tuitest.New(time.Now)
	m := newModel(context.Background(), site, styles(o), time.Now)
	p := tea.NewProgram(explosive{model: m, where: where}, programOptions(o, m.link)...)
	if where == "Program" {
		return watch(context.Background(), crashing{p}, m.away)
	}
	return watch(context.Background(), p, m.away)
}

func TestPanicPutsTheTerminalRight(t *testing.T) {
	for _, where := range []string{"Update", "View", "Cmd", "Batch", "Sequence", "Program"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			s := openScreen(t, 80, 24, never, childMode+"="+where)
			s.waits("Overview")
			s.types("!")
			if got := s.status(); got == 0 {
				t.Error("exit status 0 after a panic")
			}
			s.right()
			if !strings.Contains(s.output(), "bang") {
				t.Error("nobody says what happened")
			}
		})
	}
}

func TestSignalsPutTheTerminalRight(t *testing.T) {
	tests := []struct {
		signal syscall.Signal
		status int
	}{
		{syscall.SIGTERM, 0}, {syscall.SIGINT, 0}, {syscall.SIGHUP, hangupStatus},
	}
	for _, tt := range tests {
		t.Run(tt.signal.String(), func(t *testing.T) {
			t.Parallel()
			s := openScreen(t, 80, 24, never)
			s.waits("Overview")
			s.types("2e") // with a visible cursor and an edit under way
			if err := s.cmd.Process.Signal(tt.signal); err != nil {
				t.Fatal(err)
			}
			if got := s.status(); got != tt.status {
				t.Errorf("exit status %d, want %d", got, tt.status)
			}
			s.right()
		})
	}
}

// right fails unless the terminal is as it was before the console: its mode, the
// main screen, a visible cursor, no mouse, no brackets around what is pasted.
func (s *ptyScreen) right() {
	s.Helper()
	if after := s.mode(); after != s.before {
		s.Errorf("the mode of the terminal is %+v, was %+v", after, s.before)
	}
	s.drained()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.screen.IsAltScreen() {
		s.Error("the terminal shows the other screen")
	}
	all := s.out.String()
	for on, off := range map[string]string{
		"\x1b[?25l": "\x1b[?25h", "\x1b[?2004h": "\x1b[?2004l", "\x1b[?1002h": "\x1b[?1002l", "\x1b[>1u": "\x1b[<1u", "\x1b[?1049h": "\x1b[?1049l",
	} {
		if strings.LastIndex(all, on) > strings.LastIndex(all, off) {
			s.Errorf("%q was not taken back with %q", on, off)
		}
	}
}
