package tty

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const patience = 2 * time.Minute

// started runs a shell script on a terminal.
func started(t *testing.T, o Options, script string, args ...string) *Terminal {
	t.Helper()
	terminal, err := Start(exec.Command("sh", append([]string{"-c", script, "sh"}, args...)...), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(terminal.Close)
	return terminal
}

// ended waits for the end, and for the last piece that was written.
func ended(t *testing.T, terminal *Terminal) {
	t.Helper()
	select {
	case <-terminal.Ended():
	case <-time.After(patience):
		t.Fatalf("the program does not end:\n%s", terminal.Text())
	}
	if err := terminal.Drain(patience); err != nil {
		t.Fatal(err)
	}
}

func TestScreenIsReadAsAPersonReadsIt(t *testing.T) {
	terminal := started(t, Options{Width: 20, Height: 4}, `printf 'one\ntwo\033[1;1HO'; read line; printf "$line\n"; exit 3`)
	if err := terminal.Wait(patience, "two"); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Fields(terminal.Text()), []string{"One", "two"}; !slices.Equal(got, want) {
		t.Errorf("the screen shows %q, want %q", got, want)
	}
	if err := terminal.Type("three\r"); err != nil {
		t.Fatal(err)
	}
	ended(t, terminal)
	if got := terminal.Status(); got != 3 {
		t.Errorf("exit status %d, want 3", got)
	}
	if err := terminal.Wait(0, "four"); !errors.Is(err, ErrNotShown) {
		t.Errorf("waiting for what is not shown ended with %v", err)
	}
	if left := terminal.Left(); len(left) > 0 {
		t.Errorf("a program that changes nothing leaves %q", left)
	}
}

func TestWhatAProgramLeavesBehindIsSeen(t *testing.T) {
	for script, want := range map[string]string{
		`stty -echo`:            "the terminal is in the mode of the program",
		`printf '\033[?1049h'`:  "the alternate screen is shown",
		`printf '\033[?25l'`:    "the cursor is hidden",
		`stty -echo; stty echo`: "",
	} {
		terminal := started(t, Options{}, script)
		ended(t, terminal)
		if got := strings.Join(terminal.Left(), ", "); got != want {
			t.Errorf("after %q: %q, want %q", script, got, want)
		}
	}
}

// Answers come as late as asked for, and whoever is there then gets them.
func TestAnswersComeLate(t *testing.T) {
	const query = `printf '\033[6n'; `
	for _, tt := range []struct {
		name   string
		delay  time.Duration
		script string
		unread string
	}{
		{"after the end", 300 * time.Millisecond, query, "\x1b[1;1R"},
		{"never", Never, query + `sleep 0.1`, ""},
		{"read in time", 0, `stty -icanon -echo min 1 time 5; ` + query + `dd bs=6 count=1 2>/dev/null`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			terminal := started(t, Options{Delay: tt.delay}, tt.script)
			ended(t, terminal)
			got, err := terminal.Unread(patience)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.unread {
				t.Errorf("the next program reads %q, want %q", got, tt.unread)
			}
		})
	}
}

func TestStalledTerminalBlocksTheProgram(t *testing.T) {
	terminal := started(t, Options{}, `echo ready; read line; while :; do echo more; done`)
	if err := errors.Join(terminal.Wait(patience, "ready"), terminal.Stall(), terminal.Type("\r")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-terminal.Ended():
		t.Error("the program ended")
	case <-time.After(200 * time.Millisecond):
	}
	if err := unix.Kill(terminal.Process().Pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-terminal.Ended()
}
