package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// keyModes are states of the console in which other keys work than at first,
// besides the views of the goldens.
var keyModes = []struct {
	name string
	keys []string
}{
	{"overview", []string{"1"}},
	{"containers", []string{"tab"}},
	{"containers, filter", []string{"tab", "/", "w"}},
	{"containers, filter kept", []string{"tab", "/", "w", "enter"}},
	{"containers, value", []string{"tab", "."}},
	{"policy", []string{"2"}},
	{"policy, filter", []string{"2", "/", "s"}},
	{"policy, filter kept", []string{"2", "/", "s", "enter"}},
	{"policy, value", []string{"2", "."}},
	{"policy, new row", []string{"2", "o"}},
	{"policy, other table", []string{"2", "tab", "tab", "e"}},
	{"policy, uses", []string{"2", "v"}},
	{"policy, rename", []string{"2", "tab", "r"}},
	{"problems", []string{"w"}},
	{"problems, filter", []string{"w", "/", "a"}},
	{"problems, value", []string{"w", "."}},
	{"review", []string{"3"}},
	{"flows", []string{"4"}},
	{"flows, filter", []string{"4", "/", "t"}},
	{"flows, value", []string{"4", "."}},
	{"flows, grouped", []string{"4", "o"}},
	{"flows, denied", []string{"4", "tab"}},
	{"flows, denied, filter", []string{"4", "tab", "/", "t"}},
	{"flows, denied, filter kept", []string{"4", "tab", "/", "t", "enter"}},
	{"flows, denied, value", []string{"4", "tab", "."}},
	{"counters", []string{"5"}},
	{"counters, filter", []string{"5", "/", "a"}},
	{"counters, chains, value", []string{"5", "tab", "."}},
	{"counters, from now", []string{"5", "z"}},
	{"explain", []string{"6"}},
	{"explain, real packets", []string{"4", "enter", "T"}},
	{"review, impact", []string{"2", "j", "x", "3", "shift+tab"}},
	{"review, raw", []string{"3", "t"}},
	{"review, file name", []string{"2", "x", "3", "W"}},
	{"history", []string{"7"}},
	{"history, filter", []string{"7", "/", "a"}},
	{"history, value", []string{"7", "."}},
	{"history, detail", []string{"7", "enter"}},
}

// inEveryMode runs a test in every state of the console that is known.
func inEveryMode(t *testing.T, test func(c *console)) {
	for _, m := range keyModes {
		t.Run(m.name, func(t *testing.T) {
			inConsole(t, 80, 24, nil, func(c *console) {
				c.press(m.keys...)
				test(c)
			})
		})
	}
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			inConsole(t, 80, 24, nil, func(c *console) {
				v.goTo(c)
				test(c)
			})
		})
	}
}

// ofPage reports whether a section of the help is about a page, or about all
// lists.
func ofPage(s helpSection, p page.Page) bool {
	if strings.HasPrefix(string(s.title), string(p.Title())) || s.title == "in every list" {
		return true
	}
	return slices.ContainsFunc(page.ListModes(), func(m page.Mode) bool { return m.Name == s.title })
}

func TestEveryKeyOfEveryModeIsInTheHelp(t *testing.T) {
	inEveryMode(t, func(c *console) {
		known := make(map[string]bool)
		for _, s := range newHelp(c.model).sections {
			if !ofPage(s, c.page()) {
				continue
			}
			for _, item := range s.items {
				for _, k := range item.keys {
					known[k] = true
				}
			}
		}
		for _, b := range c.page().Bindings() {
			for _, k := range b.Keys() {
				if !known[k] {
					t.Errorf("%s: %s (%s) is not in the help", c.page().Title(), k, b.Help().Desc)
				}
			}
		}
	})
}

func TestHelpShowsEveryKeyOfTheConsole(t *testing.T) {
	inConsole(t, 100, 300, nil, func(c *console) {
		c.press("?")
		for _, b := range slices.Concat(c.keys.list(false), widget.Moves().List(), page.ListKeys(), paletteBindings()) {
			c.shows(b.Help().Key, b.Help().Desc)
		}
		for _, at := range screens {
			for _, b := range c.pages[at].Bindings() {
				c.shows(b.Help().Key, b.Help().Desc)
			}
		}
	})
}

