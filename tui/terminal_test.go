package tui

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// terminal is the console on a terminal emulator.
type terminal struct {
	*testing.T
	mu     sync.Mutex // over screen: its own lock does not cover all it can be asked
	screen *vt.SafeEmulator
	log    bytes.Buffer // all that the console wrote
	keys   io.Writer
	sent   atomic.Int64 // bytes that the console wrote
	done   chan error
}

// Write is the console's output. Like the kernel's terminal it makes CR LF of
// LF: without a terminal as input the library expects that.
func (e *terminal) Write(p []byte) (int, error) {
	e.sent.Add(int64(len(p)))
	e.mu.Lock()
	defer e.mu.Unlock()
	e.log.Write(p)
	n := len(p)
	p = insertMode.ReplaceAllFunc(p, func(sent []byte) []byte {
		return styled.ReplaceAllFunc(insertMode.FindSubmatch(sent)[1], func(part []byte) []byte {
			m := styled.FindSubmatch(part)
			return fmt.Appendf(m[1], "\x1b[%d@%s", ansi.StringWidthWc(string(m[2])), m[2])
		})
	})
	if _, err := e.screen.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return n, nil
}

// insertMode is what moves the text behind it. The emulator does not know the
// mode, which the library uses on terminals that it believes to have no ICH, but
// it can insert cells. Each styled part is inserted by itself.
var (
	insertMode = regexp.MustCompile(`\x1b\[4h(.*?)\x1b\[4l`)
	styled     = regexp.MustCompile(`((?:\x1b\[[\d;]*m)*)([^\x1b]+)`)
)

// inBubble runs a test of a console on an emulator, whose seconds pass at once and
// only when nobody has anything left to do: a machine that is late changes
// nothing. The goroutine that hears the signals of the process must not belong
// to the bubble.
func inBubble(t *testing.T, test func(*testing.T)) {
	t.Helper()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	signal.Stop(signals)
	synctest.Test(t, test)
}

// onTerminal starts the console on an emulator that answers nothing, in a bubble.
func onTerminal(t *testing.T, width, height int, site engine.Backend, env ...string) *terminal {
	t.Helper()
	keys, typed := io.Pipe()
	e := newTerminal(t, width, height, typed)
	ctx, cancel := context.WithCancel(t.Context())
	options := Options{Env: append([]string{"TERM=xterm-256color", "LANG=C.UTF-8"}, env...), Input: keys, Output: e, Width: width, Height: height}
	go func() { e.done <- Run(ctx, site, options) }()
	t.Cleanup(func() {
		time.Sleep(time.Second) // the library would wait for ever to hand on what was typed last
		cancel()
		typed.Close()
		<-e.done
	})
	return e
}

// newTerminal makes an emulator whose replies go nowhere: the terminal answers
// nothing.
func newTerminal(t *testing.T, width, height int, keys io.Writer) *terminal {
	e := &terminal{T: t, screen: vt.NewSafeEmulator(width, height), keys: keys, done: make(chan error, 1)}
	go func() { _, _ = io.Copy(io.Discard, e.screen) }()
	t.Cleanup(func() { e.screen.InputPipe().(io.Closer).Close() }) // its own Close is not safe beside Read
	return e
}

// text is the screen as a person sees it.
func (e *terminal) text() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.screen.String()
}

// waits until the screen shows a text.
func (e *terminal) waits(text string) {
	e.Helper()
	for limit := time.Now().Add(10 * time.Second); !strings.Contains(e.text(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			e.Fatalf("the screen never showed %q:\n%s", text, e.text())
		}
	}
}

// types sends keys as a terminal does.
func (e *terminal) types(s string) {
	e.Helper()
	if _, err := io.WriteString(e.keys, s); err != nil {
		e.Fatal(err)
	}
}

func TestMainJobOnATerminal(t *testing.T) { inBubble(t, mainJobOnATerminal) }

func mainJobOnATerminal(t *testing.T) {
	e := onTerminal(t, 80, 24, tuitest.New(time.Now))
	e.waits("LIVE in sync")
	e.types("2")
	e.waits("SRC-ZONE")
	e.types("jx")
	e.waits("STAGED 1")
	e.types("3")
	e.waits("compiled v4 +0 -1")
	e.types("A")
	e.waits("apply, and start the countdown")
	time.Sleep(400 * time.Millisecond)
	e.types("y")
	e.waits("K7QX")
	time.Sleep(400 * time.Millisecond)
	e.types("k7qx\r")
	e.waits("kept: the new rules stay")
}

func TestNothingIsAskedThatAnswersLate(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e := onTerminal(t, 80, 24, tuitest.New(time.Now))
		e.waits("LIVE in sync")
		time.Sleep(2 * askEvery * time.Second)
		for _, query := range []string{"\x1b[?2026$p", "\x1b[?2027$p", "\x1b]11;?", "\x1b[6n"} {
			if strings.Contains(e.written(), query) {
				t.Errorf("the terminal is asked %q", query)
			}
		}
	})
}

func TestNoColorIsTakenAtItsWord(t *testing.T) {
	for _, env := range []string{"NO_COLOR=yes", "CLICOLOR=0", "TERM=vt100"} {
		t.Run(env, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				e := onTerminal(t, 80, 24, tuitest.New(time.Now), env)
				e.waits("LIVE in sync")
				if e.coloured() {
					t.Error("a cell has a colour")
				}
			})
		})
	}
}

func TestASCIITerminalGetsASCII(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		e := onTerminal(t, 80, 24, tuitest.New(time.Now), "LC_ALL=C")
		e.waits("LIVE in sync")
		if i := strings.IndexFunc(e.text(), func(r rune) bool { return r > 0x7e }); i >= 0 {
			t.Errorf("the screen of a C locale holds %q", e.text()[i:i+8])
		}
	})
}

// budgets are the bytes that may be sent, from the design: per refresh of 200
// flows of which a third changes, and per movement of the selection.
var budgets = []struct {
	width, height, refresh, move int
}{
	{80, 24, 1000, 300},
	{120, 40, 1700, 300},
}

func TestBytesPerRefreshAndKey(t *testing.T) {
	for _, b := range budgets {
		t.Run(fmt.Sprintf("%dx%d", b.width, b.height), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				e := onTerminal(t, b.width, b.height, tuitest.New(time.Now))
				e.waits("LIVE in sync")
				e.types("4")
				e.waits("200 of 200 flows")
				mean := func(n int, what func()) int {
					before := e.sent.Load()
					for range n {
						what()
					}
					return int(e.sent.Load()-before) / n
				}
				refresh := mean(6, func() { time.Sleep(time.Second) })
				e.types("p") // nothing else moves now
				e.waits("PAUSED")
				move := mean(12, func() {
					e.types("j")
					time.Sleep(2 * time.Second / fps)
				})
				t.Logf("%d bytes per refresh, %d per movement", refresh, move)
				if refresh > b.refresh || move > b.move {
					t.Errorf("%d bytes per refresh and %d per movement, want at most %d and %d", refresh, move, b.refresh, b.move)
				}
			})
		})
	}
}
