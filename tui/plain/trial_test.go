package plain

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

func TestClockSpeaksAtTheRightMomentsOnly(t *testing.T) {
	talking(t, func(s *tuitest.Site, _ *Options) { s.StartTrial(90 * time.Second) }, func(c *talk) {
		c.hears("NEW RULES ARE ON TRIAL", "90 seconds until", "K7QX, letter by letter K 7 Q X")
		var at []string
		for range 95 {
			c.waits(time.Second)
			if text, _, ok := strings.Cut(c.said, " until the old rules"); ok {
				at = append(at, strings.TrimSpace(text))
			}
		}
		if got, want := strings.Join(at, ", "), "60 seconds, 30 seconds, 10 seconds"; got != want {
			t.Errorf("the clock spoke at %s, want %s", got, want)
		}
		if !strings.Contains(c.all.String(), "Rolled back at 00:01:30: the time was over.") {
			t.Errorf("the end was not said:\n%s", c.all.String())
		}
	})
}

func TestTrialAnswers(t *testing.T) {
	tests := []struct {
		name, line, says, calls string
	}{
		{"the code", "K7QX", "Kept", "confirm K7QX"},
		{"the code in small letters", "k7qx", "Kept", "confirm K7QX"},
		{"confirm with the code", "confirm k7qx", "Kept", "confirm K7QX"},
		{"confirm alone", "confirm", "Nothing was confirmed", ""},
		{"another code", "abcd", "Nothing was confirmed", ""},
		{"one letter", "k", "Nothing was confirmed", ""},
		{"an empty line", "", "", ""},
		{"the code among words", "k7qx please", "Nothing was confirmed", ""},
		{"reject", "reject", "Rolled back", "reject"},
		{"reject in short", "rej", "Nothing was confirmed", ""},
		{"extend", "extend", "120 seconds left", "extend 1m0s"},
		{"extend by", "extend 30", "90 seconds left", "extend 30s"},
		{"extend by nonsense", "extend soon", "no number of seconds", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			talking(t, func(s *tuitest.Site, _ *Options) { s.StartTrial(time.Minute) }, func(c *talk) {
				c.types(tt.line).hears(tt.says)
				if calls := strings.Join(c.site.Calls(), ", "); calls != tt.calls {
					t.Errorf("calls %q, want %q", calls, tt.calls)
				}
			})
		})
	}
}

func TestCodeKeepsTheRulesAtAnyPrompt(t *testing.T) {
	for _, asking := range [][]string{{"edit rules 9"}, {"edit rules 9 3"}, {"edit rules 9 3 nobody"}, {"insert rules 9 ext"}, {"disable rules 9", "reload"}, {"quit"}} {
		t.Run(strings.Join(asking, ", "), func(t *testing.T) {
			talking(t, func(s *tuitest.Site, _ *Options) { s.StartTrial(time.Minute) }, func(c *talk) {
				c.types(asking...).types("k7qx").hears("Kept: the new rules stay.")
				if calls := strings.Join(c.site.Calls(), ", "); calls != "confirm K7QX" {
					t.Errorf("calls %q, want that the rules are kept and nothing else", calls)
				}
			})
		})
	}
}

func TestQuitAsksWhileRulesAreOnTrial(t *testing.T) {
	talking(t, func(s *tuitest.Site, _ *Options) { s.StartTrial(time.Minute) }, func(c *talk) {
		c.types("quit").hears("Rules are on trial, and the old ones come back in 60 seconds.")
		c.types("no").hears("Staying.")
		c.types("quit", "yes").hears("The trial goes on without this session")
		if calls := c.site.Calls(); len(calls) > 0 {
			t.Errorf("something was done: %q", calls)
		}
	})
}

