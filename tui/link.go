package tui

import (
	"bytes"
	"io"
	"os"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// link measures the way to the terminal: how long it takes to answer, and how
// long a write blocks. It asks for the primary device attributes, which every
// terminal answers and whose answer cannot be taken for a key (a cursor report
// for row 1 can: it is also a modified F3). Terminals answer in order, so the
// answer also says that nothing asked before is still to come.
//
// One question is under way at a time. A terminal that never answers is asked
// once.
type link struct {
	now func() time.Time

	mu      sync.Mutex
	asked   time.Time     // when the question under way was asked; zero for none
	rtt     time.Duration // of the last answer; zero before the first
	fresh   bool          // rtt was not judged yet
	blocked time.Duration // the longest write since the last judgement
	writes  int           // how many began
	inWrite bool          // the last of them has not ended
}

const question = ansi.RequestPrimaryDeviceAttributes

// ask asks the terminal, after what other questions come before.
func (l *link) ask(before string) tea.Cmd {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = l.now()
	return tea.Raw(before + question)
}

// answered takes an answer and says how long it took; 0 when nothing was asked.
func (l *link) answered() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked.IsZero() {
		return 0
	}
	l.rtt, l.fresh, l.asked = max(l.now().Sub(l.asked), time.Millisecond), true, time.Time{}
	return l.rtt
}

// written notes a write: a question counts from when it left, not from when it
// was put into the frame.
func (l *link) written(p []byte, began, ended time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inWrite = false
	l.blocked = max(l.blocked, ended.Sub(began))
	if !l.asked.IsZero() && bytes.Contains(p, []byte(question)) {
		l.asked = ended
	}
}

// open reports whether an answer is still to come, and for how long it has
// been.
func (l *link) open() (since time.Duration, yes bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked.IsZero() {
		return 0, false
	}
	return l.now().Sub(l.asked), true
}

// round is the last known round trip: that of an answer that is overdue counts
// as soon as it is longer. False when the terminal never answered.
func (l *link) round() (time.Duration, bool) {
	since, _ := l.open()
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(l.rtt, since), l.rtt > 0
}

// The limits above which a link is slow.
const (
	slowAnswer = 250 * time.Millisecond
	slowWrite  = 200 * time.Millisecond
)

// judge says whether the link was slow since the last judgement; false as the
// second value when nothing was measured.
func (l *link) judge() (slow, known bool) {
	round, answers := l.round()
	since, waiting := l.open()
	l.mu.Lock()
	defer l.mu.Unlock()
	overdue := waiting && answers && since > slowAnswer
	slow = l.blocked > slowWrite || overdue || l.fresh && round > slowAnswer
	known = slow || l.fresh
	l.blocked, l.fresh = 0, false
	return slow, known
}

// through is the way of a writer over the link.
func (l *link) through(w io.Writer) io.Writer {
	if f, ok := w.(*os.File); ok {
		return meteredFile{File: f, link: l}
	}
	return meteredWriter{to: w, link: l}
}

// meteredFile is a terminal whose writes are timed. It is still the file, since
// the library asks the terminal for its size.
type meteredFile struct {
	*os.File
	link *link
}

func (f meteredFile) Write(p []byte) (int, error) { return f.link.write(f.File, p) }

type meteredWriter struct {
	to   io.Writer
	link *link
}

func (w meteredWriter) Write(p []byte) (int, error) { return w.link.write(w.to, p) }

// writing is the number of the write that is under way; 0 when none is.
func (l *link) writing() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.inWrite {
		return 0
	}
	return l.writes
}

func (l *link) write(w io.Writer, p []byte) (int, error) {
	l.mu.Lock()
	l.writes, l.inWrite = l.writes+1, true
	l.mu.Unlock()
	began := l.now()
	n, err := w.Write(p)
	l.written(p, began, l.now())
	return n, err
}
