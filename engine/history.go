package engine

import (
	"errors"
	"fmt"

	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// Historian tells what is left of earlier applies.
type Historian interface {
	// Recall compares a generation with another one.
	Recall(id string, against Against) (*Recalled, error)
	// PastTables are the tables of a generation.
	PastTables(id string) (*tables.Set, error)
}

// Against is what a generation is compared with.
type Against uint8

// Predecessor is the generation that was confirmed when this one was applied;
// Now the one that is confirmed now.
const (
	Predecessor Against = iota
	Now
)

// ErrPruned says that a generation is not on disk any more.
var ErrPruned = errors.New("its rules and tables are not kept any more")

// Recalled is a generation beside another one.
type Recalled struct {
	Generation
	// Base is what it is compared with; nil for nothing, as for the first
	// generation.
	Base   *Generation
	Review *Review
	Diff   *plan.Diff
}

// Recall compares a generation with another one: rows by their tables, rules as
// they were stored. Nothing is asked of the kernel.
func (e *Engine) Recall(id string, against Against) (*Recalled, error) {
	gen, ok := apply.Find(e.paths, id)
	if !ok {
		return nil, ErrPruned
	}
	base, err := e.baseOf(gen, against)
	if err != nil {
		return nil, err
	}
	after, err := e.side(gen)
	if err != nil {
		return nil, err
	}
	before := side{set: tables.NewSet(), want: plan.Target{Rules: &ruleset.Ruleset{}}}
	var own plan.Ownership
	if base != nil {
		own = base.Own
		if before, err = e.side(*base); err != nil {
			return nil, err
		}
	}
	d := plan.Compare(before.want.Rules, after.want, own)
	d.Hooks = hooksBetween(before.want.Hooks, after.want.Hooks)
	review := NewReview(Sides{
		Before: before.set, After: after.set, BeforeRows: before.rows, AfterRows: after.rows, Rules: after.want.Rules, Diff: d,
	})
	review.Against = base
	return &Recalled{Generation: gen, Base: base, Review: review, Diff: d}, nil
}

// baseOf finds what a generation is compared with; nil for nothing.
func (e *Engine) baseOf(gen Generation, against Against) (*Generation, error) {
	if against == Now {
		if now, ok := apply.Current(e.paths); ok {
			return &now, nil
		}
		return nil, nil
	}
	if gen.Previous == "" {
		return nil, nil
	}
	before, ok := apply.Find(e.paths, gen.Previous)
	if !ok {
		return nil, fmt.Errorf("generation %s, which it followed: %w", gen.Previous, ErrPruned)
	}
	return &before, nil
}

// side is a stored generation.
type side struct {
	set  *tables.Set
	rows map[string]RowRef
	want plan.Target
}

func (e *Engine) side(g Generation) (s side, err error) {
	if s.want, err = g.Target(); err != nil {
		return s, err
	}
	s.set, s.rows, err = e.past(g)
	return s, err
}

// hooksBetween lists the hooks that come and go.
func hooksBetween(before, after []ruleset.Hook) []plan.HookDiff {
	had := make(map[ruleset.Hook]bool)
	for _, h := range before {
		had[h] = true
	}
	var list []plan.HookDiff
	for _, h := range after {
		if !had[h] {
			list = append(list, plan.HookDiff{Hook: h, Op: plan.Add})
		}
		delete(had, h)
	}
	for _, h := range before {
		if had[h] {
			list = append(list, plan.HookDiff{Hook: h, Op: plan.Remove})
		}
	}
	return list
}

// PastTables are the tables of a generation.
func (e *Engine) PastTables(id string) (*tables.Set, error) {
	gen, ok := apply.Find(e.paths, id)
	if !ok {
		return nil, ErrPruned
	}
	// What is put back into force must be what was stored.
	if _, err := gen.Target(); err != nil {
		return nil, err
	}
	set, problems := tables.Load(gen.Tables())
	if problems.HasErrors() {
		return nil, fmt.Errorf("tables of generation %s: %w", id, problems[0])
	}
	return set, nil
}

// changes counts what an apply of a preview changes, for the history.
func (e *Engine) changes(p *Preview) *Changes {
	c := &Changes{}
	for _, f := range ruleset.Families() {
		n := p.Diff.Counts(f)
		c.Added += n.Added
		c.Gone += n.Gone
	}
	before := e.appliedTables()
	if before == nil {
		before = tables.NewSet()
	}
	after := tables.NewSet()
	for _, k := range tables.Kinds() {
		after = after.With(tables.Parse(k, p.Tables[k.String()]))
	}
	c.Rows = len(tables.CompareRows(before, after))
	return c
}
