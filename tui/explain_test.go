package tui

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/page"
)

// clipboard runs a command and returns what it puts on the clipboard. The type
// of that message is not exported; it is a string.
func clipboard(c *console, key string) string {
	_, cmd := c.Update(keyPress(key))
	var text string
	var look func(tea.Cmd)
	look = func(cmd tea.Cmd) {
		if cmd == nil {
			return
		}
		switch msg := cmd().(type) {
		case tea.BatchMsg:
			for _, cmd := range msg {
				look(cmd)
			}
		case nil, tickMsg:
		default:
			text = fmt.Sprint(msg)
		}
	}
	look(cmd)
	return text
}

func TestExplainChecksThePacketOnEveryKey(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("6", "e")
		c.text("lan_nsa")
		c.shows(`"lan_nsa" is neither an address nor an address object`, "Enter takes lan_nas")
		c.press("enter")
		c.shows("[lan_nas")
		c.press("enter", "2") // on to the destination, which is missing
		c.press("backspace")
		c.text("admins:")
		c.shows("admins:https")
		c.text("ssh")
		c.press("enter")
		c.shows("from eth1 (int): 192.168.0.20:40000 > 203.0.113.1:22", "ACCEPT by rules:16")
	})
}

func TestExplainGoesToTheRowInTheEditedTables(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		explainWeb(c)
		c.press("enter")
		c.shows("[2 Policy]", ">  W    10 ext      ALL")
	})
}

func TestExplainShowsTheSamePacketOverTheOtherFamily(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("6", "e")
		c.text("monitoring")
		c.press("tab")
		c.text("lan_router_ext:munin")
		c.press("enter")
		c.shows("ACCEPT by rules:9")
		c.press("f")
		c.shows("this packet exists in one family only")
		c.press("e", "ctrl+u")
		c.text("admins")
		c.press("enter")
		c.shows("IPv4", "IPv6 (f): REJECT by rules:10")
		c.press("f")
		c.shows("IPv6", "[2001:db8:7::1]:40000 > [2001:db8::4]:4949", "IPv4 (f): REJECT")
	})
}

func TestExplainTakesThePacketOfTheSelectedFlow(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("4", "j", "6", "i")
		c.shows("[6 Explain]", "src [203.0.113.")
	})
}

func TestExplainWithErrorsInTheTablesShowsTheLiveSide(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "o")
		c.text("ssh")
		c.press("enter", "esc")
		explainWeb(c)
		c.shows("the tables have errors", "REJECT tcp-reset by rules:10")
	})
}

func TestExplainCopiesTextAndJSON(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		explainWeb(c)
		if text := clipboard(c, "y"); !strings.Contains(text, "\nlive\n") || !strings.Contains(text, "\nstaged\n") || !strings.Contains(text, "REJECT tcp-reset by rules:10") {
			t.Errorf("the text is\n%s", text)
		}
		var both struct{ Live, Staged struct{ Verdict, Row string } }
		if err := json.Unmarshal([]byte(clipboard(c, "J")), &both); err != nil {
			t.Fatal(err)
		}
		if both.Live.Verdict != "reject" || both.Staged.Row != "rules:10" {
			t.Errorf("the JSON says %+v", both)
		}
	})
}

func TestExplainCopiesTheKernelTraceAndWhyNotWithTheJSON(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		explainWeb(c)
		c.press("T", "r", "enter")
		var both struct {
			Live, Staged struct {
				Why struct{ Row, Reason string } `json:"why_not"`
			}
			Trace struct {
				Packets int
				Ways    []struct{ Verdict string }
			}
		}
		if err := json.Unmarshal([]byte(clipboard(c, "J")), &both); err != nil {
			t.Fatal(err)
		}
		if both.Trace.Packets != 2 || len(both.Trace.Ways) != 1 || both.Trace.Ways[0].Verdict != "drop" {
			t.Errorf("the trace is %+v", both.Trace)
		}
		if both.Live.Why.Row == "" || both.Live.Why.Reason == "" || both.Staged.Why.Row != both.Live.Why.Row {
			t.Errorf("why not: %+v and %+v", both.Live.Why, both.Staged.Why)
		}
	})
}

func TestExplainFollowsTheTables(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		explainWeb(c)
		c.shows("live and staged are the same")
		c.do(c.show(page.PolicyScreen))
		c.press("j", "j", "j", "j", "d", "6")
		c.hides("live and staged are the same")
		c.shows("ACCEPT by virtuals:2")
	})
}
