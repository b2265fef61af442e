package tui

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/tuitest"
	"github.com/mfwtui/mfwtui/tui/tuitest/tty"
)

// childMode makes the test program a console on the terminal that it is
// started on: the pty tests start themselves with it. Its value says how.
const childMode = "MFWTUI_TEST_CHILD"

// The kinds of consoles.
const (
	ordinary = "ordinary"
	crowded  = "crowded"  // with manyFlows
	crashing = "crashing" // a goroutine of the engine panics when accounting is switched on
	unready  = "unready"  // with a nurse that begins when the file of nurseWaits is gone
)

// hangupStatus is how the child says that Run returned ErrHangup.
const hangupStatus = 71

// nurseWaits names the file on which the nurse of an unready console waits.
const nurseWaits = "MFWTUI_TEST_NURSE_WAITS"

// nurseWord makes the test program the nurse of such a console.
const nurseWord = "nurse"

func TestMain(m *testing.M) {
	switch mode := os.Getenv(childMode); {
	case mode == "":
		os.Exit(m.Run())
	case slices.Contains(os.Args[1:], nurseWord):
		if err := Nurse(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
	case strings.HasPrefix(mode, explodes):
		os.Exit(childStatus(runExplosive(strings.TrimPrefix(mode, explodes))))
	default:
		nurse := []string{os.Args[0], nurseWord}
		if mode == unready {
			nurse = append([]string{"/bin/sh", "-c", `while [ -e "$` + nurseWaits + `" ]; do sleep 0.1; done; exec "$0" "$@"`}, nurse...)
		}
		os.Exit(childStatus(Run(context.Background(), childSite(mode), Options{Nurse: nurse})))
	}
}

func childStatus(err error) int {
	switch {
	case errors.Is(err, ErrHangup):
		return hangupStatus
	case err != nil:
		os.Stderr.WriteString(err.Error())
		return 1
	}
	return 0
}

func childSite(mode string) engine.Backend {
	site := tuitest.New(time.Now)
	switch mode {
	case crowded:
		site.FlowCount = manyFlows
	case crashing:
		site.NoAccounting = true
		return fragile{site}
	}
	if dir := os.Getenv(childDir); dir != "" {
		return dirSite{site, dir}
	}
	return site
}

// fragile is an engine one of whose own goroutines panics.
type fragile struct{ *tuitest.Site }

func (f fragile) EnableAccounting() error {
	go func() { panic("the reader of flows has gone mad") }()
	select {} // the panic comes first
}

// child is a console in a process of its own.
type child struct {
	*testing.T
	*tty.Terminal
}

// startChild starts one on a terminal that answers after a delay.
func startChild(t *testing.T, mode string, delay time.Duration, env ...string) *child {
	t.Helper()
	return startOn(t, mode, tty.Options{Delay: delay}, env...)
}

// startSized starts one on a terminal of a size that answers at once.
func startSized(t *testing.T, mode string, width, height int) *child {
	t.Helper()
	return startOn(t, mode, tty.Options{Width: width, Height: height})
}

func startOn(t *testing.T, mode string, o tty.Options, env ...string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append([]string{childMode + "=" + mode, "TERM=xterm-256color", "LANG=C.UTF-8", "GOCOVERDIR=" + t.TempDir()}, env...)
	terminal, err := tty.Start(cmd, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(terminal.Close)
	return &child{t, terminal}
}

// patience is how long something may take on a busy machine.
const patience = 2 * time.Minute

// The terminal of a test is the test itself. One that is late may answer later
// than the console waits, or paint more often than it would: so a scene that
// depends on a clock is set anew, so many times at most.
const scenes = 20

func (c *child) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// waits until the screen shows a text.
func (c *child) waits(text string) {
	c.Helper()
	c.must(c.Wait(patience, text))
}

func (c *child) types(keys string) {
	c.Helper()
	c.must(c.Type(keys))
}

// status waits for the end of the process.
func (c *child) status() int {
	c.Helper()
	select {
	case <-c.Ended():
		return c.Status()
	case <-time.After(patience):
		c.Fatal("the console does not end")
		return -1
	}
}

// leftNothing fails the test when the terminal is in disorder.
func (c *child) leftNothing() {
	c.Helper()
	for _, left := range c.Left() {
		c.Errorf("after the end %s", left)
	}
}

// firstFrame is how long a console in a process of its own takes to its first
// frame.
func firstFrame(t *testing.T, delay time.Duration) time.Duration {
	t.Helper()
	began := time.Now()
	c := startChild(t, ordinary, delay)
	c.waits("Overview")
	took := time.Since(began)
	c.Close()
	return took
}

// A terminal that never answers is drawn on as soon as one that answers at once.
// The best of several counts, since the machine may be busy: more tries are made
// only as long as they differ.
func TestFirstFrameDoesNotWaitForTheTerminal(t *testing.T) {
	const slack = 200 * time.Millisecond // less than any wait for an answer
	mute, answering := time.Hour, time.Hour
	for range scenes {
		mute, answering = min(mute, firstFrame(t, tty.Never)), min(answering, firstFrame(t, 0))
		if mute <= answering*3/2+slack {
			t.Logf("%s on a mute terminal, %s on one that answers", mute, answering)
			return
		}
	}
	t.Errorf("%s on a mute terminal, %s on one that answers; want at most half as long again and %s", mute, answering, slack)
}

func TestQuitPutsTheTerminalRight(t *testing.T) {
	for name, leave := range map[string]func(*child){
		"q":       func(c *child) { c.types("q") },
		"SIGTERM": func(c *child) { _ = c.Process().Signal(syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			c := startChild(t, ordinary, tty.Never)
			c.waits("Overview")
			leave(c)
			if got := c.status(); got != 0 {
				t.Errorf("exit status %d", got)
			}
			c.must(c.Drain(patience))
			c.leftNothing()
		})
	}
}

// Whoever leaves within one round trip of a slow link finds nothing at the
// prompt.
func TestQuitBeforeTheTerminalAnswersLeavesNothingToRead(t *testing.T) {
	for _, delay := range []time.Duration{0, 50 * time.Millisecond, 600 * time.Millisecond, tty.Never} {
		t.Run(delay.String(), func(t *testing.T) {
			t.Parallel()
			left := ""
			for range scenes {
				c := startChild(t, ordinary, delay)
				c.waits("Overview")
				if left = c.quits(); left == "" {
					return
				}
			}
			t.Errorf("the shell reads %q", left)
		})
	}
}

// quits leaves the console, and gives what the shell would read.
func (c *child) quits() string {
	c.Helper()
	c.types("q")
	if got := c.status(); got != 0 {
		c.Errorf("exit status %d", got)
	}
	c.must(c.Drain(patience))
	c.leftNothing()
	left, err := c.Unread(patience)
	c.must(err)
	return left
}

func TestHangupEndsTheConsole(t *testing.T) {
	// The terminal is gone with the last process that has it open.
	c := startChild(t, ordinary, tty.Never)
	c.waits("Overview")
	c.HangUp()
	if got := c.status(); got != hangupStatus {
		t.Errorf("exit status %d, want %d", got, hangupStatus)
	}
}

func TestStalledTerminalDoesNotHoldTheConsole(t *testing.T) {
	c := startChild(t, ordinary, tty.Never)
	c.waits("Overview")
	c.must(c.Stall()) // the next frame blocks the console
	if err := c.Process().Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := c.status(); got != hangupStatus {
		t.Errorf("exit status %d, want %d", got, hangupStatus)
	}
	if !c.ModeKept() {
		t.Errorf("the terminal was left in its raw mode")
	}
}

// Nothing in the process can put the terminal right after these. The text of a
// panic must survive the screen that it was written on.
func TestCrashPutsTheTerminalRight(t *testing.T) {
	for name, tt := range map[string]struct {
		mode, want string
		crash      func(*child)
	}{
		"panic of a goroutine": {crashing, "the reader of flows has gone mad", func(c *child) {
			c.types("4")
			c.waits("of 200 flows")
			c.types("a")
		}},
		"SIGKILL":                          {ordinary, "it was killed", func(c *child) { _ = c.Process().Kill() }},
		"SIGKILL before the nurse listens": {unready, "it was killed", func(c *child) { _ = c.Process().Kill() }},
	} {
		t.Run(name, func(t *testing.T) {
			wait := filepath.Join(t.TempDir(), "wait")
			if err := os.WriteFile(wait, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			c := startChild(t, tt.mode, 0, nurseWaits+"="+wait)
			c.waits("Overview")
			if left := c.Left(); len(left) != 2 && len(left) != 3 {
				t.Fatalf("the console runs, but only this is not as before: %q", left)
			}
			tt.crash(c)
			if got := c.status(); got == 0 {
				t.Error("exit status 0")
			}
			c.must(os.Remove(wait))
			c.waits("the console has died; a trial goes on without it")
			c.waits(tt.want)
			c.must(c.Drain(patience))
			c.leftNothing()
		})
	}
}

// A shell that was faster has its own mode and prompt on the terminal already.
func TestNurseLetsAloneATerminalThatIsNotRaw(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer slave.Close()
	mode, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	other := *mode
	other.Lflag |= unix.ECHO
	other.Lflag ^= unix.ECHOE
	if err := heal(slave, &other, "crash"); err != nil {
		t.Fatal(err)
	}
	after, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	if *after != *mode {
		t.Error("it changed the mode")
	}
}

func TestDumbTerminalIsRefusedWithoutAnEscape(t *testing.T) {
	for _, env := range [][]string{{"TERM=dumb"}, {"LANG=C"}} {
		if err := Run(t.Context(), tuitest.New(time.Now), Options{Env: env}); !errors.Is(err, ErrDumb) {
			t.Errorf("%q: %v, want ErrDumb", env, err)
		}
	}
}

// Who is late is waited for. Who does not come out of one write, or out of an
// editor, is given up.
func TestOnlyAProgramThatIsStuckIsGivenUp(t *testing.T) {
	const stuck = (stallLooks + 1) * lookEvery
	for _, tt := range []struct {
		name  string
		does  func(*model)
		ends  time.Duration // never when zero
		waits time.Duration
	}{
		{"ends late", func(*model) {}, 8 * time.Second, 8 * time.Second},
		{"never ends", func(*model) {}, 0, endLooks * lookEvery},
		{"one write", func(m *model) { m.link.writes, m.link.inWrite = 7, true }, 0, stuck},
		{"an editor", func(m *model) { m.away.lend() }, 0, stallLooks * lookEvery},
		{"many writes", func(m *model) {
			for range 80 {
				_, _ = m.link.write(slowWriter{lookEvery}, nil)
			}
		}, 9 * time.Second, 9 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newModel(t.Context(), tuitest.New(time.Now), style.New(style.Mono(), style.ASCII()), time.Now)
				done := make(chan error, 1)
				if tt.ends > 0 {
					time.AfterFunc(tt.ends, func() { done <- nil })
				}
				go tt.does(m)
				synctest.Wait()
				began := time.Now()
				if _, ended := m.outlast(done); ended != (tt.ends > 0) {
					t.Errorf("ended %t", ended)
				}
				if took := time.Since(began); took != tt.waits {
					t.Errorf("waited %s, want %s", took, tt.waits)
				}
			})
		})
	}
}
