package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// changed makes the rules on disk differ from the confirmed ones.
func changed(old, new string) func(*tuitest.Site) {
	return func(s *tuitest.Site) {
		text := string(s.Files["rules"].Data)
		if !strings.Contains(text, old) {
			panic("no rule " + old)
		}
		s.Files["rules"] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, new, 1))}
	}
}

func TestReviewComparesRowsWithTheConfirmedTables(t *testing.T) {
	const telnet = "int             FW               ALL                  ALL                    telnet         accept\n"
	tests := []struct {
		name     string
		old, new string
		shows    []string
	}{
		{"an edited cell", "munin  ", "smtp   ", []string{"~ rules:9", "service munin -> smtp", "kernel rules: v4 +1 -1   v6 none (0 rules)"}},
		{"a row gone", telnet, "", []string{"- rules:12", "telnet  accept", "kernel rules: v4 +0 -1   v6 +0 -1"}},
		{"a new row", telnet, telnet + "int FW ALL ALL http accept\n", []string{"+ rules:13", "http  accept", "v4 +1 -0   v6 +1 -0", "no rule of this row runs yet"}},
		{"a row switched off", telnet, "#~ " + telnet, []string{"~ rules:12", "switched off"}},
		{"a row of one family", "monitoring           ALL                    munin ", "monitoring           ALL                    http ", []string{"! no v6 rule: monitoring has no IPv6 address", "! 1 in one family"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inConsole(t, 80, 24, changed(tt.old, tt.new), func(c *console) {
				c.press("3")
				c.shows("STAGED 0", "changes 1")
				c.shows(tt.shows...)
			})
		})
	}
	t.Run("moved", func(t *testing.T) {
		inConsole(t, 80, 24, nil, func(c *console) {
			c.press("2", "j", "j", "J", "3")
			c.shows("~ rules:", "moved, was line ")
		})
	})
}

func TestAnApplyAskedForDuringTheComparisonOpensItsDialogAfterIt(t *testing.T) {
	for _, tt := range []struct {
		name  string
		keys  []string // after A, before the answer
		fails error
		opens bool
		says  string
	}{
		{name: "the answer comes", opens: true},
		{name: "the answer comes to the tab beside", keys: []string{"tab"}, opens: true},
		{name: "the answer comes to another screen", keys: []string{"2", "3"}},
		{name: "the comparison fails", fails: errors.New("no kernel"), says: "no kernel"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inConsole(t, 80, 24, changed("telnet ", "http   "), func(c *console) {
				var held []tea.Msg
				c.meddle = func(msg tea.Msg) tea.Msg {
					if m, ok := msg.(desk.PreviewMsg); ok {
						if tt.fails != nil {
							m.Preview, m.Err = nil, tt.fails
						}
						held = append(held, m)
						return nil
					}
					return msg
				}
				c.press("3", "A")
				c.shows("comparing with the kernel: the question follows")
				if c.dialog != nil {
					t.Fatal("a dialog about nothing is open")
				}
				c.press(tt.keys...)
				c.meddle = nil
				for _, msg := range held {
					c.send(msg)
				}
				if opens := c.dialog != nil; opens != tt.opens {
					t.Errorf("a dialog is open: %v, want %v", opens, tt.opens)
				}
				c.shows(tt.says)
			})
		})
	}
}

func TestReviewLightsTheRulesOfTheSelectedRowBesideIt(t *testing.T) {
	inConsole(t, 120, 40, changed("telnet ", "http   "), func(c *console) {
		c.press("3")
		c.shows("[changes 1]", "|->tcp dport 23 > accept", "|+>tcp dport 80 > accept")
		if n := strings.Count(c.plain(), "->tcp dport 23"); n != 2 {
			t.Fatalf("the old rule is lit %d times, want once for each family", n)
		}
		c.press("f")
		c.shows("compiled v4")
		c.hides("compiled v6")
		c.press("f")
		c.shows("compiled v6")
		c.hides("compiled v4")
		c.press("f", "d")
		c.shows("[changes 1] compiled v4 +1 -1  compiled v6 +1 -1")
		c.press("tab", "tab")
		c.shows("+>rules:12", "[compiled v6 +1 -1]")
		c.press("|")
		c.shows("tcp dport 80 > accept", " changes 1")
	})
}

func TestReviewOfTablesWithErrorsGoesToTheFirstOne(t *testing.T) {
	inConsole(t, 80, 24, changed("monitoring   ", "monitorng    "), func(c *console) {
		c.press("3")
		c.shows("> E rules:9:34  source address 'monitorng' does not exist", "Enter goes to the")
		c.press("enter")
		c.shows("[2 Policy]", "monitorng")
		if at := c.at; at != page.PolicyScreen {
			t.Errorf("at screen %v, want Policy", at)
		}
	})
}

func TestReviewEnterGoesToTheRow(t *testing.T) {
	inConsole(t, 80, 24, changed("telnet ", "http   "), func(c *console) {
		c.press("3", "enter")
		c.shows("[2 Policy]", ">       12")
	})
}

func TestRawTextIsWhatWouldBeLoaded(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "x", "3", "t")
		c.shows("what the restore tools are given", "staged, step 1 of 1: ipset restore", "+ create mfw_trial ")
		c.press("n", "n", "n")
		c.shows("in force after the confirm: IPv4")
		c.press("esc")
		c.shows("[changes 1]")
	})
}

