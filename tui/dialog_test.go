package tui

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// dialogs are all dialogs of the console: the function that makes each, and how
// to get there. The last key opens it.
var dialogs = []struct {
	maker   string
	name    string
	prepare func(*tuitest.Site)
	keys    []string
}{
	{"askApply", "apply", nil, []string{"2", "x", "3", "A"}},
	{"askApply", "apply that locks out", func(s *tuitest.Site) { s.Locked = true }, []string{"2", "x", "3", "A"}},
	{"dropMine", "load over edits", nil, []string{"2", "x", "R"}},
	{"openEditor", "editor over edits", nil, []string{"2", "x", "E"}},
	{"askCreate", "first tables", noTables, []string{"C"}},
	{"askRestore", "restore", nil, []string{"7", "A"}},
	{"confirmEnd", "end a flow", nil, []string{"4", "X"}},
	{"confirmEnd", "end the marked flows", nil, []string{"4", "space", "space", "X"}},
	{"confirmEnd", "end all shown flows", nil, []string{"4", "ctrl+x"}},
	{"confirmEnd", "end one's own connection", ownIsFirst, []string{"4", "X"}},
	{"countFrom", "count from another moment", nil, []string{"5", "z", "z"}},
	{"written", "overwrite a file", func(s *tuitest.Site) { s.Fail = map[string]error{"WriteDiff": fs.ErrExist} }, []string{"2", "x", "3", "W", "enter"}},
	{"quit", "quit with edits", nil, []string{"2", "x", "q"}},
	{"quit", "quit during a trial", func(s *tuitest.Site) { s.StartTrial(time.Hour) }, []string{"tab", "q"}},
}

func TestNoDialogIsAnsweredByAKeyTypedBeforeItWasDrawn(t *testing.T) {
	for _, d := range dialogs {
		t.Run(d.name, func(t *testing.T) {
			inConsole(t, 80, 24, d.prepare, func(c *console) {
				c.press(d.keys...)
				if c.dialog == nil {
					t.Fatalf("%q opens no dialog:\n%s", d.keys, c.plain())
				}
				calls := len(c.site.Calls())
				var ahead []string
				for _, choice := range c.dialog.Choices {
					ahead = append(ahead, choice.Key)
				}
				ahead = append(ahead, strings.Split(string(c.dialog.Word), "")...)
				ahead = append(ahead, "enter", "y", "s", "esc", "enter")
				for _, k := range ahead { // all at once, as a slow link delivers them
					c.send(keyPress(k))
				}
				if c.dialog == nil || c.quit || len(c.site.Calls()) > calls {
					t.Errorf("%q typed ahead: open %v, quit %v, calls %q", ahead, c.dialog != nil, c.quit, c.site.Calls()[calls:])
				}
				c.press("enter")
				if c.dialog == nil {
					t.Error("Enter alone answers")
				}
				c.press("esc")
				if c.dialog != nil || len(c.site.Calls()) > calls {
					t.Error("Esc is not no")
				}
			})
		})
	}
}

// Every function that makes a dialog is in the table above.
func TestEveryDialogIsTested(t *testing.T) {
	makers := make(map[string]bool)
	for _, dir := range []string{".", "page"} {
		files, err := fs.Glob(os.DirFS(dir), "*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if !strings.HasSuffix(name, "_test.go") {
				addDialogMakers(t, dir+"/"+name, makers)
			}
		}
	}
	tested := make(map[string]bool)
	for _, d := range dialogs {
		tested[d.maker] = true
	}
	got, want := slices.Sorted(maps.Keys(tested)), slices.Sorted(maps.Keys(makers))
	if !slices.Equal(got, want) {
		t.Errorf("dialogs of %q are tested, but they are made by %q", got, want)
	}
}

// addDialogMakers finds the functions of a file that make a widget.Dialog.
func addDialogMakers(t *testing.T, path string, makers map[string]bool) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.CompositeLit); ok {
				if sel, ok := lit.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Dialog" {
					makers[f.Name.Name] = true
				}
			}
			return true
		})
	}
}

func TestPaletteRunsNothingBeforeEnter(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", ":")
		c.text("q delete x A s")
		if c.quit || c.shared.Desk.Staged() > 0 || c.dialog != nil || len(c.site.Calls()) > 0 {
			t.Error("typing in the palette did something")
		}
		c.press("esc")
		if c.find != nil || c.shared.Desk.Staged() > 0 {
			t.Error("Esc did not just close it")
		}
	})
}

func TestPaletteIgnoresAnEnterThatWasTypedBeforeItWasDrawn(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2")
		for _, k := range []string{":", "d", "e", "l", "enter"} {
			c.send(keyPress(k))
		}
		if c.find == nil || c.shared.Desk.Staged() > 0 {
			t.Error("an Enter typed ahead ran a command")
		}
	})
}