func TestNoPageTakesAGlobalOrMovementKey(t *testing.T) {
	inEveryMode(t, func(c *console) {
		if c.page().Typing() {
			return
		}
		taken := make(map[string]string)
		for _, b := range c.keys.list(true) {
			for _, k := range b.Keys() {
				taken[k] = "a key of the console"
			}
		}
		for _, b := range widget.Moves().List() {
			for _, k := range b.Keys() {
				taken[k] = "a movement key"
			}
		}
		for _, b := range c.page().Bindings() {
			for _, k := range b.Keys() {
				if why, ok := taken[k]; ok {
					t.Errorf("%s: %s (%s) is %s", c.page().Title(), k, b.Help().Desc, why)
				}
			}
		}
	})
}

// The keys of a list mean the same in every list; where there is no filter, as
// in what Review compares, a match is a change or a chain.
func TestKeysOfAListMeanTheSameEverywhere(t *testing.T) {
	inEveryMode(t, func(c *console) {
		filters := func(b widget.Binding) bool { return slices.Contains(b.Keys(), "/") }
		if c.page().Typing() || !slices.ContainsFunc(c.page().Bindings(), filters) {
			return
		}
		for _, b := range c.page().Bindings() {
			for _, own := range page.ListKeys() {
				for _, k := range own.Keys() {
					if k != "esc" && slices.Contains(b.Keys(), k) && b.Help() != own.Help() {
						t.Errorf("%s: %s is %q, in lists %q", c.page().Title(), k, b.Help().Desc, own.Help().Desc)
					}
				}
			}
		}
	})
}

func TestNoKeyIsHarmlessHereAndDangerousThere(t *testing.T) {
	danger := make(map[string]map[bool]string)
	see := func(where widget.Safe, list []widget.Binding) {
		for _, b := range list {
			for _, k := range b.Keys() {
				if danger[k] == nil {
					danger[k] = make(map[bool]string)
				}
				danger[k][b.Danger] = string(where) + ": " + b.Help().Desc
			}
		}
	}
	inEveryMode(t, func(c *console) { see(c.page().Title(), c.page().Bindings()) })
	inConsole(t, 80, 24, nil, func(c *console) {
		see("Trial", c.trial.Bindings())
		see("everywhere", c.keys.list(true))
		see("in lists", widget.Moves().List())
		see("palette", paletteBindings())
	})
	for k, where := range danger {
		if len(where) > 1 {
			t.Errorf("%s is dangerous on %q and harmless on %q", k, where[true], where[false])
		}
	}
}

func TestNoKeyIsBoundTwiceInAMode(t *testing.T) {
	twice := func(where widget.Safe, list []widget.Binding) {
		seen := make(map[string]string)
		for _, b := range list {
			for _, k := range b.Keys() {
				if other, ok := seen[k]; ok {
					t.Errorf("%s: %s means %q and %q", where, k, other, b.Help().Desc)
				}
				seen[k] = b.Help().Desc
			}
		}
	}
	inEveryMode(t, func(c *console) { twice(c.page().Title(), c.page().Bindings()) })
	inConsole(t, 80, 24, nil, func(c *console) {
		twice("Trial", c.trial.Bindings())
		twice("everywhere", c.keys.list(true))
		twice("palette", paletteBindings())
	})
}

// labelled are the keys that are written in another way on a label.
var labelled = map[string]string{"Enter": "enter", "Esc": "esc", "Tab": "tab", "S-Tab": "shift+tab", "Space": "space"}

// keysOfLabel are the keys that a label names: "o/O", "^n/^p", "1..9".
func keysOfLabel(label string) []string {
	var list []string
	for _, name := range strings.Split(strings.TrimPrefix(label, "code+"), "/") {
		letter, ctrl := strings.CutPrefix(name, "^")
		from, to, span := strings.Cut(name, "..")
		switch {
		case name == "": // the slash itself
			list = append(list, "/")
		case labelled[name] != "":
			list = append(list, labelled[name])
		case ctrl && letter != "":
			list = append(list, "ctrl+"+letter)
		case span:
			list = append(list, from, to)
		default:
			list = append(list, name)
		}
	}
	return list
}

func TestLabelsNameTheirKeys(t *testing.T) {
	check := func(where widget.Safe, list []widget.Binding) {
		var bound []string
		for _, b := range list {
			bound = append(bound, b.Keys()...)
		}
		for _, b := range list {
			named := keysOfLabel(b.Help().Key)
			own := false
			for _, k := range named {
				own = own || slices.Contains(b.Keys(), k)
				if !slices.Contains(bound, k) {
					t.Errorf("%s: the label %q names %s, which does nothing", where, b.Help().Key, k)
				}
			}
			if !own {
				t.Errorf("%s: the label %q names none of the keys %q", where, b.Help().Key, b.Keys())
			}
		}
	}
	inEveryMode(t, func(c *console) { check(c.page().Title(), c.page().Bindings()) })
	inConsole(t, 80, 24, nil, func(c *console) {
		check("Trial", c.trial.Bindings())
		check("everywhere", c.keys.list(true))
		check("in lists", append(widget.Moves().List(), page.ListKeys()...))
		check("palette", paletteBindings())
		for _, at := range screens {
			if all, ok := c.pages[at].(page.Moder); ok {
				for _, m := range all.Modes() {
					check(m.Name, m.Bindings)
				}
			}
		}
	})
}

