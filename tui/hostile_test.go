package tui

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/tuitest"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// taint holds one of everything that a text from outside could do harm with.
const taint = "\x1b]52;c;aGk=\x07\x1b]0;owned\x07\x1b[2J\x1b[6n\r\n\t\u009b31m\u202e\u2066\u200b\u00ad\ufeff\xff\x9b" + "\U000e0041"

// longTaint is also longer than any line.
var longTaint = taint + strings.Repeat("x", 4096)

// poison makes everything that comes from outside hostile: names, people,
// warnings, rules, file content, errors.
func poison(s *tuitest.Site) {
	s.Taint = longTaint
	for name, file := range s.Files {
		text := strings.ReplaceAll(string(file.Data), "lan_home", "lan\u202e_h\u200bome")
		s.Files[name] = &fstest.MapFile{Data: []byte(text + "evil\x1b]0;x\x07 \x1b[2J\u009b2J \x07\n")}
	}
	s.Fail = map[string]error{"EnableAccounting": errors.New("no")}
	s.NoAccounting = true
}

// ourStyle is the only sequence that the console writes into a line.
var ourStyle = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// checkClean fails when a screen holds anything but visible characters and our
// own styles.
func checkClean(c *console, what string) {
	c.Helper()
	lines, _ := c.screen()
	for i, l := range lines {
		for _, r := range ansi.Strip(l) {
			if !unicode.IsPrint(r) {
				c.Fatalf("%s: line %d holds %U: %q", what, i+1, r, l)
			}
		}
		if strings.Contains(ourStyle.ReplaceAllString(l, ""), "\x1b") {
			c.Fatalf("%s: line %d holds an escape sequence that is not ours: %q", what, i+1, l)
		}
	}
}

func TestHostileTextStaysText(t *testing.T) {
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			inConsole(t, 80, 24, poison, func(c *console) {
				v.goTo(c)
				c.press("a") // an error on the message line, where there is one
				checkClean(c, v.name)
				checkFrame(c, v.name)
			})
		})
	}
	t.Run("trial", func(t *testing.T) {
		inConsole(t, 80, 24, func(s *tuitest.Site) { poison(s); s.StartTrial(60e9) }, func(c *console) {
			checkClean(c, "trial")
			c.press("ctrl+r")
			checkClean(c, "rolled back")
		})
	})
	t.Run("window title", func(t *testing.T) {
		inConsole(t, 80, 24, poison, func(c *console) {
			if title := c.View().WindowTitle; strings.ContainsFunc(title, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("title %q", title)
			}
		})
	})
}

// Whatever the engine answers: every text in it is made hostile, also in fields
// and calls that this test does not know. Each screen is opened before and
// after, since a text that the console takes for a word of its own (a state, an
// owner) leads it elsewhere when it is another one. Under the race detector a
// part of the views is enough.
func TestEveryTextOfTheEngineMayBeHostile(t *testing.T) {
	for i, v := range everyWay() {
		if i%raceStride != 0 {
			continue
		}
		t.Run(v.name, func(t *testing.T) {
			inConsole(t, 120, 40, v.prepare, func(c *console) {
				c.meddle = taintAll
				v.goTo(c)
				c.seconds(6) // everything is read again
				for _, size := range [][2]int{{120, 40}, {80, 24}, {60, 15}} {
					c.layout = newLayout(size[0], size[1])
					checkClean(c, v.name)
					checkFrame(c, v.name)
				}
			})
			inConsole(t, 120, 40, v.prepare, func(c *console) {
				c.meddle = taintAll
				c.seconds(6)
				checkClean(c, "overview")
				if screen := c.plain(); v.prepare == nil && !strings.Contains(screen, `u202e`) {
					c.Fatalf("no hostile text got as far as the screen; the test proves nothing:\n%s", screen)
				}
				v.goTo(c)
				checkClean(c, v.name)
				checkFrame(c, v.name)
			})
		})
	}
}

// A call that the console can make, as its source says, and that no view makes
// is one whose answer the tests above have not seen.
func TestEveryCallOfTheConsoleIsSeenByTheHostileTests(t *testing.T) {
	seen := make(map[string]bool)
	for _, v := range everyWay() {
		inConsole(t, 120, 40, v.prepare, func(c *console) {
			v.goTo(c)
			for _, name := range c.site.Entered() {
				seen[name] = true
			}
		})
	}
	calls := callsOfTheConsole(t)
	if len(calls) < 10 {
		t.Fatalf("the source makes only the calls %q; the test would prove nothing", calls)
	}
	for _, name := range calls {
		if !seen[name] {
			t.Errorf("no view calls %s: add one to views, or to moreCalls", name)
		}
	}
}

