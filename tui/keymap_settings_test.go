package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/mfwtui/mfwtui/tui/settings"
	"github.com/mfwtui/mfwtui/tui/tuitest"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// rebound makes the settings that a file with these lines in [keys] means.
func rebound(t testing.TB, lines ...string) settings.Settings {
	t.Helper()
	s, err := settings.Parse("console.toml", []byte("[keys]\n"+strings.Join(lines, "\n")), settings.Default())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The names of the actions are what people write into their files: none may
// change unseen. A binding keeps its old name with Named.
func TestActionNamesStayWhatTheyAre(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		var list strings.Builder
		seen := make(map[string]bool)
		for _, a := range actions(c.shared) {
			if seen[a.name] {
				t.Errorf("two bindings are called %s; tell them apart with Named", a.name)
			}
			seen[a.name] = true
			fmt.Fprintf(&list, "%-32s %s\n", a.name, strings.Join(a.keys, " "))
		}
		c.goldenText(filepath.Join("testdata", "actions.golden"), list.String())
	})
}

func TestRebindingIsChecked(t *testing.T) {
	tests := []struct {
		name, line, want string
	}{
		{"unknown action", `policy.explode = "D"`, `console.toml:2: unknown action "policy.explode"; there are: policy.edit, policy.insert, `},
		{"unknown screen", `rules.delete = "D"`, `there are: console.*, list.*, overview.*, policy.*`},
		{"no key", `policy.delete = []`, `policy.delete: name at least one key`},
		{"named key", `policy.delete = "enter"`, `policy.delete: "enter" cannot be bound`},
		{"function key", `policy.delete = "f5"`, `"f5" cannot be bound`},
		{"ctrl that is Enter", `policy.delete = "ctrl+m"`, `"ctrl+m" cannot be bound`},
		{"blank", `policy.delete = " "`, `" " cannot be bound`},
		{"twice on a screen", `policy.delete = "x"`, `console.toml:2: "x" would mean policy.switch-off and policy.delete`},
		{"movement", `policy.delete = "j"`, `"j" would mean policy.delete and list.down`},
		{"key of the console", `flows.pause = "q"`, `"q" would mean flows.pause and console.quit`},
		{"the console takes that of a page", `console.quit = "x"`, `"x" would mean policy.switch-off and console.quit`},
		{"danger on a small letter", `review.apply = "a"`, `review.apply: "a" is too easily hit`},
		{"danger elsewhere harmless", `flows.pause = "A"`, `"A" would be harmless on one screen and dangerous on another`},
		{"way out", `console.quit = "ctrl+c"`, `"ctrl+c" cannot be bound`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inConsole(t, 80, 24, nil, func(c *console) {
				err := c.configure(rebound(t, tt.line), colorprofile.ANSI)
				if err == nil || !containsParts(err.Error(), tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
			})
		})
	}
}

// containsParts accepts the two actions of a clash in either order.
func containsParts(text, want string) bool {
	if strings.Contains(text, want) {
		return true
	}
	head, names, ok := strings.Cut(want, " would mean ")
	a, b, two := strings.Cut(names, " and ")
	return ok && two && strings.Contains(text, head+" would mean "+b+" and "+a)
}

func TestReboundKeysWorkAndAreShown(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		s := rebound(t,
			`policy.delete = "x"`, // two that change places
			`policy.switch-off = "d"`,
			`policy.insert-above = "I"`,
			`list.down = ["V", "ctrl+n"]`,
			`console.help = "Z"`,
			`console.policy = "P"`,
		)
		if err := c.configure(s, colorprofile.ANSI); err != nil {
			t.Fatal(err)
		}
		c.press("2") // has lost its meaning
		c.shows("[1 Overview] P Policy")
		c.press("P", "V", "d")
		c.shows("switched off")
		c.shows("o/I insert", "x delete", "d switch off")
		c.press("u", "x")
		c.shows("deleted")
		c.press("Z")
		c.shows("I       insert above", "x       delete")
		c.press("esc", "I")
		if c.policy.Typing() == false {
			t.Error("I does not insert above")
		}
	})
}

