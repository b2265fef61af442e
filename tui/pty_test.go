package tui

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// childMode makes the test program a console on the terminal that it is
// started on: the pty tests start themselves with it. "1" is the console as it
// is, anything else where it shall panic.
const childMode = "MFWTUI_TEST_CHILD"

// hangupStatus is how the child says that Run returned ErrHangup.
const hangupStatus = 71

func TestMain(m *testing.M) {
	var err error
	switch mode := os.Getenv(childMode); mode {
	case "":
		os.Exit(m.Run())
	case "1":
		err = runChild()
	default:
		err = runExplosive(mode)
	}
	switch {
	case errors.Is(err, ErrHangup):
		os.Exit(hangupStatus)
	case err != nil:
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
}

// child is a console in a process of its own, on a pseudo-terminal that
// answers nothing.
type child struct {
	*testing.T
	cmd    *exec.Cmd
	master *os.File
	slave  *os.File // kept open, so that its mode can be looked at afterwards
	mu     sync.Mutex
	out    bytes.Buffer
}

func startChild(t *testing.T, env ...string) *child {
	t.Helper()
	c := newChild(t, 80, 24, env...)
	c.start()
	return c
}

// read takes what the console writes until it shows a text, or to the end.
func (c *child) read(until string) {
	c.Helper()
	found := make(chan bool, 1)
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := c.master.Read(buf)
			c.mu.Lock()
			c.out.Write(buf[:n])
			seen := strings.Contains(c.out.String(), until)
			c.mu.Unlock()
			if seen || err != nil {
				found <- seen
				return
			}
		}
	}()
	select {
	case ok := <-found:
		if !ok {
			c.Fatalf("the console ended before it showed %q:\n%q", until, c.output())
		}
	case <-time.After(10 * time.Second):
		c.Fatalf("the console never showed %q:\n%q", until, c.output())
	}
}

func (c *child) output() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.String()
}

// status waits for the end of the process.
func (c *child) status() int {
	c.Helper()
	done := make(chan error, 1)
	go func() { done <- c.cmd.Wait() }()
	select {
	case <-done:
		return c.cmd.ProcessState.ExitCode()
	case <-time.After(10 * time.Second):
		c.Fatal("the console does not end")
		return -1
	}
}

// mode is the mode of the terminal.
func (c *child) mode() unix.Termios {
	c.Helper()
	t, err := unix.IoctlGetTermios(int(c.slave.Fd()), unix.TCGETS)
	if err != nil {
		c.Fatal(err)
	}
	return *t
}

// stall fills the terminal's buffer, as a connection does that nobody reads.
func (c *child) stall() {
	c.Helper()
	fd, err := unix.Open(c.slave.Name(), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		c.Fatal(err)
	}
	defer unix.Close(fd)
	for quiet := 0; quiet < 3; quiet++ { // the kernel makes room in the background
		for {
			if _, err := unix.Write(fd, []byte("                ")); err != nil {
				break
			}
			quiet = 0
		}
		time.Sleep(50 * time.Millisecond)
	}
}

const leaveAltScreen = "\x1b[?1049l"

func TestQuitPutsTheTerminalRight(t *testing.T) {
	for name, leave := range map[string]func(*child){
		"q":       func(c *child) { _, _ = io.WriteString(c.master, "q") },
		"SIGTERM": func(c *child) { _ = c.cmd.Process.Signal(syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			c := startChild(t)
			before := c.mode()
			c.read("Overview")
			leave(c)
			c.read(leaveAltScreen)
			go func() { _, _ = io.Copy(io.Discard, c.master) }()
			if got := c.status(); got != 0 {
				t.Errorf("exit status %d", got)
			}
			if after := c.mode(); after != before {
				t.Errorf("the mode of the terminal is %+v, was %+v", after, before)
			}
		})
	}
}

func TestHangupEndsTheConsole(t *testing.T) {
	c := startChild(t)
	c.read("Overview")
	c.slave.Close()
	c.master.Close()
	if got := c.status(); got != hangupStatus {
		t.Errorf("exit status %d, want %d", got, hangupStatus)
	}
}

func TestStalledTerminalDoesNotHoldTheConsole(t *testing.T) {
	c := startChild(t)
	before := c.mode()
	c.read("Overview")
	c.stall()
	time.Sleep(1500 * time.Millisecond) // the next frame blocks the console
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := c.status(); got != hangupStatus {
		t.Errorf("exit status %d, want %d", got, hangupStatus)
	}
	if after := c.mode(); after != before {
		t.Errorf("the terminal was left in its raw mode")
	}
}

func TestDumbTerminalIsRefusedWithoutAnEscape(t *testing.T) {
	for _, env := range [][]string{{"TERM=dumb"}, {"LANG=C"}} {
		if err := Run(t.Context(), tuitest.New(time.Now), Options{Env: env}); !errors.Is(err, ErrDumb) {
			t.Errorf("%q: %v, want ErrDumb", env, err)
		}
	}
}
