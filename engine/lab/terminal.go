package lab

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The demo's command is in a process namespace of its own, where the group that
// has the terminal has no number: a shell that hands the terminal back at its
// end would fail, and end with an error. So the command gets a group of its own
// in the foreground, and the terminal is taken back afterwards.

// hasTerminal reports whether standard input is a terminal in whose foreground
// this process is.
func hasTerminal() bool {
	group, err := unix.IoctlGetInt(int(os.Stdin.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// giveTerminal puts a process group into the foreground. It is called from
// there.
func giveTerminal(group int) error {
	return unix.IoctlSetPointerInt(int(os.Stdin.Fd()), unix.TIOCSPGRP, group)
}

// takeTerminal puts this process into the foreground again. The kernel stops a
// process of the background that tries, unless it ignores the signal.
func takeTerminal() {
	signal.Ignore(syscall.SIGTTOU)
	defer signal.Reset(syscall.SIGTTOU)
	_ = giveTerminal(unix.Getpgrp()) // without a terminal any more there is nothing to take
}

// awaitForeground waits for the end of the leader of a group in the foreground,
// and returns its exit status. A group that the terminal's key stopped goes on:
// there is no shell outside the demo that could continue it.
func awaitForeground(pid int) (int, error) {
	defer releaseBirths(pid)()
	for {
		var ws syscall.WaitStatus
		_, err := syscall.Wait4(pid, &ws, syscall.WUNTRACED, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return 0, os.NewSyscallError("wait4", err)
		case ws.Stopped():
			_ = syscall.Kill(-pid, syscall.SIGCONT)
		default:
			return statusOf(ws), nil
		}
	}
}

// birth is how often a leader is looked at that may wait for a child to begin.
const birth = time.Second

// releaseBirths continues a group whose leader waits in the kernel for a stopped
// child, until the returned function is called. A shell that starts programs by
// vfork does when the key comes between that and the exec: its child is stopped,
// itself it cannot be, and so the stop is never told (measured with dash 0.5.12).
func releaseBirths(leader int) (stop func()) {
	done := make(chan struct{})
	go func() {
		for waited := false; ; {
			select {
			case <-done:
				return
			case <-time.After(birth):
			}
			waits := uninterruptible(leader)
			if waits && waited {
				_ = syscall.Kill(-leader, syscall.SIGCONT)
			}
			waited = waits
		}
	}()
	return func() { close(done) }
}

// uninterruptible reports whether a process waits in the kernel and takes no
// signal but SIGKILL.
func uninterruptible(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " ")
	return err == nil && strings.HasPrefix(state, "D")
}

// statusOf is the exit status of a process as a shell tells it.
func statusOf(ws syscall.WaitStatus) int {
	if ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return ws.ExitStatus()
}
