package tui

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

func TestMainJobFromEditToConfirm(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "j", "j", "right", "right", "e", "ctrl+u")
		c.text("monitorng")
		c.shows("source address 'monitorng' does not exist", "Enter takes monitoring")
		c.press("enter")
		c.shows("ok  monitoring")
		c.press("ctrl+u")
		c.text("lan_nas")
		c.press("enter")
		c.shows("STAGED 1", "[rules 13*]")

		c.press("3")
		c.shows("~ rules:9", "src-address monitoring -> lan_nas", "NOW keeps running")
		c.press("tab")
		c.shows("+>rules:9      -s 192.168.0.20/32 -p tcp -m tcp --dport 4949")
		c.press("A")
		c.shows("1 table with 1 changed line saved first", "COUNTDOWN 30 s")
		c.press("y")
		c.shows("TRIAL - NOT KEPT YET", "ROLLBACK IN", "K7QX")
		c.text("k7qx")
		c.press("enter")
		c.shows("kept: the new rules stay", "STAGED 0")
		want := []string{"save rules", "apply override=false", "confirm K7QX"}
		if got := c.site.Calls(); !slices.Equal(got, want) {
			t.Errorf("calls %q, want %q", got, want)
		}
		c.press("3")
		c.shows("no difference: the firewall runs exactly these rules")
	})
}

func TestEditsAreUndoneAndRedoneWithoutLimit(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		before := c.shared.Desk.Set()
		c.press("2", "x", "j", "d", "J", "o")
		c.text("http")
		c.press("enter")
		c.text("accept")
		c.press("enter", "tab", "G", "d")
		after := c.shared.Desk.Set()
		if n := len(after.Changed(before)); n < 2 {
			t.Fatalf("%d tables were edited, want two", n)
		}
		for range 20 {
			c.press("u")
		}
		c.shows("nothing to undo", "STAGED 0")
		if changed := c.shared.Desk.Set().Changed(before); len(changed) > 0 {
			t.Errorf("after undoing everything %v differ", changed)
		}
		for range 20 {
			c.press("U")
		}
		if changed := c.shared.Desk.Set().Changed(after); len(changed) > 0 {
			t.Errorf("after doing everything again %v differ", changed)
		}
	})
}

func TestInsertFillsARowCellByCell(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "o")
		c.text("htt")
		c.press("tab") // the first completion
		c.press("enter")
		c.text("acc")
		c.press("enter") // takes what it is the beginning of
		c.press("enter")
		line := c.shared.Desk.Set().File(tables.Rules).Line(8)
		if got, want := strings.Join(line.Texts(), " "), "ext FW ALL ALL http accept"; got != want {
			t.Errorf("the new row is %q, want %q", got, want)
		}
	})
}

func TestWhatStandsForNothingOrAllIsTypedOver(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "tab", "tab", "G", "o")
		c.text("rsync")
		c.press("tab")
		c.text("873")
		c.press("tab", "enter")
		c.shows("rsync                  873                     -")
		c.press("shift+tab", "shift+tab", "g", "j", "j", "l", "l", "e") // a source address of ALL
		c.text("lan_")
		c.shows("source address 'lan_' does not exist")
		c.press("tab", "enter", "e") // a name is written on
		c.text("x")
		c.shows("source address 'lan_homex' does not exist")
	})
}

func TestUnfinishedRowCannotBeApplied(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "o")
		c.text("ssh")
		c.press("enter", "esc", "3", "A")
		c.shows("the tables have 1 error", "cannot be compiled")
		if c.dialog != nil {
			t.Error("an apply is offered although the tables have errors")
		}
	})
}

func TestKeysTypedBeforeTheFlipDoNotConfirm(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "x", "3", "A")
		time.Sleep(time.Second)
		_, cmd := c.Update(keyPress("y"))
		c.text("k7qx") // while the apply is under way
		c.press("enter")
		c.do(cmd)
		for _, k := range []string{"k", "7", "q", "x", "enter"} { // typed ahead, arriving at once
			c.send(keyPress(k))
		}
		c.shows("ROLLBACK IN", "____")
		if slices.Contains(c.site.Calls(), "confirm K7QX") {
			t.Error("keys typed before the flip confirmed it")
		}
		c.text("k7qx")
		c.press("enter")
		c.shows("kept")
	})
}

