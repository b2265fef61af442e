package tui

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// row is the text of a row of the tables as edited.
func (c *console) row(k tables.Kind, num int) string {
	line := c.shared.Desk.Set().File(k).Line(num)
	if line == nil {
		return ""
	}
	return strings.Join(line.Texts(), " ")
}

// services fails when the rules of some lines do not name the services that are
// wanted, in this order.
func (c *console) services(from, to int, want string) {
	c.Helper()
	var got []string
	for num := from; num <= to; num++ {
		if cells := c.shared.Desk.Set().File(tables.Rules).Line(num).Texts(); len(cells) == 6 {
			got = append(got, cells[4])
		}
	}
	if s := strings.Join(got, " "); s != want {
		c.Errorf("the services of rules:%d to %d are %q, want %q", from, to, s, want)
	}
}

func TestInspectorSaysWhatARowCompilesTo(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		inConsole(t, size[0], size[1], nil, func(c *console) {
			c.press("2", "j", "j", "j")
			c.shows("1 rule in ext_inp", "0 - monitoring has no IPv6", "HITS")
			c.press("l", "l")
			c.shows("Src-Address  monitoring   v4: 198.51.100.77   v6: none")
		})
	}
	inConsole(t, 120, 40, nil, func(c *console) {
		c.press("2", "j", "j", "j")
		c.shows("-s 198.51.100.77/32 -p tcp", "v4=v6 but for 1 row")
	})
}

func TestInspectorGoesFirstOnASmallScreen(t *testing.T) {
	inConsole(t, 60, 15, nil, func(c *console) {
		c.press("2", "j", "j", "j")
		c.hides("compiles to")
		c.hides("HITS")
		c.shows("SRC-ADDR", "Src-Zone  ext")
	})
}

func TestInspectorKeepsWhatItKnowsWhileTheTablesHaveErrors(t *testing.T) {
	inConsole(t, 120, 40, nil, func(c *console) {
		c.press("2", "j", "l", "l", "e", "ctrl+u")
		c.text("nobody")
		c.press("enter")
		c.shows("1E", "not known while the")
		c.press("j", "j")
		c.shows("1 rule in ext_inp", "as compiled before the errors")
	})
}

func TestInspectorSaysWhyItKnowsNothing(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.site.Fail = map[string]error{"Counters": errors.New("permission denied")}
		c.press("2", "j", "j", "j")
		c.shows("hits         not known: permission denied", "IP", "v4: 1 rule in ext_inp")
		c.hides("HITS")
	})
}

func TestInspectorSaysWhatAnOptionIsFor(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		inConsole(t, size[0], size[1], nil, func(c *console) {
			c.press("2", "shift+tab")
			c.shows("log what is denied")
		})
	}
}

func TestHitsFollowTheRowNotTheLine(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "j")
		before := strings.Fields(screenLine(c, " 8 ext"))
		c.press("K")
		after := strings.Fields(screenLine(c, " 7 ext"))
		if b, a := before[len(before)-1], after[len(after)-1]; b != a || b == "-" {
			t.Errorf("after the move the row has %s hits, before %s", a, b)
		}
	})
}

func TestInspectorSaysWhenARowWasHitLast(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "j")
		c.hides("ago")
		for range 7 {
			time.Sleep(time.Second)
			c.seconds(1)
		}
		c.shows("/s   last ", "s ago")
	})
}

func TestInspectorCountsTheFlowsOfARow(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("4", "/")
		c.text("rule:14")
		c.press("enter")
		c.shows("67 of 200 flows")
		c.press("2", "G", "k")
		c.shows("now 0 flows")
		c.press(":")
		c.text("rules:14")
		c.press("enter")
		c.shows("now 67 flows")
	})
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.Fail = map[string]error{"LiveFlows": errors.New("no conntrack")} }, func(c *console) {
		c.press("2")
		c.shows("hits         v4 ")
		c.hides("   now ")
	})
}

// screenLine is the line of the screen that holds a text.
func screenLine(c *console, text string) string {
	c.Helper()
	for _, l := range strings.Split(c.plain(), "\n") {
		if strings.Contains(l, text) {
			return l
		}
	}
	c.Fatalf("no line with %q:\n%s", text, c.plain())
	return ""
}

func TestWhereUsedLeadsToTheCellAndBack(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "tab", "j", "j", "v")
		c.shows("address lan_home   4 uses, 1 definition", "rules:13", "Src-Address")
		c.press("esc")
		c.shows("[addresses 7]", "NAME")
		c.press("v", "j", "j", "enter")
		c.shows("[rules 13]", "Src-Address  lan_home", ">       14 int")
		c.press("esc")
		c.shows("address lan_home   4 uses, 1 definition", ">  rules:14")
		c.press("esc")
		c.shows("[addresses 7]", ">        4 lan_home")
	})
}

func TestWhereUsedOfAWordThatIsNoObject(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "l", "v")
		c.shows("ALL is no object")
		c.press("right", "right", "right", "right", "v")
		c.shows("there is no object here")
	})
}

