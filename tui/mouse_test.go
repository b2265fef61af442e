package tui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/settings"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// clickOn clicks on the first place that shows a text.
func (c *console) clickOn(text string) {
	c.Helper()
	for y, line := range strings.Split(c.plain(), "\n") {
		if x := strings.Index(line, text); x >= 0 {
			c.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
			return
		}
	}
	c.Fatalf("%q is not on the screen:\n%s", text, c.plain())
}

func TestMouseIsOffUnlessAskedFor(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		if mode := c.View().MouseMode; mode != tea.MouseModeNone {
			t.Errorf("mouse mode %v without the setting", mode)
		}
		s := settings.Default()
		s.Mouse = true
		if err := c.configure(s, colorprofile.ANSI); err != nil {
			t.Fatal(err)
		}
		if mode := c.View().MouseMode; mode != tea.MouseModeCellMotion {
			t.Errorf("mouse mode %v with the setting", mode)
		}
	})
}

func TestClickOpensTabsSelectsRowsAndRunsHints(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.clickOn("4 Flows")
		c.shows("[4 Flows]")
		c.clickOn("203.0.113.2:40002")
		c.shows(">tcp   203.0.113.2:40002")
		c.clickOn("p pause")
		c.shows("PAUSED")
		c.clickOn("5 Counters")
		c.clickOn("rules:8 ")
		c.shows(">rules:8 ")
		c.clickOn("2 Policy")
		c.clickOn("monitoring")
		c.shows(">        9 ext      FW       monitoring")
		c.clickOn("x switch off")
		c.shows("switched off")
		c.clickOn("w problems")
		c.clickOn("virtuals:2:1")
		c.press("enter")
		c.shows("[virtuals 2]")
	})
}

func TestClickSelectsAChainFoldsItAndSelectsARule(t *testing.T) {
	inConsole(t, 100, 30, nil, func(c *console) {
		c.press("5", "tab")
		c.shows(">FORWARD", ". DOCKER-USER")
		c.clickOn("INPUT                   ours")
		c.shows(">INPUT", ". MFWINPUT", " INPUT  policy")
		c.clickOn("INPUT                   ours")
		c.shows(">INPUT +1")
		c.hides(". MFWINPUT")
		c.press("h")
		c.shows(". MFWINPUT")
		c.clickOn("ext_inp")
		c.shows(">ext_inp", " ext_inp")
		c.clickOn("rules:9 ")
		c.shows("|>ext_inp")
	})
}

func TestASecondClickOpensWhatTheFirstSelected(t *testing.T) {
	for _, one := range []struct {
		name, screen  string
		width, height int
		click         string
		first, second string // what is shown after each click
	}{
		{"flow", "4", 80, 24, "203.0.113.2:40002", ">tcp   203.0.113.2:40002", "[6 Explain]"},
		{"cell", "2", 80, 24, "monitoring", ">        9 ext      FW       monitoring", "Enter write the cell"},
		{"event", "7", 80, 24, "rolled back", "rolled back, took", "against its PREDECESSOR"},
		{"attention", "1", 80, 24, "! Docker changed", ">! Docker changed", "[5 Counters]"},
	} {
		t.Run(one.name, func(t *testing.T) {
			inConsole(t, one.width, one.height, nil, func(c *console) {
				c.press(one.screen)
				c.clickOn(one.click)
				c.shows(one.first)
				c.clickOn(one.click)
				c.shows(one.second)
			})
		})
	}
}

// A row that a key selected is only selected by the first click on it: who
// clicks to get the window back opens nothing.
func TestTheFirstClickAfterAKeyOpensNothing(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("4")
		c.clickOn("203.0.113.2:40002")
		c.press("j", "k")
		c.clickOn("203.0.113.2:40002")
		c.shows("[4 Flows]")
	})
}

func TestClickSelectsChangesConsequencesAndTabsOfReview(t *testing.T) {
	for _, width := range []int{80, 120} {
		inConsole(t, width, 40, nil, func(c *console) {
			c.press("2", "x", "J", "3")
			rows := c.review.Copied()
			if len(rows) == 0 {
				t.Fatal("nothing to click on")
			}
			c.clickOn("compiled v6")
			c.shows("[compiled v6")
			c.clickOn("changes ")
			c.shows("[changes ")
		})
	}
}

func TestWheelMovesTheSelection(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("4")
		c.send(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
		c.send(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
		c.send(tea.MouseWheelMsg{Button: tea.MouseWheelUp})
		c.shows(">tcp   203.0.113.2:40002") // the fourth
	})
}

// Everywhere on the screen, so that no layout makes a click an answer.
func TestNoClickAnswersADialogOrATrial(t *testing.T) {
	everywhere := func(c *console) {
		for y := range c.layout.height {
			for x := range c.layout.width {
				c.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
				c.send(tea.MouseWheelMsg{X: x, Y: y, Button: tea.MouseWheelDown})
			}
		}
	}
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "x", "3", "A")
		time.Sleep(time.Second)
		everywhere(c)
		if c.dialog == nil || len(c.site.Calls()) > 0 {
			t.Errorf("dialog open %v, calls %q; want an open dialog and no call", c.dialog != nil, c.site.Calls())
		}
	})
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.StartTrial(time.Hour) }, func(c *console) {
		c.text("k7qx")
		everywhere(c)
		if c.at != page.TrialScreen || len(c.site.Calls()) > 0 {
			t.Errorf("screen %v, calls %q; want the trial untouched", c.at, c.site.Calls())
		}
	})
}

func TestClickWhileTypingChangesNothingButRunsHints(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "e")
		c.clickOn("4 Flows")
		if !c.policy.Typing() || c.at != page.PolicyScreen {
			t.Error("a click left the cell that is edited")
		}
		c.clickOn("Esc cancel")
		if c.policy.Typing() {
			t.Error("the hint does not cancel")
		}
	})
}
