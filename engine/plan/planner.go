package plan

import (
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// planner holds what every plan starts from: live and want, what is ours in
// live, and where the hooks belong.
type planner struct {
	live, want *ruleset.Ruleset
	mine       mine
	taken      []*TakenError
	hooks      []ruleset.Hook // where they can stand in live
	hookDiffs  []HookDiff

	// What findChanges finds.
	changedSets map[string]bool
	changed     map[chainKey]bool
}

func newPlanner(live *ruleset.Ruleset, want Target, own Ownership) *planner {
	p := &planner{live: live, want: oursOf(want)}
	p.mine = ownerOf(live, p.want, own)
	p.taken = p.mine.taken(live, p.want)
	p.hooks = wantedHooks(live, want)
	p.hookDiffs = compareHooks(live, p.hooks, p.mine)
	return p
}

// oursOf is want without the built-in and foreign chains that a compiled
// ruleset lists to carry the hooks.
func oursOf(want Target) *ruleset.Ruleset {
	out := &ruleset.Ruleset{}
	if want.Rules == nil {
		return out
	}
	out.Sets = want.Rules.Sets
	for _, f := range ruleset.Families() {
		for _, t := range *want.Rules.Tables(f) {
			ours := &ruleset.Table{Name: t.Name}
			for _, c := range t.Chains {
				carrier := slices.ContainsFunc(want.Hooks, func(h ruleset.Hook) bool {
					return h.Family == f && h.Table == t.Name && h.From == c.Name
				})
				if !isBuiltin(c) && !carrier {
					ours.Chains = append(ours.Chains, c)
				}
			}
			tables := out.Tables(f)
			*tables = append(*tables, ours)
		}
	}
	return out
}

// tableNames lists the tables that live or want has: the filter table first,
// so that a load which fails halfway has closed before it translates.
func (p *planner) tableNames(f ruleset.Family) []string {
	names := []string{ruleset.Filter}
	for _, ts := range []*ruleset.Tables{p.want.Tables(f), p.live.Tables(f)} {
		for _, t := range *ts {
			if !slices.Contains(names, t.Name) {
				names = append(names, t.Name)
			}
		}
	}
	return names
}

// wantChains are the wanted chains of a table.
func (p *planner) wantChains(f ruleset.Family, table string) []*ruleset.Chain {
	if t := p.want.Tables(f).Table(table); t != nil {
		return t.Chains
	}
	return nil
}

func (p *planner) liveChains(f ruleset.Family, table string) []*ruleset.Chain {
	if t := p.live.Tables(f).Table(table); t != nil {
		return t.Chains
	}
	return nil
}

// liveRules are the rules of a chain of ours in live, without those of a
// trial; none when the chain is absent.
func (p *planner) liveRules(f ruleset.Family, table, chain string) []*ruleset.Rule {
	if !p.mine.chains[chainKey{f, table, chain}] {
		return nil
	}
	return settled(p.live.Tables(f).Chain(table, chain))
}

// dropped are the chains of ours in live that want does not have.
func (p *planner) dropped(f ruleset.Family, table string) []*ruleset.Chain {
	var out []*ruleset.Chain
	for _, c := range p.liveChains(f, table) {
		if p.mine.chains[chainKey{f, table, c.Name}] && p.want.Tables(f).Chain(table, c.Name) == nil {
			out = append(out, c)
		}
	}
	return out
}

// droppedSets are the sets of ours in live that want does not have.
func (p *planner) droppedSets() []*ruleset.Set {
	var out []*ruleset.Set
	for _, name := range p.live.Sets.Names() {
		if p.mine.sets[name] && p.want.Sets[name] == nil {
			out = append(out, p.live.Sets[name])
		}
	}
	return out
}

// stagedChains are the chains of a table that only a trial has.
func (p *planner) stagedChains(f ruleset.Family, table string) []*ruleset.Chain {
	return slices.DeleteFunc(slices.Clone(p.liveChains(f, table)), func(c *ruleset.Chain) bool { return !isStaged(c.Name) })
}

// findChanges finds the sets that differ and the wanted chains that decide
// differently from live: by their own rules, because they name a set that
// differs, or because they lead to a chain that does.
func (p *planner) findChanges() {
	p.changedSets = map[string]bool{}
	for name, s := range p.want.Sets {
		if !p.mine.sets[name] || !p.live.Sets[name].Equal(s) {
			p.changedSets[name] = true
		}
	}
	p.changed = map[chainKey]bool{}
	for _, f := range ruleset.Families() {
		for _, t := range *p.want.Tables(f) {
			p.findChangedChains(f, t)
		}
	}
}

func (p *planner) findChangedChains(f ruleset.Family, t *ruleset.Table) {
	callers := map[string][]string{}
	var queue []string
	for _, c := range t.Chains {
		key := chainKey{f, t.Name, c.Name}
		changed := !p.mine.chains[key] || !sameVerdicts(f, p.liveRules(f, t.Name, c.Name), c.Rules)
		for _, r := range c.Rules {
			if to := r.JumpsTo(); to != "" {
				callers[to] = append(callers[to], c.Name)
			}
			changed = changed || slices.ContainsFunc(r.SetNames(), func(s string) bool { return p.changedSets[s] })
		}
		if changed {
			queue = append(queue, c.Name)
		}
	}
	for len(queue) > 0 {
		key := chainKey{f, t.Name, queue[0]}
		queue = queue[1:]
		if !p.changed[key] {
			p.changed[key] = true
			queue = append(queue, callers[key.chain]...)
		}
	}
}

// restaged returns a rule as it stands in a staged chain: leading to staged
// chains and naming staged sets where those differ from live.
func (p *planner) restaged(f ruleset.Family, table string, r *ruleset.Rule) *ruleset.Rule {
	if to := r.JumpsTo(); to != "" && p.changed[chainKey{f, table, to}] {
		j := r.Target.(ruleset.Jump)
		j.Chain = stagedChain(j.Chain)
		r = withTarget(r, j)
	}
	return withSets(r, p.changedSets)
}

func withTarget(r *ruleset.Rule, t ruleset.Target) *ruleset.Rule {
	c := *r
	c.Target = t
	return &c
}

// withSets returns a rule that names the staged copies of these sets.
func withSets(r *ruleset.Rule, staged map[string]bool) *ruleset.Rule {
	copied := false
	for i, m := range r.Matches {
		s, ok := m.(ruleset.MatchSet)
		if !ok || !staged[s.Name] {
			continue
		}
		if !copied {
			c := *r
			c.Matches = slices.Clone(r.Matches)
			r, copied = &c, true
		}
		s.Name = stagedSet(s.Name)
		r.Matches[i] = s
	}
	return r
}

func withCounters(r *ruleset.Rule, c ruleset.Counters) *ruleset.Rule {
	if r.Counters == c {
		return r
	}
	out := *r
	out.Counters = c
	return &out
}
