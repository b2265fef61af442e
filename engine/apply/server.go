package apply

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// The verbs of the guardian's socket. A question is one JSON line, so is the
// answer, a reportMessage.
const (
	verbStatus  = "status"
	verbConfirm = "confirm"
	verbReject  = "reject"
	verbExtend  = "extend"
)

type question struct {
	Verb string
	Code string        `json:",omitempty"` // confirm
	Why  string        `json:",omitempty"` // reject
	Who  string        `json:",omitempty"` // confirm, reject: login name and where from
	By   time.Duration `json:",omitempty"` // extend
}

const (
	maxQuestion  = 4 << 10
	socketLimit  = 2 * time.Second // for each side to say its line
	watchSocket  = time.Second     // between looks whether the socket is still there
	maxTalkers   = 16
	socketMaxLen = 107 // sun_path without its NUL
)

// request is a question on its way to the goroutine that owns the
// transaction.
type request struct {
	event event
	who   string
	reply chan<- reportMessage
}

func (r request) answer(s Status, err error) {
	if r.reply != nil {
		r.reply <- report(s, err)
	}
}

// server answers on the guardian's socket.
type server struct {
	name   string
	worker *worker
	slots  chan struct{}
	done   chan struct{}

	mu       sync.Mutex
	listener *net.UnixListener
	closed   bool
}

// listen makes the socket, and again when somebody removes it.
func listen(paths Paths, w *worker) (*server, error) {
	s := &server{
		name: filepath.Join(paths.Run, socketFile), worker: w,
		slots: make(chan struct{}, maxTalkers), done: make(chan struct{}),
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	go s.watch()
	return s, nil
}

func (s *server) open() error {
	if len(s.name) > socketMaxLen {
		return fmt.Errorf("guardian: the path %s is too long for a socket", s.name)
	}
	// The lock is held: nobody else listens here.
	if err := os.Remove(s.name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("guardian: remove old socket: %w", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: s.name, Net: "unix"})
	if err != nil {
		return fmt.Errorf("guardian: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return l.Close()
	}
	if s.listener != nil {
		s.listener.SetUnlinkOnClose(false)
		s.listener.Close()
	}
	s.listener = l
	go s.accept(l)
	return nil
}

// watch makes the socket again when its name leads elsewhere.
func (s *server) watch() {
	var ours unix.Stat_t
	_ = unix.Lstat(s.name, &ours)
	for {
		select {
		case <-s.done:
			return
		case <-time.After(watchSocket):
		}
		var now unix.Stat_t
		if err := unix.Lstat(s.name, &now); err == nil && now.Ino == ours.Ino && now.Dev == ours.Dev {
			continue
		}
		if s.open() == nil {
			_ = unix.Lstat(s.name, &ours)
		}
	}
}

func (s *server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	close(s.done)
	s.listener.Close()
}

func (s *server) accept(l *net.UnixListener) {
	for {
		conn, err := l.AcceptUnix()
		if err != nil {
			return
		}
		select {
		case s.slots <- struct{}{}:
			go func() {
				defer func() { <-s.slots }()
				defer conn.Close()
				s.talk(conn)
			}()
		default:
			conn.Close()
		}
	}
}

// talk answers one question of root.
func (s *server) talk(conn *net.UnixConn) {
	_ = conn.SetDeadline(time.Now().Add(socketLimit))
	if !isRoot(conn) {
		return
	}
	q, err := readQuestion(conn)
	if err != nil {
		return
	}
	m := s.ask(q)
	b, err := json.Marshal(m)
	if err != nil {
		return
	}
	_ = conn.SetWriteDeadline(time.Now().Add(socketLimit))
	_, _ = conn.Write(append(b, '\n'))
}

// isRoot asks the kernel who is at the other end. In a user namespace root is
// the mapped root.
func isRoot(conn *net.UnixConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	root := false
	err = raw.Control(func(fd uintptr) {
		cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		root = err == nil && cred.Uid == 0
	})
	return err == nil && root
}

func readQuestion(r io.Reader) (question, error) {
	line, err := bufio.NewReader(io.LimitReader(r, maxQuestion)).ReadBytes('\n')
	if err != nil {
		return question{}, fmt.Errorf("read question: %w", err)
	}
	return parseQuestion(line)
}

func parseQuestion(line []byte) (question, error) {
	var q question
	if err := json.Unmarshal(line, &q); err != nil {
		return question{}, fmt.Errorf("read question: %w", err)
	}
	return q, nil
}

// event is what a question means to the transaction; nil for one that only
// wants to know.
func (q question) event() (event, error) {
	switch q.Verb {
	case verbStatus:
		return nil, nil
	case verbConfirm:
		return confirmed{q.Code}, nil
	case verbReject:
		return rejected{q.Why}, nil
	case verbExtend:
		return extended{q.By}, nil
	}
	return nil, fmt.Errorf("the guardian does not know the verb %q", q.Verb)
}

// ask puts the question to the transaction and waits for the answer. Its
// endings are bounded by the deadlines of the tools.
func (s *server) ask(q question) reportMessage {
	e, err := q.event()
	if e == nil {
		return report(s.worker.current(), err)
	}
	reply := make(chan reportMessage, 1)
	select {
	case s.worker.requests <- request{event: e, who: q.Who, reply: reply}:
		return <-reply
	case <-time.After(answerLimit):
		return report(s.worker.current(), errors.New("the guardian is busy; try again"))
	}
}