func TestRenameChangesEveryPlaceInOneStep(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "tab", "j", "j", "j", "r", "ctrl+u")
		c.text("nas")
		c.shows("rename address lan_nas to nas", "changes 2 places in one step: 1 in addresses, 1 in virtuals", " ok")
		c.press("enter")
		c.shows("address lan_nas is now nas in 2 places", "addresses 7*", "virtuals 2*")
		if got, want := c.row(tables.Virtuals, 2), "ext lan_router_ext nas http-alt http"; got != want {
			t.Errorf("virtuals:2 is %q, want %q", got, want)
		}
		c.press("u")
		c.shows("STAGED 0", "lan_nas")
		c.press("U")
		c.shows("addresses 7*", "virtuals 2*")
	})
}

func TestRenameSaysAtOnceWhatIsWrong(t *testing.T) {
	tests := []struct{ name, to, shows string }{
		{"taken", "google", "the name is already in use"},
		{"reserved", "ALL", "the name is reserved"},
		{"too long", "a-name-that-is-longer-than-a-set", "the limit is 28"},
		{"empty", "", "is empty"},
		{"bad characters", "o'hara", "'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inConsole(t, 80, 24, nil, func(c *console) {
				c.press("2", "tab", "r", "ctrl+u")
				if tt.to != "" {
					c.text(tt.to)
				}
				c.shows(" E ", tt.shows)
				c.press("enter")
				c.shows("rename address admins")
				c.press("esc")
				c.shows("STAGED 0")
			})
		})
	}
}

func TestEnterOfARenameWaitsForTheCheck(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "tab", "r")
		_, first := c.Update(keyPress("2")) // the check of this is under way
		c.Update(keyPress("3"))
		c.Update(keyPress("enter"))
		c.shows("STAGED 0", "checking ...")
		c.do(first)
		c.shows("address admins is now admins23 in 2 places")
	})
}

func TestZoneOfContainersKeepsItsName(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "G", "r")
		c.shows("DOCKER has a meaning of its own and keeps its name")
	})
}

func TestMarkedRowsAreChangedInOneStep(t *testing.T) {
	tests := []struct {
		name  string
		keys  []string
		want  string // the services of rules:4 to 10
		shows string
	}{
		{"moved down", []string{"J"}, "ALL ALL ssh smtp munin", "3 marked"},
		{"moved up past the group", []string{"K"}, "ssh smtp munin ALL ALL", "3 marked"},
		{"deleted", []string{"d"}, "ALL ALL telnet ssh", "3 rows of rules deleted (u takes it back)"},
		{"switched off", []string{"x"}, "ALL ssh smtp munin ALL", "3 rows of rules switched off (u takes it back)"},
		{"switched off and on", []string{"x", "x"}, "ALL ssh smtp munin ALL", "3 rows of rules switched on"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inConsole(t, 80, 24, nil, func(c *console) {
				before := c.shared.Desk.Set()
				c.press("2", "j", "space", "space", "space")
				c.shows("3 marked", "* ")
				c.press(tt.keys...)
				c.shows(tt.shows)
				c.services(4, 10, tt.want)
				for range tt.keys {
					c.press("u")
				}
				if changed := c.shared.Desk.Set().Changed(before); len(changed) > 0 {
					t.Errorf("after %d undos %v differ", len(tt.keys), changed)
				}
			})
		})
	}
}

func TestEscTakesTheMarksAwayBeforeTheFilter(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "space", "j", "space", "/")
		c.text("int")
		c.press("enter")
		c.shows("2 marked, 2 hidden")
		c.press("esc")
		c.hides("marked")
		c.shows("/int")
		c.press("esc")
		c.hides("/int")
	})
}

func TestUndoAndRedoSelectWhatTheyChange(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "J", "tab", "x", "tab", "d")
		steps := []struct{ key, shows string }{
			{"u", "[services 9]"}, {"u", "[addresses 7]"}, {"u", ">        7 ext"},
			{"U", ">        8 ext"}, {"U", "> ~x     2 admins"}, {"U", "[services 8*]"},
		}
		for _, s := range steps {
			c.press(s.key)
			c.shows(s.shows)
		}
	})
}

func TestCopyAndPasteOfRows(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "space", "space")
		text := c.policy.Copied()
		want := "ext             FW               admins               ALL                    ssh            accept\n" +
			"ext             FW               ALL                  ALL                    smtp           accept\n"
		if text != want {
			t.Fatalf("copied %q, want %q", text, want)
		}
		c.press("esc", "G")
		c.send(tea.PasteMsg{Content: text})
		c.shows("2 rows pasted into rules", "[rules 15*]", "> +W    21 ext")
		if got, want := c.row(tables.Rules, 22), "ext FW ALL ALL smtp accept"; got != want {
			t.Errorf("rules:22 is %q, want %q", got, want)
		}
		c.press("u")
		c.shows("STAGED 0")
	})
}