// callsOfTheConsole are the methods of the engine that the source of its calls
// names.
func callsOfTheConsole(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("desk", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(source, func(n ast.Node) bool {
			method, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if of, ok := method.X.(*ast.SelectorExpr); ok && of.Sel.Name == "backend" {
				names = append(names, method.Sel.Name)
			}
			return true
		})
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// way is a way through the console from a site.
type way struct {
	view
	prepare func(*tuitest.Site)
}

// everyWay lists the screens, their modes, the panels over them, and moreCalls.
func everyWay() (ways []way) {
	for _, v := range slices.Concat(views, eightScreens, moreCalls) {
		ways = append(ways, way{view: v})
	}
	for _, m := range modes {
		ways = append(ways, way{view: view{m.name, m.goTo}})
	}
	for _, p := range panels {
		ways = append(ways, way{view{p.name, p.goTo}, p.prepare})
	}
	return append(ways, way{view{"create tables", func(c *console) { c.press("C", "y") }}, noTables})
}

// moreCalls are ways through the console that end in a call and not in a screen
// of their own.
var moreCalls = []view{
	{"save", func(c *console) { c.press("2", "x", "s") }},
	{"confirm", func(c *console) { c.site.StartTrial(60e9); c.seconds(2); c.text("k7qx"); c.press("enter") }},
	{"reject", func(c *console) { c.site.StartTrial(60e9); c.seconds(2); c.press("ctrl+r") }},
	{"extend", func(c *console) { c.site.StartTrial(60e9); c.seconds(2); c.press("+") }},
	{"time over", func(c *console) { c.site.StartTrial(5e9); c.seconds(8) }},
	{"write", func(c *console) { c.press("2", "x", "3", "W", "enter") }},
	{"restore", func(c *console) { c.press("7", "j", "A", "r") }},
	{"merge", func(c *console) { conflict(c); c.press("m", "M") }},
	{"repair hooks", func(c *console) { c.site.HookWrong = "stands behind another"; c.seconds(6); c.press("H") }},
	{"end flows", func(c *console) { c.press("4", "X", "e") }},
	{"names of addresses", func(c *console) { c.press("4", "h"); c.seconds(2) }},
	{"count from now", func(c *console) { c.press("5", "z") }},
	{"count from the beginning", func(c *console) { c.press("5", "z", "z", "c") }},
	{"timestamps", func(c *console) { c.press("t") }},
	{"accounting", func(c *console) { c.site.NoAccounting = true; c.press("4"); c.seconds(1); c.press("a") }},
}

// taintAll makes every text of a message hostile.
func taintAll(msg tea.Msg) tea.Msg {
	if reflect.TypeOf(msg).PkgPath() == "charm.land/bubbletea/v2" {
		return msg // a batch of commands, or the end
	}
	v := reflect.New(reflect.TypeOf(msg)).Elem()
	v.Set(reflect.ValueOf(msg))
	(&tainter{seen: make(map[any]bool)}).value(v)
	return v.Interface()
}

// tainter walks through a value. Fields that are not exported stay: nobody but
// their own package can show them, and only as a text that it gives.
type tainter struct{ seen map[any]bool }

// untouched are types whose texts are no texts of the engine: those that went
// through the sanitiser, and the tables, which are hostile by their files.
var untouched = []reflect.Type{
	reflect.TypeFor[widget.Safe](), reflect.TypeFor[*tables.Set](), reflect.TypeFor[*tables.Config](), reflect.TypeFor[*tables.Line](),
}

func (t *tainter) value(v reflect.Value) {
	if slices.Contains(untouched, v.Type()) {
		return
	}
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() && !strings.Contains(v.String(), taint) {
			v.SetString(v.String() + longTaint)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				t.value(v.Field(i))
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			t.value(v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() && !t.seen[v.Interface()] {
			t.seen[v.Interface()] = true
			t.value(v.Elem())
		}
	case reflect.Interface:
		t.dynamic(v)
	case reflect.Map:
		t.entries(v)
	}
}

// dynamic taints what an interface holds: an error becomes another one that
// wraps it.
func (t *tainter) dynamic(v reflect.Value) {
	if v.IsNil() || !v.CanSet() {
		return
	}
	if err, ok := v.Interface().(error); ok && v.Type() == reflect.TypeFor[error]() {
		v.Set(reflect.ValueOf(taintedError{err}))
		return
	}
	inner := reflect.New(v.Elem().Type()).Elem()
	inner.Set(v.Elem())
	t.value(inner)
	v.Set(inner)
}

// entries taints the values of a map. Its keys are what the engine looks things
// up by.
func (t *tainter) entries(v reflect.Value) {
	for _, key := range v.MapKeys() {
		inner := reflect.New(v.Type().Elem()).Elem()
		inner.Set(v.MapIndex(key))
		t.value(inner)
		v.SetMapIndex(key, inner)
	}
}

type taintedError struct{ error }

func (e taintedError) Error() string { return e.error.Error() + longTaint }
func (e taintedError) Unwrap() error { return e.error }