func TestPasteAndRepliesDoNotCountInATrial(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.site.StartTrial(30 * time.Second)
		c.seconds(2)
		c.shows("ROLLBACK IN")
		time.Sleep(time.Second)
		c.send(tea.PasteMsg{Content: "K7QX\n"})
		c.send(tea.CursorPositionMsg{X: 3, Y: 7})
		c.shows("____")
	})
}

func TestTrialAnswers(t *testing.T) {
	tests := []struct {
		name  string
		keys  []string
		shows string
		calls []string
	}{
		{"wrong code", []string{"k", "7", "q", "z", "enter"}, "that was not the code", nil},
		{"Enter alone", []string{"enter"}, "ROLLBACK IN", nil},
		{"part of the code", []string{"k", "7", "enter"}, "that was not the code", nil},
		{"corrected code", []string{"k", "7", "7", "backspace", "q", "x", "enter"}, "kept", []string{"confirm K7QX"}},
		{"roll back", []string{"ctrl+r"}, "rolled back at 00:00:", []string{"reject"}},
		{"more time", []string{"+"}, "left", []string{"extend 1m0s"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inConsole(t, 80, 24, func(s *tuitest.Site) { s.StartTrial(30 * time.Second) }, func(c *console) {
				c.press(tt.keys...)
				c.shows(tt.shows)
				if got := c.site.Calls(); !slices.Equal(got, tt.calls) {
					t.Errorf("calls %q, want %q", got, tt.calls)
				}
			})
		})
	}
}

func TestPendingTrialOpensAtTheStart(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.StartTrial(30 * time.Second) }, func(c *console) {
		c.shows("ROLLBACK IN", "type the code, then Enter", "started by alice")
	})
}

func TestTrialThatRunsOutSaysSo(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.StartTrial(5 * time.Second) }, func(c *console) {
		c.seconds(8)
		c.hides("ROLLBACK IN")
		c.shows("rolled back at 00:00:")
	})
}

func TestClockStaysOnScreenWhileLookingAround(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.StartTrial(2 * time.Minute) }, func(c *console) {
		c.press("tab")
		for _, k := range []string{"1", "2", "3", "4", "5"} {
			c.press(k)
			c.shows("rollback in 0", "0 TRIAL")
		}
		c.text("k7x") // not on the screen of the trial: these are ordinary keys
		c.press("0")
		c.shows("____", "ROLLBACK IN")
		c.layout = newLayout(40, 10)
		c.shows("ROLLBACK IN")
	})
}

func TestTrialEndedElsewhereAndHereIsSaidOnce(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.StartTrial(time.Minute) }, func(c *console) {
		c.text("k7qx")
		_, confirm := c.Update(keyPress("enter"))
		_, history := c.Update(tickMsg(time.Now())) // finds no trial any more, and asks how it ended
		answer := confirm()
		c.send(answer)
		c.do(history)
		c.shows("kept: the new rules stay")
		c.hides("the trial has ended")
	})
}

func TestSilentGuardianIsNamed(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.StartTrial(time.Minute) }, func(c *console) {
		c.site.Fail = map[string]error{"Trial": errors.New("the guardian does not answer")}
		c.seconds(3)
		c.shows("the guardian was last heard", "does not answer", "ROLLBACK IN")
	})
}

