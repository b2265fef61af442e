package tui

import (
	"fmt"
	"testing"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
)

func TestFirstUseOffersTablesThatKeepTheSessionReachable(t *testing.T) {
	inConsole(t, 80, 24, noTables, func(c *console) {
		c.shows("No tables yet; these can be made for this host in /etc/microfw", "eth0", "default route", "docker0", "DOCKER",
			"Your SSH session from 203.0.113.7 stays reachable by this rule", "ext  FW  admin  ALL  ssh  accept", "check of these tables: ok")
		c.hides("veth3f1")
		c.press("o")
		c.shows("admin  203.0.113.0/24  -")
		c.press("j", "l", "j", "j", "e", "ctrl+u")
		c.text("vpn")
		c.press("enter")
		c.shows("dmz", "vpn")
		c.press("C")
		c.shows("Six files are made in /etc/microfw")
		c.press("enter", "esc")
		if len(c.site.Files) > 0 {
			t.Fatal("files were written without a yes")
		}
		c.press("C", "y")
		c.shows("the tables are made", "[rules 1]", "STAGED 0", "check ")
		set, problems := tables.Load(c.site.Files)
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		cfg, problems := c.site.Check(set)
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		if got := fmt.Sprint(cfg.Zones()); got != "[ext dmz DOCKER vpn]" {
			t.Errorf("zones %s", got)
		}
	})
}

func TestFirstUseCanWait(t *testing.T) {
	inConsole(t, 80, 24, noTables, func(c *console) {
		c.press("esc")
		c.shows("nothing was written; R offers it again")
		c.press("R")
		c.shows("No tables yet")
		c.press("h", "h", "e", "ctrl+u", "#", "x", "enter", "C")
		c.shows("the tables would have errors")
		if len(c.site.Files) > 0 {
			t.Error("files were written")
		}
	})
}

func TestFirstUseSaysWhenNothingWouldLetYouIn(t *testing.T) {
	inConsole(t, 80, 24, noTables, func(c *console) {
		c.press("e", "ctrl+u", "enter")
		c.shows("(left out)", "nothing would let it in")
	})
}

// What the offer writes is what the engine's own tests compile and trace; here
// the console's copy is the same set.
func TestFirstUseWritesWhatTheEngineMakes(t *testing.T) {
	inConsole(t, 80, 24, noTables, func(c *console) {
		c.press("C", "y")
		facts, _ := c.site.StarterFacts()
		want, err := engine.Starter(facts)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range tables.Kinds() {
			if got := c.site.OnDisk(k); got != string(want.File(k).Bytes()) {
				t.Errorf("%s:\n%s", k, got)
			}
		}
	})
}
