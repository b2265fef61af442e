package tui

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"

	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// onTrial runs a test with a console on the screen of a trial.
func onTrial(t *testing.T, width, height int, test func(*console)) {
	t.Helper()
	inConsole(t, width, height, func(s *tuitest.Site) { s.StartTrial(2 * time.Minute) }, test)
}

func TestProofsFollowWhatHappens(t *testing.T) {
	tests := []struct {
		name    string
		happens func(*tuitest.Site)
		shows   []string
	}{
		{"nobody has come yet", nil, []string{"open one from 203.0.113.7", "waiting ...", "the new rules say about one from 203.0.113.7: accept by rules:7"}},
		{"first packet", func(s *tuitest.Site) { s.LogIn(false) }, []string{"first packet", "first packet seen 00:00:", "accept by rules:7, handshake not done"}},
		{"handshake", func(s *tuitest.Site) { s.LogIn(true) }, []string{"from 203.0.113.7:52144", "established", "handshake done"}},
		{"drops by row", func(s *tuitest.Site) { time.Sleep(5 * time.Second) }, []string{"32  (24x rules:12, 8x no row)"}},
		{"services", nil, []string{"reachable 5 of 6  (22 25 53 80 443)", "nobody reaches: 8080", "could not connect again: 1 client to 8080"}},
		{"not readable", func(s *tuitest.Site) { s.Fail = map[string]error{"Proof": errors.New("operation not permitted")} }, []string{"operation not permitted", "not known"}},
		{"panic", func(s *tuitest.Site) { s.Panic = map[string]bool{"Proof": true} }, []string{"internal error", "not known", "ROLLBACK IN"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			onTrial(t, 100, 30, func(c *console) {
				time.Sleep(time.Second)
				if tt.happens != nil {
					tt.happens(c.site)
				}
				c.seconds(1)
				c.shows(tt.shows...)
			})
		})
	}
}

func TestWhatTheTerminalSaysIsAProofAndNeverAnAnswer(t *testing.T) {
	onTrial(t, 80, 24, func(c *console) {
		c.shows("nothing heard yet")
		time.Sleep(time.Second)
		for _, reply := range []tea.Msg{
			uv.PrimaryDeviceAttributesEvent{62, 4}, uv.SecondaryDeviceAttributesEvent{1}, uv.UnknownEvent("K7QX\r"), uv.UnknownCsiEvent("K7QX"),
			tea.CursorPositionMsg{X: 1, Y: 1}, tea.FocusMsg{}, tea.BlurMsg{}, tea.ClipboardMsg{Content: "K7QX"},
			tea.KeyReleaseMsg{Code: 'k', Text: "k"}, tea.PasteStartMsg{}, tea.PasteMsg{Content: "K7QX\r"}, tea.PasteEndMsg{},
		} {
			c.send(reply)
		}
		c.shows("last reply 0s ago", "[____]")
		time.Sleep(30 * time.Second)
		c.shows("last reply 30s ago", "silent")
		if calls := c.site.Calls(); len(calls) > 0 {
			t.Errorf("the terminal answered the trial: %q", calls)
		}
	})
}

func TestNoSingleKeyConfirms(t *testing.T) {
	for r := rune(0x21); r < 0x7f; r++ {
		onTrial(t, 80, 24, func(c *console) {
			c.press(string(r), "enter")
			for _, call := range c.site.Calls() {
				if strings.HasPrefix(call, "confirm") {
					t.Errorf("%c and Enter confirmed", r)
				}
			}
		})
	}
}

// The clock is on the first line whatever is shown, and whatever lies on top.
func TestClockStaysOnEveryScreenUnderEveryOverlay(t *testing.T) {
	open := map[string]func(*console){
		"page":   func(*console) {},
		"help":   func(c *console) { c.help = newHelp(c.model) },
		"dialog": func(c *console) { openQuit(c) },
	}
	for name, overlay := range open {
		for _, key := range []string{"1", "2", "3", "4", "5", "6", "7", "0"} {
			t.Run(name+" on "+key, func(t *testing.T) {
				onTrial(t, 80, 24, func(c *console) {
					c.press("tab")
					c.press(key)
					overlay(c)
					clock := string(c.clock())
					for _, size := range [][2]int{{80, 24}, {120, 40}, {60, 15}, {59, 14}, {40, 8}, {30, 4}, {24, 2}} {
						c.layout = newLayout(size[0], size[1])
						first, _, _ := strings.Cut(c.plain(), "\n")
						if !strings.Contains(first, clock) {
							t.Errorf("%dx%d: the first line is %q, without the clock %s", size[0], size[1], first, clock)
						}
					}
				})
			})
		}
	}
}

func openQuit(c *console) { c.do(c.model.quit()) }

func TestAConsoleOpenedAfterARollbackTellsOfIt(t *testing.T) {
	rolledBack := func(s *tuitest.Site) {
		s.StartTrial(time.Second)
		time.Sleep(2 * time.Second)
		_, _, _ = s.Trial(t.Context())
	}
	inConsole(t, 80, 24, rolledBack, func(c *console) {
		c.shows("rolled back at 00:00:02: the time was over; the tables stay as they are")
	})
	inConsole(t, 100, 24, func(s *tuitest.Site) { rolledBack(s); time.Sleep(2 * time.Hour) }, func(c *console) {
		c.hides("rolled back at")
	})
}

func TestTheEndSaysWhatBecameOfTheEdits(t *testing.T) {
	onTrial(t, 100, 24, func(c *console) {
		c.press("tab", "2", "x", "j", "x", "0", "ctrl+r")
		c.shows("rolled back at 00:00:", "your 2 staged changes stay staged", "STAGED 2")
	})
	onTrial(t, 100, 24, func(c *console) {
		c.text("k7qx")
		c.press("enter")
		c.shows("kept: the new rules stay, after 6 s on trial")
	})
}

// On a screen of any size the code can be read and typed, down to a few lines.
func TestTheCodeIsOnTheSmallestScreen(t *testing.T) {
	for _, size := range [][2]int{{60, 15}, {50, 12}, {40, 8}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			onTrial(t, size[0], size[1], func(c *console) {
				c.text("k7")
				c.shows("K7QX", "[K7__]", "ROLLBACK IN")
			})
		})
	}
}
