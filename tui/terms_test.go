package tui

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// settled is the screen below the state line, once it shows a text and stands
// still.
func (e *terminal) settled(shows string) string {
	e.Helper()
	e.waits(shows)
	for last := ""; ; {
		_, now, _ := strings.Cut(e.text(), "\n")
		if now == last {
			return now
		}
		last = now
		time.Sleep(250 * time.Millisecond) // several frames
	}
}

// tour goes through what the renderer has its tricks for: scrolling, erasing,
// repeating, a box that comes and goes.
func (e *terminal) tour() []string {
	var seen []string
	for _, stop := range []struct{ keys, shows string }{
		{"2", "hits         v4"}, {"Gk", "hits         v4"}, {"gg", "hits         v4"}, {"?", "search:"}, {"?", "hits         v4"},
		{"x", "STAGED 1"}, {"3", "CHANGES  1 row"}, {"\t", "[compiled v4"}, {"w", "WHERE"},
	} {
		e.types(stop.keys)
		seen = append(seen, e.settled(stop.shows))
	}
	return seen
}

// beyond are sequences that a terminal does not have, by its kind.
var beyond = map[string]*regexp.Regexp{
	"vt100":  regexp.MustCompile(`\x1b\[\d*[XbdG@PLMST]|\x1b\[4[hl]|\x1b\[[\d;]*(3[0-7]|4[0-7]|9[0-7]|38|48)[\d;]*m`),
	"vt220":  regexp.MustCompile(`\x1b\[\d*[bd]|\x1b\[[\d;]*(3[0-7]|4[0-7]|9[0-7]|38|48)[\d;]*m`),
	"linux":  regexp.MustCompile(`\x1b\[\d*b|\x1b\[[\d;]*[34]8[;:]`),
	"screen": regexp.MustCompile(`\x1b\[\d*b`),
}

// sendsNothingBeyond fails the test when something was sent that a kind of
// terminal does not have.
func (e *terminal) sendsNothingBeyond(term string) {
	e.Helper()
	if re := beyond[term]; re != nil && re.MatchString(e.written()) {
		e.Errorf("%q was sent, which this terminal does not have", re.FindString(e.written()))
	}
}

// stillSite is a firewall on which nothing moves, since its clock does not.
func stillSite() *tuitest.Site {
	return tuitest.New(func() time.Time { return time.Date(2026, 11, 20, 14, 2, 11, 0, time.UTC) })
}

func TestEveryTerminalShowsTheSame(t *testing.T) {
	var want []string
	inBubble(t, func(t *testing.T) { want = onTerminal(t, 80, 24, stillSite()).tour() })
	tests := []struct {
		term    string
		colours bool
	}{
		{"xterm-mono", false}, {"screen", true}, {"tmux-256color", true}, {"linux", true}, {"vt100", false}, {"vt220", false}, {"vte-256color", true},
	}
	for _, tt := range tests {
		t.Run(tt.term, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T) {
				e := onTerminal(t, 80, 24, stillSite(), "TERM="+tt.term)
				for i, got := range e.tour() {
					if got != want[i] {
						t.Errorf("stop %d differs from xterm-256color:\ngot\n%s\nwant\n%s", i+1, got, want[i])
					}
				}
				if got := e.coloured(); got != tt.colours {
					t.Errorf("colours %v, want %v", got, tt.colours)
				}
				e.sendsNothingBeyond(tt.term)
			})
		})
	}
}

// lateFlows is a firewall whose flows are judged last.
type lateFlows struct {
	*tuitest.Site
	asked chan struct{} // closed when the flows may be judged
}

func (l lateFlows) FlowImpact(ctx context.Context, p *engine.Preview) (*engine.FlowImpact, error) {
	select {
	case <-l.asked:
		return l.Site.FlowImpact(ctx, p)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// An answer that comes a frame later moves the text behind it, which has styles
// of its own.
func TestEveryTerminalMovesStyledText(t *testing.T) {
	for _, term := range []string{"xterm-256color", "xterm-mono", "screen", "tmux-256color", "linux", "vt100", "vt102", "vt220", "vte-256color"} {
		t.Run(term, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T) {
				site := lateFlows{stillSite(), make(chan struct{})}
				e := onTerminal(t, 80, 24, site, "TERM="+term)
				e.waits("LIVE")
				e.types("2jx")
				e.waits("STAGED 1")
				e.types("3")
				e.settled("judging the flows ... | 1 newly allowed 1 newly denied")
				close(site.asked)
				e.waits("0 cut 7 grandfathered 3 open | 1 newly allowed 1 newly denied")
				e.sendsNothingBeyond(term)
			})
		})
	}
}

// coloured reports whether any cell has a colour.
func (e *terminal) coloured() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for y := range e.screen.Height() {
		for x := range e.screen.Width() {
			if cell := e.screen.CellAt(x, y); cell != nil && (cell.Style.Fg != nil || cell.Style.Bg != nil) {
				return true
			}
		}
	}
	return false
}

// written is all that was sent.
func (e *terminal) written() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.log.String()
}
