// Package tty runs a program on a pseudo-terminal and reads its screen as
// a person does, through a terminal emulator.
//
// The terminal can be slow: what it answers to queries of the program comes
// late or never, as over a bad link. It can stall, as a connection does that
// nobody reads. It tells what a program left behind: its mode, the alternate
// screen, a hidden cursor, answers that nobody read. The tests of the console
// and the recorder of its pictures stand on it.
package tty

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Never is the delay of a terminal that answers no query.
const Never time.Duration = -1

// Options describe a terminal.
type Options struct {
	// Width and Height are its size in cells; 80 by 24 when not set.
	Width, Height int
	// Delay is how long an answer to a query of the program takes.
	Delay time.Duration
	// Seen is called with each piece that the program writes.
	Seen func(piece []byte)
}

// Terminal is a terminal with a program on it. Its methods may be called at
// the same time.
type Terminal struct {
	cmd           *exec.Cmd
	master, slave *os.File     // the slave is kept, to look at its mode
	before        unix.Termios // the mode before the program started
	delay         time.Duration
	seen          func([]byte)
	ended         chan struct{} // the program has ended
	unread        chan struct{} // nobody reads the terminal any more
	due           atomic.Int64  // answers that are under way

	mu     sync.Mutex // of what follows; the emulator's own lock does not cover String
	screen *vt.SafeEmulator
	hidden bool         // the cursor
	sent   bytes.Buffer // all that the program wrote
}

// Start starts a program on a terminal of its own, as the leader of a session.
func Start(cmd *exec.Cmd, o Options) (*Terminal, error) {
	if o.Width == 0 {
		o.Width, o.Height = 80, 24
	}
	master, slave, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("open a pseudo-terminal: %w", err)
	}
	t := &Terminal{
		cmd: cmd, master: master, slave: slave, delay: o.Delay, seen: o.Seen,
		ended: make(chan struct{}), unread: make(chan struct{}), screen: vt.NewSafeEmulator(o.Width, o.Height),
	}
	t.screen.SetCallbacks(vt.Callbacks{CursorVisibility: func(visible bool) { t.hidden = !visible }})
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	// A shell hands over a terminal that blocks; the library opens one that does
	// not. With the master it is the other way round: a read of it must end when
	// somebody sets a deadline.
	err = errors.Join(unix.SetNonblock(int(slave.Fd()), false), unix.SetNonblock(int(master.Fd()), true),
		pty.Setsize(slave, &pty.Winsize{Rows: uint16(o.Height), Cols: uint16(o.Width)}))
	if err == nil {
		t.before, err = t.Mode()
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s on a terminal: %w", cmd.Path, err), master.Close(), slave.Close())
	}
	go func() { _ = cmd.Wait(); close(t.ended) }()
	go t.read()
	go t.answer()
	return t, nil
}

// Close kills the program, if it still runs, and closes the terminal.
func (t *Terminal) Close() {
	_ = t.cmd.Process.Kill()
	<-t.ended
	t.HangUp()
	t.slave.Close()
	_ = t.screen.InputPipe().(io.Closer).Close() // Close itself races with Read
}

// HangUp closes the terminal under the program, as a connection that breaks.
func (t *Terminal) HangUp() { t.master.Close() }

// read drains the terminal until it is closed or stalls.
func (t *Terminal) read() {
	defer close(t.unread)
	buf := make([]byte, 4096)
	for {
		n, err := t.master.Read(buf)
		t.mu.Lock()
		t.sent.Write(buf[:n])
		_, _ = t.screen.Write(buf[:n])
		t.mu.Unlock()
		if t.seen != nil && n > 0 {
			t.seen(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

// fence is what no terminal answers. It is put behind the answers to find out
// that all before it were taken up.
const fence = "\x00"

// answer passes on what the terminal answers by itself.
func (t *Terminal) answer() {
	buf := make([]byte, 256)
	for {
		n, err := t.screen.Read(buf)
		if err != nil {
			return
		}
		text := string(buf[:n])
		if t.delay == Never || text == fence {
			continue
		}
		t.due.Add(1)
		time.AfterFunc(t.delay, func() {
			_, _ = io.WriteString(t.master, text)
			t.due.Add(-1)
		})
	}
}

// Text is the screen as a person sees it.
func (t *Terminal) Text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.screen.String()
}

// Shows reports whether the screen shows a text.
func (t *Terminal) Shows(text string) bool { return strings.Contains(t.Text(), text) }

// Cells is a copy of the screen, row by row. The second half of a wide
// character is a cell without content.
func (t *Terminal) Cells() [][]uv.Cell {
	t.mu.Lock()
	defer t.mu.Unlock()
	rows := make([][]uv.Cell, t.screen.Height())
	for y := range rows {
		rows[y] = make([]uv.Cell, t.screen.Width())
		for x := range rows[y] {
			if c := t.screen.CellAt(x, y); c != nil {
				rows[y][x] = *c
			}
		}
	}
	return rows
}

// Output is all that the program wrote so far.
func (t *Terminal) Output() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sent.String()
}

// AltScreen reports whether the alternate screen is shown, CursorHidden whether
// the cursor is not.
func (t *Terminal) AltScreen() bool { return t.screen.IsAltScreen() }

// CursorHidden reports whether the program has hidden the cursor.
func (t *Terminal) CursorHidden() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hidden
}

// ErrNotShown says that a text did not appear on the screen in time.
var ErrNotShown = errors.New("the screen never showed it")

// Wait waits until the screen shows one of these texts.
func (t *Terminal) Wait(limit time.Duration, texts ...string) error {
	for end := time.Now().Add(limit); !slices.ContainsFunc(texts, t.Shows); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("%w: %q\n%s", ErrNotShown, texts, t.Text())
		}
	}
	return nil
}

