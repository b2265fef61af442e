package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/tui/tuitest/tty"
)

// onBothBackends runs a test for each back end at the same time, logged in to a
// firewall whose sample tables are in force.
func onBothBackends(t *testing.T, opts lab.Options, test func(*login)) {
	t.Helper()
	needFirewall(t)
	for _, backend := range []host.Backend{host.NFT, host.Legacy} {
		t.Run(string(backend), func(t *testing.T) {
			t.Parallel()
			with := opts
			with.Backend = backend
			l := logIn(t, with)
			l.claim()
			l.setCountdown(600) // longer than any test
			l.apply()
			test(l)
		})
	}
}

// The main job: open the console, edit a table, read the difference, apply it,
// prove with the code that the screen can be read, and watch what it does.
func TestMainJobAtTheScreen(t *testing.T) {
	onBothBackends(t, lab.Options{}, func(l *login) {
		l.must(l.Firewall.Serve(22, 443))
		c := l.open(0, l.fromClient())
		c.waits("LIVE in sync")
		c.insertsRow()
		c.readsDifference()
		l.runs("before the apply", "22 v4", "22 v6")
		c.applies()
		c.watchesRow()
		c.findsItInHistory()
		c.quits()
	})
}

// insertsRow makes a new row below that of ssh. Its service is misspelt at
// first.
func (c *console) insertsRow() {
	c.Helper()
	c.types("2")
	c.waits("SRC-ZONE")
	c.types("jo")
	c.waits("Tab [ALL]")
	c.types("htps")
	c.waits("service 'htps' does not exist")
	c.waits("Enter takes https")
	c.types("\r")
	c.waits("Service  ok  https")
	c.types("\r")
	c.waits("Tab [accept]")
	c.types("accept\r")
	c.waits("compiles to  v4 and v6 each: 1 rule in ext_inp")
	c.types("s")
	c.waits("saved, not applied: the firewall keeps its rules until A reviews")
	if rules, err := os.ReadFile(filepath.Join(c.path("tables"), "rules")); err != nil || !strings.Contains(string(rules), httpsRow+"\n") {
		c.Errorf("the table on disk has no row %q (%v)", httpsRow, err)
	}
}

// readsDifference looks at what an apply would change.
func (c *console) readsDifference() {
	c.Helper()
	c.types("3")
	c.waits("+ rules:16")
	c.shownAll("1 row   rules +2 -0", "NOW keeps running", "https  accept", "kernel rules: v4 +1 -0   v6 +1 -0")
	c.types("\t")
	c.waits("+>rules:16     -p tcp -m tcp --dport 443 -j accept")
}

// applies goes through the trial and keeps the new rules with the code that the
// screen shows.
func (c *console) applies() {
	c.Helper()
	c.types("A")
	c.waits("apply, and start the countdown")
	c.agrees("y")
	code := c.code()
	c.shownAll("TRIAL - NOT KEPT YET", "ROLLBACK IN", "by the kernel itself, and by the guardian",
		"mfwtui confirm "+code)
	c.waits("the new rules say about one from " + c.Host(lab.Client1).V4.String() + ": accept by rules:15")
	c.runs("in the trial", "22 v4", "22 v6", "443 v4", "443 v6")
	c.waits("established") // the new connections to port 22
	c.shownAll("reachable 3 of 3  (22 443 8080)")
	c.keeps(code)
	c.idle()
	if out, said, status := c.mfwtui("diff"); status != 0 || out != "" {
		c.Errorf("diff after the apply ended with %d:\n%s%s", status, out, said)
	}
}

// findsItInHistory sees who kept what, and what it changed.
func (c *console) findsItInHistory() {
	c.Helper()
	c.types("7")
	c.waits("kept, runs")
	c.types("\r")
	c.waits("against its PREDECESSOR")
	c.waits("+ rules:16")
}

// watchesRow sees the new row count what a client sends, in both families.
func (c *console) watchesRow() {
	c.Helper()
	c.types("5")
	c.waits("ext FW ALL ALL https accept")
	c.types("/https\r")
	c.waits("rules:16      ext FW ALL ALL https accept")
	c.until(patience, "the counts of the new row are shown", func() bool { return countedRow.MatchString(c.Text()) })
	before4, before6 := c.counts()
	c.runs("after the apply", "22 v4", "22 v6", "443 v4", "443 v6")
	c.until(patience, "the new row counts both connections", func() bool {
		v4, v6 := c.counts()
		return v4 > before4 && v6 > before6
	})
}

// countedRow is the new row on the screen of the counters.
var countedRow = regexp.MustCompile(`rules:16 +ext FW ALL ALL https accept +(\d+) +(\d+) +\d+`)

// counts are the packets that the screen shows for the new row.
func (c *console) counts() (v4, v6 int) {
	if m := countedRow.FindStringSubmatch(c.Text()); m != nil {
		v4, _ = strconv.Atoi(m[1])
		v6, _ = strconv.Atoi(m[2])
	}
	return v4, v6
}

