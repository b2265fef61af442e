package tui

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// answer asks the terminal, which answers after a time. (The ticks of this
// console sleep, so a question of one of them would be a second old.)
func (c *console) answer(after time.Duration) {
	c.link.ask("")
	time.Sleep(after)
	c.send(uv.PrimaryDeviceAttributesEvent{62})
}

// slowLink makes every answer take so long, for so many questions.
func (c *console) slowLink(round time.Duration, questions int) {
	for range questions {
		c.answer(round)
		c.ticks = 0 // not yet time for the next question
		c.seconds(1)
	}
}

func TestStateLineShowsTheRoundTrip(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.hides("link")
		c.answer(38 * time.Millisecond)
		c.shows("link 38ms")
		c.hides("slow")
	})
}

func TestSlowLinkSlowsDownAndSaysSo(t *testing.T) {
	tests := []struct {
		name      string
		round     time.Duration
		questions int
		want      []string
		every     time.Duration
	}{
		{"good", 240 * time.Millisecond, 3, []string{"link 240ms"}, time.Second},
		{"slow once", 480 * time.Millisecond, 1, []string{"link 480ms slow", "every 2 s"}, 2 * time.Second},
		{"slow twice", 480 * time.Millisecond, 2, []string{"link 480ms slow", "every 5 s"}, 5 * time.Second},
		{"slow for long", 480 * time.Millisecond, 5, []string{"link 480ms slow", "every 5 s"}, 5 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inConsole(t, 120, 24, nil, func(c *console) {
				c.slowLink(tt.round, tt.questions)
				c.shows(tt.want...)
				if got := c.pace.every(); got != tt.every {
					t.Errorf("screens are read every %v, want %v", got, tt.every)
				}
			})
		})
	}
}

func TestSlowLinkReadsLessOftenAndDrawsNoSparklines(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.seconds(20)
		c.shows("*#")
		c.slowLink(time.Second, 2)
		c.hides("*#")
		read := func(seconds int) (n int) {
			for range seconds {
				before := c.read
				c.ticks = 0
				c.seconds(1)
				if !c.read.Equal(before) {
					n++
				}
			}
			return n
		}
		if got := read(20); got != 4 {
			t.Errorf("the screen was read %d times in 20 s, want 4", got)
		}
		c.slowLink(30*time.Millisecond, 2*recovery)
		c.shows("*#", "link 30ms")
		if got := read(5); got != 5 {
			t.Errorf("the screen was read %d times in 5 s of a good link, want 5", got)
		}
	})
}

func TestBlockedWriteSlowsDownATerminalThatAnswersNothing(t *testing.T) {
	inConsole(t, 120, 24, nil, func(c *console) {
		c.link.written([]byte("frame"), time.Now(), time.Now().Add(300*time.Millisecond))
		c.seconds(1)
		c.shows("link slow", "every 2 s")
		c.seconds(1)
		c.shows("every 2 s")
	})
}

func TestOverdueAnswerCountsBeforeItComes(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.slowLink(20*time.Millisecond, 1)
		c.link.ask("")
		time.Sleep(3 * time.Second)
		c.seconds(1)
		c.shows("link 4000ms slow") // the tick took a second as well
	})
}

func TestRefreshIsChangedByHand(t *testing.T) {
	inConsole(t, 120, 24, nil, func(c *console) {
		c.press("4", "-")
		c.shows("live screens are read every 2 s", "every 2 s")
		c.press("-", "-")
		c.shows("every 10 s")
		c.press("+", "+", "+", "+")
		c.shows("live screens are read every 1 s")
		c.slowLink(480*time.Millisecond, 2)
		c.shows("every 5 s")
		c.press("+") // the hand decides, also on a slow link
		c.shows("every 2 s", "480ms slow")
	})
}

func TestPaceStepsFromWhereItIs(t *testing.T) {
	tests := []struct {
		chosen time.Duration
		by     int
		want   time.Duration
	}{
		{time.Second, 1, 2 * time.Second},
		{time.Second, -1, time.Second},
		{3 * time.Second, 1, 5 * time.Second},
		{3 * time.Second, -1, 2 * time.Second},
		{time.Minute, 1, time.Minute},
		{time.Minute, -1, 30 * time.Second},
	}
	for _, tt := range tests {
		p := pace{chosen: tt.chosen}
		p.turn(tt.by)
		if p.every() != tt.want {
			t.Errorf("from %v by %d: %v, want %v", tt.chosen, tt.by, p.every(), tt.want)
		}
	}
}

