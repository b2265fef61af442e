package tui

import (
	"errors"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

func TestHistoryTellsHowEachApplyEnded(t *testing.T) {
	inConsole(t, 120, 40, nil, func(c *console) {
		c.press("7")
		c.shows("6 events", "kept, runs", "rolled back", "no confirmation within 30s", "boot", "refused", "+6 -2", "by bob from 198.51.100.9",
			"(rules and tables not kept any more)")
	})
}

func TestHistoryIsFiltered(t *testing.T) {
	tests := []struct {
		filter string
		want   string
	}{
		{"bob", "3 of 6 events"},
		{"ROLLED", "1 of 6 events"},
		{"bob !rolled", "2 of 6 events"},
		{"carol", "1 of 6 events"},
		{"nobody", "0 of 6 events"},
		{"!", "6 events"},
	}
	for _, tt := range tests {
		t.Run(tt.filter, func(t *testing.T) {
			inConsole(t, 80, 24, nil, func(c *console) {
				c.press("7", "/")
				c.text(tt.filter)
				c.press("enter")
				c.shows(tt.want)
			})
		})
	}
}

func TestHistoryDetailComparesWithThePredecessorAndWithNow(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("7", "j", "enter")
		c.shows("against its PREDECESSOR", "rolled back, took 30s", "no confirmation within 30s", "changes 2", "+ rules:", "- rules:")
		c.press("d")
		c.shows("against NOW", "changes 1", "- rules:8")
		c.press("tab")
		c.shows("[compiled v4 +0 -1]", "->was rules:8")
		c.press("esc")
		c.shows("6 events")
	})
}

func TestHistorySaysWhatIsNotKept(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("7", "G", "enter")
		c.shows("not kept any more: the newest 20 applies are")
		c.press("A")
		c.shows("its tables are not kept any more")
		c.press("esc", "k", "k", "enter") // its predecessor is gone
		c.shows("no difference to show: generation 20260301-080000-C9D0, which it followed", "d compares")
		c.press("d")
		c.shows("against NOW", "- rules:12")
		c.press("esc", "k", "enter")
		c.shows("there is no difference to show")
		c.press("A")
		c.shows("only an apply has tables")
	})
}

func TestRestoreGoesThroughReviewAndTrialAndCanBeUndone(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		before := c.shared.Desk.Set()
		c.press("7", "j", "A")
		c.shows("Restore these tables?", "Nothing is saved or applied by that")
		c.press("enter", "y")
		c.shows("Restore these tables?") // only its own letter counts
		c.press("r")
		c.shows("[3 Review]", "- rules:8", "STAGED 1", "taken: the tables of")
		if calls := c.site.Calls(); len(calls) > 0 {
			t.Fatalf("restoring called %q", calls)
		}
		c.press("2", "u")
		c.shows("STAGED 0")
		if c.shared.Desk.Set() != before {
			t.Error("undo did not bring the tables back")
		}
		c.press("U", "3", "A", "y")
		c.shows("ROLLBACK IN")
		c.text("k7qx")
		c.press("enter", "7")
		c.shows("7 events", "kept, runs")
		c.press("enter")
		c.shows("- rules:8", "smtp  accept")
	})
}

func TestRestoreOfWhatIsThereAlreadyChangesNothing(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("7", "A", "r")
		c.shows("these are the tables that are edited here", "[7 History]")
	})
}

func TestRestoreWarnsOfUnsavedEdits(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "x", "7", "j", "A")
		c.shows("1 changed line that is not saved is replaced")
	})
}

func TestHistoryFailuresAreSaid(t *testing.T) {
	tests := []struct {
		call, shows string
		keys        []string
	}{
		{"History", "the history cannot be read: permission denied", []string{"7"}},
		{"Recall", "no difference to show: permission denied", []string{"7", "enter"}},
		{"PastTables", "not restored: permission denied", []string{"7", "j", "A", "r"}},
	}
	for _, tt := range tests {
		t.Run(tt.call, func(t *testing.T) {
			fail := func(s *tuitest.Site) { s.Fail = map[string]error{tt.call: errors.New("permission denied")} }
			inConsole(t, 80, 24, fail, func(c *console) {
				c.press(tt.keys...)
				c.shows(tt.shows)
			})
		})
	}
}

func TestHistoryOfAHostWithoutAnApply(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.Forget() }, func(c *console) {
		c.press("7")
		c.shows("nothing was applied yet")
		c.press("enter")
		c.shows("there is nothing here yet")
		c.press("y")
		c.shows("there is nothing to copy here")
	})
}

func TestCopyOfAPastApplyIsItsDifference(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("7", "enter")
		text := c.page().(page.Copier).Copied()
		for _, want := range []string{"alice from 203.0.113.7", "+ rules:12", "telnet  accept", "--dport 23"} {
			if !strings.Contains(text, want) {
				t.Errorf("the copy lacks %q:\n%s", want, text)
			}
		}
	})
}
