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
	"github.com/mfwtui/mfwtui/tui/tuitest/tty"
)

// explosive is a console that panics when "!" is pressed: in Update, in View, in
// a command, in one of several commands.
type explosive struct {
	*model
	where string
	lit   bool
}

// explodes says where an explosive console panics, as a kind of child.
const explodes = "explodes in "

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

// runExplosive is the console of a child process that is made to panic. It has
// no nurse: the library does what is needed.
func runExplosive(where string) error {
	s := settings.Default()
	o := Options{Env: os.Environ(), Settings: &s}
	m := newModel(context.Background(), tuitest.New(time.Now), styles(o), time.Now)
	p := tea.NewProgram(explosive{model: m, where: where}, programOptions(o, m.link)...)
	return watch(context.Background(), p, m)
}

func TestPanicPutsTheTerminalRight(t *testing.T) {
	for _, where := range []string{"Update", "View", "Cmd", "Batch", "Sequence"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			c := startChild(t, explodes+where, tty.Never)
			c.waits("Overview")
			c.types("!")
			if got := c.status(); got == 0 {
				t.Error("exit status 0 after a panic")
			}
			c.must(c.Drain(patience))
			c.leftNothing()
			// The library prints the stack beside the end of the program, which
			// may be faster; that there was a panic is said in any case.
			if !strings.Contains(c.Output(), "panic") {
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
			c := startChild(t, ordinary, tty.Never)
			c.waits("Overview")
			c.types("2e") // with a visible cursor and an edit under way
			if err := c.Process().Signal(tt.signal); err != nil {
				t.Fatal(err)
			}
			if got := c.status(); got != tt.status {
				t.Errorf("exit status %d, want %d", got, tt.status)
			}
			c.must(c.Drain(patience))
			c.leftNothing()
		})
	}
}

// The prompt comes as soon as the process has ended: everything that the
// terminal answers must have been read before, also to the meter of the link.
func TestQuitWhileTheMeterAsksLeavesNothingToRead(t *testing.T) {
	t.Parallel()
	left := ""
	for range scenes {
		c := startChild(t, ordinary, 600*time.Millisecond)
		c.waits("ms slow")
		c.isAsked(2)
		if left = c.quits(); left == "" {
			return
		}
	}
	t.Errorf("the shell reads %q", left)
}

// isAsked waits until the meter has asked the terminal so many times.
func (c *child) isAsked(times int) {
	c.Helper()
	for limit := time.Now().Add(patience); strings.Count(c.Output(), question) < times; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(limit) {
			c.Fatalf("the terminal was not asked %d times", times)
		}
	}
}
