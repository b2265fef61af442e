package tui

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A panic in a goroutine that nobody recovers, a fault of the runtime and a
// SIGKILL end the console without a chance to put the terminal right: a person
// would be left in raw mode, on the alternate screen, without a cursor, and
// without the text of the panic, which that screen took. So a second process,
// the nurse, holds the other end of a pipe. The runtime writes the text of a
// crash there too; a console that ends well says so.

// nurse is the console's side.
type nurse struct {
	cmd  *exec.Cmd
	pipe *os.File
}

// goodbye is what a console says that ends well. No panic does.
const goodbye = "\x00well\x00"

// callNurse starts the nurse for the terminal of this process; nil when there
// is none to care for, or no process to be had: the console works without.
func callNurse(command []string) *nurse {
	mode, err := unix.IoctlGetTermios(int(os.Stdin.Fd()), unix.TCGETS)
	if len(command) == 0 || err != nil {
		return nil
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil
	}
	defer read.Close()
	n := &nurse{exec.Command(command[0], command[1:]...), write}
	n.cmd.Stdin, n.cmd.Stdout = read, os.Stdin // a terminal is open for both ways
	// The end of a console that leads its session is a SIGHUP for its group,
	// also before the nurse has come to ignore it (measured at load 28).
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := n.start(mode); err != nil {
		write.Close()
		return nil
	}
	return n
}

func (n *nurse) start(mode *unix.Termios) error {
	if err := n.cmd.Start(); err != nil {
		return err
	}
	if err := binary.Write(n.pipe, binary.NativeEndian, mode); err != nil {
		return err
	}
	return debug.SetCrashOutput(n.pipe, debug.CrashOptions{})
}

// dismiss tells the nurse that the console ends well, and waits for its end.
func (n *nurse) dismiss() {
	if n == nil {
		return
	}
	_ = debug.SetCrashOutput(nil, debug.CrashOptions{})
	_, _ = io.WriteString(n.pipe, goodbye)
	n.pipe.Close()
	_ = n.cmd.Wait()
}

// healing puts right what the console switches on, in an order that keeps the
// rest on the main screen: keyboard protocols, bracketed paste, mouse, style,
// cursor, alternate screen, and the cursor once more for terminals that keep it
// by screen.
const healing = "\x1b[<u\x1b[>4;0m\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2026l\x1b[0m\x1b[?25h\x1b[?1049l\x1b[?25h\r"

// Nurse is the other process: its input comes from the console, its output is
// the terminal. It returns when the console has ended, and has put the terminal
// right when the console could not.
func Nurse(console io.Reader, terminal *os.File) error {
	// Keys of the terminal and a hang-up mean the console, whose end is the end
	// of the nurse; and after it the shell may already be in the foreground.
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTSTP, syscall.SIGTTOU, syscall.SIGTTIN)
	var mode unix.Termios
	if err := binary.Read(console, binary.NativeEndian, &mode); err != nil {
		return fmt.Errorf("nurse: read the mode of the terminal: %w", err)
	}
	last, err := io.ReadAll(console)
	if err != nil {
		return fmt.Errorf("nurse: listen to the console: %w", err)
	}
	if bytes.HasSuffix(last, []byte(goodbye)) {
		return nil
	}
	return heal(terminal, &mode, string(last))
}

// heal puts the terminal into the mode that the console found, unless a shell
// has done that already, and tells what happened.
func heal(terminal *os.File, mode *unix.Termios, crash string) error {
	fd := int(terminal.Fd())
	now, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil // the terminal is gone, and nobody looks at it
	}
	if now.Oflag&unix.OPOST != 0 {
		return nil // it was not the console's
	}
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, mode); err != nil {
		return fmt.Errorf("nurse: set the mode of the terminal: %w", err)
	}
	_ = unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH)
	why := "it was killed"
	if crash != "" {
		why = "this is a bug, please report it:\n" + strings.TrimSpace(crash)
	}
	_, err = fmt.Fprintf(terminal, "%smfwtui: the console has died; a trial goes on without it, see mfwtui status\n%s\n", healing, why)
	return err
}
