package apply

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	// answerLimit is how long a confirmation or rollback may take: the tools
	// have 10 s each.
	answerLimit = 60 * time.Second
	// statusLimit is the same for a question that needs no work: only a
	// guardian that is stopped takes longer.
	statusLimit = 10 * time.Second
	// retryLimit covers the restart of a worker, also on a machine that has much
	// else to do: while somebody holds the lock, one will be there.
	retryLimit = 10 * time.Second
	retryPause = 50 * time.Millisecond
	// waitPause is how often Wait asks.
	waitPause = 200 * time.Millisecond
)

// errNobody says that nobody listens on the socket.
var errNobody = errors.New("no guardian listens")

// talk puts one question to the guardian.
func talk(ctx context.Context, paths Paths, q question) (Status, error) {
	limit := answerLimit
	if q.Verb == verbStatus {
		limit = statusLimit
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", filepath.Join(paths.Run, socketFile))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return Status{}, errNobody
	}
	if err != nil {
		return Status{}, fmt.Errorf("ask the guardian: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if !isRoot(conn.(*net.UnixConn)) {
		return Status{}, errors.New("ask the guardian: somebody else than root listens on its socket")
	}
	line, err := json.Marshal(q)
	if err != nil {
		return Status{}, err
	}
	if _, err := conn.Write(append(line, '\n')); err != nil {
		return Status{}, errNobody
	}
	answer, err := bufio.NewReader(conn).ReadBytes('\n')
	if err != nil {
		return Status{}, errors.Join(errNobody, ctx.Err())
	}
	var m reportMessage
	if err := json.Unmarshal(answer, &m); err != nil {
		return Status{}, fmt.Errorf("ask the guardian: %w", err)
	}
	return m.Status, m.err()
}

// talkOn is talk that lives through a restart of the worker. When the
// transaction has ended meanwhile it gives the result.
func talkOn(ctx context.Context, paths Paths, q question) (Status, error) {
	j, pending, journalErr := readJournal(paths)
	for end := time.Now().Add(retryLimit); ; {
		s, err := talk(ctx, paths, q)
		if !errors.Is(err, errNobody) {
			return s, err
		}
		if !pending {
			return Status{}, ErrNone
		}
		if journalErr == nil {
			if s, ended := outcome(paths, j); ended {
				return s, nil
			}
		}
		if time.Now().After(end) || !guarded(paths) {
			return Status{}, ErrGuardianGone
		}
		select {
		case <-ctx.Done():
			return Status{}, ctx.Err()
		case <-time.After(retryPause):
		}
	}
}

// guarded reports whether somebody holds the lock: then a worker is there or
// will be.
func guarded(paths Paths) bool {
	held, err := lock(paths)
	if err == nil {
		held.Close()
	}
	return err != nil
}

// outcome is how a transaction ended; false while it has not.
func outcome(paths Paths, j journal) (Status, bool) {
	r, ended := store{paths.State}.readResult(j.Generation)
	if !ended {
		return Status{}, false
	}
	s := j.status(0)
	s.State, s.Reason, s.Left = r.State, r.Reason, 0
	return s, true
}

// Query asks the guardian; false when no transaction is pending.
func Query(ctx context.Context, paths Paths) (Status, bool, error) {
	s, err := talkOn(ctx, paths, question{Verb: verbStatus})
	if errors.Is(err, ErrNone) {
		return Status{}, false, nil
	}
	if err != nil {
		return Status{}, false, err
	}
	return s, s.State == Prepared || s.State == Trial || s.State == Confirming, nil
}

// Wait blocks until the pending transaction has ended, calling watch (when not
// nil) with each status on the way.
func Wait(ctx context.Context, paths Paths, id string, watch func(Status)) (Status, error) {
	if !validID(id) {
		return Status{}, fmt.Errorf("%q is not a transaction", id)
	}
	var last Status
	for {
		s, pending, err := Query(ctx, paths)
		if err != nil {
			return last, err
		}
		if s.ID == id {
			last = s
			if watch != nil {
				watch(s)
			}
		}
		if !pending || s.ID != id {
			return ended(paths, id, last)
		}
		select {
		case <-ctx.Done():
			return last, ctx.Err()
		case <-time.After(waitPause):
		}
	}
}

// ended is the last status with the result from the disk.
func ended(paths Paths, id string, last Status) (Status, error) {
	last.ID, last.Left = id, 0
	st := store{paths.State}
	if r, ok := st.readResult(id); ok {
		last.State, last.Reason = r.State, r.Reason
		return last, nil
	}
	if st.linked(currentLink) == id {
		last.State = Confirmed
		return last, nil
	}
	switch last.State {
	case Confirmed, RolledBack, Failed:
		return last, nil
	case Prepared, Trial, Confirming:
		// It is over and was not promoted: a full disk can keep no more.
		last.State, last.Reason = RolledBack, orElse(last.Reason, "the reason could not be written to "+paths.State)
		return last, nil
	}
	return last, fmt.Errorf("transaction %s left no result", id)
}

// Confirm keeps the new rules. An empty code confirms whatever is pending. Who
// is noted in the history.
func Confirm(ctx context.Context, paths Paths, code, who string) (Status, error) {
	s, err := talkOn(ctx, paths, question{Verb: verbConfirm, Code: code, Who: who})
	if err == nil && code != "" && !strings.EqualFold(code, s.Code) {
		return s, ErrNone // another one has just ended
	}
	return s, err
}

// Reject brings the old rules back now.
func Reject(ctx context.Context, paths Paths, why, who string) (Status, error) {
	return talkOn(ctx, paths, question{Verb: verbReject, Why: why, Who: who})
}

// Extend gives the trial more time, up to ten minutes in all.
func Extend(ctx context.Context, paths Paths, by time.Duration) (Status, error) {
	return talkOn(ctx, paths, question{Verb: verbExtend, By: by})
}
