package desk

import (
	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
)

// Request numbers the calls of one kind that somebody waits for. Only the
// answer to the latest one counts.
type Request struct {
	latest uint64
	busy   bool
}

// Busy reports whether an answer is still to come.
func (r *Request) Busy() bool { return r.busy }

// start notes a new call.
func (r *Request) start(n uint64) uint64 {
	r.latest, r.busy = n, true
	return n
}

// Done reports whether n is the number that is awaited, and ends the waiting.
func (r *Request) Done(n uint64) bool {
	if !r.busy || n != r.latest {
		return false
	}
	r.busy = false
	return true
}

// Drop forgets the call: its answer will be stale.
func (r *Request) Drop() { r.busy = false }

// Reply is an answer of the engine to a call that only reads. N is the number
// of the request.
type Reply[T any] struct {
	N     uint64
	Value T
	Err   error
}

// The answers to Status, History and Counters.
type (
	StatusMsg   = Reply[engine.Status]
	HistoryMsg  = Reply[[]engine.Generation]
	CountersMsg = Reply[engine.CounterSnapshot]
)

// The other answers of the engine.
type (
	// LoadedMsg answers Load.
	LoadedMsg struct {
		N        uint64
		Set      *tables.Set
		Problems tables.Problems
		Err      error
	}
	// CheckedMsg answers Check.
	CheckedMsg struct {
		N        uint64
		Set      *tables.Set
		Config   *tables.Config
		Problems tables.Problems
		Err      error
	}
	// SavedMsg answers Save.
	SavedMsg struct {
		N   uint64
		Set *tables.Set
		Err error
	}
	// AppliedMsg answers Apply. Saved is the set that was written before,
	// nil when nothing was.
	AppliedMsg struct {
		N      uint64
		Saved  *tables.Set
		Status engine.TrialStatus
		Err    error
	}
	// TrialMsg answers Trial.
	TrialMsg struct {
		N       uint64
		Status  engine.TrialStatus
		Pending bool
		Err     error
	}
	// AnsweredMsg answers Confirm, Reject and Extend.
	AnsweredMsg struct {
		N      uint64
		What   Answer
		Status engine.TrialStatus
		Err    error
	}
	// AccountingMsg answers EnableAccounting.
	AccountingMsg struct {
		N   uint64
		Err error
	}
)

// Answer is what a person answers to a trial.
type Answer uint8

// The answers.
const (
	Confirm Answer = iota
	Reject
	Extend
)
