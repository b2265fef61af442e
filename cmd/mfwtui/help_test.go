package main

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/tui/tuitest/tty"
)

// Help on a terminal that answers nothing is only text, and comes at once. The
// best of several counts: more tries are made only as long as the limit is not
// met.
func TestHelpIsQuickAndOnlyText(t *testing.T) {
	const limit, tries = 100 * time.Millisecond, 12
	for _, args := range [][]string{{"--help"}, {"apply", "--help"}} {
		best := time.Hour
		for n := 0; n < tries && best > limit; n++ {
			began := time.Now()
			terminal, err := tty.Start(exec.Command("mfwtui", args...), tty.Options{Delay: tty.Never, Width: 200, Height: 80})
			if err != nil {
				t.Fatal(err)
			}
			<-terminal.Ended()
			best = min(best, time.Since(began))
			if err := terminal.Drain(patience); err != nil {
				t.Fatal(err)
			}
			if out := terminal.Output(); !strings.Contains(out, "mfwtui") || strings.Contains(out, "\x1b") {
				t.Fatalf("%q writes %q", args, out)
			}
			terminal.Close()
		}
		t.Logf("%q takes %s", args, best)
		if best > limit {
			t.Errorf("%q takes %s, want at most %s", args, best, limit)
		}
	}
}