func TestQuitAsks(t *testing.T) {
	t.Run("nothing at stake", func(t *testing.T) {
		inConsole(t, 80, 24, nil, func(c *console) {
			c.press("q")
			if !c.quit {
				t.Error("q did not quit")
			}
		})
	})
	t.Run("unsaved edits", func(t *testing.T) {
		inConsole(t, 80, 24, nil, func(c *console) {
			c.press("2", "x", "q")
			c.shows("Not saved: 1 changed line.")
			c.press("esc")
			if c.quit {
				t.Error("Esc quit")
			}
			c.press("q", "s")
			if !c.quit || !slices.Equal(c.site.Calls(), []string{"save rules"}) {
				t.Errorf("quit %v, calls %q; want saved and quit", c.quit, c.site.Calls())
			}
		})
	})
	t.Run("a save that fails keeps the console", func(t *testing.T) {
		inConsole(t, 80, 24, nil, func(c *console) {
			c.site.Fail = map[string]error{"Save": errors.New("disk full")}
			c.press("2", "x", "q", "s")
			c.shows("not saved: disk full")
			if c.quit {
				t.Error("the console ended and lost the edits")
			}
		})
	})
	t.Run("trial", func(t *testing.T) {
		inConsole(t, 80, 24, func(s *tuitest.Site) { s.StartTrial(time.Minute) }, func(c *console) {
			c.press("ctrl+c")
			c.shows("New rules are on trial", "the rollback stays armed")
			c.press("y")
			if !c.quit || len(c.site.Calls()) > 0 {
				t.Errorf("quit %v, calls %q; want quit, and the trial left alone", c.quit, c.site.Calls())
			}
		})
	})
	t.Run("apply under way", func(t *testing.T) {
		inConsole(t, 80, 24, nil, func(c *console) {
			c.press("2", "x", "3", "A")
			time.Sleep(time.Second)
			c.Update(keyPress("y"))
			c.press("ctrl+c")
			c.shows("an apply is under way")
			if c.quit {
				t.Error("the console ended in the middle of an apply")
			}
		})
	})
}

func TestLeavingAtOnceWaitsForTheTerminal(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.link.ask("")
		start := time.Now()
		c.send(keyPress("q"))
		if waited := time.Since(start); !c.quit || waited != fenceLimit {
			t.Errorf("quit %v after %s, want after %s", c.quit, waited, fenceLimit)
		}
	})
}

func TestLockoutNeedsTheNameOfTheHost(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.Locked = true }, func(c *console) {
		c.press("2", "x", "3")
		c.shows("LOCK-OUT  a new SSH connection from where you are: reject by rules:13")
		c.press("A")
		c.shows("this locks you out", "type edge-01 and press Enter")
		c.press("y", "enter")
		if len(c.site.Calls()) > 0 {
			t.Fatalf("one letter was enough: %q", c.site.Calls())
		}
		c.press("ctrl+u")
		c.text("edge-01")
		c.press("enter")
		if got := c.site.Calls(); !slices.Contains(got, "apply override=true") {
			t.Errorf("calls %q, want an apply with override", got)
		}
	})
}

func TestWhyALockoutHappensIsShownWholeOnTheSmallestScreen(t *testing.T) {
	locked := func(s *tuitest.Site) { s.Locked, s.Taint = true, " with tcp-reset, the end" }
	for _, size := range [][2]int{{80, 24}, {60, 15}} {
		inConsole(t, size[0], size[1], locked, func(c *console) {
			c.press("2", "x", "3")
			c.shows("the end")
			c.press("A")
			c.shows("where you are: reject by", "the end")
		})
	}
}

func TestAnApplyThatTheRehearsalRefusedCanBeOverridden(t *testing.T) {
	refuse := func(s *tuitest.Site) {
		s.Fail = map[string]error{"Apply": &engine.LockoutError{Why: "your address could not open a new connection"}}
	}
	inConsole(t, 80, 24, refuse, func(c *console) {
		c.press("2", "x", "3", "A", "y")
		c.shows("would lock you out")
		c.site.Fail = nil
		c.press("A")
		c.shows("this locks you out", "your address could not open a new", "type edge-01 and press Enter")
		c.press("ctrl+u")
		c.text("edge-01")
		c.press("enter")
		if got := c.site.Calls(); !slices.Contains(got, "apply override=true") {
			t.Errorf("calls %q, want an apply with override", got)
		}
	})
}

