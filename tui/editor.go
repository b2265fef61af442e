package tui

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/page"
)

// errNoEditor says that no editor was found.
var errNoEditor = errors.New("no editor found; set VISUAL or EDITOR")

// fallbackEditors are tried when the person has chosen none.
var fallbackEditors = []string{"editor", "nano", "vi"}

// lineEditors take +LINE before the file.
var lineEditors = map[string]bool{
	"editor": true, "sensible-editor": true, "vi": true, "vim": true, "nvim": true, "view": true, "vim.tiny": true, "vim.basic": true,
	"nano": true, "pico": true, "emacs": true, "emacsclient": true, "mg": true, "jed": true, "joe": true, "jmacs": true,
	"ne": true, "micro": true, "kak": true, "zile": true, "mcedit": true, "ed": false,
}

// colonEditors take FILE:LINE.
var colonEditors = map[string]bool{"hx": true, "helix": true, "subl": true}

// editorCommand is the command line of the person's editor for a file at a
// line. VISUAL goes before EDITOR; either may have arguments, as in "emacs -nw".
// look finds a program, as exec.LookPath does.
func editorCommand(env []string, look func(string) (string, error), path string, line int) ([]string, error) {
	for _, name := range []string{"VISUAL", "EDITOR"} {
		words := strings.Fields(lookEnv(env, name))
		if len(words) == 0 {
			continue
		}
		program, err := look(words[0])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return atLine(append([]string{program}, words[1:]...), path, line), nil
	}
	for _, name := range fallbackEditors {
		if program, err := look(name); err == nil {
			return atLine([]string{program}, path, line), nil
		}
	}
	return nil, errNoEditor
}

// atLine adds the file, at its line when the editor is known to take one.
func atLine(words []string, path string, line int) []string {
	name := filepath.Base(words[0])
	switch {
	case lineEditors[name] && line > 1:
		return append(words, fmt.Sprintf("+%d", line), path)
	case colonEditors[name] && line > 1:
		return append(words, fmt.Sprintf("%s:%d", path, line))
	}
	return append(words, path)
}

// lookEnv finds a variable; of two the later counts, as for a new process.
func lookEnv(env []string, name string) string {
	value := ""
	for _, v := range env {
		if after, ok := strings.CutPrefix(v, name+"="); ok {
			value = after
		}
	}
	return value
}

// outside says whether another program has the terminal. It is read beside the
// console: a ^C that is meant for an editor reaches us as a signal as well.
type outside struct {
	open atomic.Bool
	left atomic.Int64 // when the last one ended, in nanoseconds of the Unix epoch
}

// lateSignal is how long after the end of an editor a signal may still be its
// own: a ^C that ended it can reach us later than its end does, on a machine that
// is late by seconds. The console's own ^C is a key, not a signal.
const lateSignal = 10 * time.Second

// lend says that another program has the terminal, until what it returns is
// called.
func (o *outside) lend() (back func()) {
	o.open.Store(true)
	return func() {
		o.left.Store(time.Now().UnixNano())
		o.open.Store(false)
	}
}

// interrupted reports whether a ^C that reaches us was meant for another program.
func (o *outside) interrupted() bool {
	return o.open.Load() || time.Since(time.Unix(0, o.left.Load())) < lateSignal
}

// edit opens the person's editor on a table, as soon as the terminal has
// answered what it was asked: an editor would take the answers for typed text.
// Keys that are pressed meanwhile are swallowed.
func (m *model) edit(at desk.Place) tea.Cmd {
	if m.pending != "" {
		m.note = page.Note{Text: "a trial runs; answer it first: the countdown could not be seen in an editor", Kind: page.Warn}
		return nil
	}
	m.editing = &at
	if _, waiting := m.link.open(); waiting {
		m.note = page.Note{Text: "opening your editor ..."}
	}
	return m.whenAnswered(func() tea.Msg { return editMsg{} })
}

// openEditor gives the terminal to the editor.
func (m *model) openEditor() tea.Cmd {
	if m.editing == nil {
		return nil
	}
	at, path := *m.editing, m.shared.Calls.Path(m.editing.Kind)
	m.editing = nil
	ended := func(err error) tea.Msg { return page.Edited{At: at, Err: err} }
	return func() tea.Msg {
		words, err := editorCommand(m.env, exec.LookPath, path, at.Line)
		if err != nil {
			return ended(err)
		}
		run := &editorRun{Cmd: exec.Command(words[0], words[1:]...), away: m.away}
		run.Env = m.env
		return tea.Exec(run, ended)()
	}
}

// editorRun runs an editor on the terminal.
type editorRun struct {
	*exec.Cmd
	away *outside
}

func (e *editorRun) SetStdin(r io.Reader)  { e.Stdin = r }
func (e *editorRun) SetStderr(w io.Writer) { e.Stderr = w }

// SetStdout gives the editor the terminal itself: for a writer that is no
// *os.File, os/exec makes a pipe, on which vim warns and waits and nano refuses
// to start.
func (e *editorRun) SetStdout(w io.Writer) {
	if f, ok := w.(meteredFile); ok {
		w = f.File
	}
	e.Stdout = w
}

// Run throws away what came from the terminal unread, and waits for the editor.
func (e *editorRun) Run() error {
	if f, ok := e.Stdin.(*os.File); ok {
		_ = unix.IoctlSetInt(int(f.Fd()), unix.TCFLSH, unix.TCIFLUSH)
	}
	defer e.away.lend()()
	if err := e.Cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(e.Path), err)
	}
	return nil
}
