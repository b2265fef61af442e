package reach

import (
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Unreachable is a rule that no packet of those that this package is about can
// reach in its chain, and the rules before it that decide about them.
type Unreachable struct {
	Family       ruleset.Family
	Table, Chain string
	Rule         *ruleset.Rule
	By           []*ruleset.Rule
}

// coverLimit bounds how many covering rules are named.
const coverLimit = 3

// FindUnreachable finds the rules of ours that can never match, in every chain
// of the filter table, because of the rules before them in that chain. A rule
// that matches nothing by itself is not listed: an empty set may be filled.
func FindUnreachable(rs *ruleset.Ruleset, facts Facts) []Unreachable {
	var list []Unreachable
	for _, f := range ruleset.Families() {
		x := newInterfaces(f, facts.Interfaces, rs)
		w := newWorld(f, newSpace(f == ruleset.V6, x.count()), x, rs, facts)
		table := rs.Tables(f).Table(ruleset.Filter)
		if table == nil {
			continue
		}
		for _, c := range table.Chains {
			for _, r := range w.unreached(w.runs(c.Rules), nothing, nil) {
				list = append(list, Unreachable{f, ruleset.Filter, c.Name, r, w.covering(c.Rules, r)})
			}
		}
	}
	return list
}

// filtering is the moment at which the rules of the filter table are asked.
var filtering = moment{state: ruleset.StateNew, outKnown: true}

// run is a run of rules, as a tree of halves: what they match, and what they
// decide about.
type run struct {
	rule             *ruleset.Rule // of a run of one
	matched, decided set
	first, second    *run
}

// runs makes the tree of a chain's rules; nil for none.
func (w *world) runs(rules []*ruleset.Rule) *run {
	if len(rules) < 2 {
		if len(rules) == 0 {
			return nil
		}
		matched, known := w.condition(rules[0], filtering)
		if !known {
			matched = nothing
		}
		return &run{rule: rules[0], matched: matched, decided: w.decided(w.rule(ruleset.Filter, rules[0], filtering))}
	}
	half := len(rules) / 2
	a, b := w.runs(rules[:half]), w.runs(rules[half:])
	return &run{matched: w.space.or(a.matched, b.matched), decided: w.space.or(a.decided, b.decided), first: a, second: b}
}

// unreached adds the rules of a run that the rules before it leave nothing to.
// Of what these decided only the part is looked at that concerns the run: that
// keeps diagrams small.
func (w *world) unreached(r *run, before set, found []*ruleset.Rule) []*ruleset.Rule {
	if r == nil {
		return found
	}
	before = w.space.and(before, r.matched)
	if r.rule == nil {
		found = w.unreached(r.first, before, found)
		return w.unreached(r.second, w.space.or(before, r.first.decided), found)
	}
	if judges(r.rule) && r.matched != nothing && before == r.matched {
		found = append(found, r.rule)
	}
	return found
}

// judges reports whether a rule is one of ours that ends a packet's way itself,
// or by one of the action chains.
func judges(r *ruleset.Rule) bool {
	_, jump := r.Target.(ruleset.Jump)
	return r.Owned() && (!jump || slices.Contains([]string{ruleset.ChainAccept, ruleset.ChainDrop, ruleset.ChainReject}, r.JumpsTo()))
}

// covering are the rules before one that decide about packets that it matches.
func (w *world) covering(rules []*ruleset.Rule, covered *ruleset.Rule) []*ruleset.Rule {
	left, _ := w.condition(covered, filtering)
	var by []*ruleset.Rule
	for _, r := range rules {
		if r == covered || left == nothing || len(by) == coverLimit {
			break
		}
		done := w.decided(w.rule(ruleset.Filter, r, filtering))
		if w.space.and(left, done) != nothing {
			by, left = append(by, r), w.space.minus(left, done)
		}
	}
	return by
}
