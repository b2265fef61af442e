package lab

import (
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
	shown    chan []byte // closed when the last process has closed the terminal
	seen     string      // since the last wait
}

func sitDown(t *testing.T, cmd *exec.Cmd) *typist {
	t.Helper()
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	p := &typist{T: t, terminal: terminal, shown: make(chan []byte)}
	go func() {
		defer close(p.shown)
		for {
			buf := make([]byte, 4096)
			n, err := terminal.Read(buf)
			if err != nil {
				return
			}
			p.shown <- buf[:n]
		}
	}()
	return p
}

// waits reads until the terminal shows a text, or with an empty one until it is
// closed.
func (p *typist) waits(text string) {
	p.Helper()
	for limit := time.After(2 * time.Minute); text == "" || !strings.Contains(p.seen, text); {
		select {
		case more, open := <-p.shown:
			if !open && text == "" {
				return
			}
			if !open {
				p.Fatalf("the terminal was closed before %q:\n%s", text, p.seen)
			}
			p.seen += string(more)
		case <-limit:
			p.Fatalf("the terminal never showed %q:\n%s", text, p.seen)
		}
	}
	p.seen = ""
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
			p := sitDown(t, cmd)
			p.types("echo ready $((40+2))\n")
			p.waits("ready 42")
			// A job that says something has the terminal.
			p.types("sh -c 'echo begun $((40+2)); exec sleep 600'; echo ended with $?\n")
			p.waits("begun 42")
			p.types("\x03")
			p.types("echo alive $((40+2))\n")
			p.waits("alive 42")
			p.types("sh -c 'echo again $((40+2)); exec sleep 600'\n")
			p.waits("again 42")
			p.types("\x1a")
			p.waits("Stopped")
			p.types("kill -KILL %1; wait; exit 5; exit 5\n") // the first may still find the job stopped
			p.waits("")
			var exit *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 5 {
				t.Errorf("%v, want the shell's own status 5:\n%s", err, p.seen)
			}
		})
	}
}

// The key that stops a program would leave nobody to continue it. It may come
// while a shell starts a program, too.
func TestNobodyStopsTheDemo(t *testing.T) {
	cmd := demoCommand(t, "root", "sh", "-c", `
		echo ready; read line
		echo begun; for i in $(seq 300); do /bin/true; done; read line
		echo went on`)
	p := sitDown(t, cmd)
	p.waits("ready")
	p.types("\n")
	p.waits("begun")
	for range 10 {
		p.types("\x1a")
		time.Sleep(3 * time.Millisecond) // a few of the 300
	}
	p.types("\n")
	p.waits("went on")
	p.waits("")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