func TestFailuresOfTheEngineAreSaid(t *testing.T) {
	tests := []struct {
		name, call string
		keys       []string
		shows      string
	}{
		{"status", "Status", nil, "the firewall cannot be read"},
		{"load", "Load", []string{"w"}, "permission denied"},
		{"preview", "Preview", []string{"3"}, "the comparison failed: permission denied"},
		{"apply", "Apply", []string{"2", "x", "3", "A", "y"}, "not applied, nothing was changed: permission denied"},
		{"save", "Save", []string{"2", "x", "s"}, "not saved: permission denied"},
		{"flows", "Flows", []string{"4"}, "permission denied"},
		{"counters", "Counters", []string{"5"}, "permission denied"},
		{"accounting", "EnableAccounting", []string{"4", "a"}, "permission denied"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fail := func(s *tuitest.Site) {
				s.NoAccounting = true
				s.Fail = map[string]error{tt.call: errors.New("permission denied")}
			}
			inConsole(t, 80, 24, fail, func(c *console) {
				c.press(tt.keys...)
				c.shows(tt.shows)
			})
		})
		t.Run(tt.name+" panics", func(t *testing.T) {
			inConsole(t, 80, 24, func(s *tuitest.Site) { s.NoAccounting, s.Panic = true, map[string]bool{tt.call: true} }, func(c *console) {
				c.press(tt.keys...)
				c.shows("internal error")
			})
		})
	}
}

func TestStaleAnswersAreDropped(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("4")
		c.send(desk.LiveFlowsMsg{N: 1})
		c.shows("200 of 200 flows")
		c.send(desk.CheckedMsg{N: 1, Problems: tables.Problems{{File: "rules", Line: 7, Severity: tables.Error, Text: "stale"}}})
		c.hides("1E")
	})
}

func TestEditWhileACheckIsUnderWayIsCheckedAgain(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2")
		_, first := c.Update(keyPress("x"))
		c.Update(keyPress("o")) // makes a row that is not complete
		for _, key := range []string{"s", "s", "h", "enter", "esc"} {
			c.Update(keyPress(key))
		}
		c.do(first)
		c.shows("1E")
	})
}

func TestAccountingIsSwitchedOnFromFlows(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.NoAccounting = true }, func(c *console) {
		c.press("4")
		c.shows("accounting is off (a switches it on)")
		c.press("a")
		c.seconds(1)
		c.hides("accounting is off")
		c.shows("nf_conntrack_acct=1", "=0 takes it back")
		if got := c.site.Calls(); !slices.Equal(got, []string{"accounting on"}) {
			t.Errorf("calls %q", got)
		}
	})
}

func TestOverrunsOfTheEventsAreCountedUnderTheFlows(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("4")
		c.hides("overrun")
		c.site.Resyncs = 1
		c.seconds(1)
		c.shows("live   1 overrun repaired")
		c.site.Resyncs = 2
		c.seconds(1)
		c.shows("live   2 overruns repaired", "conntrack 200 of")
		c.press("p")
		c.shows("PAUSED", "2 overruns repaired")
	})
}

func TestPauseKeepsTheListAndCountsWhatChanged(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("4", "p")
		before := strings.Split(c.plain(), "\n")[4:10]
		c.seconds(3)
		if after := strings.Split(c.plain(), "\n")[4:10]; !slices.Equal(after, before) {
			t.Errorf("a paused list moved:\n%q\n%q", before, after)
		}
		c.shows("PAUSED", "flows changed")
		c.press("p")
		c.hides("PAUSED")
	})
}

// Who types faster than the tables are read is not left without a comparison.
func TestReviewOpenedBeforeTheTablesAreRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &console{TB: t, model: newModel(t.Context(), tuitest.New(time.Now), style.New(style.Mono(), style.ASCII()), time.Now)}
		c.send(keyPress("3"))
		c.do(c.Init())
		c.hides("compiling")
		c.shows("no difference: the firewall runs exactly these rules")
	})
}

// The marks of a row follow the check and the save, not the next movement.
func TestMarksOfARowFollowTheCheckAndTheSave(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "right", "right", "e", "ctrl+u")
		c.text("monitorng")
		c.shows("Esc keep my text")
		c.press("esc")
		c.shows("Esc cancel")
		c.press("enter")
		c.shows("> ~E")
		c.press("e", "ctrl+u")
		c.text("lan_nas")
		c.press("enter")
		c.shows("> ~ ")
		c.press("s")
		c.hides(">+")
	})
}
