package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/settings"
	"github.com/mfwtui/mfwtui/tui/style"
)

// Options are what the console needs besides the engine.
type Options struct {
	// Env is the environment; nil takes that of the process.
	Env []string
	// Settings are what the person chose; nil takes the defaults.
	Settings *settings.Settings
	// Nurse is the command that runs Nurse; without it, a crash leaves the
	// terminal as it is.
	Nurse []string
	// Input and Output replace the terminal, and Width and Height its size,
	// for tests.
	Input         io.Reader
	Output        io.Writer
	Width, Height int
}

// ErrHangup says that the terminal went away. A rollback stays armed.
var ErrHangup = errors.New("the terminal is gone")

// ErrDumb says that no screen can be drawn on this terminal.
var ErrDumb = errors.New("this terminal cannot move its cursor (TERM is dumb or not set); mfwtui --plain talks line by line")

// fps bounds how often a frame is sent: 20 costs 0.25 % of a core when nothing
// moves, and 50 ms until a key is seen (measured).
const fps = 20

// Run shows the console until the person leaves. It returns ErrHangup when the
// terminal went away, and nil after a normal end. A trial that runs is left to
// its guardian in every case.
func Run(ctx context.Context, b engine.Backend, o Options) error {
	if o.Env == nil {
		o.Env = os.Environ()
	}
	if o.Output == nil && style.Dumb(o.Env) {
		return ErrDumb
	}
	if o.Settings == nil {
		s := settings.Default()
		o.Settings = &s
	}
	if o.Output == nil {
		defer callNurse(o.Nurse).dismiss()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := newModel(ctx, b, styles(o), time.Now)
	m.env, m.movesNoCells = o.Env, style.MovesNoCells(o.Env)
	if err := m.configure(*o.Settings, style.Profile(o.Env)); err != nil {
		return err
	}
	return watch(ctx, tea.NewProgram(m, programOptions(o, m.link)...), m)
}

// styles are those of the palette, on the terminal that the environment names.
func styles(o Options) *style.Styles {
	glyphs := style.Unicode()
	if o.Settings.ASCII || !style.UTF8(o.Env) {
		glyphs = style.ASCII()
	}
	return style.New(o.Settings.Palette.Theme(style.Profile(o.Env)), glyphs)
}

func programOptions(o Options, l *link) []tea.ProgramOption {
	output := o.Output
	if output == nil {
		output = os.Stdout
	}
	options := []tea.ProgramOption{
		tea.WithFPS(fps),
		tea.WithoutSignalHandler(),
		tea.WithColorProfile(style.Profile(o.Env)),
		// With SSH_TTY the library leaves out two queries, whose late answers
		// would be typed at the shell prompt (measured).
		tea.WithEnvironment(append(o.Env[:len(o.Env):len(o.Env)], "SSH_TTY=1")),
		tea.WithOutput(l.through(output)),
	}
	if o.Input != nil {
		options = append(options, tea.WithInput(o.Input))
	}
	if o.Width > 0 {
		options = append(options, tea.WithWindowSize(o.Width, o.Height))
	}
	return options
}

// A program whose terminal does not read any more never ends by itself: it is
// blocked in a write (measured), as one is in the editor that it opened. So one
// that was told to end is looked at, and given up when it was found so many times
// in a row in the same place, or did not end at all. Looks are counted: a clock
// goes on while this process gets no CPU, and whoever is merely late must still
// put the terminal right.
const (
	lookEvery  = 100 * time.Millisecond
	stallLooks = 20
	endLooks   = 100
)

// watch runs the program, ends it on a signal or with the context, and puts the
// terminal right whatever happened. The library would end with the context by
// closing the terminal under its own reader (a data race), so it is told to
// quit instead. While another program has the terminal, ^C is that program's.
func watch(ctx context.Context, p *tea.Program, m *model) error {
	restore := rememberTerminal()
	defer restore()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)
	done := make(chan error, 1)
	go func() {
		_, err := p.Run()
		showCursor()
		done <- err
	}()
	var why any
	for why == nil {
		select {
		case err := <-done:
			return finish(err)
		case sig := <-signals:
			if sig != syscall.SIGINT || !m.away.interrupted() {
				why = sig
			}
		case <-ctx.Done():
			why = ctx.Err()
		}
	}
	go p.Quit() // it only sends
	err, ended := m.outlast(done)
	switch {
	case !ended:
		return fmt.Errorf("%w: it does not read any more (%v)", ErrHangup, why)
	case why == syscall.SIGHUP:
		return ErrHangup
	}
	return finish(err)
}

// outlast waits for the end of a program that was told to end. It is false when
// that is given up.
func (m *model) outlast(done <-chan error) (err error, ended bool) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for looks, same, last := 0, 0, 0; looks < endLooks && same < stallLooks; looks++ {
		select {
		case err := <-done:
			return err, true
		case <-look.C:
		}
		now := m.link.writing()
		if same++; now != last || now == 0 && !m.away.open.Load() {
			same = 0
		}
		last = now
	}
	return nil, false
}

// showCursor shows the cursor on the main screen. The library does so before it
// leaves the other one, and not at all when a text was being typed; terminals
// that keep one state for each screen were left without a cursor (measured).
func showCursor() {
	if term.IsTerminal(int(os.Stdout.Fd())) {
		_, _ = os.Stdout.WriteString(ansi.SetModeTextCursorEnable)
	}
}

// finish turns the library's errors into ours.
func finish(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("console: %w", err)
}

// rememberTerminal notes the mode of the terminal and returns what brings it
// back and throws away what was typed or answered meanwhile.
func rememberTerminal() func() {
	fd := int(os.Stdin.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return func() {} // no terminal
	}
	return func() {
		_ = unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH)
		_ = term.Restore(fd, state)
	}
}
