package tui

import "testing"

func TestCountersCountFromTheMomentThatWasSet(t *testing.T) {
	inConsole(t, 100, 30, nil, func(c *console) {
		c.press("5", "z")
		c.shows("counting since", "which z set")
		for range 2 {
			c.press("tab")
		}
		c.shows("0 hits since")
		c.press("shift+tab")
		c.shows("by chain", "which z set")
		c.press("tab", "z")
		c.shows("Count from another moment", "stay as they are")
		c.press("c")
		c.hides("which z set")
	})
}