func TestEndOfInputEndsCleanlyAndLeavesTheRollbackArmed(t *testing.T) {
	talking(t, nil, func(c *talk) {
		c.types("disable rules 9", "apply", "yes").hears("NEW RULES ARE ON TRIAL")
		if err := c.ends(); err != nil {
			t.Errorf("the end of the input is an error: %v", err)
		}
		c.hears("The trial goes on without this session", "Bye.")
		if _, pending, _ := c.site.Trial(t.Context()); !pending {
			t.Error("the trial did not go on")
		}
	})
}

func TestLockoutNeedsTheNameOfTheHost(t *testing.T) {
	talking(t, func(s *tuitest.Site, _ *Options) { s.Locked = true }, func(c *talk) {
		c.types("disable rules 9", "apply").hears("LOCK-OUT", "This locks you out. Type the name of the host, edge-01")
		c.types("yes").hears("Not applied.")
		c.types("apply", "edge-01").hears("NEW RULES ARE ON TRIAL")
	})
	refuse := func(s *tuitest.Site, _ *Options) {
		s.Fail = map[string]error{"Apply": &engine.LockoutError{Why: "your address could not open a new connection"}}
	}
	talking(t, refuse, func(c *talk) {
		c.types("disable rules 9", "apply", "yes").hears("would lock you out", "This locks you out")
		c.site.Fail = nil
		c.types("edge-01").hears("NEW RULES ARE ON TRIAL")
	})
}

func TestGrandfatheredFlowsEndAfterTheConfirmOnlyWhenThatWasChosen(t *testing.T) {
	const begun = "save rules, apply override=false"
	tests := []struct {
		name   string
		answer string
		then   []string
		calls  string
		says   string
	}{
		{"chosen", "yes end", []string{"k7qx"}, begun + ", confirm K7QX, end 7 flows", "7 grandfathered flows ended."},
		{"not chosen", "yes", []string{"k7qx"}, begun + ", confirm K7QX", "Kept: the new rules stay."},
		{"rejected", "yes end", []string{"reject"}, begun + ", reject", "Rolled back"},
		{"another word", "yes all", nil, "", "Not applied."},
		{"the word alone", "end", nil, "", "Not applied."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			talking(t, nil, func(c *talk) {
				c.types("edit rules 9 3 lan_nas", "apply").hears("0 cut, 7 grandfathered, 3 newly open", "Or type yes end: then the 7 grandfathered flows end after the confirm too.")
				c.types(tt.answer).types(tt.then...).hears(tt.says)
				if calls := strings.Join(c.site.Calls(), ", "); calls != tt.calls {
					t.Errorf("calls %q, want %q", calls, tt.calls)
				}
			})
		})
	}
}

func TestFlowsThatCouldNotBeJudgedAreNotOffered(t *testing.T) {
	fail := func(s *tuitest.Site, _ *Options) {
		s.Fail = map[string]error{"FlowImpact": errors.New("permission denied")}
	}
	talking(t, fail, func(c *talk) {
		c.types("edit rules 9 3 lan_nas", "apply").hears("What happens to the flows is not known: permission denied.", "Type yes.")
		c.types("yes end").hears("Not applied.")
	})
}

func TestGrandfatheredFlowsEndWhenAnotherLoginConfirms(t *testing.T) {
	talking(t, nil, func(c *talk) {
		c.types("edit rules 9 3 lan_nas", "apply", "yes end")
		if _, err := c.site.Confirm(t.Context(), "K7QX"); err != nil {
			t.Fatal(err)
		}
		c.waits(time.Second).hears("Kept: the new rules stay.", "7 grandfathered flows ended.")
	})
}

func TestRollbackByTimeEndsNoFlows(t *testing.T) {
	talking(t, nil, func(c *talk) {
		c.types("edit rules 9 3 lan_nas", "apply", "yes end").waits(time.Minute).hears("Rolled back")
		if calls := strings.Join(c.site.Calls(), ", "); strings.Contains(calls, "end ") {
			t.Errorf("flows were ended: %s", calls)
		}
	})
}
