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
			c.spends("refresh", b.refresh, func() int {
				began := time.Now()
				time.Sleep(6 * time.Second)
				return 1 + int(time.Since(began)/time.Second)
			})
			c.types("p")
			c.waits("PAUSED")
			c.spends("movement", b.move, func() int {
				const moves = 10
				for range moves {
					c.types("j")
					time.Sleep(120 * time.Millisecond) // two frames
				}
				return moves
			})
		})
	}
}

// spends fails the test unless something that is done a number of times, which it
// returns, takes at most so many bytes each time.
func (c *child) spends(what string, budget int, done func() int) {
	c.Helper()
	spent := 0
	for range scenes {
		time.Sleep(300 * time.Millisecond) // what was begun is painted
		before := len(c.Output())
		times := done()
		if spent = (len(c.Output()) - before) / times; spent <= budget {
			c.Logf("%d bytes per %s", spent, what)
			return
		}
	}
	c.Errorf("%d bytes per %s, want at most %d", spent, what, budget)
}
