package tui

import (
	"fmt"
	"testing"
	"time"
)

// The budgets of the design, on a real terminal that answers: with the meter of
// the link, the clock and all that the set-up of the library adds.
func TestBytesOnAPseudoTerminal(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	for _, b := range budgets {
		t.Run(fmt.Sprintf("%dx%d", b.width, b.height), func(t *testing.T) {
			t.Parallel()
			c := startSized(t, ordinary, b.width, b.height)
			c.waits("LIVE in sync")
			c.types("4")
			c.waits("200 of 200 flows")
			time.Sleep(time.Second)
			const refreshes, moves = 6, 10
			before := len(c.Output())
			time.Sleep(refreshes * time.Second)
			refresh := (len(c.Output()) - before) / refreshes
			c.types("p")
			c.waits("PAUSED")
			time.Sleep(120 * time.Millisecond) // two frames
			before = len(c.Output())
			for range moves {
				c.types("j")
				time.Sleep(120 * time.Millisecond)
			}
			move := (len(c.Output()) - before) / moves
			t.Logf("%d bytes per refresh, %d per movement", refresh, move)
			if refresh > b.refresh || move > b.move {
				t.Errorf("%d bytes per refresh and %d per movement, want at most %d and %d", refresh, move, b.refresh, b.move)
			}
		})
	}
}