// Type sends keys as a terminal does.
func (t *Terminal) Type(keys string) error {
	_, err := io.WriteString(t.master, keys)
	return err
}

// stallLimit is how long it may take to fill a terminal.
const stallLimit = 2 * time.Minute

// Stall leaves the terminal unread, and fills its buffer so that the next
// frame blocks the program.
func (t *Terminal) Stall() error {
	if err := t.master.SetReadDeadline(time.Now()); err != nil {
		return err
	}
	<-t.unread
	fd, err := unix.Open(t.slave.Name(), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	// The kernel makes room in the background, as long as the reader's part is not
	// full.
	for end := time.Now().Add(stallLimit); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		full, err := t.full()
		for err == nil {
			_, err = unix.Write(fd, []byte("                "))
		}
		switch {
		case !errors.Is(err, unix.EAGAIN):
			return err
		case full:
			return nil
		}
	}
	return errors.New("the terminal does not fill up")
}

// readRoom is how much the kernel holds for the reader of a terminal.
const readRoom = 4095

// full reports whether the kernel has handed on all that it will: what was
// written and found no room then finds none later.
func (t *Terminal) full() (bool, error) {
	raw, err := t.master.SyscallConn()
	if err != nil {
		return false, err
	}
	n := 0
	err = errors.Join(raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.TIOCINQ) }), err)
	return n >= readRoom, err
}

// Process is the program's.
func (t *Terminal) Process() *os.Process { return t.cmd.Process }

// Ended is closed when the program has ended; its exit status is in Status.
func (t *Terminal) Ended() <-chan struct{} { return t.ended }

// Status is the exit status of a program that has ended; -1 when a signal
// ended it.
func (t *Terminal) Status() int { return t.cmd.ProcessState.ExitCode() }

// Mode is the mode of the terminal.
func (t *Terminal) Mode() (unix.Termios, error) {
	mode, err := unix.IoctlGetTermios(int(t.slave.Fd()), unix.TCGETS)
	if err != nil {
		return unix.Termios{}, fmt.Errorf("read the mode of the terminal: %w", err)
	}
	return *mode, nil
}

// ModeKept reports whether the terminal is in the mode in which the program
// found it.
func (t *Terminal) ModeKept() bool {
	mode, err := t.Mode()
	return err == nil && mode == t.before
}

// Left tells what a program that has ended left behind, as a person would see
// it at the next prompt; nothing for one that cleaned up.
func (t *Terminal) Left() []string {
	var left []string
	if !t.ModeKept() {
		left = append(left, "the terminal is in the mode of the program")
	}
	if t.AltScreen() {
		left = append(left, "the alternate screen is shown")
	}
	if t.CursorHidden() {
		left = append(left, "the cursor is hidden")
	}
	return left
}

// Unread is what the next program would read, complete line or not, after the
// terminal has answered all that it was asked. It changes the mode of the
// terminal.
func (t *Terminal) Unread(limit time.Duration) (string, error) {
	end := time.Now().Add(limit)
	if _, err := io.WriteString(t.screen.InputPipe(), fence); err != nil {
		return "", err
	}
	for ; t.due.Load() > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return "", errors.New("the terminal does not answer")
		}
	}
	raw, err := t.Mode()
	if err != nil {
		return "", err
	}
	raw.Lflag &^= unix.ICANON | unix.ECHO
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 0, 1
	fd := int(t.slave.Fd())
	if err := errors.Join(unix.IoctlSetTermios(fd, unix.TCSETS, &raw), t.Type(endMark)); err != nil {
		return "", err
	}
	var read []byte
	for buf := make([]byte, 256); !bytes.HasSuffix(read, []byte(endMark)); {
		n, err := unix.Read(fd, buf)
		if err != nil {
			return "", fmt.Errorf("read what nobody read: %w", err)
		}
		if read = append(read, buf[:n]...); n == 0 && time.Now().After(end) {
			return "", fmt.Errorf("what was typed does not arrive: %q", read)
		}
	}
	return string(read[:len(read)-len(endMark)]), nil
}

// endMark is written to find out that all before it was read.
const endMark = "that was all"

// Drain waits until all that the program wrote was read. An answer of the terminal
// that nobody read may be echoed behind it.
func (t *Terminal) Drain(limit time.Duration) error {
	if _, err := io.WriteString(t.slave, endMark); err != nil {
		return err
	}
	for end := time.Now().Add(limit); !t.forgets(endMark); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return errors.New("the terminal is not read to the end")
		}
	}
	return nil
}

// forgets takes a text out of what was written; false when it is not there.
func (t *Terminal) forgets(text string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	before, after, found := strings.Cut(t.sent.String(), text)
	if found {
		t.sent.Reset()
		t.sent.WriteString(before + after)
	}
	return found
}
