package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/tables"
)

// The bounds of the countdown.
const (
	MinTimeout = 10 * time.Second
	MaxTimeout = 10 * time.Minute
)

// Apply starts the transaction for what p shows and returns when the trial
// runs, or, with Yes, when it is confirmed. Before the flip nothing changes: an
// error means that the live ruleset is what it was.
func (e *Engine) Apply(ctx context.Context, p *Preview, req ApplyRequest) (TrialStatus, error) {
	if p.Compiled == nil {
		return TrialStatus{}, ErrProblems
	}
	if req.Timeout == 0 {
		req.Timeout = p.Countdown
	}
	if req.Timeout < MinTimeout || req.Timeout > MaxTimeout {
		return TrialStatus{}, fmt.Errorf("timeout must be %d–%d seconds", int(MinTimeout.Seconds()), int(MaxTimeout.Seconds()))
	}
	st, err := apply.Start(ctx, e.kernel, e.paths, apply.Request{
		Want:        target(p.Compiled),
		Tables:      p.Tables,
		Adopt:       p.adopted,
		Fingerprint: p.Fingerprint,
		Timeout:     req.Timeout,
		Yes:         req.Yes,
		Admin:       e.admin(),
		Who:         e.who(),
		Override:    req.Override,
		Changes:     e.changes(p),
		Guardian:    e.cfg.Guardian,
	})
	if err == nil && st.State == OnTrial {
		e.markFlip(ctx, st.ID)
	}
	return st, err
}

// Trial asks for the pending transaction; false when there is none.
func (e *Engine) Trial(ctx context.Context) (TrialStatus, bool, error) {
	return apply.Query(ctx, e.paths)
}

// WaitTrial blocks until the transaction has ended, calling watch with each
// status on the way.
func (e *Engine) WaitTrial(ctx context.Context, id string, watch func(TrialStatus)) (TrialStatus, error) {
	return apply.Wait(ctx, e.paths, id, watch)
}

// Confirm keeps the new rules; an empty code confirms whatever is pending.
func (e *Engine) Confirm(ctx context.Context, code string) (TrialStatus, error) {
	return apply.Confirm(ctx, e.paths, code, e.who())
}

// Reject brings the old rules back now.
func (e *Engine) Reject(ctx context.Context) (TrialStatus, error) {
	return apply.Reject(ctx, e.paths, "rejected by "+e.who(), e.who())
}

// Extend gives the trial more time.
func (e *Engine) Extend(ctx context.Context, by time.Duration) (TrialStatus, error) {
	return apply.Extend(ctx, e.paths, by)
}

// Recover finishes or undoes what a dead process left, and says what it did.
// Every command that looks at the kernel calls it first.
func (e *Engine) Recover(ctx context.Context) (string, error) {
	return apply.Recover(ctx, e.kernel, e.paths)
}

// Boot loads the confirmed generation and says what was loaded. It does not
// load the tables as they are now; when these have errors it says so too, since
// nobody watches a machine that comes up.
func (e *Engine) Boot(ctx context.Context) (string, error) {
	did, err := apply.Boot(ctx, e.kernel, e.paths)
	if broken := e.brokenTables(); broken != "" && did != "" {
		did += "; " + broken
	}
	return did, err
}

// brokenTables names the first error of the tables on disk.
func (e *Engine) brokenTables() string {
	set, problems := e.Load()
	if !problems.HasErrors() {
		_, problems = e.Check(set)
	}
	for _, p := range problems {
		if p.Severity == tables.Error {
			return fmt.Sprintf("the tables in %s have errors, the first is %v", e.cfg.Dir, p)
		}
	}
	return ""
}

// Teardown removes our hooks, chains and recorded sets.
func (e *Engine) Teardown(ctx context.Context) error {
	return apply.Teardown(ctx, e.kernel, e.paths)
}

// History lists the applied generations, newest first.
func (e *Engine) History() ([]Generation, error) { return apply.History(e.paths) }

// Status says how things stand. It reads the kernel and changes nothing.
func (e *Engine) Status(ctx context.Context) (Status, error) {
	caps, err := e.can.ask(ctx, e.kernel)
	if err != nil {
		return Status{}, err
	}
	now, err := e.kernel.Read(ctx)
	if err != nil {
		return Status{}, fmt.Errorf("read the live ruleset: %w", err)
	}
	st := Status{Backend: caps.Backend, Version: caps.Version, Warnings: warnings(caps)}
	if trial, pending, err := e.Trial(ctx); err != nil {
		return st, err
	} else if pending {
		st.Trial = &trial
	}
	gen, ok := apply.Current(e.paths)
	if !ok {
		return st, nil
	}
	st.Current = &gen
	want, err := gen.Target()
	if err != nil {
		gen.Damaged = err
		return st, nil
	}
	st.Hooks, st.Unapplied = plan.HooksIn(now, want), e.unapplied()
	st.Drift = plan.Compare(now, want, gen.Own)
	if noEngineYet(now, e.naming().config) {
		st.Warnings = append(st.Warnings, engineToCome)
	}
	return st, nil
}

// unapplied are the tables on disk that differ from those of the confirmed
// generation; none when one of the two cannot be read.
func (e *Engine) unapplied() []tables.Kind {
	applied := e.appliedTables()
	saved, problems := e.readTables()
	if applied == nil || saved == nil || problems.HasErrors() {
		return nil
	}
	return saved.Changed(applied)
}

// warnings are what the capabilities of a host deserve to have said.
func warnings(caps host.Capabilities) []string {
	var list []string
	if len(caps.OtherTables) > 0 {
		list = append(list, bothBackEnds(caps))
	}
	if !caps.DeadMan {
		list = append(list, "the kernel cannot roll back by itself, it lacks "+strings.Join(caps.Missing, ", "))
	}
	return list
}

// bothBackEnds warns that two back ends decide, and names the one in use.
func bothBackEnds(caps host.Capabilities) string {
	return fmt.Sprintf("iptables (%s) is in use here, and the other back end holds rules too (%s): both decide", caps.Backend, strings.Join(caps.OtherTables, ", "))
}

// Guard is the guardian process, see apply.Guard.
func Guard(ctx context.Context, args []string) error {
	return apply.Guard(ctx, host.NewReal(host.Options{}), args)
}

// tableBytes are the bytes of every table that is not empty or must exist, as
// a generation keeps them.
func tableBytes(set *tables.Set) map[string][]byte {
	files := make(map[string][]byte)
	for _, k := range tables.Kinds() {
		if data := set.File(k).Bytes(); len(data) > 0 || !k.Optional() {
			files[k.String()] = data
		}
	}
	return files
}