func TestTerminalIsNotAskedWhileTextIsTyped(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.answer(0)
		c.press("4", "/")
		c.seconds(3 * askEvery)
		if _, open := c.link.open(); open {
			t.Error("the terminal was asked while a filter was typed")
		}
		c.press("esc")
		c.seconds(askEvery)
		if _, open := c.link.open(); !open {
			t.Error("the terminal was not asked again")
		}
	})
}

// slowWriter takes its time.
type slowWriter struct{ take time.Duration }

func (w slowWriter) Write(p []byte) (int, error) {
	time.Sleep(w.take)
	return len(p), errors.ErrUnsupported
}

func TestLinkTimesWritesAndPassesThemOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &link{now: time.Now}
		l.ask("")
		time.Sleep(50 * time.Millisecond) // until the frame is sent
		n, err := l.through(slowWriter{210 * time.Millisecond}).Write([]byte("abc" + question))
		if n != 3+len(question) || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Write = %d, %v", n, err)
		}
		if slow, known := l.judge(); !slow || !known {
			t.Errorf("a write of 210 ms is judged slow %v, known %v", slow, known)
		}
		time.Sleep(40 * time.Millisecond)
		l.answered()
		if got, _ := l.round(); got != 40*time.Millisecond {
			t.Errorf("round trip %v, want 40ms: from when the question left", got)
		}
		l.answered() // nobody asked
		if got, _ := l.round(); got != 40*time.Millisecond {
			t.Errorf("an answer that nobody asked for counts: %v", got)
		}
	})
}

func TestStateLineDropsFieldsByRank(t *testing.T) {
	inConsole(t, 120, 24, nil, func(c *console) {
		c.slowLink(480*time.Millisecond, 1)
		tests := []struct {
			width int
			want  string
		}{
			{120, " mfwtui  edge-01   LIVE in sync   STAGED 0   check 4W   v4=v6 warn 1   link 480ms slow   every 2 s"},
			{100, " mfwtui  edge-01  LIVE in sync  STAGED 0  v4=v6 warn 1  link 480ms slow  every 2 s"},
			{80, " mfwtui  edge-01   LIVE in sync   STAGED 0   link 480ms slow"},
			{60, " mfwtui  edge-01   LIVE in sync   STAGED 0"},
		}
		for _, tt := range tests {
			c.layout = newLayout(tt.width, 24)
			line, _, _ := strings.Cut(c.plain(), "\n")
			if fields := strings.Fields(line); !strings.HasPrefix(line, tt.want+"  ") || fields[len(fields)-1] != "UTC" {
				t.Errorf("%d: %q, want %q", tt.width, line, tt.want)
			}
		}
	})
}

func TestSmallScreenKeepsQuitAndRollback(t *testing.T) {
	inConsole(t, 59, 24, nil, func(c *console) {
		c.shows("enlarge to 60x15 or use --plain; q quits")
		c.press("2", "d", "x") // would be done unseen
		if c.shared.Desk.Staged() > 0 {
			t.Error("a row was changed on a screen that does not show it")
		}
		c.press("q")
		if !c.quit {
			t.Error("q does not quit")
		}
	})
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.StartTrial(time.Minute) }, func(c *console) {
		c.press("tab")
		c.send(tea.WindowSizeMsg{Width: 40, Height: 10})
		c.shows("TRIAL 00:", "^r")
		c.press("ctrl+r")
		if got := c.site.Calls(); len(got) != 1 || got[0] != "reject" {
			t.Errorf("calls %q, want the rollback", got)
		}
	})
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.StartTrial(time.Minute) }, func(c *console) {
		c.send(tea.WindowSizeMsg{Width: 40, Height: 8})
		c.shows("ROLLBACK IN", "K7QX") // a trial is never refused
	})
}

func TestSavedTablesThatDoNotRunAreSaid(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.status.Unapplied = []tables.Kind{tables.Rules}
		c.shows("LIVE not the saved tables")
	})
}

func TestDamagedGenerationIsSaidAndAnApplyOffered(t *testing.T) {
	inConsole(t, 80, 24, func(s *tuitest.Site) { s.Damaged = errors.New("it was changed on disk (meta.json)") }, func(c *console) {
		c.shows("LIVE DAMAGED", "damaged on disk (see below)", "the next boot cannot load the confirmed rules: it was changed on disk")
	})
}
