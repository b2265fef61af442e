package engine

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// ForeignDrift is what others did to their rules beside ours.
type ForeignDrift struct {
	// Since is when the confirmed rules came into force, or when somebody
	// looked first; zero when none are confirmed.
	Since           time.Time
	Docker, Foreign RuleChange
}

// RuleChange counts rules that came and went.
type RuleChange struct{ Added, Gone int }

// foreignRules counts rules of an owner by the hash of where they stand and
// what they say.
type foreignRules map[string]int

// foreignOf are the rules that are not ours, by owner.
func foreignOf(rs *ruleset.Ruleset) map[string]foreignRules {
	all := map[string]foreignRules{live.Docker.String(): {}, live.Foreign.String(): {}}
	for _, f := range ruleset.Families() {
		ts := rs.All(f)
		for _, t := range ts {
			for _, c := range t.Chains {
				rules := all[live.Owner(ts, t.Name, c.Name).String()]
				if rules == nil { // ours, or a built-in chain where anybody hooks
					continue
				}
				for _, r := range c.Rules {
					if !r.Owned() {
						rules[foreignKey(f, t.Name, c.Name, r)]++
					}
				}
			}
		}
	}
	return all
}

func foreignKey(f ruleset.Family, table, chain string, r *ruleset.Rule) string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %s %s ", f, table, chain)
	h.Write(r.AppendSpec(nil, f))
	return fmt.Sprintf("%x", h.Sum64())
}

// since counts what came and went since an earlier look.
func (now foreignRules) since(before foreignRules) RuleChange {
	var c RuleChange
	for key, n := range now {
		c.Added += max(n-before[key], 0)
	}
	for key, n := range before {
		c.Gone += max(n-now[key], 0)
	}
	return c
}

// ForeignDrift compares the rules of others with what they were when ours came
// into force.
func (e *Engine) ForeignDrift(ctx context.Context) (ForeignDrift, error) {
	gen, ok := apply.Current(e.paths)
	if !ok {
		return ForeignDrift{}, nil
	}
	rs, err := e.kernel.Read(ctx)
	if err != nil {
		return ForeignDrift{}, fmt.Errorf("read the live ruleset: %w", err)
	}
	base, err := e.baseline(ctx, gen.ID, rs)
	if err != nil {
		return ForeignDrift{}, err
	}
	now := foreignOf(rs)
	change := func(o live.ChainOwner) RuleChange { return now[o.String()].since(base.Others[o.String()]) }
	return ForeignDrift{Since: base.At, Docker: change(live.Docker), Foreign: change(live.Foreign)}, nil
}
