package engine

import (
	"context"
	"fmt"

	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// Explainer walks a packet through the rules that run and, beside them, through
// those that would run after an apply of a set of tables.
type Explainer interface {
	ExplainBoth(ctx context.Context, set *tables.Set, q Question) (BothWays, error)
}

// Question is a packet to explain. An empty In asks the routes by which
// interface it comes, FW means that this host sends it. An empty Out asks the
// routes too, FW means that this host receives it.
type Question struct {
	Packet ruleset.Packet // without Out
	Out    string
}

// BothWays is the way of one packet today and after an apply.
type BothWays struct {
	Packet ruleset.Packet // as asked, with the interface that it comes in by
	Live   *Explanation
	// Staged is nil when the tables have errors; then Problems has them.
	Staged   *Explanation
	Problems tables.Problems
}

// ExplainBoth walks a packet through the live rules, and through those that an
// apply of the set would leave: foreign chains as they are now, ours as
// compiled.
func (e *Engine) ExplainBoth(ctx context.Context, set *tables.Set, q Question) (BothWays, error) {
	p, err := e.Arriving(q)
	if err != nil {
		return BothWays{}, err
	}
	facts := e.checkFacts() // on this thread, whose network namespace it asks
	now, err := e.kernel.Read(ctx)
	if err != nil {
		return BothWays{}, fmt.Errorf("read the live ruleset: %w", err)
	}
	to := route(q.Out)
	both := BothWays{Packet: p, Live: walk(now, e.rowNames(), p, to)}
	cfg, problems := set.Check(facts)
	hook4, hook6 := futureHooks(now, cfg)
	compiled, problems := e.compile(cfg, problems, hook4, hook6)
	both.Problems = problems
	if compiled == nil {
		return both, nil
	}
	both.Staged = Walk(plan.After(now, target(compiled), e.owned()), set, compiled.Rows, p, to)
	return both, nil
}

// Arriving is the packet of a question with where it comes from, and by which
// interface it leaves when this host sends it. It fails when no route leads to
// the source.
func (e *Engine) Arriving(q Question) (ruleset.Packet, error) {
	p := q.Packet
	if p.In == "" {
		local, name := routeTo(p.Src)
		if !local && name == "" {
			return p, fmt.Errorf("explain %s: no route to the source; name the interface that it comes in by", p.Src)
		}
		p.In = name
		if local {
			p.In = tables.FW
		}
	}
	if p.In == tables.FW { // what this host sends was routed before the rules see it
		p.In, p.Out = "", q.Out
		if p.Out == "" {
			_, p.Out = routeTo(p.Dst)
		}
	}
	return p, nil
}

// Same reports whether the packet meets the same rules with the same answers
// both ways.
func (b *BothWays) Same() bool {
	if b.Staged == nil || len(b.Live.Steps) != len(b.Staged.Steps) || b.Live.Outcome != b.Staged.Outcome || b.Live.With != b.Staged.With {
		return false
	}
	f := b.Packet.Family()
	for i, live := range b.Live.Steps {
		staged := b.Staged.Steps[i]
		if live.Table != staged.Table || live.Chain != staged.Chain || live.Matched != staged.Matched || live.Rule.Spec(f) != staged.Rule.Spec(f) {
			return false
		}
	}
	return true
}
