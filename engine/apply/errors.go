package apply

import (
	"errors"
	"fmt"
	"time"
)

// Errors that a caller decides on. Test with errors.Is.
var (
	// ErrNone: no transaction is pending.
	ErrNone = errors.New("no apply is pending")
	// ErrChanged: the live ruleset is not the one that the preview was made
	// from.
	ErrChanged = errors.New("the live ruleset changed since the preview")
	// ErrTooLate: the window is over, the old rules are or will be back.
	ErrTooLate = errors.New("too late: the time is over and the old rules come back")
	// ErrGuardianGone: the journal tells of a transaction, but nobody answers.
	// The kernel goes back by itself; the next command cleans up.
	ErrGuardianGone = errors.New("the guardian does not answer")
)

// PendingError refuses a second transaction while one is pending.
type PendingError struct{ Status Status }

func (e *PendingError) Error() string {
	s := e.Status
	if s.ID == "" {
		return "another apply is pending"
	}
	if s.State != Trial {
		return fmt.Sprintf("%s applies since %s; wait until that is done", orUnknown(s.Who), s.Since.Format("15:04:05"))
	}
	return fmt.Sprintf("%s applies since %s, %s left; confirm or reject that first, or wait",
		orUnknown(s.Who), s.Since.Format("15:04:05"), s.Left.Round(time.Second))
}

// CodeError refuses a confirmation with the code of another transaction.
type CodeError struct {
	Code   string
	Status Status
}

func (e *CodeError) Error() string {
	return fmt.Sprintf("%q is not the code: pending is %q by %s, %s left",
		e.Code, e.Status.Code, orUnknown(e.Status.Who), e.Status.Left.Round(time.Second))
}

// LockoutError refuses a ruleset under which the administrator could not log
// in again. Request.Override goes on nevertheless.
type LockoutError struct{ Why string }

func (e *LockoutError) Error() string { return "these rules would lock you out: " + e.Why }

// DamagedError is a generation whose files are not what was written.
type DamagedError struct {
	ID, File string
	Cause    error // nil when the file is only different
}

func (e *DamagedError) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("generation %s is damaged (%s): %v", e.ID, e.File, e.Cause)
	}
	return fmt.Sprintf("generation %s was changed on disk (%s)", e.ID, e.File)
}

func (e *DamagedError) Unwrap() error { return e.Cause }

func orUnknown(who string) string {
	if who == "" {
		return "somebody"
	}
	return who
}
