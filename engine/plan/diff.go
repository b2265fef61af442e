package plan

import (
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Diff is the difference between live and desired. What is not ours is not in
// it, and neither is a trial.
type Diff struct {
	Chains []ChainDiff
	Sets   []SetDiff
	Hooks  []HookDiff
	// Taken are the wanted chains and sets that exist and belong to somebody
	// else. With one of them Stage and Confirm refuse.
	Taken []*TakenError
}

// Op is what happens to an object or a line.
type Op uint8

// The operations.
const (
	Same Op = iota
	Add
	Remove
	Change
)

// ChainDiff is a chain that differs, with all its rules in the order of a
// unified diff.
type ChainDiff struct {
	Family ruleset.Family
	Table  string
	Chain  string
	Op     Op // Add, Remove or Change
	Lines  []Line
}

// Line is one rule of a difference: kept (Same), new (Add), gone (Remove), or
// the same rule under another comment (Change).
type Line struct {
	Op   Op
	Rule *ruleset.Rule // the wanted rule; for Remove the live one
	Was  *ruleset.Rule // the live rule; nil for Add
	Text string        // Rule in canonical text, with its comment, without counters
}

// CommentsOnly reports whether the chain decides as before: only comments
// change.
func (c *ChainDiff) CommentsOnly() bool {
	return c.Op == Change && !slices.ContainsFunc(c.Lines, func(l Line) bool { return l.Op == Add || l.Op == Remove })
}

// SetDiff is a set that differs.
type SetDiff struct {
	Name string
	Op   Op
	// Before and After are the sets; nil when absent.
	Before, After *ruleset.Set
	Added, Gone   []ruleset.Member
}

// HookDiff is a hook that is absent (Add), not wanted (Remove), or stands
// twice or where it does not work (Change). Why says so in words.
type HookDiff struct {
	ruleset.Hook
	Op  Op
	Why string
}

// Empty reports whether live is what is desired.
func (d *Diff) Empty() bool {
	return len(d.Chains) == 0 && len(d.Sets) == 0 && len(d.Hooks) == 0 && len(d.Taken) == 0
}

// Compare finds the difference between live and want.
func Compare(live *ruleset.Ruleset, want Target, own Ownership) *Diff {
	p := newPlanner(live, want, own)
	d := &Diff{Taken: p.taken, Hooks: p.hookDiffs}
	for _, f := range ruleset.Families() {
		for _, name := range p.tableNames(f) {
			d.Chains = append(d.Chains, p.compareTable(f, name)...)
		}
	}
	d.Sets = p.compareSets()
	return d
}

// compareTable compares the wanted chains in their order, then lists the
// chains that are to go.
func (p *planner) compareTable(f ruleset.Family, table string) []ChainDiff {
	var out []ChainDiff
	for _, c := range p.wantChains(f, table) {
		before := p.liveRules(f, table, c.Name)
		d := ChainDiff{Family: f, Table: table, Chain: c.Name, Op: Change}
		if !p.mine.chains[chainKey{f, table, c.Name}] {
			d.Op = Add
		} else if sameRules(f, before, c.Rules) {
			continue
		}
		d.Lines = compareRules(f, before, c.Rules)
		out = append(out, d)
	}
	for _, c := range p.dropped(f, table) {
		d := ChainDiff{Family: f, Table: table, Chain: c.Name, Op: Remove, Lines: compareRules(f, settled(c), nil)}
		out = append(out, d)
	}
	return out
}

// ruleKey tells rules apart: everything but the counters.
func ruleKey(f ruleset.Family, r *ruleset.Rule) string {
	return r.Spec(f) + "\x00" + r.ID + "\x00" + r.Comment
}

// sameRules reports whether two chains hold the same rules, comments included.
func sameRules(f ruleset.Family, a, b []*ruleset.Rule) bool {
	sameComment := func(x, y *ruleset.Rule) bool { return x.ID == y.ID && x.Comment == y.Comment }
	return slices.EqualFunc(a, b, sameComment) && sameVerdicts(f, a, b)
}

// sameVerdicts reports whether two chains decide alike: the same rules,
// whatever their comments.
func sameVerdicts(f ruleset.Family, a, b []*ruleset.Rule) bool {
	return slices.EqualFunc(a, b, func(x, y *ruleset.Rule) bool { return ruleset.SameSpec(f, x, y) })
}

// compareRules aligns two chains. Rules of equal words that stand in the same
// gap are one rule under another comment.
func compareRules(f ruleset.Family, before, after []*ruleset.Rule) []Line {
	pairs := align(keysOf(before, func(r *ruleset.Rule) string { return ruleKey(f, r) }),
		keysOf(after, func(r *ruleset.Rule) string { return ruleKey(f, r) }))
	lines := make([]Line, 0, len(pairs))
	for len(pairs) > 0 {
		gap := 0
		for gap < len(pairs) && (pairs[gap].a < 0 || pairs[gap].b < 0) {
			gap++
		}
		lines = compareGap(lines, f, gone(pairs[:gap], before), come(pairs[:gap], after))
		if gap < len(pairs) {
			r := after[pairs[gap].b]
			lines = append(lines, Line{Op: Same, Rule: r, Was: before[pairs[gap].a], Text: r.Text(f)})
			gap++
		}
		pairs = pairs[gap:]
	}
	return lines
}

func compareGap(lines []Line, f ruleset.Family, before, after []*ruleset.Rule) []Line {
	spec := func(r *ruleset.Rule) string { return r.Spec(f) }
	for _, p := range align(keysOf(before, spec), keysOf(after, spec)) {
		switch {
		case p.b < 0:
			r := before[p.a]
			lines = append(lines, Line{Op: Remove, Rule: r, Was: r, Text: r.Text(f)})
		case p.a < 0:
			lines = append(lines, Line{Op: Add, Rule: after[p.b], Text: after[p.b].Text(f)})
		default:
			lines = append(lines, Line{Op: Change, Rule: after[p.b], Was: before[p.a], Text: after[p.b].Text(f)})
		}
	}
	return lines
}

func keysOf(rules []*ruleset.Rule, key func(*ruleset.Rule) string) []string {
	keys := make([]string, len(rules))
	for i, r := range rules {
		keys[i] = key(r)
	}
	return keys
}

func gone(pairs []pair, before []*ruleset.Rule) []*ruleset.Rule {
	var out []*ruleset.Rule
	for _, p := range pairs {
		if p.a >= 0 {
			out = append(out, before[p.a])
		}
	}
	return out
}

func come(pairs []pair, after []*ruleset.Rule) []*ruleset.Rule {
	var out []*ruleset.Rule
	for _, p := range pairs {
		if p.b >= 0 {
			out = append(out, after[p.b])
		}
	}
	return out
}

// compareSets compares our sets by name.
func (p *planner) compareSets() []SetDiff {
	var out []SetDiff
	for _, name := range p.want.Sets.Names() {
		after := p.want.Sets[name]
		if !p.mine.sets[name] {
			out = append(out, SetDiff{Name: name, Op: Add, After: after, Added: after.Members})
			continue
		}
		before := p.live.Sets[name]
		if before.Equal(after) {
			continue
		}
		added, gone := membersBetween(before, after)
		out = append(out, SetDiff{Name: name, Op: Change, Before: before, After: after, Added: added, Gone: gone})
	}
	for _, before := range p.droppedSets() {
		out = append(out, SetDiff{Name: before.Name, Op: Remove, Before: before, Gone: before.Members})
	}
	return out
}

// membersBetween lists the members that come and go; all of them when the set
// becomes another kind of set.
func membersBetween(before, after *ruleset.Set) (added, gone []ruleset.Member) {
	if !before.SameKind(after) {
		return after.Members, before.Members
	}
	return before.DiffMembers(after)
}
