package tui

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

func TestEveryTabOfReviewTellsTheImpact(t *testing.T) {
	const line = "IMPACT   0 cut 7 grandfathered 3 open | 1 newly allowed 1 newly denied"
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "x", "3")
		for range 4 {
			c.shows(line, "impact 10")
			c.press("tab")
		}
		c.press("shift+tab")
		c.shows("[impact 10]", "of 200 flows", "your SSH keeps running: accept by established; a new one: accept by rules:14", "SSH over IPv6 from anywhere: reject by the final reject", "GRAND", "rej final reject")
		c.press("G")
		c.shows("NEW CONNECTIONS", "newly allowed v4+v6 ext -> FW tcp 8080 from any", "newly denied  v4    int -> FW tcp 23 from lan_home", "limit 5/min")
	})
}

func TestNoImpactIsAskedForWithoutADifferenceOrWithErrors(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("3")
		c.hides("IMPACT")
		c.press("shift+tab")
		c.shows("nothing changes, so there are no consequences")
	})
	inConsole(t, 80, 24, changed("monitoring   ", "monitorng    "), func(c *console) {
		c.press("3")
		c.hides("IMPACT")
	})
}

func TestImpactFailuresAreSaid(t *testing.T) {
	inConsole(t, 100, 24, func(s *tuitest.Site) {
		s.Fail = map[string]error{"FlowImpact": errors.New("no conntrack"), "PolicyImpact": errors.New("no addresses")}
	}, func(c *console) {
		c.press("2", "j", "x", "3")
		c.shows("flows not judged: no conntrack", "new connections not judged: no addresses")
		c.press("x")
		c.shows("no flow is grandfathered by this change")
		if text := c.review.Copied(); !strings.Contains(text, "is not known: no conntrack") {
			t.Errorf("the copy hides the failure:\n%s", text)
		}
	})
}

// Until both answers are there the line says so, and an answer about an older
// comparison does not count.
func TestImpactIsJudgingUntilTheLatestAnswer(t *testing.T) {
	inConsole(t, 100, 24, nil, func(c *console) {
		c.press("2", "j", "x", "3")
		_, cmd := c.Update(keyPress("R"))
		_, asks := c.Update(cmd()) // the comparison; its questions stay open
		c.shows("judging the flows ... | judging new connections ...")
		c.press("R")
		c.shows("7 grandfathered", "1 newly allowed")
		c.site.FlowCount = 3
		c.do(asks)
		c.shows("7 grandfathered")
	})
}

func TestEnterOnATouchedFlowExplainsIt(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "x", "3", "shift+tab", "enter")
		if c.at != page.ExplainScreen {
			t.Fatalf("at screen %v, want Explain", c.at)
		}
		c.shows("203.0.113.0:40000")
	})
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "x", "3", "shift+tab", "n", "enter")
		c.shows("this is a set of packets")
	})
}

// ends counts the calls that ended flows.
func ends(s *tuitest.Site) (n int) {
	for _, call := range s.Calls() {
		if strings.HasPrefix(call, "end ") {
			n++
		}
	}
	return n
}

// The grandfathered flows end once, after the confirm of the transaction that
// Review started, and at no other end of any.
func TestGrandfatheredFlowsEndOnceAndOnlyAfterTheConfirm(t *testing.T) {
	confirm := func(c *console) { c.text("k7qx"); c.press("enter"); c.seconds(5) }
	tests := []struct {
		name string
		do   func(*console)
		want int
	}{
		{"chosen and confirmed", func(c *console) { c.press("x", "A", "y"); confirm(c) }, 1},
		{"chosen in the dialog and confirmed", func(c *console) { c.press("A", "x", "y"); confirm(c) }, 1},
		{"confirmed from another window", func(c *console) {
			c.press("x", "A", "y")
			if _, err := c.site.Confirm(t.Context(), "K7QX"); err != nil {
				t.Fatal(err)
			}
			c.seconds(5)
		}, 1},
		{"not chosen", func(c *console) { c.press("A", "y"); confirm(c) }, 0},
		{"chosen twice", func(c *console) { c.press("x", "A", "x", "y"); confirm(c) }, 0},
		{"rolled back by hand", func(c *console) { c.press("x", "A", "y", "ctrl+r"); c.seconds(5) }, 0},
		{"rolled back by the clock", func(c *console) { c.press("x", "A", "y"); time.Sleep(time.Minute); c.seconds(5) }, 0},
		{"a transaction of another after ours was rolled back", func(c *console) {
			c.press("x", "A", "y", "ctrl+r")
			c.site.StartTrial(time.Minute)
			c.seconds(2)
			confirm(c)
		}, 0},
		{"an apply that was not started, then a transaction of another", func(c *console) {
			c.site.Fail = map[string]error{"Apply": errors.New("locked")}
			c.press("x", "A", "y")
			c.site.StartTrial(time.Minute)
			c.seconds(2)
			confirm(c)
		}, 0},
		{"a second transaction after the confirm", func(c *console) {
			c.press("x", "A", "y")
			confirm(c)
			c.site.StartTrial(time.Minute)
			c.seconds(2)
			confirm(c)
		}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inConsole(t, 100, 24, nil, func(c *console) {
				c.press("2", "j", "x", "3")
				tt.do(c)
				if got := ends(c.site); got != tt.want {
					t.Errorf("flows were ended %d times, want %d: %q", got, tt.want, c.site.Calls())
				}
			})
		})
	}
}

func TestEndingAfterTheConfirmSaysWhatBecameOfIt(t *testing.T) {
	inConsole(t, 100, 24, nil, func(c *console) {
		c.press("2", "j", "x", "3", "x", "A")
		c.shows("Flows: 0 cut, 7 grandfathered, 3 newly open", "[x] x  after the confirm end the 7 grandfathered flows too")
		c.press("y")
		c.text("k7qx")
		c.press("enter")
		c.shows("kept: the new rules stay; 7 grandfathered flows ended")
	})
	inConsole(t, 100, 24, func(s *tuitest.Site) { s.Fail = map[string]error{"EndFlows": errors.New("no room")} }, func(c *console) {
		c.press("2", "j", "x", "3", "x", "A", "y")
		c.text("k7qx")
		c.press("enter")
		c.shows("kept, but the grandfathered flows did not end: no room")
	})
}

func TestImpactIsCopiedAndWritten(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "x", "3", "W", "ctrl+u")
		c.text("/root/a.diff")
		c.press("enter")
		for where, text := range map[string]string{"copy": c.review.Copied(), "file": c.site.Written["/root/a.diff"]} {
			for _, want := range []string{"# Impact: 0 cut, 7 grandfathered, 3 newly open, of 200 flows.", "# Grandfathered: tcp ", "# Newly allowed: IPv4 and IPv6, zone ext to FW tcp 8080 from any"} {
				if !strings.Contains(text, want) {
					t.Errorf("the %s lacks %q:\n%s", where, want, text)
				}
			}
		}
	})
}
