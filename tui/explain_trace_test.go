package tui

import (
	"errors"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// pressLater presses a key and returns what it started, which does not run yet.
func pressLater(c *console, key string) tea.Cmd {
	_, cmd := c.Update(keyPress(key))
	return cmd
}

func TestTraceShowsWhatRealPacketsMetAndMarksWhereTheWalkSaidOtherwise(t *testing.T) {
	inConsole(t, 120, 40, nil, func(c *console) {
		explainWeb(c)
		c.press("T")
		c.shows("KERNEL TRACE from", "2 real packets tcp 203.0.113.9 >", "! 2x", "DROP by", "NOT AS WALKED: REJECT by rules:10")
		if text := clipboard(c, "y"); !strings.Contains(text, "kernel trace from") || !strings.Contains(text, "NOT AS WALKED") {
			t.Errorf("the copied text has no trace:\n%s", text)
		}
		c.press("esc")
		c.hides("KERNEL TRACE")
	})
}

func TestTraceShowsItsClockAndRunsOnceAtATime(t *testing.T) {
	inConsole(t, 120, 40, nil, func(c *console) {
		explainWeb(c)
		trace := pressLater(c, "T")
		c.shows("listening since", "10s left")
		c.press("T")
		c.shows("one trace at a time", "9s left")
		c.do(trace)
		c.hides("listening")
		c.shows("2 real packets")
	})
}

func TestTraceLivesOnWhileAnotherPageIsShown(t *testing.T) {
	inConsole(t, 120, 40, nil, func(c *console) {
		explainWeb(c)
		trace := pressLater(c, "T")
		c.press("5")
		c.do(trace)
		c.press("6")
		c.shows("2 real packets", "NOT AS WALKED")
	})
}

func TestTraceOfAnotherPacketIsSaidAndNotShown(t *testing.T) {
	inConsole(t, 120, 40, nil, func(c *console) {
		explainWeb(c)
		trace := pressLater(c, "T")
		c.press("e", "ctrl+u")
		c.text("203.0.113.77")
		c.press("enter")
		c.hides("KERNEL TRACE")
		c.do(trace)
		c.shows("the trace of tcp 203.0.113.9 >", "is done: 2 packets")
		c.hides("KERNEL TRACE")
	})
}

func TestTraceSaysErrorsPlainly(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		explainWeb(c)
		c.site.Fail = map[string]error{"TracePackets": errors.New("trace packets: an apply is pending")}
		c.press("T")
		c.shows("KERNEL TRACE trace packets: an apply is pending")
	})
}

func TestTraceSaysThatNothingCame(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		explainWeb(c)
		c.site.Silent = true
		c.press("T")
		c.shows("no such packet came in 10s")
	})
}
