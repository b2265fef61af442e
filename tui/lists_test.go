package tui

import (
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/tui/tuitest"
)

func TestEnterOnAFlowExplainsIt(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("4", "j", "enter")
		c.shows("[6 Explain]", "src [203.0.113.")
	})
}

func TestAGroupOpensAsAFilter(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("4", "o", "o", "o", "enter")
		c.shows("dport:443 proto:tcp", "33 of 200 flows")
		c.press("esc")
		c.shows("200 of 200 flows")
	})
}

func TestMarkedFlowsAreCopiedTogether(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("4", "space", "j", "space")
		c.shows("2 marked", "tcp*")
		if text := clipboard(c, "y"); strings.Count(text, "timeout") != 2 {
			t.Errorf("copied\n%s", text)
		}
		c.press("esc")
		c.hides("marked")
	})
}

// TestLongListsAreSortedBesideTheConsole proves that a list that is too long to
// sort for a key ends up in the same order as a short one.
func TestLongListsAreSortedBesideTheConsole(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.FlowCount = 20_000 }, func(c *console) {
		c.press("4", "s")
		c.shows("20000 of 20000 flows", "SOURCE")
		for range 9 {
			if strings.Contains(c.plain(), "SOURCE^") {
				break
			}
			c.press("s")
		}
		c.shows("SOURCE^")
		c.press("/")
		c.text("proto:udp")
		c.press("enter")
		c.shows("of 20000 flows", " udp ")
		c.hides(" tcp ")
	})
}

func TestACountIsApartFromTheTabsBesideIt(t *testing.T) {
	inConsole(t, 60, 15, nil, func(c *console) {
		c.press("5")
		c.shows("v4/v6 parity   19 of 19 rows")
	})
}

func TestCountersLeadToThePolicy(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("5", "j", "enter")
		c.shows("[2 Policy]", ">        7 ext")
		c.press("5", "tab", "G", "k", "k", "k", "v", "v") // into the rules of DOCKER_inp, then to the row
		c.shows("[2 Policy]", ">       18 DOCKER")
	})
}

func TestCountersSaySinceWhenTheyCount(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("5")
		c.seconds(6)
		c.shows("counting since the apply of 1999-12-31 19:00", "last hit 0s ago")
	})
}
