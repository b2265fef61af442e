package tui

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/tuitest"
	"github.com/mfwtui/mfwtui/tui/widget"
)

var update = flag.Bool("update", false, "write the golden files anew")

// console drives the model without a terminal: a key, then everything that
// follows from it. It runs in a synctest bubble, so the seconds of its clock
// pass at once.
type console struct {
	testing.TB
	*model
	site *tuitest.Site
	quit bool
	// quick presses keys without a pause: outside a synctest bubble.
	quick bool
	// meddle, when set, changes what the engine answers.
	meddle func(tea.Msg) tea.Msg
}

// inConsole runs a test with a console that has read everything it starts
// with.
func inConsole(t *testing.T, width, height int, prepare func(*tuitest.Site), test func(*console)) {
	t.Helper()
	inStyle(t, style.New(style.Mono(), style.ASCII()), width, height, prepare, test)
}

// inStyle does so with other colours or characters.
func inStyle(t *testing.T, st *style.Styles, width, height int, prepare func(*tuitest.Site), test func(*console)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		site := tuitest.New(time.Now)
		if prepare != nil {
			prepare(site)
		}
		c := &console{TB: t, model: newModel(t.Context(), site, st, time.Now), site: site}
		c.send(tea.WindowSizeMsg{Width: width, Height: height})
		c.do(c.Init())
		test(c)
	})
}

// send gives the model a message and runs what follows.
func (c *console) send(msg tea.Msg) {
	_, cmd := c.Update(msg)
	c.do(cmd)
}

// do runs a command and sends what it answers, except for ticks: the test says
// when a second goes by.
func (c *console) do(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	msg := cmd()
	if c.meddle != nil && msg != nil {
		msg = c.meddle(msg)
	}
	switch msg := msg.(type) {
	case nil, tickMsg:
	case tea.QuitMsg:
		c.quit = true
	case tea.BatchMsg:
		for _, cmd := range msg {
			c.do(cmd)
		}
	default:
		c.send(msg)
	}
}

// press types keys, named as bindings name them, each after a pause.
func (c *console) press(keys ...string) {
	for _, k := range keys {
		if !c.quick {
			time.Sleep(time.Second)
		}
		c.send(keyPress(k))
	}
}

// text types a word.
func (c *console) text(word string) { c.press(strings.Split(word, "")...) }

// seconds lets time go by.
func (c *console) seconds(n int) {
	for range n {
		c.send(tickMsg(time.Now()))
	}
}

// plain is the screen without styles and trailing blanks.
func (c *console) plain() string {
	lines, _ := c.screen()
	for i := range lines {
		lines[i] = strings.TrimRight(ansi.Strip(lines[i]), " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// shows fails when the screen does not hold a text.
func (c *console) shows(texts ...string) {
	c.Helper()
	screen := c.plain()
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			c.Errorf("the screen does not show %q:\n%s", text, screen)
		}
	}
}

func (c *console) hides(text string) {
	c.Helper()
	if screen := c.plain(); strings.Contains(screen, text) {
		c.Errorf("the screen shows %q:\n%s", text, screen)
	}
}

// golden compares the screen with a file.
func (c *console) golden(name string) {
	c.Helper()
	c.goldenText(filepath.Join("testdata", name+".golden"), c.plain())
}

// goldenText compares a text with a file.
func (c *console) goldenText(path, got string) {
	c.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			c.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		c.Fatal(err)
	}
	if got != string(want) {
		c.Errorf("%s differs; go test -update writes it anew.\ngot\n%s\nwant\n%s", path, got, want)
	}
}

// keyPress makes a key press from its name.
func keyPress(name string) tea.KeyPressMsg { return widget.Press(name) }
