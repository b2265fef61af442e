package tui

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// monkeyKeys are what a monkey finds on the keyboard. It has no key that leads
// to an apply or answers one, and none that writes a file or starts another
// program: A, X, ^x, ^r, W, E. Through the palette it may still start a trial,
// but never keep one.
var monkeyKeys = slices.Concat(
	strings.Split("1234567012345670", ""),
	strings.Split("jkhlgGnNsSpRoOdxuUevrabcfimtwy?/:|+-.,;!'\"#@%&()=*<>[]{} JKDMZ", ""),
	[]string{"enter", "enter", "esc", "esc", "tab", "tab", "shift+tab", "space", "backspace", "up", "down", "left", "right", "home", "end", "pgup", "pgdown"},
	[]string{"ctrl+d", "ctrl+u", "ctrl+p", "ctrl+l", "ctrl+c", "ctrl+k", "ctrl+w", "ctrl+a", "ctrl+e", "ä", "日", "é", "🔥"},
)

// trialClock is how the time that is left stands somewhere on every screen.
var trialClock = regexp.MustCompile(`(?i)(rollback in|trial) +\d+:\d\d`)

// monkeySizes are terminals that people have.
var monkeySizes = [][2]int{{60, 15}, {80, 24}, {120, 40}, {200, 60}}

const (
	monkeySeed  = 20261125
	monkeyTries = 700 // keys for each size and state
)

// Whatever is pressed in whatever order: no panic, every screen exactly as large
// as the terminal, and during a trial the clock on it.
func TestMonkeyAtTheKeyboard(t *testing.T) {
	for i, size := range monkeySizes {
		for _, trial := range []bool{false, true} {
			t.Run(fmt.Sprintf("%dx%d trial %t", size[0], size[1], trial), func(t *testing.T) {
				inConsole(t, size[0], size[1], func(s *tuitest.Site) {
					if trial {
						s.StartTrial(80 * time.Minute) // two digits, longer than the test
					}
				}, func(c *console) {
					m := monkey{console: c, rand: rand.New(rand.NewPCG(monkeySeed, uint64(i))), trial: trial}
					for range monkeyTries {
						m.presses()
					}
					if calls := c.site.Calls(); slices.ContainsFunc(calls, func(s string) bool { return strings.HasPrefix(s, "confirm") }) {
						t.Errorf("the monkey kept new rules: %q", calls)
					}
				})
			})
		}
	}
}

// monkey presses keys and looks at what comes of it.
type monkey struct {
	*console
	rand    *rand.Rand
	trial   bool
	pressed []string
}

func (m *monkey) presses() {
	m.Helper()
	key := monkeyKeys[m.rand.IntN(len(monkeyKeys))]
	m.pressed = append(m.pressed, key)
	defer func() {
		if r := recover(); r != nil {
			m.Fatalf("after %q: panic: %v", m.last(), r)
		}
	}()
	m.press(key)
	if m.rand.IntN(5) == 0 {
		m.seconds(1)
	}
	checkFrame(m.console, fmt.Sprintf("after %q", m.last()))
	if screen := m.plain(); m.trial && !trialClock.MatchString(screen) {
		m.Fatalf("after %q the clock of the trial is not on the screen:\n%s", m.last(), screen)
	}
}

// last are the keys that may have to do with it.
func (m *monkey) last() []string { return m.pressed[max(0, len(m.pressed)-40):] }

// The same on a terminal, where keys are bytes and come in heaps: the program
// still answers afterwards.
func TestMonkeyOnATerminal(t *testing.T) {
	const bytes = "1234567012345670jkgGnNspRoduUevbcfimtwy?/:+ \r\r\x1b\x1b\t\x7f\x04\x15\x10\x0c"
	for i, size := range monkeySizes {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(monkeySeed, uint64(i)))
				site := tuitest.New(time.Now)
				site.StartTrial(time.Hour)
				e := onTerminal(t, size[0], size[1], site)
				e.waits("ROLLBACK IN")
				for range 40 {
					heap := make([]byte, 1+r.IntN(12))
					for i := range heap {
						heap[i] = bytes[r.IntN(len(bytes))]
					}
					e.types(string(heap))
					time.Sleep(time.Duration(r.IntN(60)) * time.Millisecond)
				}
				for range 100 { // out of whatever is open
					e.types("\x1b")
					time.Sleep(200 * time.Millisecond)
					if trialClock.MatchString(e.text()) {
						return
					}
				}
				t.Fatalf("the clock of the trial is not on the screen:\n%s", e.text())
			})
		})
	}
}
