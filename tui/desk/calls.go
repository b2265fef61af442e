package desk

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
)

// Calls makes the commands that ask the engine. Each takes the request that
// waits for its answer. A command never panics: an engine that does is an
// error of that call, and the console lives on.
type Calls struct {
	ctx     context.Context
	backend engine.Backend
	last    uint64
}

// NewCalls makes the commands for a backend; ctx ends them all.
func NewCalls(ctx context.Context, b engine.Backend) *Calls { return &Calls{ctx: ctx, backend: b} }

// The longest that a call may take. Reading a large ruleset on a busy host
// takes a second or two; an apply has time limits of its own.
const (
	readLimit   = 30 * time.Second
	answerLimit = 15 * time.Second
)

// Number notes a call that the request waits for, and gives it a number that no
// other call of these has.
func (c *Calls) Number(r *Request) uint64 {
	c.last++
	return r.start(c.last)
}

// PanicError is a panic of the engine.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("internal error: %v", e.Value) }

// try calls the engine and turns a panic into an error.
func try[T any](f func() (T, error)) (v T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &PanicError{Value: r, Stack: debug.Stack()}
		}
	}()
	return f()
}

// within calls the engine with a time limit.
func within[T any](ctx context.Context, limit time.Duration, f func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return try(func() (T, error) { return f(ctx) })
}

// Load reads the tables from disk.
func (c *Calls) Load(r *Request) tea.Cmd {
	m := LoadedMsg{N: c.Number(r)}
	return func() tea.Msg {
		m.Set, m.Err = try(func() (set *tables.Set, err error) {
			set, m.Problems = c.backend.Load()
			return set, nil
		})
		return m
	}
}

// Check finds the problems of a set.
func (c *Calls) Check(r *Request, set *tables.Set) tea.Cmd {
	m := CheckedMsg{N: c.Number(r), Set: set}
	return func() tea.Msg {
		m.Config, m.Err = try(func() (cfg *tables.Config, err error) {
			cfg, m.Problems = c.backend.Check(set)
			return cfg, nil
		})
		return m
	}
}

// Save writes a set to disk.
func (c *Calls) Save(r *Request, set *tables.Set) tea.Cmd {
	m := SavedMsg{N: c.Number(r), Set: set}
	return func() tea.Msg {
		_, m.Err = try(func() (struct{}, error) { return struct{}{}, c.backend.Save(set) })
		return m
	}
}

// Apply saves the set when it is not nil, and then applies the preview.
func (c *Calls) Apply(r *Request, save *tables.Set, p *engine.Preview, req engine.ApplyRequest) tea.Cmd {
	m := AppliedMsg{N: c.Number(r)}
	return func() tea.Msg {
		m.Status, m.Err = try(func() (engine.TrialStatus, error) {
			if save != nil {
				if err := c.backend.Save(save); err != nil {
					return engine.TrialStatus{}, err
				}
				m.Saved = save
			}
			return c.backend.Apply(c.ctx, p, req)
		})
		return m
	}
}

// Trial asks whether a transaction is pending.
func (c *Calls) Trial(r *Request) tea.Cmd {
	m := TrialMsg{N: c.Number(r)}
	return func() tea.Msg {
		m.Status, m.Err = within(c.ctx, answerLimit, func(ctx context.Context) (st engine.TrialStatus, err error) {
			st, m.Pending, err = c.backend.Trial(ctx)
			return st, err
		})
		return m
	}
}

// Confirm keeps the new rules.
func (c *Calls) Confirm(r *Request, code string) tea.Cmd {
	return c.answer(r, Confirm, func(ctx context.Context) (engine.TrialStatus, error) { return c.backend.Confirm(ctx, code) })
}

// Reject brings the old rules back.
func (c *Calls) Reject(r *Request) tea.Cmd { return c.answer(r, Reject, c.backend.Reject) }

// Extend gives the trial more time.
func (c *Calls) Extend(r *Request, by time.Duration) tea.Cmd {
	return c.answer(r, Extend, func(ctx context.Context) (engine.TrialStatus, error) { return c.backend.Extend(ctx, by) })
}

func (c *Calls) answer(r *Request, what Answer, f func(context.Context) (engine.TrialStatus, error)) tea.Cmd {
	m := AnsweredMsg{N: c.Number(r), What: what}
	return func() tea.Msg {
		m.Status, m.Err = within(c.ctx, answerLimit, f)
		return m
	}
}

// Status asks how things stand.
func (c *Calls) Status(r *Request) tea.Cmd { return read(c, r, c.backend.Status) }

// History lists what was applied.
func (c *Calls) History(r *Request) tea.Cmd {
	return read(c, r, func(context.Context) ([]engine.Generation, error) { return c.backend.History() })
}

// Counters reads every counter.
func (c *Calls) Counters(r *Request) tea.Cmd { return read(c, r, c.backend.Counters) }

// read makes the command of a call that only reads.
func read[T any](c *Calls, r *Request, f func(context.Context) (T, error)) tea.Cmd {
	m := Reply[T]{N: c.Number(r)}
	return func() tea.Msg {
		m.Value, m.Err = within(c.ctx, readLimit, f)
		return m
	}
}

// EnableAccounting switches the byte counters of conntrack on.
func (c *Calls) EnableAccounting(r *Request) tea.Cmd {
	m := AccountingMsg{N: c.Number(r)}
	return func() tea.Msg {
		_, m.Err = try(func() (struct{}, error) { return struct{}{}, c.backend.EnableAccounting() })
		return m
	}
}
