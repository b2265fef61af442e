package plan

import (
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// After is the live ruleset as it will be when want is in force: foreign
// chains and sets as they are, ours as wanted, and our hooks where they belong.
// It is what a packet will meet; counters are those of live where the rule is
// live's, and zero where it is want's. The result shares rules with both and
// is for reading.
func After(live *ruleset.Ruleset, want Target, own Ownership) *ruleset.Ruleset {
	p := newPlanner(live, want, own)
	out := &ruleset.Ruleset{Sets: ruleset.Sets{}, Beside4: live.Beside4, Beside6: live.Beside6}
	for name, s := range live.Sets {
		if !p.mine.sets[name] && !isTrialSet(name) {
			out.Sets[name] = s
		}
	}
	for name, s := range p.want.Sets {
		out.Sets[name] = s
	}
	for _, f := range ruleset.Families() {
		for _, table := range p.tableNames(f) {
			tables := out.Tables(f)
			*tables = append(*tables, p.tableAfter(f, table))
		}
	}
	return out
}

func (p *planner) tableAfter(f ruleset.Family, name string) *ruleset.Table {
	t := &ruleset.Table{Name: name}
	for _, c := range p.liveChains(f, name) {
		if !isStaged(c.Name) && !p.mine.chains[chainKey{f, name, c.Name}] {
			kept := *c
			kept.Rules = p.foreignRules(f, name, c)
			t.Chains = append(t.Chains, &kept)
		}
	}
	for _, d := range p.hookDiffs {
		if d.Family == f && d.Table == name && d.Op != Remove {
			from := t.Ensure(d.From)
			if from.Policy == "" && isBuiltin(from) {
				from.Policy = "ACCEPT" // of a table that did not exist
			}
			from.Rules = append([]*ruleset.Rule{hookRule(d.To)}, from.Rules...)
		}
	}
	for _, c := range p.wantChains(f, name) {
		t.Ensure(c.Name).Rules = c.Rules
	}
	return t
}

// foreignRules are the rules of a foreign chain that stay.
func (p *planner) foreignRules(f ruleset.Family, table string, c *ruleset.Chain) []*ruleset.Rule {
	return slices.DeleteFunc(slices.Clone(c.Rules), func(r *ruleset.Rule) bool { return !p.stays(f, table, c.Name, r) })
}

// stays reports whether a rule of a foreign chain is left alone: it is neither
// of a trial nor a hook that is to go, if only to come back in another place.
func (p *planner) stays(f ruleset.Family, table, chain string, r *ruleset.Rule) bool {
	if isTrialRule(r) {
		return false
	}
	h := ruleset.Hook{Family: f, Table: table, From: chain, To: r.JumpsTo()}
	return !isHook(table, r) || !slices.ContainsFunc(p.hookDiffs, func(d HookDiff) bool { return d.Hook == h })
}
