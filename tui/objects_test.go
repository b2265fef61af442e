package tui

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/tuitest"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// noTables is a site of somebody who starts.
func noTables(s *tuitest.Site) { s.Files = fstest.MapFS{} }

// panels are what covers the tables: how to get there from the start.
var panels = []struct {
	name    string
	prepare func(*tuitest.Site)
	goTo    func(*console)
	sizes   [][2]int // of the golden screens
}{
	{"new-object", nil, func(c *console) {
		c.press("2", "j", "j", "j", "l", "l", "e", "ctrl+u")
		c.text("office")
		c.press("ctrl+o")
		c.text("192.0.2.300")
	}, [][2]int{{80, 24}}},
	{"pick-services", nil, func(c *console) {
		c.press("2", "tab", "tab", "a")
		c.text("s")
	}, [][2]int{{80, 24}}},
	{"pick-interfaces", nil, func(c *console) { c.press("2", "tab", "tab", "tab", "a") }, nil},
	{"three-way", nil, conflict, [][2]int{{80, 24}, {120, 40}}},
	{"first-use", noTables, func(c *console) { c.press("j", "l") }, [][2]int{{80, 24}}},
}

func TestPanelScreens(t *testing.T) {
	for _, v := range panels {
		for _, size := range v.sizes {
			name := fmt.Sprintf("%s-%dx%d", v.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				inConsole(t, size[0], size[1], v.prepare, func(c *console) {
					v.goTo(c)
					c.golden(name)
				})
			})
		}
	}
}

func TestPanelsFitEverySize(t *testing.T) {
	for _, v := range panels {
		t.Run(v.name, func(t *testing.T) {
			inConsole(t, 80, 24, v.prepare, func(c *console) {
				v.goTo(c)
				checkEverySize(c, v.name)
			})
		})
	}
}

func TestPanelKeysAreNoOthersAndAreInTheHelp(t *testing.T) {
	for _, v := range panels {
		inConsole(t, 80, 24, v.prepare, func(c *console) {
			v.goTo(c)
			taken := make(map[string]string)
			if !c.page().Typing() {
				for _, b := range append(c.keys.list(true), widget.Moves().List()...) {
					for _, k := range b.Keys() {
						taken[k] = b.Help().Desc
					}
				}
			}
			known := make(map[string]bool)
			for _, s := range newHelp(c.model).sections {
				for _, item := range s.items {
					for _, k := range item.keys {
						known[k] = known[k] || ofPage(s, c.page())
					}
				}
			}
			for _, b := range c.page().Bindings() {
				for _, k := range b.Keys() {
					if !known[k] {
						t.Errorf("%s: %s (%s) is not in the help", v.name, k, b.Help().Desc)
					}
					if other, ok := taken[k]; ok {
						t.Errorf("%s: %s means %q and %q", v.name, k, other, b.Help().Desc)
					}
					taken[k] = b.Help().Desc
				}
			}
		})
	}
}

func TestPanelsLetNothingHostileThrough(t *testing.T) {
	const taint = "\x1b]0;owned\x07\u202e"
	for _, v := range panels {
		prepare := func(s *tuitest.Site) {
			if v.prepare != nil {
				v.prepare(s)
			}
			s.Taint = taint
		}
		inConsole(t, 80, 24, prepare, func(c *console) {
			v.goTo(c)
			if v.name == "three-way" { // shows what stands on disk
				c.site.Write(tables.Services, c.site.OnDisk(tables.Services)+"x"+taint+" 1 -\n# "+taint+"\n")
				c.press("esc", "s")
				c.shows("theirs  line 11")
			}
			lines, _ := c.screen()
			if screen := strings.Join(lines, "\n"); strings.ContainsAny(screen, "\a\u202e") || strings.Contains(screen, "\x1b]") {
				t.Errorf("%s: a sequence from outside is on the screen: %q", v.name, screen)
			}
		})
	}
}

func TestNewObjectIsOneEditAndLeadsBack(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		before := c.shared.Desk.Set()
		c.press("2", "j", "j", "j", "l", "l", "e", "ctrl+u")
		c.text("office")
		c.shows("E source address 'office' does not exist", "^o new address")
		c.press("ctrl+o")
		c.shows("New address for rules:9", "Name", "office", "IPv4")
		c.text("192.0.2.300")
		c.press("enter", "enter")
		c.shows("not added:", "192.0.2.300")
		c.press("ctrl+u") // it went to the wrong field
		c.text("192.0.2.0/28")
		c.press("enter")
		c.text("2001:db8:5::/64")
		c.shows("ok")
		c.press("enter")
		c.shows("addresses:9 office added", "STAGED 2", "[rules 13*]")
		set := c.shared.Desk.Set()
		if got := strings.Join(set.File(tables.Addresses).Line(9).Texts(), " "); got != "office 192.0.2.0/28 2001:db8:5::/64" {
			t.Errorf("the row is %q", got)
		}
		if got := set.File(tables.Rules).Line(9).Texts()[2]; got != "office" {
			t.Errorf("the cell is %q", got)
		}
		c.press("u")
		c.shows("STAGED 0", "undone: rules:9")
		if c.shared.Desk.Set() != before {
			t.Error("one undo does not bring back the tables as they were")
		}
		c.press("U")
		if c.shared.Desk.Set() != set {
			t.Error("one redo does not bring both changes back")
		}
	})
}

