package tui

import (
	"errors"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// somebodyEdits changes rules on disk as another administrator would: he edits
// line 9 and adds a row.
func somebodyEdits(s *tuitest.Site) {
	text := strings.Replace(s.OnDisk(tables.Rules), "munin          accept", "munin          drop", 1)
	s.Write(tables.Rules, text+"DOCKER          int              ALL                  lan_nas                ssh            drop\n")
}

// conflict edits lines 8 and 9 here and lets somebody edit line 9 on disk.
func conflict(c *console) {
	c.press("2", "j", "j", "x", "j", "end", "l", "l", "l", "l", "l", "g", "j", "j", "j", "e", "ctrl+u")
	c.text("reject")
	c.press("enter")
	somebodyEdits(c.site)
	c.press("s")
}

func TestAChangeOnDiskIsSeenWithoutASave(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		somebodyEdits(c.site)
		c.seconds(diskEvery)
		c.shows("somebody else changed rules on disk; R on Policy shows it", "DISK changed")
		c.press("2", "R")
		c.shows("the tables from disk are here", "[rules 14]", "STAGED 0")
		c.hides("DISK changed")
		c.press("u")
		c.shows("[rules 13*]")
	})
}

func TestSaveShowsBothVersionsAndNeverOverwrites(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		conflict(c)
		c.shows("1 open conflict", "CONFLICT line 9 here, 9 on disk", "reject", "drop")
		theirs := c.site.OnDisk(tables.Rules)
		c.press("M")
		c.shows("first choose in 1 conflict")
		c.press("esc")
		c.shows("nothing was written; your changes are here, theirs are on disk", "STAGED 2", "DISK changed")
		c.press("s")
		c.shows("CONFLICT")
		if c.site.OnDisk(tables.Rules) != theirs {
			t.Error("somebody else's change is gone")
		}
	})
}

func TestMergeKeepsBothAndIsSaved(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		conflict(c)
		c.press("m", "M")
		c.shows("merged: both changes are here; s saves", "STAGED 2", "[rules 13*]")
		c.hides("DISK changed")
		c.press("s")
		c.shows("saved", "STAGED 0")
		text := c.site.OnDisk(tables.Rules)
		for _, want := range []string{"#~ ext", "munin          reject", "lan_nas                ssh            drop"} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not on disk:\n%s", want, text)
			}
		}
	})
}

func TestTheirsCanBeTakenAndMineBroughtBack(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		conflict(c)
		mine := c.shared.Desk.Set()
		c.press("T")
		c.shows("the tables from disk are here", "STAGED 0", "[rules 14]")
		c.press("u")
		if c.shared.Desk.Set() != mine {
			t.Error("undo does not bring my edits back")
		}
	})
}

// What is written between the look at the disk and the save is found by the
// save.
func TestAChangeAfterTheMergeIsFoundAgain(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		conflict(c)
		c.press("m", "M")
		c.site.Write(tables.Services, c.site.OnDisk(tables.Services)+"late 4242 -\n")
		c.press("s")
		c.shows("services", "theirs  line 11")
		c.press("M", "s")
		c.shows("saved", "STAGED 0")
		if !strings.Contains(c.site.OnDisk(tables.Services), "late 4242") {
			t.Error("the later change is gone")
		}
	})
}

func TestApplyShowsBothVersionsWhenItsSaveIsRefused(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "x", "3")
		somebodyEdits(c.site)
		c.press("A", "y")
		c.shows("Somebody else changed the tables on disk", "[2 Policy]")
	})
}

func TestQuitThatSavesShowsBothVersionsWhenTheSaveIsRefused(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "x", "1")
		somebodyEdits(c.site)
		c.press("q", "s")
		c.shows("Somebody else changed the tables on disk", "[2 Policy]")
		if c.quit {
			t.Error("the console ended")
		}
	})
}

func TestReloadAsksOnlyWhenEditsWouldBeLost(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "R")
		c.shows("the tables here are those on disk")
		c.press("x", "R")
		c.shows("Nobody else changed them. 1 changed line not saved would be lost")
		c.press("y")
		c.shows("STAGED 0")
	})
}

func TestASaveSaysWhatTheFirewallRuns(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "x", "s")
		c.shows("saved, not applied: the firewall keeps its rules until A reviews and applies")
		c.press("u", "s")
		c.shows("saved: the firewall runs these rules")
		c.press("j", "o")
		c.text("ssh")
		c.press("enter", "esc", "s")
		c.shows("saved with 1 error: the firewall keeps its rules until that is mended (w)")
		c.site.Fail = map[string]error{"Status": errors.New("no kernel")}
		c.press("u", "u", "x", "s")
		c.shows("saved, not applied: the firewall keeps its rules")
	})
}