func TestDiffIsWrittenAndNeverOverwritesUnasked(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "x", "3", "W")
		c.shows("Write the difference", "/var/lib/mfwtui/diffs/edge-01-", "Enter write it")
		c.send(keyPress("q"))
		if c.quit {
			t.Fatal("a key of the file name ended the console")
		}
		c.press("ctrl+u")
		c.text("/root/a.diff")
		c.press("enter")
		c.shows("written: /root/a.diff")
		for _, want := range []string{"~ rules:7", "switched off", "--- live filter ext_inp (v4)", "--- live filter ext_inp (v6)"} {
			if !strings.Contains(c.site.Written["/root/a.diff"], want) {
				t.Errorf("the file lacks %q:\n%s", want, c.site.Written["/root/a.diff"])
			}
		}
		c.press("W", "ctrl+u")
		c.text("/root/a.diff")
		c.press("enter")
		c.shows("Overwrite?", "/root/a.diff exists", "o   overwrite it")
		c.press("esc")
		c.shows("not written: the file exists")
		c.press("enter", "enter", "o")
		c.shows("written: /root/a.diff")
		want := []string{"write /root/a.diff replace=false", "write /root/a.diff replace=true"}
		if got := c.site.Calls(); !slices.Equal(got, want) {
			t.Errorf("calls %q, want %q", got, want)
		}
	})
}

func TestFileNameIsNotAnsweredByKeysTypedAhead(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "x", "3", "W", "enter")
		if n := len(c.site.Calls()); n != 1 {
			t.Fatalf("%d calls after a calm Enter, want 1", n)
		}
		c.press("W")
		c.page().Handle(tea.PasteMsg{Content: "\nx"})
		if n := len(c.site.Calls()); n != 1 {
			t.Error("a pasted line end wrote the file")
		}
	})
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "x", "3")
		c.send(keyPress("W"))
		c.send(keyPress("enter")) // at once
		if calls := c.site.Calls(); len(calls) > 0 {
			t.Errorf("typed ahead: %q", calls)
		}
	})
}

func TestWriteFailureIsSaid(t *testing.T) {
	fail := func(s *tuitest.Site) { s.Fail = map[string]error{"WriteDiff": errors.New("no space left on device")} }
	inConsole(t, 80, 24, fail, func(c *console) {
		c.press("2", "j", "x", "3", "W", "enter")
		c.shows("not written: no space left on device", "Write the difference")
		c.press("esc")
		c.hides("Write the difference")
	})
}

func TestCopyOfTheDiffIsCutAtALineAndSaysSo(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "x", "3", "y")
		c.shows("copied ")
		c.hides("CUT")
	})
	inConsole(t, 80, 24, func(s *tuitest.Site) { manyRules(s, 3000) }, func(c *console) {
		c.press("3", "y")
		c.shows("CUT: copied the first 74")
		text := c.review.Copied()
		if len(text) < desk.MaxCopy || len(text) > desk.MaxCopy+1000 {
			t.Errorf("%d bytes were made for a copy of %d", len(text), desk.MaxCopy)
		}
	})
}

// manyRules gives a site so many rows, all different from the confirmed ones.
func manyRules(s *tuitest.Site, n int) {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "ext             FW               admins               ALL                    %s          accept\n", []string{"ssh", "http", "dns"}[i%3])
	}
	s.Files["rules"] = &fstest.MapFile{Data: []byte(text.String())}
}

func TestCountdownCanBeChangedInTheDialog(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "x", "3", "A")
		c.shows("COUNTDOWN 30 s", "live rules: unchanged since this comparison")
		c.press("+", "+")
		c.shows("COUNTDOWN 60 s")
		for range 20 {
			c.press("+")
		}
		c.shows("COUNTDOWN 10 min")
		for range 20 {
			c.press("-")
		}
		c.shows("COUNTDOWN 10 s")
		c.press("+", "y")
		c.shows("ROLLBACK IN   00:15")
	})
}

func TestCountdownCanBeChangedWhereAWordIsTyped(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.Locked = true }, func(c *console) {
		c.press("2", "x", "3", "A", "up")
		c.shows("COUNTDOWN 45 s", "type edge-01 and press Enter")
		c.text("edge-01") // with its sign
		c.press("enter")
		c.shows("ROLLBACK IN   00:45")
	})
}

func TestDialogSaysThatTheKernelMovedOn(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.Changed = true }, func(c *console) {
		c.press("2", "j", "x", "3", "A")
		c.shows("live rules: CHANGED since this comparison")
	})
}

func TestLostCountersAreCounted(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.Count(12_000) }, func(c *console) {
		c.press("2", "j", "x", "3")
		c.shows("2 rules lose their counters", "hits so far: v4 12k, v6 12k")
		c.press("A")
		c.shows("2 rules lose their counters; all others are carried over")
	})
}

func TestTablesThatWereNeverConfirmedAreAllNew(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.Forget() }, func(c *console) {
		c.press("3")
		c.shows("nothing was confirmed yet: every row is new", "+ addresses:2")
	})
}
