package lab

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// typist is a person at the terminal of a demo.
type typist struct {
	*testing.T
	terminal *os.File
	seen     bytes.Buffer
}

// waits reads until the terminal shows a text.
func (p *typist) waits(text string) {
	p.Helper()
	p.terminal.SetReadDeadline(time.Now().Add(20 * time.Second))
	for buf := make([]byte, 4096); !strings.Contains(p.seen.String(), text); {
		n, err := p.terminal.Read(buf)
		p.seen.Write(buf[:n])
		if err != nil {
			p.Fatalf("the terminal never showed %q (%v):\n%s", text, err, p.seen.String())
		}
	}
	p.seen.Reset()
}

func (p *typist) types(keys string) {
	p.Helper()
	if _, err := p.terminal.WriteString(keys); err != nil {
		p.Fatal(err)
	}
}

// A shell finds a terminal that it can give to its jobs and take back, an
// interrupt ends the job and not the demo, and the shell's status is the demo's.
func TestAShellHasTheTerminalOfTheDemo(t *testing.T) {
	for user := range demoUsers {
		t.Run(user, func(t *testing.T) {
			cmd := demoCommand(t, user, "bash", "--norc", "--noediting", "-i")
			terminal, err := pty.Start(cmd)
			if err != nil {
				t.Fatal(err)
			}
			defer terminal.Close()
			p := &typist{T: t, terminal: terminal}
			p.types("echo ready $((40+2))\n")
			p.waits("ready 42")
			p.types("sleep 60; echo ended with $?\n")
			time.Sleep(300 * time.Millisecond) // until the job has the terminal
			p.types("\x03")
			p.types("echo alive $((40+2))\n")
			p.waits("alive 42")
			p.types("sleep 60\n")
			time.Sleep(300 * time.Millisecond)
			p.types("\x1a")
			p.waits("Stopped")
			p.types("kill %1; wait; exit 5\n")
			p.waits("exit")
			var exit *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 5 {
				t.Errorf("%v, want the shell's own status 5:\n%s", err, p.seen.String())
			}
		})
	}
}

// The key that stops a program would leave nobody to continue it.
func TestNobodyStopsTheDemo(t *testing.T) {
	cmd := demoCommand(t, "root", "sh", "-c", "echo ready; sleep 1; echo went on")
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	p := &typist{T: t, terminal: terminal}
	p.waits("ready")
	p.types("\x1a")
	p.waits("went on")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
