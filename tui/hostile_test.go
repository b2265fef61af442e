package tui

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// taint holds one of everything that a text from outside could do harm with.
const taint = "\x1b]52;c;aGk=\x07\x1b]0;owned\x07\x1b[2J\x1b[6n\r\n\t\u009b31m\u202e\u2066\u200b\u00ad\ufeff\xff\x9b" + "\U000e0041"

// poison makes everything that comes from outside hostile: names, people,
// warnings, rules, file content, errors.
func poison(s *tuitest.Site) {
	s.Taint = taint + strings.Repeat("x", 4096)
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
