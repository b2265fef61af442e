package plan

import (
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// carried are the counters that the rules of a wanted chain take over: those
// of the same rule in the live chain, and those of its staged copy.
func (l *loader) carried(f ruleset.Family, table string, c *ruleset.Chain) []ruleset.Counters {
	key := chainKey{f, table, c.Name}
	if counters, ok := l.counters[key]; ok {
		return counters
	}
	counters := make([]ruleset.Counters, len(c.Rules))
	addCounters(counters, f, l.liveRules(f, table, c.Name), c.Rules)
	if twin := l.live.Tables(f).Chain(table, stagedChain(c.Name)); twin != nil {
		rules := make([]*ruleset.Rule, len(twin.Rules))
		for i, r := range twin.Rules {
			rules[i] = l.unstaged(r)
		}
		addCounters(counters, f, rules, c.Rules)
	}
	l.counters[key] = counters
	return counters
}

// addCounters adds the counters of old rules to those of the same new rules:
// first the rules that are the same in words and comment, then, of the rest,
// those that are the same in words. Where several are alike, order decides.
func addCounters(sum []ruleset.Counters, f ruleset.Family, old, rules []*ruleset.Rule) {
	if !slices.ContainsFunc(old, counted) {
		return
	}
	oldTaken, taken := make([]bool, len(old)), make([]bool, len(rules))
	for _, key := range []func(*ruleset.Rule) string{
		func(r *ruleset.Rule) string { return ruleKey(f, r) },
		func(r *ruleset.Rule) string { return r.Spec(f) },
	} {
		places := map[string][]int{}
		for i, r := range old {
			if !oldTaken[i] {
				places[key(r)] = append(places[key(r)], i)
			}
		}
		for i, r := range rules {
			if taken[i] {
				continue
			}
			k := key(r)
			if at := places[k]; len(at) > 0 {
				sum[i] = sum[i].Add(old[at[0]].Counters)
				taken[i], oldTaken[at[0]] = true, true
				places[k] = at[1:]
			}
		}
	}
}

// unstaged returns a rule of a staged chain as it stands in the canonical one.
func (l *loader) unstaged(r *ruleset.Rule) *ruleset.Rule {
	out := *r
	if to, ok := l.original[r.JumpsTo()]; ok {
		j := r.Target.(ruleset.Jump)
		j.Chain = to
		out.Target = j
	}
	for i, m := range r.Matches {
		s, ok := m.(ruleset.MatchSet)
		if !ok || l.original[s.Name] == "" {
			continue
		}
		if &out.Matches[0] == &r.Matches[0] {
			out.Matches = slices.Clone(r.Matches)
		}
		s.Name = l.original[s.Name]
		out.Matches[i] = s
	}
	return &out
}

func counted(r *ruleset.Rule) bool { return r.Counters != ruleset.Counters{} }

func hasCounted(c *ruleset.Chain) bool { return c != nil && slices.ContainsFunc(c.Rules, counted) }