// The keys of all views of a screen can be moved, and one that two views have
// moves in both.
func TestKeysOfEveryViewCanBeRebound(t *testing.T) {
	inConsole(t, 120, 24, nil, func(c *console) {
		s := rebound(t, `overview.its-rules-by-chain = "C"`, `overview.explain = "x"`, `policy.take-the-suggestion = "T"`, `history.next-match-the-one-before = "z"`)
		if err := c.configure(s, colorprofile.ANSI); err != nil {
			t.Fatal(err)
		}
		c.press("tab", "G", "k")
		c.shows("x explain", "C its rules by chain")
		c.press("?")
		c.shows("x       explain", "C       its rules by chain")
		c.press("esc", "e")
		c.shows("[1 Overview]")
		c.press("x")
		c.shows("[6 Explain]")
		c.press("1", "C")
		c.shows("[5 Counters]")
		c.press("w", "?")
		c.text("suggestion")
		c.shows("T       take the suggestion")
		c.press("esc", "7", "enter")
		c.shows("z/N next change")
	})
}

// A text that names a key names the one that does it for this person.
func TestTextsNameTheKeysThatWereRebound(t *testing.T) {
	inConsole(t, 120, 24, func(s *tuitest.Site) { s.NoAccounting = true }, func(c *console) {
		s := rebound(t,
			`policy.undo = "Z"`, `policy.save = "S"`, `policy.review-apply = "B"`, `policy.switch-off = "D"`, `policy.where-used = "V"`,
			`console.problems = "Q"`, `console.flows = "F"`, `flows.count-bytes = "C"`, `flows.pause = "P"`, `overview.note-when-flows-begin = "T"`,
			`overview.review-apply = "B"`,
		)
		if err := c.configure(s, colorprofile.ANSI); err != nil {
			t.Fatal(err)
		}
		c.press("2", "1")
		c.shows("(Q)", "timestamps off (T)", "F, then C, switches it on")
		c.press("2", "D")
		c.shows("switched off (Z takes it back)", "D switches it on again")
		c.send(tea.WindowSizeMsg{Width: 80, Height: 24})
		c.press("tab")
		c.shows("V lists it")
		c.press("S")
		c.shows("until B reviews and applies")
		c.press("F", "P")
		c.shows("(P resumes")
		c.press("P")
		c.shows("(C switches it on)")
	})
}

func TestReboundKeysDoNotTouchTextDialogsAndTrials(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		if err := c.configure(rebound(t, `policy.undo = "z"`, `console.quit = "Q"`, `console.copy = "Y"`), colorprofile.ANSI); err != nil {
			t.Fatal(err)
		}
		c.press("2", "/")
		c.text("zqy")
		c.shows("/zqy")
		c.press("esc", "x", "Q")
		c.shows("quit, and drop my changes")
		c.press("y")
		if !c.quit {
			t.Error("y did not answer the dialog")
		}
	})
}

func TestNamedKeysKeepTheirMeaning(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		if err := c.configure(rebound(t, `policy.edit = "i"`), colorprofile.ANSI); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"i", "enter"} {
			c.press("2", key)
			if !c.policy.Typing() {
				t.Errorf("%s does not edit", key)
			}
			c.press("esc")
		}
		c.press("e")
		if c.policy.Typing() {
			t.Error("e still edits")
		}
	})
}

func TestPressMakesTheKeyOfThatName(t *testing.T) {
	for _, name := range []string{"a", "A", "+", "?", "ctrl+x", "enter", "tab", "shift+tab", "space", "left", "home", "pgdown", "esc"} {
		if got := widget.Press(name).String(); got != name {
			t.Errorf("Press(%q) is the key %q", name, got)
		}
	}
}

func TestHeldKeyStaysARepeatWhenTurned(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		if err := c.configure(rebound(t, `list.down = "V"`), colorprofile.ANSI); err != nil {
			t.Fatal(err)
		}
		got, ok := c.keymap.press(c.at, tea.KeyPressMsg{Code: 'v', ShiftedCode: 'V', Text: "V", Mod: tea.ModShift, IsRepeat: true})
		if !ok || got.String() != "j" || !got.IsRepeat {
			t.Errorf("V turned into %q (repeat %v), want a repeated j", got, got.IsRepeat)
		}
	})
}

func TestUnknownKeysTableEndsTheStart(t *testing.T) {
	s := rebound(t, `policy.explode = "D"`)
	err := Run(t.Context(), tuitest.New(time.Now), Options{Env: []string{"TERM=xterm"}, Settings: &s, Output: os.Stdout})
	if err == nil || !strings.Contains(err.Error(), "unknown action") {
		t.Errorf("got %v", err)
	}
}
