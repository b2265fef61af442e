package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/compile"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// ErrProblems says that the tables have errors and were not compiled.
var ErrProblems = errors.New("the tables have errors")

// Check finds every problem, with the facts of this host.
func (e *Engine) Check(set *tables.Set) (*tables.Config, tables.Problems) {
	return set.Check(e.checkFacts())
}

// Compile compiles without looking at the live ruleset: the forward hook is
// where it is without Docker. It needs no privilege.
func (e *Engine) Compile(set *tables.Set) (*Compiled, tables.Problems) {
	cfg, problems := e.Check(set)
	return e.compile(cfg, problems, ruleset.Forward, ruleset.Forward)
}

// compile compiles checked tables for given forward hooks; the result is nil
// when there are errors.
func (e *Engine) compile(cfg *tables.Config, problems tables.Problems, hook4, hook6 string) (*Compiled, tables.Problems) {
	if problems.HasErrors() {
		return nil, problems
	}
	facts, err := e.compileFacts(cfg)
	if err != nil {
		return nil, append(problems, tables.Problem{File: "rules", Cell: -1, Severity: tables.Error, Text: err.Error()})
	}
	facts.ForwardHook4, facts.ForwardHook6 = hook4, hook6
	result, more := compile.Compile(cfg, facts)
	problems = append(problems, more...)
	problems.Sort()
	if problems.HasErrors() {
		return nil, problems
	}
	return result, problems
}

// Preview compiles the tables and compares the result with the kernel. With
// errors in the tables the Preview holds only them, and the error is
// ErrProblems.
func (e *Engine) Preview(ctx context.Context, set *tables.Set) (*Preview, error) {
	var cfg *tables.Config
	var problems tables.Problems
	var beside sync.WaitGroup
	facts := e.checkFacts() // on this thread, whose network namespace it asks
	beside.Go(func() { cfg, problems = set.Check(facts) })
	now, err := e.kernel.Read(ctx)
	beside.Wait()
	if err != nil {
		return nil, fmt.Errorf("read the live ruleset: %w", err)
	}
	hook4, hook6 := futureHooks(now, cfg)
	compiled, problems := e.compile(cfg, problems, hook4, hook6)
	p := &Preview{Compiled: compiled, Live: now, Problems: problems, At: time.Now(), Tables: tableBytes(set)}
	if compiled == nil {
		return p, ErrProblems
	}
	own := e.owned()
	p.adopted = leftBehind(now, cfg, own)
	own.Sets = slices.Concat(own.Sets, p.adopted)
	beside.Go(func() { p.Fingerprint = plan.Fingerprint(now, own) })
	p.Diff = plan.Compare(now, target(compiled), own)
	p.config, p.own = cfg, own
	beside.Wait()
	p.Countdown = time.Duration(cfg.Options.Countdown) * time.Second
	p.Lockout = lockout(compiled, set, e.admin())
	return p, nil
}

// target is what a compiled ruleset wants of the kernel.
func target(c *Compiled) plan.Target { return plan.Target{Rules: c.Rules, Hooks: c.Hooks} }

// owned is what the confirmed generation recorded as ours.
func (e *Engine) owned() plan.Ownership {
	gen, _ := apply.Current(e.paths)
	return gen.Own
}

// leftBehind are the sets that MicroFW made for these tables and that nobody
// uses. There is nothing to look for on a host whose sets are all recorded.
func leftBehind(now *ruleset.Ruleset, cfg *tables.Config, own plan.Ownership) []string {
	for name := range now.Sets {
		if !slices.Contains(own.Sets, name) {
			return plan.Unused(now, compile.MicroFWSets(cfg))
		}
	}
	return nil
}

// appliedTables are the tables of the confirmed generation; nil when there is
// none, or when they cannot be read.
func (e *Engine) appliedTables() *tables.Set {
	gen, ok := apply.Current(e.paths)
	if !ok {
		return nil
	}
	set, problems := tables.Load(gen.Tables())
	if problems.HasErrors() {
		return nil
	}
	return set
}
