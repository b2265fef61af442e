package tui

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

func TestEnterOnAnAttentionItemOpensWhereItCanBeMended(t *testing.T) {
	prepare := func(s *tuitest.Site) {
		s.NoAccounting = true
		s.Files["rules"].Data = append(s.Files["rules"].Data, "ext FW nobody ALL ssh accept\n"...)
	}
	tests := []struct {
		item, shows string
		at          page.Screen
	}{
		{"source address 'nobody' does not exist", "nobody", page.PolicyScreen},
		{"conntrack counts no bytes", "accounting is off", page.FlowsScreen},
		{"Docker changed rules", "by policy line", page.CountersScreen},
		{"legacy tables hold rules", "mfwtui doctor", page.OverviewScreen},
	}
	for _, tt := range tests {
		t.Run(tt.item, func(t *testing.T) {
			inConsole(t, 120, 40, prepare, func(c *console) {
				c.seconds(2)
				for range 20 {
					if strings.Contains(c.pages[page.OverviewScreen].(*page.Overview).Copied(), tt.item) {
						break
					}
					c.press("j")
				}
				c.press("enter")
				c.shows(tt.shows)
				if c.at != tt.at {
					t.Errorf("Enter opened screen %d, want %d", c.at, tt.at)
				}
			})
		})
	}
}

// The list changes by itself; what is selected must not.
func TestSelectedItemStaysSelectedWhenOthersCome(t *testing.T) {
	inConsole(t, 120, 40, nil, func(c *console) {
		c.seconds(2)
		c.press("j", "j")
		overview := c.pages[page.OverviewScreen].(*page.Overview)
		before := overview.Copied()
		c.site.NoAccounting = true
		c.seconds(2)
		c.shows("conntrack counts no bytes")
		if after := overview.Copied(); after != before {
			t.Errorf("the selection moved from %q to %q", before, after)
		}
	})
}

func TestOverviewSaysWhatItCannotRead(t *testing.T) {
	tests := map[string]string{
		"Traffic": "the interfaces cannot be read: operation not permitted", "Counters": "the counters cannot be read: operation not permitted",
		"Status": "the firewall cannot be read: operation not permitted",
	}
	for call, want := range tests {
		t.Run(call, func(t *testing.T) {
			fail := func(s *tuitest.Site) { s.Fail = map[string]error{call: errors.New("operation not permitted")} }
			inConsole(t, 100, 30, fail, func(c *console) { c.shows(want) })
		})
	}
}

func TestOverviewMarksTheAdministratorsOwnSession(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.seconds(2)
		c.shows("198.51.100.1:22 YOU")
	})
}

func TestTimestampsAreSwitchedOnFromTheOverview(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.shows("timestamps off (t)")
		c.press("t")
		c.seconds(1)
		c.shows("timestamps on", "nf_conntrack_timestamp=1", "=0 takes it back")
	})
}

func TestConntrackNearlyFullIsSaid(t *testing.T) {
	inConsole(t, 100, 30, func(s *tuitest.Site) { s.FlowCount = 250000 }, func(c *console) {
		c.shows("conntrack is nearly full: 250000 of 262144")
	})
}

// The tables are read after the first traffic: zones must come anyway.
func TestZonesShowWhatTheirInterfacesMove(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.seconds(3)
		c.shows("ZONE", "IN/s", "OUT/s", "NEW/s", "DROP/s")
		screen := c.plain()
		for _, zone := range []string{"ext      eth0", "int      eth1", "DOCKER   docker0"} {
			if !strings.Contains(screen, zone) {
				t.Errorf("no line %q in\n%s", zone, screen)
			}
		}
	})
}

func TestOverviewIsOfUseOnTheSmallestScreen(t *testing.T) {
	inConsole(t, 60, 15, nil, func(c *console) {
		c.seconds(3)
		c.shows("POLICY", "LIVE RULESET", "drift", "ATTENTION", "legacy tables")
	})
}

func TestOverviewOffersNoApplyOfWhatIsOnTrial(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "x", "s", "1")
		c.seconds(statusEvery)
		c.shows("saved, not applied: rules")
		c.site.StartTrial(time.Minute)
		c.seconds(statusEvery)
		c.press("tab", "1")
		c.hides("not applied")
		c.press("A")
		c.shows("an apply is on trial: it must be answered first")
	})
}