func TestEveryBindingCanBePressedByItsName(t *testing.T) {
	inEveryMode(t, func(c *console) {
		for _, b := range append(c.page().Bindings(), c.keys.list(true)...) {
			for _, k := range b.Keys() {
				if got := widget.Press(k).String(); got != k {
					t.Errorf("%s: %q pressed is %q", c.page().Title(), k, got)
				}
			}
		}
	})
}

func TestDisabledKeySaysWhy(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "s")
		c.shows("nothing was changed")
		c.press("n")
		c.shows("there is no filter; / makes one")
		c.press("3", "A")
		c.shows("there is nothing to apply: the firewall runs these rules")
	})
}

func TestHelpSearchesByKeyAndByWord(t *testing.T) {
	tests := []struct {
		search      string
		shows, hide []string
	}{
		{"^d", []string{"half a page down"}, []string{"half a page up", "delete"}},
		{"d", []string{"delete"}, []string{"half a page", "undo"}},
		{"S-Tab", []string{"table before"}, []string{"delete"}},
		{"filter keep", []string{"keep the filter"}, []string{"delete"}},
		{"zone", []string{"zone:ext>DOCKER"}, []string{"half a page"}},
		{"disk", []string{"Policy, signs", "a row that is not in the file on disk", "load from disk"}, []string{"Flows"}},
	}
	for _, tt := range tests {
		t.Run(tt.search, func(t *testing.T) {
			inConsole(t, 80, 50, nil, func(c *console) {
				c.press("2", "?")
				c.text(tt.search)
				lines := strings.Join(c.help.draw(76, c.shared.Styles), "\n")
				for _, want := range tt.shows {
					if !strings.Contains(lines, want) {
						t.Errorf("%q does not find %q:\n%s", tt.search, want, lines)
					}
				}
				for _, not := range tt.hide {
					if strings.Contains(lines, not) {
						t.Errorf("%q finds %q:\n%s", tt.search, not, lines)
					}
				}
				c.press("?")
				if c.help != nil {
					t.Error("? does not close the help")
				}
			})
		})
	}
}

func TestHelpThatFindsNothingSaysSoAndHowToGoOn(t *testing.T) {
	for _, width := range []int{60, 120} {
		inConsole(t, width, 24, nil, func(c *console) {
			c.press("2", "?")
			c.text("delete nosuchword")
			c.shows("nothing found for delete nosuchword", "nothing found   ^w deletes the last word", ": finds them")
			c.hides("1-1 of 1")
			c.press("ctrl+w")
			c.hides("nothing found")
			c.shows("1-")
		})
	}
}

func TestHelpIsReadToItsEnd(t *testing.T) {
	for _, width := range []int{60, 120} {
		inConsole(t, width, 24, nil, func(c *console) {
			c.press("?")
			c.shows("1-")
			for range 60 {
				c.press("pgdown")
				_ = c.plain()
			}
			c.shows("look around") // the last key, of the trial
			c.press("esc")
			c.hides("look around")
		})
	}
}

// What is typed before the help is drawn is a search, and nothing else.
func TestKeysTypedBeforeTheHelpIsDrawnDoNothing(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "?")
		for _, k := range []string{"x", "d", "A", "y", "enter", "q", "w", "s"} {
			c.send(keyPress(k))
		}
		if c.quit || c.dialog != nil || c.shared.Desk.Staged() > 0 || len(c.site.Calls()) > 0 {
			t.Errorf("quit %v, dialog %v, staged %d, calls %q", c.quit, c.dialog != nil, c.shared.Desk.Staged(), c.site.Calls())
		}
	})
}

// A trial that begins elsewhere takes the screen from help and palette.
func TestTrialClosesHelpAndPalette(t *testing.T) {
	for _, open := range []string{"?", ":"} {
		inConsole(t, 80, 24, nil, func(c *console) {
			c.press(open)
			c.site.StartTrial(time.Minute)
			c.seconds(2)
			if c.help != nil || c.find != nil {
				t.Error("the trial is covered")
			}
		})
	}
}
