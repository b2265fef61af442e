package tui

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// ownIsFirst makes the first flow of the list the administrator's connection.
func ownIsFirst(s *tuitest.Site) {
	s.Own = [2]netip.AddrPort{netip.MustParseAddrPort("203.0.113.0:40000"), netip.MustParseAddrPort("198.51.100.0:443")}
}

func TestFlowsEndOnlyAfterTheDialogNamedThem(t *testing.T) {
	tests := []struct {
		name  string
		site  func(*tuitest.Site)
		keys  []string
		shows []string
		call  string
		said  string
	}{
		{"the selected one", nil, []string{"X"},
			[]string{"End 1 flow?", "TCP gets resets, the rest is stopped until it is silent", "tcp 203.0.113.0:40000 > 198.51.100.0:443  rules:14"}, "end 1 flows", "1 flow ended"},
		{"the marked ones", nil, []string{"space", "space", "space", "X"}, []string{"End 3 flows?"}, "end 3 flows", "3 flows ended"},
		{"what the filter keeps", nil, []string{"/", "s", "y", "n", "enter", "ctrl+x"}, []string{"End 18 flows?", "1 to 8 of 18; up, down, PgUp, PgDn show the others"}, "end 18 flows", "18 flows ended"},
		{"at most some at a time", func(s *tuitest.Site) { s.FlowCount = 600 }, []string{"ctrl+x"},
			[]string{"End 500 flows?", "the first 500 of 600"}, "end 500 flows", "500 flows ended"},
		{"some are gone or idle", func(s *tuitest.Site) { s.Became = &engine.EndedFlows{Ended: 1, Gone: 2, Idle: 1} }, []string{"X"},
			nil, "end 1 flows", "1 flow ended, 2 flows had ended already, 1 flow idle:"},
		{"an end goes on sending", func(s *tuitest.Site) { s.Became = &engine.EndedFlows{Talking: 1} }, []string{"X"},
			nil, "end 1 flows", "0 flows ended, 1 flow still sending: back with the next packet"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inConsole(t, 80, 24, tt.site, func(c *console) {
				c.press("4")
				c.press(tt.keys...)
				c.shows(tt.shows...)
				c.press("e")
				if calls := c.site.Calls(); len(calls) != 1 || calls[0] != tt.call {
					t.Errorf("calls %q, want %q", calls, tt.call)
				}
				c.shows(tt.said)
				c.hides("marked")
			})
		})
	}
}

func TestTheDialogListsEveryFlowThatIsToEnd(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.FlowCount = 600 }, func(c *console) {
		c.press("4", "ctrl+x")
		c.shows("1 to 8 of 500;")
		c.press("pgdown", "down")
		c.shows("10 to 17 of 500;")
		for range 70 {
			c.press("pgdown")
		}
		c.shows("493 to 500 of 500;")
		c.press("up", "e")
		c.shows("500 flows ended")
	})
}

func TestEndingOnesOwnConnectionTakesTheNameOfTheHost(t *testing.T) {
	inConsole(t, 80, 24, ownIsFirst, func(c *console) {
		c.press("4", "X")
		c.shows("YOUR OWN SSH CONNECTION IS AMONG THEM: 203.0.113.0:40000", "type edge-01")
		c.press("e", "enter")
		if len(c.site.Calls()) > 0 {
			t.Error("it was ended by a letter")
		}
		c.press("esc", "j", "X")
		c.hides("YOUR OWN SSH")
	})
}

func TestFlowsThatCannotBeEndedSayWhy(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.Fail = map[string]error{"EndFlows": errors.New("a trial is pending")} }, func(c *console) {
		c.press("4", "X", "e")
		c.shows("not ended: a trial is pending")
		c.press("o", "X")
		c.shows("Enter opens the group; then its flows can be ended")
	})
}

func TestAFlowBecomesARuleInOneStep(t *testing.T) {
	inConsole(t, 120, 40, nil, func(c *console) {
		c.press("4", "j", "r")
		c.shows("[2 Policy]", "rules:17 made, u takes it back; new: host-203-0-113-1, host-198-51-100-1", "17 int      ext      host-203-0-1~")
		if c.shared.Desk.Staged() == 0 {
			t.Error("nothing is staged")
		}
		c.press("u")
		if n := c.shared.Desk.Staged(); n != 0 {
			t.Errorf("%d lines are still staged after one undo", n)
		}
	})
}