func TestNewServiceTakesThePortsOfTheHost(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "o") // a new row: its service comes first
		c.text("imaps")
		c.press("ctrl+o")
		c.shows("New service for rules:8", "993", "these are the ports of /etc/services")
		c.press("ctrl+o")
		c.shows("services:11 imaps added", "accept, accept+nat, reject or drop") // and on to the next cell of the row
		c.text("accept")
		c.press("enter")
		if got := strings.Join(c.shared.Desk.Set().File(tables.Rules).Line(8).Texts(), " "); got != "ext FW ALL ALL imaps accept" {
			t.Errorf("the rule is %q", got)
		}
	})
}

func TestAValueInTheCellGoesToItsField(t *testing.T) {
	for _, test := range []struct{ cell, typed, name, want string }{
		{"address", "192.0.2.0/28", "office", "office 192.0.2.0/28 -"},
		{"address", "2001:db8::7", "office", "office - 2001:db8::7"},
		{"service", "6000", "x11", "x11 6000 -"},
	} {
		inConsole(t, 80, 24, nil, func(c *console) {
			kind, right := tables.Addresses, 2
			if test.cell == "service" {
				kind, right = tables.Services, 4
			}
			c.press("2")
			for range right {
				c.press("l")
			}
			c.press("e", "ctrl+u")
			c.text(test.typed)
			c.press("ctrl+o")
			c.text(test.name)
			c.press("ctrl+o")
			lines := c.shared.Desk.Set().File(kind).Lines
			if got := strings.Join(lines[len(lines)-1].Texts(), " "); got != test.want {
				t.Errorf("%s: the row is %q, want %q", test.typed, got, test.want)
			}
			if got := c.shared.Desk.Set().File(tables.Rules).Line(4).Texts()[right]; got != test.name {
				t.Errorf("%s: the cell is %q", test.typed, got)
			}
		})
	}
}

func TestCancelledFormLeavesTheCellAsItWasTyped(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "l", "l", "e", "ctrl+u")
		c.text("office")
		c.press("ctrl+o", "esc")
		c.shows("source address 'office' does not exist", "STAGED 0")
		c.press("esc", "esc")
		c.shows("STAGED 0", "e edit")
	})
}

func TestAKnownNameNeedsNoNewObject(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "l", "l", "e", "ctrl+o")
		c.shows("pest exists already")
		c.press("esc", "l", "l", "l", "e", "ctrl+o")
		c.shows("this cell names no object")
	})
}

func TestPickedServiceIsAddedAndMarked(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "a")
		c.shows("Tab shows their tables")
		c.press("tab", "tab", "a")
		c.shows("services of this host", "in services:2")
		c.text("imap")
		c.press("ctrl+n")
		c.shows("2 of 15")
		c.press("enter")
		c.shows("services:11 imaps added", "in services:11", "STAGED 1")
		c.press("enter")
		c.shows("services:11 has this already", "STAGED 1")
		c.press("esc", "e")
		c.shows("imaps")
		c.press("esc", "u")
		c.shows("STAGED 0")
	})
}

func TestPickedInterfaceAndAddresses(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "tab", "tab", "tab", "a")
		c.text("wg0")
		c.shows("down 10.8.0.1/24")
		c.press("enter", "esc")
		c.shows("interfaces 4*")
		c.press("shift+tab", "shift+tab", "a")
		c.text("wg0 network")
		c.press("enter", "esc")
		if got := strings.Join(c.shared.Desk.Set().File(tables.Addresses).Line(9).Texts(), " "); got != "wg0_net 10.8.0.0/24 -" {
			t.Errorf("the row is %q", got)
		}
	})
}

func TestAnEditedServiceRowIsFilledFromTheHost(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "tab", "tab", "o")
		c.shows("^o fill the row from this host")
		c.press("ctrl+o")
		c.text("postgres")
		c.press("enter")
		c.shows("services:3 is postgresql now", "5432")
	})
}

func TestPickListSaysWhyItIsEmpty(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) {
		s.Fail = map[string]error{"HostServices": fmt.Errorf("list the services: permission denied")}
	}, func(c *console) {
		c.press("2", "tab", "tab", "a")
		c.shows("list the services: permission denied")
	})
}

func TestNewZoneIsARowOfItsInterface(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "e", "ctrl+u")
		c.text("vpn")
		c.press("ctrl+o")
		c.shows("New zone for rules:4", "this host has eth0, eth1, docker0, veth3f1, wg0")
		c.press("ctrl+o")
		c.shows("interface is missing")
		c.text("wg0")
		c.press("enter", "enter", "enter")
		c.shows("interfaces:5 vpn added", "interfaces 4*")
		if got := strings.Join(c.shared.Desk.Set().File(tables.Interfaces).Line(5).Texts(), " "); got != "wg0 vpn -" {
			t.Errorf("the row is %q", got)
		}
	})
}

func TestPasteGoesIntoThePanel(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "l", "l", "e", "ctrl+u")
		c.text("office")
		c.press("ctrl+o")
		time.Sleep(time.Second)
		c.send(tea.PasteMsg{Content: " 192.0.2.9\n"})
		c.shows("192.0.2.9", "ok")
	})
}
