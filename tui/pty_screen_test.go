package tui

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// ptyScreen is a console in a process of its own on a pseudo-terminal that is
// read all the time, shown by an emulator, and that answers queries late or
// never.
type ptyScreen struct {
	*child
	screen *vt.SafeEmulator
	before unix.Termios
	sent   atomic.Int64
}

// never is the delay of a terminal that answers nothing.
const never time.Duration = -1

// openScreen starts a console on a terminal that answers after a delay.
func openScreen(t *testing.T, width, height int, answers time.Duration, env ...string) *ptyScreen {
	t.Helper()
	c := newChild(t, width, height, env...)
	s := &ptyScreen{child: c, before: c.mode(), screen: vt.NewSafeEmulator(width, height)}
	replies := make(chan []byte, 64)
	go func() { // what the emulator answers
		buf := make([]byte, 256)
		for {
			n, err := s.screen.Read(buf)
			if n > 0 && answers != never {
				replies <- bytes.Clone(buf[:n])
			}
			if err != nil {
				close(replies)
				return
			}
		}
	}()
	go func() {
		for reply := range replies {
			time.Sleep(answers)
			_, _ = c.master.Write(reply)
		}
	}()
	c.start()
	go func() { _, _ = io.Copy(s, c.master) }()
	t.Cleanup(func() { s.screen.InputPipe().(io.Closer).Close() })
	return s
}

// Write takes what the console sent.
func (s *ptyScreen) Write(p []byte) (int, error) {
	s.sent.Add(int64(len(p)))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out.Write(p)
	return s.screen.Write(p)
}

// drained waits until everything that was written has been read.
func (s *ptyScreen) drained() {
	for last := int64(-1); last != s.sent.Load(); time.Sleep(50 * time.Millisecond) {
		last = s.sent.Load()
	}
}

func (s *ptyScreen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.screen.String()
}

func (s *ptyScreen) waits(text string) {
	s.Helper()
	for limit := time.Now().Add(10 * time.Second); !strings.Contains(s.text(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(limit) {
			s.Fatalf("the screen never showed %q:\n%s", text, s.text())
		}
	}
}

func (s *ptyScreen) types(keys string) {
	s.Helper()
	if _, err := io.WriteString(s.master, keys); err != nil {
		s.Fatal(err)
	}
}

// unread is how many bytes wait for whoever reads the terminal next.
func (s *ptyScreen) unread() int {
	s.Helper()
	n, err := unix.IoctlGetInt(int(s.slave.Fd()), unix.TIOCINQ)
	if err != nil {
		s.Fatal(err)
	}
	return n
}

// The prompt comes as soon as the process has ended, so that everything which
// the terminal answers must have been read before.
func TestNothingIsLeftForThePromptOnASlowLink(t *testing.T) {
	const delay = 600 * time.Millisecond
	asked := func(s *ptyScreen, times int) {
		for limit := time.Now().Add(15 * time.Second); strings.Count(s.output(), question) < times; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(limit) {
				s.Fatalf("the terminal was not asked %d times", times)
			}
		}
	}
	tests := []struct {
		name  string
		until func(*ptyScreen)
	}{
		{"within the first round trip", func(s *ptyScreen) { s.waits("Overview") }},
		{"while the meter asks", func(s *ptyScreen) { asked(s, 2) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := openScreen(t, 80, 24, delay)
			tt.until(s)
			s.types("q")
			if got := s.status(); got != 0 {
				t.Errorf("exit status %d", got)
			}
			time.Sleep(2 * delay)
			if n := s.unread(); n > 0 {
				t.Errorf("%d bytes would be typed at the prompt", n)
			}
			s.right()
		})
	}
}

func TestSlowLinkIsSeenOnARealTerminal(t *testing.T) {
	t.Parallel()
	s := openScreen(t, 120, 24, 300*time.Millisecond)
	s.waits("ms slow")
	s.waits("every 2 s")
}

// ptyBudgets are the bytes that a real terminal may be sent, from the design: per
// refresh of 200 flows of which a third changes and three overtake a neighbour,
// and per movement of the selection.
var ptyBudgets = []struct {
	width, height, refresh, move int
}{
	{80, 24, 1000, 300},
	{120, 40, 1700, 300},
}

func TestBytesOnAPseudoTerminal(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	for _, b := range ptyBudgets {
		t.Run(fmt.Sprintf("%dx%d", b.width, b.height), func(t *testing.T) {
			t.Parallel()
			s := openScreen(t, b.width, b.height, 0)
			s.waits("LIVE in sync")
			s.types("4")
			s.waits("200 of 200 flows")
			time.Sleep(time.Second)
			const refreshes, moves = 6, 10
			before := s.sent.Load()
			time.Sleep(refreshes * time.Second)
			refresh := int(s.sent.Load()-before) / refreshes
			s.types("p")
			s.waits("PAUSED")
			s.drained()
			before = s.sent.Load()
			for range moves {
				s.types("j")
				time.Sleep(120 * time.Millisecond) // two frames
			}
			move := int(s.sent.Load()-before) / moves
			t.Logf("%d bytes per refresh, %d per movement", refresh, move)
			if refresh > b.refresh || move > b.move {
				t.Errorf("%d bytes per refresh and %d per movement, want at most %d and %d", refresh, move, b.refresh, b.move)
			}
			s.types("q")
			if got := s.status(); got != 0 {
				t.Errorf("exit status %d", got)
			}
			s.right()
		})
	}
}

// newChild prepares a console on a pseudo-terminal; start starts it.
func newChild(t *testing.T, width, height int, env ...string) *child {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	// A shell hands over a terminal that blocks; the library opens one that does not.
	if err := unix.SetNonblock(int(slave.Fd()), false); err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)}); err != nil {
		t.Fatal(err)
	}
	c := &child{T: t, master: master, slave: slave, cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append([]string{childMode + "=1", "TERM=xterm-256color", "LANG=C.UTF-8", "GOCOVERDIR=" + t.TempDir()}, env...)
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = slave, slave, slave
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	t.Cleanup(func() {
		if c.cmd.Process != nil {
			_ = c.cmd.Process.Kill()
		}
		master.Close()
		slave.Close()
	})
	return c
}

func (c *child) start() {
	c.Helper()
	if err := c.cmd.Start(); err != nil {
		c.Fatal(err)
	}
}
