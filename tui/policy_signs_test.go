package tui

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// signed lists the rows of the screen with a sign, as "sign line".
func (c *console) signed() []string {
	var list []string
	for line := range strings.Lines(c.plain()) {
		if words := strings.Fields(strings.TrimPrefix(line, ">")); len(words) > 1 && strings.ContainsAny(words[0][:1], "~+") {
			list = append(list, words[0][:1]+" "+words[1])
		}
	}
	return list
}

// Of the ways to tell how an order came about, the one that moves the fewest
// rows is signed.
func TestMovedRowsAreSigned(t *testing.T) {
	for _, tt := range []struct {
		name string
		keys []string
		want string
	}{
		{"down", []string{"J"}, "~ 7"},
		{"down and further", []string{"J", "J"}, "~ 8"},
		{"down and back", []string{"j", "j", "j", "j", "j", "J", "K"}, ""},
		{"far", []string{"J", "J", "J", "J"}, "~ 10"},
		{"moved, and a new one at the end", []string{"J", "G", "o", "x", "tab", "esc"}, "~ 7 + 21"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inConsole(t, 80, 40, nil, func(c *console) {
				c.press("2")
				c.press(tt.keys...)
				if got := strings.Join(c.signed(), " "); got != tt.want {
					t.Errorf("signs %q, want %q\n%s", got, tt.want, c.plain())
				}
			})
		})
	}
}

func TestARowBeingTypedIsNoErrorUntilItIsLeft(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "o")
		if head := strings.Split(c.plain(), "\n")[0]; strings.Contains(head, "E 4W") {
			t.Errorf("the state line counts errors of the row that is being typed: %s", head)
		}
		c.text("ssh")
		c.press("enter", "esc")
		c.shows("check 1E")
	})
}

func TestANewRowIntoWhichNothingWasWrittenGoesWithEsc(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "o", "esc")
		c.shows("STAGED 0", "no row made")
		c.hides("E 4W")
	})
}

func TestHostNamesAreShownWithWhatTheyResolvedTo(t *testing.T) {
	named := func(s *tuitest.Site) {
		s.Files["addresses"] = &fstest.MapFile{Data: append(s.Files["addresses"].Data, "nas nas.example nas.example\n"...)}
	}
	for width, want := range map[int]string{
		80:  "v4: nas.example (192.0.2.7, 192.0.2.8)   v6: nas.example",
		120: "nas.example (192.0.2.7,",
	} {
		inConsole(t, width, 24, named, func(c *console) {
			c.press("2", "tab", "G", "l")
			c.shows(want)
		})
	}
}
