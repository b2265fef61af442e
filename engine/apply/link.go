package apply

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/host"
)

// The messages between the console that starts a transaction and its
// guardian, over a socket pair, one JSON line each: hello, ready, stored, go,
// report.
type (
	helloMessage struct {
		Timeout  time.Duration
		Yes      bool
		Who      string
		MarkBit  uint32
		Guardian []string
	}
	// readyMessage comes from the worker, or, with an error, from the
	// supervisor.
	readyMessage struct {
		Guardian int
		Refused  reportMessage
	}
	// storedMessage says that the generation is on disk.
	storedMessage struct {
		Fingerprint string       // of what the preview was made from; may be empty
		Backend     host.Backend // that the preview was made with; empty when the kernel is not a real one
	}
	// goMessage says that the rehearsal went well.
	goMessage     struct{ Proof []string }
	reportMessage struct {
		Status Status
		Kind   errorKind
		Error  string
	}
)

// readyLimit is how long a guardian may take to start: two programs, on a machine
// that may have much else to do.
const readyLimit = 20 * time.Second

// link is one end of the socket pair.
type link struct {
	file *os.File // for handing on
	conn net.Conn
	r    *bufio.Reader
}

func openLink(f *os.File) (*link, error) {
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("guardian: not started by apply: %w", err)
	}
	return &link{file: f, conn: conn, r: bufio.NewReader(conn)}, nil
}

// newLink makes a socket pair: this process's end, and the file to hand on.
func newLink() (*link, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	l, err := openLink(os.NewFile(uintptr(fds[0]), "link"))
	return l, os.NewFile(uintptr(fds[1]), "link"), err
}

func (l *link) close() {
	if l.file != nil {
		l.conn.Close()
		l.file.Close()
		l.file = nil
	}
}

func (l *link) send(message any) error {
	b, err := json.Marshal(message)
	if err != nil {
		return err
	}
	_, err = l.conn.Write(append(b, '\n'))
	return err
}

// receive waits for the next message; a limit of 0 waits for ever.
func receive[T any](l *link, limit time.Duration) (T, error) {
	var message T
	deadline := time.Time{}
	if limit > 0 {
		deadline = time.Now().Add(limit)
	}
	if err := l.conn.SetReadDeadline(deadline); err != nil {
		return message, err
	}
	line, err := l.r.ReadBytes('\n')
	if err != nil {
		return message, err
	}
	return message, json.Unmarshal(line, &message)
}

// errorKind carries a typed error through JSON.
type errorKind string

const (
	kindLocked  errorKind = "locked"
	kindChanged errorKind = "changed"
	kindTooLate errorKind = "too late"
	kindCode    errorKind = "code"
	kindOther   errorKind = "other"
)

func report(s Status, err error) reportMessage {
	m := reportMessage{Status: s}
	if err == nil {
		return m
	}
	m.Error, m.Kind = err.Error(), kindOther
	var code *CodeError
	switch {
	case errors.Is(err, errLocked):
		m.Kind = kindLocked
	case errors.Is(err, ErrChanged):
		m.Kind = kindChanged
	case errors.Is(err, ErrTooLate):
		m.Kind = kindTooLate
	case errors.As(err, &code):
		m.Kind, m.Error = kindCode, code.Code
	}
	return m
}

// err is the error that the other side reported.
func (m reportMessage) err() error {
	switch m.Kind {
	case "":
		return nil
	case kindLocked:
		return errLocked
	case kindChanged:
		return ErrChanged
	case kindTooLate:
		return ErrTooLate
	case kindCode:
		return &CodeError{Code: m.Error, Status: m.Status}
	}
	return errors.New(m.Error)
}
