package reach

import (
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Idle is a rule of ours that does nothing which the rules around it would not do
// without it: no packet reaches it, or later rules of its chain decide about each
// of its packets in the same way. By are the rules that do its work.
type Idle struct {
	Family       ruleset.Family
	Table, Chain string
	Rule         *ruleset.Rule
	// Unreachable says that the rules of By come first and leave nothing to
	// it. Otherwise they come later, and the rule is redundant.
	Unreachable bool
	By          []*ruleset.Rule
}

// byLimit bounds how many rules are named in By.
const byLimit = 3

// FindIdle finds the idle rules in every chain of the filter table. Each is seen
// within its chain, whatever leads there: that a chain behind it would decide in
// the same way does not count. A rule that matches nothing by itself is not
// listed: an empty set may be filled.
func FindIdle(rs *ruleset.Ruleset, facts Facts) []Idle {
	var list []Idle
	for _, f := range ruleset.Families() {
		x := newInterfaces(f, facts.Interfaces, rs)
		w := newWorld(f, newSpace(f == ruleset.V6, x.count()), x, rs, facts)
		table := rs.Tables(f).Table(ruleset.Filter)
		if table == nil {
			continue
		}
		for _, c := range table.Chains {
			s := search{world: w, all: w.runs(c.Rules)}
			s.look(s.all, nothing, 0)
			for _, one := range s.found {
				one.Family, one.Table, one.Chain = f, ruleset.Filter, c.Name
				if one.Unreachable {
					one.By = w.covering(c.Rules, one.Rule)
				}
				list = append(list, one)
			}
		}
	}
	return list
}

// filtering is the moment at which the rules of the filter table are asked.
var filtering = moment{state: ruleset.StateNew, outKnown: true}

// run is a run of rules, as a tree of halves: what they match, and what becomes
// of packets. At is the place of the first one in its chain, n their number.
type run struct {
	rule             *ruleset.Rule // of a run of one
	at, n            int
	block            *block
	matched, decided set
	first, second    *run
}

// runs makes the tree of a chain's rules; nil for none.
func (w *world) runs(rules []*ruleset.Rule) *run { return w.runsFrom(rules, 0) }

func (w *world) runsFrom(rules []*ruleset.Rule, at int) *run {
	switch len(rules) {
	case 0:
		return nil
	case 1:
		matched, known := w.condition(rules[0], filtering)
		if !known {
			matched = nothing
		}
		b := w.rule(ruleset.Filter, rules[0], filtering)
		return &run{rule: rules[0], block: b, at: at, n: 1, matched: matched, decided: w.decided(b)}
	}
	half := len(rules) / 2
	a, b := w.runsFrom(rules[:half], at), w.runsFrom(rules[half:], at+half)
	return &run{
		at: at, n: len(rules), first: a, second: b, block: w.then(a.block, b.block),
		matched: w.space.or(a.matched, b.matched), decided: w.space.or(a.decided, b.decided),
	}
}

// search looks for the idle rules of a chain.
type search struct {
	*world
	all   *run
	found []Idle
}

// look asks a run of rules behind others that have decided about some packets
// already. Of these only the part is looked at that concerns the run: that keeps
// diagrams small.
func (s *search) look(r *run, before set, at int) {
	if r == nil {
		return
	}
	sp := s.space
	before = sp.and(before, r.matched)
	if r.rule == nil {
		s.look(r.first, before, at)
		s.look(r.second, sp.or(before, r.first.decided), at+r.first.n)
		return
	}
	switch left := sp.minus(r.matched, before); {
	case !judges(r.rule) || r.matched == nothing:
	case left == nothing:
		s.found = append(s.found, Idle{Rule: r.rule, Unreachable: true})
	default:
		a := &answer{world: s.world, want: ending(r.block)}
		if rest := a.ask(s.all, left, at); rest == nothing && !a.other {
			s.found = append(s.found, Idle{Rule: r.rule, By: a.deciders(s.all, left, at, nil)})
		}
	}
}

// ending is the outcome of a rule that decides; the zero end for one that does
// not.
func ending(b *block) end {
	for e := range b.ends {
		return e
	}
	return end{}
}

// answer is whether later rules decide about packets in the wanted way.
type answer struct {
	*world
	want  end
	other bool // some rule decides otherwise
}

// ask gives packets to the rules behind a place, until one decides otherwise,
// and returns those that none decides about.
func (a *answer) ask(r *run, packets set, behind int) set {
	switch {
	case a.other || packets == nothing || r.at+r.n <= behind+1:
		return packets
	case r.at <= behind: // partly before the place
		return a.ask(r.second, a.ask(r.first, packets, behind), behind)
	}
	decided := a.space.and(packets, r.decided)
	a.other = a.space.minus(decided, r.block.ends[a.want]) != nothing
	return a.space.minus(packets, decided)
}

// deciders are the first rules behind a place that decide about packets.
func (a *answer) deciders(r *run, packets set, behind int, by []*ruleset.Rule) []*ruleset.Rule {
	if len(by) == byLimit || r.at+r.n <= behind+1 || a.space.and(packets, r.decided) == nothing {
		return by
	}
	if r.rule != nil {
		return append(by, r.rule)
	}
	by = a.deciders(r.first, packets, behind, by)
	if r.at+r.first.n > behind+1 {
		packets = a.space.minus(packets, r.first.decided)
	}
	return a.deciders(r.second, packets, behind, by)
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
		if r == covered || left == nothing || len(by) == byLimit {
			break
		}
		done := w.decided(w.rule(ruleset.Filter, r, filtering))
		if w.space.and(left, done) != nothing {
			by, left = append(by, r), w.space.minus(left, done)
		}
	}
	return by
}