func TestWhatNoRowCanAdmitIsSaid(t *testing.T) {
	inConsole(t, 120, 24, nil, func(c *console) {
		c.press("4", "/")
		c.text("proto:icmp")
		c.press("enter", "r")
		c.shows("[4 Flows]", "no row made: a row names services of TCP and UDP")
		c.press("esc", "o", "r")
		c.shows("Enter opens the group; then r makes a rule for a flow")
	})
}

func TestFlowsNameTheirContainerAndAreGroupedByIt(t *testing.T) {
	inConsole(t, 140, 40, nil, func(c *console) {
		c.press("4")
		c.seconds(2)
		c.shows("web:")
		c.press("o", "o", "o", "o", "o", "o")
		c.shows("3 groups by zones", "int>ext")
		c.press("o")
		c.seconds(1)
		c.shows("172.17.0.5", "web", "no container")
		c.press("j", "enter")
		c.shows("ip:172.17.0.5")
	})
}

func TestDeniedPacketsAreListedBesideTheFlows(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("4", "tab")
		c.shows("[denied]", "the final reject", "203.0.113.40", "198.51.100.4:23 ", "3 of 3 lines")
		c.press("/")
		c.text("dport:3389 zone:ext>FW")
		c.press("enter")
		c.shows("1 of 3 lines", "203.0.113.41")
		c.hides("203.0.113.42")
		if text := clipboard(c, "y"); text[:len("the final reject")] != "the final reject" {
			t.Errorf("copied %q", text)
		}
		c.press("p")
		c.shows("PAUSED")
		c.press("enter")
		c.shows("[6 Explain]", "src [203.0.113.41")
		c.press("4", "shift+tab")
		c.shows("[flows]", "200 of 200 flows")
	})
}

func TestADeniedPacketBecomesARule(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("4", "tab", "r")
		c.shows("[2 Policy]", "rules:10 made, u takes it back; new: host-203-0-113-40", "telnet")
	})
}

func TestDeniedSaysWhyThereIsNothing(t *testing.T) {
	tests := []struct {
		name  string
		site  func(*tuitest.Site)
		shows []string
	}{
		{"nothing logs", func(s *tuitest.Site) { s.Silent = true }, []string{"Nothing is logged", "log-denied", "drop+log"}},
		{"another reader", func(s *tuitest.Site) { s.Fail = map[string]error{"Denied": engine.ErrLogTaken} }, []string{"another program reads the log", "ulogd", "not read"}},
		{"something was lost", func(s *tuitest.Site) { s.Lost = [2]uint64{2, 7} }, []string{"2 overruns", "7 older lines forgotten"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inConsole(t, 80, 24, tt.site, func(c *console) {
				c.press("4", "tab")
				c.shows(tt.shows...)
			})
		})
	}
}

func TestNamesOfAddressesAreAskedOnlyWhenSwitchedOn(t *testing.T) {
	inConsole(t, 100, 40, nil, func(c *console) {
		c.press("4", "/")
		c.text("src:203.0.113.5")
		c.press("enter")
		c.seconds(2)
		c.hides("cpe-203")
		c.press("h")
		c.shows("the resolver of this host is asked", "203.0.113.5  cpe-203.0.113.5.example.net  DE  AS64500 Example ISP", "198.51.100.5  has no name that is known")
		c.press("h")
		c.hides("cpe-203")
		c.shows("not asked any more")
	})
}

func TestDeniedSaysSinceWhenItListens(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.meddle = func(msg tea.Msg) tea.Msg {
			if m, ok := msg.(desk.DeniedMsg); ok {
				m.Value.List = nil
				return m
			}
			return msg
		}
		c.press("4", "tab")
		since := time.Now().Format("15:04:05")
		c.press("/")
		c.text("x")
		c.press("esc")
		c.seconds(3)
		c.shows("Listening since "+since+": nothing was logged since then", "5 Counters counts them")
		c.meddle = nil
		c.seconds(1)
		c.shows("by the final reject: no row decided")
	})
}

func TestTheChainsSayThatTheFilterKeepsNone(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("5", "/")
		c.text("nothing-like-it")
		c.press("enter", "tab")
		c.shows("the filter keeps no chain; Esc drops it")
	})
}
