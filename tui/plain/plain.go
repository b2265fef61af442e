package plain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// Options are what the conversation needs besides the engine.
type Options struct {
	In  io.Reader
	Out io.Writer
	Now func() time.Time
	// Interactive says that a person types: there is a prompt, long lists
	// stop after a page, and what was typed ahead is thrown away when new
	// rules come into force.
	Interactive bool
	// Discard throws away what was typed and not read yet; nil does nothing.
	Discard func()
	// Explain walks a packet that words describe, and writes what it meets,
	// in lines; nil: there is none.
	Explain func(ctx context.Context, words []string, out io.Writer) error
}

// The ways in which a conversation ends early.
var (
	errQuit = errors.New("quit")
	errEnd  = errors.New("the input has ended")
)

// Run talks until the person leaves or the input ends. A trial that runs is
// left to its guardian in every case.
func Run(ctx context.Context, b engine.Backend, o Options) error {
	if o.Now == nil {
		o.Now = time.Now
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &session{
		Options: o, ctx: ctx, backend: b, calls: desk.NewCalls(ctx, b), desk: &desk.Desk{},
		lines: readLines(ctx, o.In), tick: time.NewTicker(time.Second),
	}
	defer s.tick.Stop()
	s.greet()
	err := s.talk()
	s.farewell(err)
	if errors.Is(err, errQuit) || errors.Is(err, errEnd) || errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, s.failed)
}

// session is one conversation.
type session struct {
	Options
	ctx     context.Context
	backend engine.Backend
	calls   *desk.Calls
	desk    *desk.Desk
	ask     desk.Request // of the call under way: there is one at a time

	lines <-chan string
	tick  *time.Ticker
	ticks int
	rest  []widget.Safe // of a list that was too long
	prompt
	trial  trial
	after  desk.AfterConfirm
	failed error // of the output
}

// prompt is whether the cursor stands behind one.
type prompt struct{ open bool }

// maxLine bounds a line of input.
const maxLine = 64 << 10

// readLines reads lines until the input ends; the channel is closed then.
func readLines(ctx context.Context, in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		scan := bufio.NewScanner(in)
		scan.Buffer(nil, maxLine)
		for scan.Scan() {
			select {
			case lines <- scan.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// answer waits for a call.
func answer[T any](call tea.Cmd) T {
	m, _ := call().(T)
	return m
}

// say writes a line.
func (s *session) say(format string, args ...any) { s.line(widget.Format(format, args...)) }

func (s *session) line(text widget.Safe) {
	if s.open { // the cursor stands behind a prompt
		s.open = false
		s.write("\n")
	}
	s.write(string(text) + "\n")
}

func (s *session) write(text string) {
	if _, err := io.WriteString(s.Out, text); err != nil && s.failed == nil {
		s.failed = fmt.Errorf("write: %w", err)
	}
}

// next waits for an answer. While a trial runs its code, alone on the line, keeps
// the rules whatever was asked, and the answer is still to come.
func (s *session) next(prompt widget.Safe) (string, error) {
	for {
		line, err := s.hear(prompt)
		if err != nil || !s.isCode(line) {
			return line, err
		}
		if err := s.confirm([]string{line}); err != nil {
			return "", err
		}
	}
}

// hear waits for a line of input, with the clock of a trial running.
func (s *session) hear(prompt widget.Safe) (string, error) {
	if s.Interactive {
		s.write(string(prompt) + ": ")
		s.open = true
	}
	for s.failed == nil {
		select {
		case line, ok := <-s.lines:
			if !ok {
				return "", errEnd
			}
			s.open = false // Enter has ended the line of the prompt
			return strings.TrimSpace(line), nil
		case <-s.tick.C:
			if s.second(); s.Interactive && !s.open { // something was said
				s.write(string(prompt) + ": ")
				s.open = true
			}
		case <-s.ctx.Done():
			return "", s.ctx.Err()
		}
	}
	return "", s.failed
}

// greet says where we are and how to go on.
func (s *session) greet() {
	s.say("mfwtui on %s, line by line.", s.backend.Host())
	s.load()
	s.tables()
	s.say("Type a word and Enter. menu lists the words, help explains them.")
	s.findTrial()
}

// farewell says what goes on without us.
func (s *session) farewell(err error) {
	if s.open {
		s.open = false
		s.write("\n")
	}
	if s.trial.pending() {
		s.say("The trial goes on without this session. The old rules come back at the end, unless somebody confirms: mfwtui confirm.")
	}
	if n := len(s.desk.Dirty()); n > 0 && !errors.Is(err, errQuit) {
		s.say("Not saved, and lost: %s.", words.Plural(s.desk.Staged(), "changed line"))
	}
	s.say("Bye.")
}

// talk does one command after the other.
func (s *session) talk() error {
	for {
		line, err := s.hear(s.where())
		if err != nil {
			return err
		}
		if err := s.do(line); err != nil {
			return err
		}
	}
}

// where is the prompt: what matters most now.
func (s *session) where() widget.Safe {
	if s.trial.pending() {
		return "on trial, type the code to keep"
	}
	return "command"
}

// countOf is "1 of 2 rows", or "2 rows" for all of them.
func countOf(n, all int, what string) string {
	if n == all {
		return words.Plural(n, what)
	}
	return fmt.Sprintf("%d of %s", n, words.Plural(all, what))
}
