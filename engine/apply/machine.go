package apply

import (
	"fmt"
	"strings"
	"time"
)

// The limits of a window.
const (
	defaultWindow = 30 * time.Second
	maxWindow     = 10 * time.Minute
	// kernelGrace is how much later than the guardian the kernel goes back:
	// enough for the guardian to be first, so that it can end the flows of
	// the trial while its mark still blocks them.
	kernelGrace = 2 * time.Second
)

// event is something that may move a transaction.
type event interface{ event() }

type (
	// passed: time went by.
	passed struct{}
	// confirmed and rejected: a person answered. An empty code means
	// whatever is pending.
	confirmed struct{ code string }
	rejected  struct{ why string }
	// extended: a person asks for more time.
	extended struct{ by time.Duration }
	// disturbed: somebody else took the trial apart.
	disturbed struct{ why string }
)

func (passed) event()    {}
func (confirmed) event() {}
func (rejected) event()  {}
func (extended) event()  {}
func (disturbed) event() {}

// action is what the guardian must do next.
type action interface{ action() }

type (
	wait    struct{}                      // nothing
	keep    struct{}                      // confirm
	undo    struct{ why string }          // roll back
	prolong struct{ until time.Duration } // move the deadline
	refuse  struct{ err error }           // tell the person, change nothing
)

func (wait) action()    {}
func (keep) action()    {}
func (undo) action()    {}
func (prolong) action() {}
func (refuse) action()  {}

// decide is the whole state machine of a transaction: what to do about an
// event that arrives at the given time since boot. It is pure; the journal is
// the state. Once confirming, nothing stops a transaction any more.
func decide(j journal, now time.Duration, e event) action {
	if j.State == Confirming {
		return whileConfirming(e)
	}
	if j.State != Trial {
		return beforeTrial(e)
	}
	if now >= j.Deadline {
		return afterDeadline(j, e)
	}
	switch e := e.(type) {
	case confirmed:
		if e.code != "" && !strings.EqualFold(e.code, j.Code) {
			return refuse{&CodeError{Code: e.code, Status: j.status(now)}}
		}
		return keep{}
	case rejected:
		return undo{orElse(e.why, "rejected")}
	case disturbed:
		return undo(e)
	case extended:
		return longer(j, e.by)
	}
	return wait{}
}

func whileConfirming(e event) action {
	switch e.(type) {
	case rejected, extended:
		return refuse{fmt.Errorf("too late: the new rules are being confirmed")}
	case confirmed:
		return keep{}
	}
	return wait{}
}

func beforeTrial(e event) action {
	switch e := e.(type) {
	case rejected:
		return undo{orElse(e.why, "rejected")}
	case confirmed, extended:
		return refuse{fmt.Errorf("the new rules are not in force yet; nothing to confirm")}
	}
	return wait{}
}

// afterDeadline: the old rules come back, whatever is asked.
func afterDeadline(j journal, e event) action {
	why := fmt.Sprintf("no confirmation within %s", j.window().Round(time.Second))
	switch e := e.(type) {
	case confirmed:
		return refuse{ErrTooLate}
	case extended:
		return refuse{ErrTooLate}
	case rejected:
		return undo{orElse(e.why, "rejected")}
	}
	return undo{why}
}

// longer moves the deadline, up to ten minutes after the flip.
func longer(j journal, by time.Duration) action {
	if by <= 0 {
		return refuse{fmt.Errorf("extend by %s: the time must be positive", by)}
	}
	limit := j.Started + maxWindow
	if j.Deadline >= limit {
		return refuse{fmt.Errorf("the trial already has the longest window of %s", maxWindow)}
	}
	return prolong{min(j.Deadline+by, limit)}
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
