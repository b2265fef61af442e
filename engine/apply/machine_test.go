package apply

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestDecide(t *testing.T) {
	const s = time.Second
	trial := journal{State: Trial, Code: "ABCD", Who: "alice", Started: 100 * s, Deadline: 130 * s, Timeout: 30 * s}
	extended600 := trial
	extended600.Deadline = trial.Started + maxWindow
	prepared, confirming := trial, trial
	prepared.State, confirming.State = Prepared, Confirming

	for _, c := range []struct {
		name string
		j    journal
		now  time.Duration
		e    event
		want string
	}{
		{"time passes", trial, 101 * s, passed{}, "wait"},
		{"the last moment", trial, 130*s - 1, passed{}, "wait"},
		{"the deadline", trial, 130 * s, passed{}, "undo: no confirmation within 30s"},
		{"long after a suspend", trial, 9000 * s, passed{}, "undo: no confirmation within 30s"},
		{"the code", trial, 101 * s, confirmed{"ABCD"}, "keep"},
		{"the code in small letters", trial, 101 * s, confirmed{"abcd"}, "keep"},
		{"no code", trial, 101 * s, confirmed{}, "keep"},
		{"a wrong code", trial, 101 * s, confirmed{"WXYZ"}, `refuse: "WXYZ" is not the code: pending is "ABCD" by alice, 29s left`},
		{"the code at the deadline", trial, 130 * s, confirmed{"ABCD"}, "refuse: " + ErrTooLate.Error()},
		{"rejected", trial, 101 * s, rejected{"by bob"}, "undo: by bob"},
		{"rejected without a word", trial, 101 * s, rejected{}, "undo: rejected"},
		{"rejected after the deadline", trial, 131 * s, rejected{"by bob"}, "undo: by bob"},
		{"disturbed", trial, 101 * s, disturbed{"flushed"}, "undo: flushed"},
		{"more time", trial, 101 * s, extended{30 * s}, "until 160s"},
		{"more time than there is", trial, 101 * s, extended{3600 * s}, "until 700s"},
		{"more time at the longest window", extended600, 101 * s, extended{s}, "refuse: the trial already has the longest window of 10m0s"},
		{"less time", trial, 101 * s, extended{-s}, "refuse: extend by -1s: the time must be positive"},
		{"more time at the deadline", trial, 130 * s, extended{30 * s}, "refuse: " + ErrTooLate.Error()},
		{"confirmed before the flip", prepared, 0, confirmed{}, "refuse: the new rules are not in force yet; nothing to confirm"},
		{"rejected before the flip", prepared, 0, rejected{}, "undo: rejected"},
		{"time passes before the flip", prepared, 999 * s, passed{}, "wait"},
		{"rejected while confirming", confirming, 101 * s, rejected{}, "refuse: too late: the new rules are being confirmed"},
		{"the deadline while confirming", confirming, 131 * s, passed{}, "wait"},
		{"disturbed while confirming", confirming, 101 * s, disturbed{"flushed"}, "wait"},
		{"confirmed twice", confirming, 101 * s, confirmed{}, "keep"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := actionText(decide(c.j, c.now, c.e)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func actionText(a action) string {
	switch a := a.(type) {
	case undo:
		return "undo: " + a.why
	case refuse:
		return "refuse: " + a.err.Error()
	case prolong:
		return fmt.Sprintf("until %.0fs", a.until.Seconds())
	case keep:
		return "keep"
	}
	return "wait"
}

func TestErrorsKeepTheirTypeOverTheSocket(t *testing.T) {
	s := Status{ID: "x", Code: "ABCD", Who: "bob", Left: 3 * time.Second}
	code := &CodeError{Code: "WXYZ", Status: s}
	for _, err := range []error{ErrChanged, ErrTooLate, code, errors.New("something else"), nil} {
		got := report(s, err).err()
		switch {
		case err == nil && got != nil, err != nil && (got == nil || got.Error() != err.Error()):
			t.Errorf("got %v, want %v", got, err)
		}
	}
	if got := report(s, errLocked).err(); got != errLocked {
		t.Errorf("a held lock became %v", got)
	}
}