// What reaches the keyboard of a trial without a person who reads the code: keys
// typed ahead, pastes, answers of the terminal to queries, wrong codes.
func TestNothingButTheCodeConfirms(t *testing.T) {
	onBothBackends(t, lab.Options{NoDocker: true}, func(l *login) {
		l.must(l.Firewall.Serve(22, 443))
		l.edit("rules", sshRow, httpsRow)
		c := l.open(0)
		c.review()
		c.types("y\ry\r") // within the grace of the dialog
		c.agrees("y")
		c.types("\r\ry\rABCD\r\x1b[200~y\r\x1b[201~ \x1b[24;80R") // nobody can have read a code yet
		code := c.code()
		c.types("\ry\r")
		for _, text := range []string{
			"\x1b[200~" + code + "\r\x1b[201~",     // pasted
			"\x1b[200~" + code + "\x1b[201~\r",     // pasted, and Enter after it
			"\x1b[24;80R",                          // cursor position report
			"\x1b[?62;4;22c",                       // device attributes
			"\x1b[?2026;2$y\x1b[?2027;0$y\x1b[?0u", // mode reports
			"\x1b]11;rgb:0000/0000/0000\x07",       // colour of the background
			"\x1bP1$r" + code + "\r\x1b\\",         // status string
			"\x1b]52;c;" + code + "\x07\r",         // clipboard
			"\x1b", "[1;1R", "\r",                  // torn apart on a slow link
			"\x1b[<0;10;10M\x1b[<0;10;10m", "\x1b[I", // mouse, focus
			strings.ToLower(code[:3]) + "\r", "\r\r\r", // not all of it
		} {
			c.calmly(text)
		}
		c.types(strings.Repeat("\x7f", 8))
		c.insists(wrong(code)+"\r", "a wrong code is told", func() bool { return c.Shows("that was not the code") })
		for _, args := range [][]string{{"confirm", wrong(code)}, {"confirm", code, code}, {"confirm", ""}} {
			if _, said, status := l.mfwtui(args...); status != 1 || !strings.HasPrefix(said, "mfwtui: ") {
				l.Errorf("%q ended with %d: %s", args, status, said)
			}
		}
		if got := l.pendingCode(); got != code {
			l.Fatalf("on trial is %q, want %q:\n%s", got, code, c.Text())
		}
		l.runs("in the trial", newRules...)

		// The person's own second login confirms, and the console shows it.
		if out, said, status := l.mfwtui("confirm", strings.ToLower(code)); status != 0 || out != "confirmed\n" {
			l.Errorf("confirm ended with %d: %s%s", status, out, said)
		}
		c.waits("kept: the new rules stay")
		l.idle()
		l.runs("after the confirm", newRules...)
		c.quits()
	})
}

// wrong is a code that is not this one.
func wrong(code string) string {
	if code[0] == 'A' {
		return "C" + code[1:]
	}
	return "A" + code[1:]
}

// The keys that end or stop other programs do neither here: ^C asks, ^Z and ^\
// do nothing, and the guardian hears of none.
func TestKeysThatEndProgramsLeaveTheTrialAlone(t *testing.T) {
	onBothBackends(t, lab.Options{NoDocker: true}, func(l *login) {
		l.edit("rules", sshRow, httpsRow)
		c := l.open(0)
		c.review()
		c.agrees("y")
		code := c.code()
		c.calmly("\x1a\x1c")
		c.types("\x03")
		c.waits("leave; the rollback stays armed")
		c.agrees("\x03\r\x1b")
		c.keeps(code)
		l.idle()
		c.quits()
	})
}

// firstFrame is how long the console takes to its first frame.
func (l *login) firstFrame(delay time.Duration) time.Duration {
	l.Helper()
	began := time.Now()
	c := l.open(delay)
	c.waits("[1 Overview]")
	took := time.Since(began)
	c.quits()
	return took
}

// The console draws without waiting for a terminal that answers nothing: as soon
// as on one that answers at once. The best of several counts, since the machine
// may be busy. BenchmarkFirstFrame holds it to 200 ms.
func TestFirstFrameOnAMuteTerminal(t *testing.T) {
	const slack = 200 * time.Millisecond // less than any wait for an answer
	needFirewall(t)
	l := logIn(t, lab.Options{Backend: host.NFT, NoDocker: true})
	mute, answering := patience, patience
	for range scenes {
		mute, answering = min(mute, l.firstFrame(tty.Never)), min(answering, l.firstFrame(0))
		if mute <= answering*3/2+slack {
			t.Logf("%s on a mute terminal, %s on one that answers", mute, answering)
			return
		}
	}
	t.Errorf("%s on a mute terminal, %s on one that answers; want at most half as long again and %s", mute, answering, slack)
}

// On a terminal too, help is only text.
func TestHelpAsksTheTerminalNothing(t *testing.T) {
	needFirewall(t)
	l := logIn(t, lab.Options{Backend: host.NFT, NoDocker: true})
	for _, args := range [][]string{{"--help"}, {"apply", "--help"}, {"version"}, {"no-such-command"}} {
		c := l.start(tty.Never, args, nil)
		c.status()
		c.drained()
		if out := c.Output(); out == "" || strings.Contains(out, "\x1b") {
			t.Errorf("mfwtui %q writes %q", args, out)
		}
	}
}

// scenes is how often a scene is set that depends on a clock. The terminal of a
// test is the test itself: when it is late, it answers later than the console
// waits.
const scenes = 20

// Whoever quits within a round trip of a slow link finds no answers of his
// terminal at the shell prompt.
func TestQuitBeforeTheTerminalAnswers(t *testing.T) {
	needFirewall(t)
	l := logIn(t, lab.Options{Backend: host.NFT, NoDocker: true})
	for _, delay := range []time.Duration{0, 50 * time.Millisecond, 600 * time.Millisecond} {
		left := ""
		for range scenes {
			c := l.open(delay)
			c.waits("[1 Overview]")
			c.quits()
			var err error
			left, err = c.Unread(patience)
			l.must(err)
			if left == "" {
				break
			}
		}
		if left != "" {
			t.Errorf("with answers after %s the shell reads %q", delay, left)
		}
	}
}
