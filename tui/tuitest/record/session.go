package main

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	uv "github.com/charmbracelet/ultraviolet"

	"github.com/mfwtui/mfwtui/tui/tuitest/tty"
)

// recording is what one run of the program left.
type recording struct {
	name, title string
	stills      []still
	frames      []frame
	cast        *cast
}

// still is one screen, frame one of a film: how long it is shown, and what the
// person does next.
type (
	still struct {
		name, title string
		cells       [][]uv.Cell
	}
	frame struct {
		cells   [][]uv.Cell
		hold    time.Duration
		caption string
	}
)

// session is a person at the terminal of the demo. The first thing that goes
// wrong ends it: what follows does nothing.
type session struct {
	*tty.Terminal
	recording
	err error

	mu    sync.Mutex
	wrote time.Time // when the program last wrote something
}

// patience is how long a screen may take on a busy machine.
const patience = 60 * time.Second

// open starts a command in the demo's network.
func open(program string, width, height int, command string) (*session, error) {
	s := &session{recording: recording{cast: newCast(width, height)}}
	cmd := exec.Command(program, "demo", "--", "sh", "-c", command, program)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin", "HOME=" + os.TempDir(), "USER=root",
		"TERM=xterm-256color", "LANG=C.UTF-8",
	}
	t, err := tty.Start(cmd, tty.Options{Width: width, Height: height, Seen: s.seen})
	s.Terminal = t
	return s, err
}

func (s *session) seen(piece []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrote = time.Now()
	s.cast.add(s.wrote, piece)
}

// waits until the screen shows one of the texts, and is whole.
func (s *session) waits(texts ...string) {
	if s.err == nil {
		s.err = s.Wait(patience, texts...)
	}
	s.settles()
}

// settles waits until the program has drawn what it had to.
func (s *session) settles() {
	const quiet, most = 150 * time.Millisecond, 900 * time.Millisecond
	for end := time.Now().Add(most); s.err == nil && time.Now().Before(end); time.Sleep(quiet / 5) {
		s.mu.Lock()
		calm := time.Since(s.wrote) > quiet
		s.mu.Unlock()
		if calm {
			return
		}
	}
}

// How fast the person is.
const (
	betweenKeys = 110 * time.Millisecond
	thinks      = 700 * time.Millisecond // longer than a dialog takes to listen
)

// presses types keys after a moment of thought.
func (s *session) presses(keys string) {
	time.Sleep(thinks)
	for _, k := range keys {
		if s.err == nil {
			s.err = s.Type(string(k))
			time.Sleep(betweenKeys)
		}
	}
}

// pauses lets time go by, so that something moves.
func (s *session) pauses(d time.Duration) {
	if s.err == nil {
		time.Sleep(d)
	}
}

// still keeps the screen as a picture.
func (s *session) still(name, title string) {
	s.settles()
	if s.err == nil {
		s.stills = append(s.stills, still{name, title, s.Cells()})
	}
}

// frame keeps the screen as a part of the film.
func (s *session) frame(hold time.Duration, caption string) {
	s.settles()
	if s.err != nil {
		return
	}
	cells := s.Cells()
	if len(caption) > len(cells[0]) {
		s.err = fmt.Errorf("the caption is wider than the screen: %q", caption)
	}
	s.frames = append(s.frames, frame{cells, hold, caption})
}

// cut ends the cast.
func (s *session) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cast.closed = true
}

// close leaves the console and waits for the end of the demo's network.
func (s *session) close() (*recording, error) {
	defer s.Close()
	s.cut()
	if s.err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, s.err)
	}
	if err := s.Type("q"); err != nil {
		return nil, err
	}
	select {
	case <-s.Ended():
		return &s.recording, nil
	case <-time.After(patience):
		return nil, fmt.Errorf("%s: the program does not end\n%s", s.name, s.Text())
	}
}