func TestPasteThatIsNoRowIsRefused(t *testing.T) {
	tests := []struct {
		name, text, shows string
		keys              []string
	}{
		{"prose", "dd:q\nA y\n", "not pasted: line 1 has 1 cell, a row of rules has 6", nil},
		{"cells of another table", "host 10.0.0.1 -\n", "not pasted: line 1 has 3 cells", nil},
		{"nothing", "\n", "not pasted: there is no row in the text", nil},
		{"over the list of uses", "ext FW ALL ALL ssh accept\n", "not pasted: rows can be pasted into a table", []string{"v"}},
		{"over the list of problems", "ext FW ALL ALL ssh accept\n", "not pasted: rows can be pasted into a table", []string{"w"}},
		{"escape sequences", "ext FW ALL ALL \x1b]52;c;eA==\a accept\n", "not pasted: ", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inConsole(t, 80, 24, nil, func(c *console) {
				c.press("2")
				c.press(tt.keys...)
				c.send(tea.PasteMsg{Content: tt.text})
				c.shows(tt.shows, "STAGED 0")
			})
		})
	}
}

// A paste while a dialog or the help is open, or on a screen that has no use
// for it, does nothing at all: it is never taken for keys.
func TestPasteNeverActsAsKeys(t *testing.T) {
	tests := []struct {
		name string
		keys []string
	}{
		{"help", []string{"2", "?"}},
		{"dialog", []string{"2", "x", "R"}},
		{"overview", []string{"1"}},
		{"review", []string{"3"}},
		{"counters", []string{"5"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inConsole(t, 80, 24, nil, func(c *console) {
				c.press(tt.keys...)
				before, set := c.plain(), c.shared.Desk.Set()
				c.send(tea.PasteMsg{Content: "y\nA\nq\next FW ALL ALL ssh accept\n"})
				if after := c.plain(); after != before || c.shared.Desk.Set() != set || c.quit {
					t.Errorf("the paste did something:\n%s", after)
				}
			})
		})
	}
}

func TestPasteWhileTypingStaysText(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "tab", "r", "ctrl+u")
		c.send(tea.PasteMsg{Content: "the boss\n"})
		c.shows("rename address admins to theboss")
		c.press("esc", "e", "ctrl+u")
		c.send(tea.PasteMsg{Content: "root\nx\n"})
		c.shows("ok  root")
	})
}

func TestAlignIsOneStep(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "tab", "=")
		c.shows("the columns are aligned already", "STAGED 0")
		c.press("r")
		c.text("-who-are-on-call-here")
		c.press("enter", "=")
		before := c.shared.Desk.Set().File(tables.Addresses)
		if c.shows("aligned"); !slices.ContainsFunc(before.Lines, func(l *tables.Line) bool { return strings.Contains(l.String(), "google                       ") }) {
			t.Errorf("the cells were not moved:\n%s", before.Bytes())
		}
		c.press("u", "u")
		c.shows("STAGED 0")
	})
}

func TestHelpExplainsTheSigns(t *testing.T) {
	inConsole(t, 100, 100, nil, func(c *console) {
		c.press("2", "?")
		c.shows("Policy, signs", "a row that differs from the file on disk", "a row that is switched off")
		c.press("esc", "4", "?")
		c.shows("Flows, signs")
		c.hides("Policy, signs") // further down
	})
}

func TestTablesAreInTheOrderOfTheirTabs(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2")
		for _, k := range []string{"rules 13", "addresses 7", "services 9", "interfaces 3", "virtuals 2", "options 1", "rules 13"} {
			c.shows("[" + k + "]")
			c.press("tab")
		}
		c.press("shift+tab", "shift+tab")
		c.shows("[options 1]")
	})
}

// What is drawn does not depend on how many rows there are.
func TestDrawingThePolicyCostsTheSameForAnyNumberOfRows(t *testing.T) {
	var few, many float64
	for n, allocs := range map[int]*float64{100: &few, 10_000: &many} {
		c := benchConsole(t, 10, n)
		c.press0("2", "x")
		*allocs = testing.AllocsPerRun(5, func() { _ = c.View() })
	}
	if many > few*1.2 {
		t.Errorf("a frame takes %.0f allocations with 10,000 rules and %.0f with 100", many, few)
	}
}

func TestARowThatDoesNothingIsAProblemOfItsOwn(t *testing.T) {
	idle := func(s *tuitest.Site) {
		s.Idle = []engine.RowInsight{{Line: 14, Unreachable: true, By: []int{13}}, {Line: 10, Unreachable: true, By: []int{9}}}
	}
	inConsole(t, 120, 40, idle, func(c *console) {
		c.press("2", "w")
		c.shows("rules:14:1", "never decides: rules:13 comes before and takes all its packets", "rules:10:1", "never decides: rules:9")
	})
}

func TestDeletingWhatIsUsedSaysWhereItIsStillNamed(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "tab", "d")
		c.shows("addresses:2 deleted (u takes it back); admins is still named in 1 cell")
		c.press("u", "shift+tab", "d")
		c.shows("rules:4 deleted (u takes it back)")
		c.hides("still named")
	})
}

func TestTheHelpOfAnOptionIsShownWhole(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.Write(tables.Options, "* virtual-scope dnat\n") }, func(c *console) {
		c.press("2", "shift+tab")
		c.shows("dnat: only through the\n virtual")
	})
}