func TestPaletteDoesWhatTheKeyDoes(t *testing.T) {
	tests := []struct {
		name, text string
		keys       []string // before the palette
		shows      []string
	}{
		{"a key of this screen", "policy delete", []string{"2"}, []string{"rules:4 deleted"}},
		{"a screen", "go to flows", nil, []string{"[4 Flows]", "200 of 200 flows"}},
		{"a key of another screen", "counters next view", nil, []string{"[5 Counters]", "[by chain]"}},
		{"a dangerous one opens the same dialog", "review apply", []string{"2", "x", "3"}, []string{"Apply to edge-01", "apply, and start the countdown"}},
		{"one that does nothing now says why", "policy save", nil, []string{"nothing was changed"}},
		{"the help", "help", nil, []string{"search:"}},
		{"a table", "table virtuals", nil, []string{"[2 Policy]", "[virtuals 2]"}},
		{"an object", "address lan_nas", nil, []string{"[addresses 7]", ">        5 lan_nas"}},
		{"a row by its number", "rules:9", nil, []string{"[rules 13]", ">        9 ext"}},
		{"a row by its cells", "monitoring munin", nil, []string{">        9 ext"}},
		{"a problem", "warning rules", nil, []string{"[2 Policy]", "[rules 13]"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inConsole(t, 80, 24, nil, func(c *console) {
				c.press(tt.keys...)
				c.press(":")
				c.text(tt.text)
				c.press("enter")
				if c.find != nil {
					t.Fatalf("the palette is still open:\n%s", c.plain())
				}
				c.shows(tt.shows...)
			})
		})
	}
}

func TestPaletteShowsTheKeyAndWhyOneDoesNothing(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("1", ":")
		c.text("apply")
		c.shows("Review: apply ...", "3 A", "not now: ")
		c.press("esc", ":")
		c.text("qqqq")
		c.shows("nothing is called like this")
		c.press("enter")
		if c.find == nil {
			t.Error("Enter closed a palette that found nothing")
		}
	})
}

func TestPaletteIsBounded(t *testing.T) {
	rules := func(s *tuitest.Site) {
		s.Files["rules"].Data = []byte(strings.Repeat("ext FW ALL ALL ssh accept\n", 20_000))
	}
	inConsole(t, 80, 24, rules, func(c *console) {
		c.press(":")
		if n := len(c.find.all); n > 4000 {
			t.Errorf("%d entries", n)
		}
		c.text("rules:19999")
		c.shows("go to rules:19999")
		c.press("enter")
		c.shows("19999 ext")
	})
}

func TestSuggestionIsTakenFromTheListOfProblems(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "right", "right", "e", "ctrl+u")
		c.text("monitorng")
		c.press("esc", "enter") // against advice
		c.press("w", "/")
		c.text("state:error")
		c.press("enter")
		c.shows("1 of ", "t writes monitoring")
		c.press("t")
		c.shows("rules:7 source address is monitoring now", "0 errors")
		c.press("u")
		c.shows("undone: rules:7", "1 error,")
		c.press("enter")
		c.shows("monitorng", "[rules 13*]")
	})
}

func TestFilterMarksInsteadOfHiding(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "/")
		c.text("zone:int>FW")
		c.press("enter")
		c.shows("3 of 13 rows")
		c.press("*", "g")
		c.shows("3 found in 13 rows", "/       12 int")
		c.press("n")
		c.shows("match 1 of 3 in 13 rows")
		c.press("N")
		c.shows("match 3 of 3 in 13 rows")
		c.press("*")
		c.shows("3 of 13 rows")
		c.press("esc")
		c.hides("of 13 rows")
	})
}

func TestFailureOfTheFilterIsSaidWhileItIsTyped(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.Fail = map[string]error{"Counters": errors.New("no")} }, func(c *console) {
		c.press("4", "/")
		c.text("port:44")
		c.hides("E port")
		c.text("x")
		c.shows(`E port:44x: "44x" is no port`, "0 of 200 flows")
		c.press("backspace", "3")
		c.hides(" E ")
	})
}

func TestKeysThatADialogDoesNotTakeAreNotHinted(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		for _, keys := range [][]string{{"2", "x", "3", "A"}, {"esc", "?"}, {"esc", ":"}} {
			c.press(keys...)
			c.hides("q quit  : commands")
		}
		c.press("esc")
		c.shows("q quit  : commands")
	})
}

func TestTheCountdownIsShownInTheDialogOfTheSmallestScreen(t *testing.T) {
	inConsole(t, minWidth, minHeight, nil, func(c *console) {
		c.press("2", "x", "3", "A")
		c.shows("COUNTDOWN 30 s", "y   apply", "Esc no, go back")
	})
}
