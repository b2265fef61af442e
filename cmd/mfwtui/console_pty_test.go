package main

import (
	"regexp"
	"time"

	"github.com/mfwtui/mfwtui/tui/tuitest/tty"
)

// console is the program on a terminal of 80 by 24, whose screen is read as a
// person reads it.
type console struct {
	*login
	*tty.Terminal
}

// open starts the console on a terminal that answers queries after a delay.
func (l *login) open(delay time.Duration, env ...string) *console {
	l.Helper()
	return l.start(delay, nil, env)
}

// start starts the program.
func (l *login) start(delay time.Duration, args, env []string) *console {
	l.Helper()
	cmd := l.command("mfwtui", args...)
	cmd.Env = append(cmd.Env[:len(cmd.Env):len(cmd.Env)], env...)
	t, err := tty.Start(cmd, tty.Options{Delay: delay})
	l.must(err)
	l.Cleanup(t.Close)
	return &console{l, t}
}

// waits until the screen shows one of these texts.
func (c *console) waits(texts ...string) {
	c.Helper()
	c.must(c.Wait(patience, texts...))
}

// shownAll waits until the screen shows all of these texts: it may be painted in
// pieces.
func (c *console) shownAll(texts ...string) {
	c.Helper()
	for _, text := range texts {
		c.waits(text)
	}
}

// types sends keys.
func (c *console) types(keys string) {
	c.Helper()
	c.must(c.Type(keys))
}

// quiet is a pause in which a dialog begins to listen. The first key after a
// dialog was seen is heard whoever is late, since the dialog was open before it
// was seen.
const quiet = 400 * time.Millisecond

// calmly types after such a pause.
func (c *console) calmly(keys string) {
	c.Helper()
	time.Sleep(quiet)
	c.types(keys)
}

// insists types calmly until something is so. A program that is given a CPU late
// sees a shorter pause between two keys than we made, and swallows what comes too
// soon. What was heard may take long to have its effect, and is not said twice
// before.
func (c *console) insists(keys, what string, is func() bool) {
	c.Helper()
	const heard = patience / 4
	c.until(patience, what, func() bool {
		time.Sleep(quiet)
		if !is() {
			c.types(keys)
		}
		for end := time.Now().Add(heard); !is() && time.Now().Before(end); {
			time.Sleep(20 * time.Millisecond)
		}
		return is()
	})
}

// agrees answers the dialog that is shown with keys that close it.
func (c *console) agrees(keys string) {
	c.Helper()
	c.insists(keys, "the dialog is answered", func() bool { return !c.Shows("no, go back") })
}

// keeps types the code of the trial.
func (c *console) keeps(code string) {
	c.Helper()
	c.insists(code+"\r", "the code was taken", func() bool { return c.Shows("kept: the new rules stay") })
}

// status waits for the end of the program.
func (c *console) status() int {
	c.Helper()
	select {
	case <-c.Ended():
		return c.Status()
	case <-time.After(patience):
		c.Fatalf("the console does not end:\n%s", c.Text())
		return -1
	}
}

// quits leaves the console, which must put the terminal right.
func (c *console) quits() {
	c.Helper()
	c.types("q")
	if got := c.status(); got != 0 {
		c.Errorf("the console ended with %d", got)
	}
	c.drained()
	c.leftNothing()
}

// leftNothing fails the test when the program left the terminal in disorder.
func (c *console) leftNothing() {
	c.Helper()
	for _, left := range c.Left() {
		c.Errorf("after the end %s", left)
	}
}

// drained waits until what the program wrote was read.
func (c *console) drained() {
	c.Helper()
	c.must(c.Drain(patience))
}

// shownCode is where the trial screen shows the code.
var shownCode = regexp.MustCompile(`you can read this code +([A-Z0-9]{4})`)

// code reads the code from the screen of the trial.
func (c *console) code() string {
	c.Helper()
	var code []string
	c.until(patience, "the screen shows a code", func() bool {
		code = shownCode.FindStringSubmatch(c.Text())
		return code != nil
	})
	return code[1]
}

// review takes the console from its first screen to the dialog before an apply.
func (c *console) review() {
	c.Helper()
	c.waits("LIVE")
	c.types("3")
	c.waits("compiled v4 +")
	c.types("A")
	c.waits("no, go back")
}
