package plan

import (
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Confirm makes the steps from live to want, for good. It reads from live
// whether a trial is staged: then the gate must be held open (ErrGateNotHeld
// otherwise), the canonical chains are rewritten behind it, and gate, staged
// chains and staged sets go last. Without a trial it is a plain load: what boot
// does. Counters of unchanged rules are carried over, those of the staged copy
// added. The result for a live ruleset that is already as wanted is empty.
//
// The steps depend on nothing but live, so that a Confirm which was cut short
// anywhere is finished by another one.
//
// Every table of a family changes in one transaction of the kernel. A plain
// load changes table after table: between two of them each packet is judged
// by whole rulesets, of which one may be old and one new; only a trial moves
// all tables and both families at once. A set that differs and that chains in
// force name is loaded under its staged name first, so that no chain ever
// meets the content that belongs to another ruleset.
//
// own must name what the confirmed generation recorded, and during a confirm
// also what the new one records. Errors are *TakenError, *StillUsedError,
// ErrGateNotHeld, or say which compiled rule cannot be written.
func Confirm(live *ruleset.Ruleset, want Target, own Ownership) (Steps, error) {
	p := newPlanner(live, want, own)
	if len(p.taken) > 0 {
		return nil, p.taken[0]
	}
	if trialInTables(live) && !gateOf(live.Sets).held {
		return nil, ErrGateNotHeld
	}
	return newLoader(p).steps()
}

// Teardown makes the steps that remove all that is ours: hooks, chains, sets.
// A recorded chain or set that foreign rules use stays, for their sake. The
// error is *StillUsedError when a foreign rule jumps to a root chain.
func Teardown(live *ruleset.Ruleset, own Ownership) (Steps, error) {
	return newLoader(newPlanner(live, Target{}, own)).steps()
}

// loader writes the payloads that make live as wanted.
type loader struct {
	*planner
	held     map[string]bool // sets that chains in force name, and that must not change yet
	original map[string]string
	counters map[chainKey][]ruleset.Counters
}

func newLoader(p *planner) *loader {
	l := &loader{planner: p, held: map[string]bool{}, original: map[string]string{}, counters: map[chainKey][]ruleset.Counters{}}
	used := setsInForce(p.live, gateOf(p.live.Sets))
	for name, after := range p.want.Sets {
		l.original[stagedSet(name)] = name
		if before := p.live.Sets[name]; p.mine.sets[name] && !before.Equal(after) {
			l.held[name] = used[name] || !before.SameKind(after)
		}
	}
	for key := range chainsOf(p.want) {
		l.original[stagedChain(key.chain)] = key.chain
	}
	return l
}

func (l *loader) steps() (Steps, error) {
	if err := l.stillUsed(); err != nil {
		return nil, err
	}
	sets, err := l.setsBefore()
	if err != nil {
		return nil, err
	}
	load, err := payload(sets, l.family)
	if err != nil {
		return nil, err
	}
	steps := appendStep(nil, load)
	if sets, err = l.setsBetween(); err != nil {
		return nil, err
	}
	rename, err := payload(sets, l.unhold)
	if err != nil {
		return nil, err
	}
	steps = appendStep(steps, rename)
	return appendStep(steps, Payload{Sets: l.setsAfter()}), nil
}

// family rewrites the chains that differ, puts the hooks right, and removes
// the chains that are not wanted: all in one transaction for each table.
func (l *loader) family(f ruleset.Family, out *sheet) {
	for _, table := range l.tableNames(f) {
		out.in(table)
		l.rewrite(f, table, l.stale(f, table), l.held, out)
		l.moveHooks(f, table, out)
		out.remove(append(l.dropped(f, table), l.stagedChains(f, table)...))
	}
}

// unhold rewrites the chains that name staged copies of held sets.
func (l *loader) unhold(f ruleset.Family, out *sheet) {
	for _, table := range l.tableNames(f) {
		out.in(table)
		naming := slices.DeleteFunc(slices.Clone(l.wantChains(f, table)), func(c *ruleset.Chain) bool { return !l.namesHeld(c) })
		l.rewrite(f, table, naming, nil, out)
	}
}

func (l *loader) rewrite(f ruleset.Family, table string, chains []*ruleset.Chain, staged map[string]bool, out *sheet) {
	edits := make([][]edit, len(chains))
	for i, c := range chains {
		if edits[i] = l.edits(f, table, c, staged); edits[i] == nil {
			out.declare(c.Name)
		}
	}
	for i, c := range chains {
		if edits[i] != nil {
			writeEdits(c.Name, edits[i], out)
			continue
		}
		counters := l.carried(f, table, c)
		for i, r := range c.Rules {
			out.add(c.Name, withCounters(withSets(r, staged), counters[i]))
		}
	}
}

// stale are the wanted chains that must be rewritten.
func (l *loader) stale(f ruleset.Family, table string) []*ruleset.Chain {
	var out []*ruleset.Chain
	for _, c := range l.wantChains(f, table) {
		before := l.live.Tables(f).Chain(table, c.Name)
		twin := l.live.Tables(f).Chain(table, stagedChain(c.Name))
		if before == nil || !sameRules(f, before.Rules, c.Rules) || hasCounted(twin) || l.namesHeld(c) {
			out = append(out, c)
		}
	}
	return out
}

func (l *loader) namesHeld(c *ruleset.Chain) bool {
	return slices.ContainsFunc(c.Rules, func(r *ruleset.Rule) bool {
		return slices.ContainsFunc(r.SetNames(), func(s string) bool { return l.held[s] })
	})
}

// moveHooks removes the hooks that are not right, and those of a trial, and
// puts the missing ones on top.
func (l *loader) moveHooks(f ruleset.Family, table string, out *sheet) {
	for _, c := range l.liveChains(f, table) {
		if !l.mine.foreign(chainKey{f, table, c.Name}) {
			continue
		}
		for _, r := range c.Rules {
			if !l.stays(f, table, c.Name, r) {
				out.drop(c.Name, r)
			}
		}
	}
	for _, d := range l.hookDiffs {
		if d.Family == f && d.Table == table && d.Op != Remove {
			out.top(d.From, withCounters(hookRule(d.To), l.hookCounters(d.Hook)))
		}
	}
}

// hookCounters are the counters of the rules that a hook takes the place of.
func (l *loader) hookCounters(h ruleset.Hook) ruleset.Counters {
	var sum ruleset.Counters
	c := l.live.Tables(h.Family).Chain(h.Table, h.From)
	if c == nil {
		return sum
	}
	for _, r := range c.Rules {
		if isHook(h.Table, r) && r.JumpsTo() == h.To || r.ID == idHook && r.JumpsTo() == stagedChain(h.To) {
			sum = sum.Add(r.Counters)
		}
	}
	return sum
}

// stillUsed finds a chain that is to go, but that a foreign rule jumps to.
func (l *loader) stillUsed() error {
	for key, c := range chainsOf(l.live) {
		if !l.mine.foreign(key) {
			continue
		}
		for i, r := range c.Rules {
			to := chainKey{key.family, key.table, r.JumpsTo()}
			kept := l.want.Tables(to.family).Chain(to.table, to.chain) != nil
			if l.mine.chains[to] && !kept && l.stays(key.family, key.table, key.chain, r) {
				return &StillUsedError{Family: key.family, Table: key.table, Chain: to.chain, From: key.chain, Rule: i + 1}
			}
		}
	}
	return nil
}

// setsBefore makes the sets that the rules to come need: absent ones, those
// that differ and that no chain in force names, and staged copies of the rest.
func (l *loader) setsBefore() (string, error) {
	var b strings.Builder
	for _, name := range l.live.Sets.Names() {
		if isNext(name) {
			destroySet(&b, name)
		}
	}
	for _, name := range l.want.Sets.Names() {
		if err := l.setBefore(&b, name); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

func (l *loader) setBefore(b *strings.Builder, name string) error {
	after, staged := l.want.Sets[name], l.live.Sets[stagedSet(name)]
	switch {
	case !l.mine.sets[name]:
		return makeSet(b, after, name)
	case l.live.Sets[name].Equal(after):
		return nil
	case !l.held[name]:
		return swapSet(b, after)
	case staged != nil && staged.Equal(after):
		return nil
	case staged != nil:
		destroySet(b, staged.Name)
	}
	return makeSet(b, after, stagedSet(name))
}

// setsBetween gives the held sets their new content, now that no chain names
// them.
func (l *loader) setsBetween() (string, error) {
	var b strings.Builder
	for _, name := range l.want.Sets.Names() {
		if !l.held[name] {
			continue
		}
		after := l.want.Sets[name]
		write := swapSet
		if !l.live.Sets[name].SameKind(after) {
			destroySet(&b, name)
			write = func(b *strings.Builder, s *ruleset.Set) error { return makeSet(b, s, s.Name) }
		}
		if err := write(&b, after); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// setsAfter destroys what is of no use any more.
func (l *loader) setsAfter() string {
	var b strings.Builder
	destroyTrialSets(&b, l.live.Sets, isNext) // setsBefore has destroyed those
	for _, name := range l.want.Sets.Names() {
		if l.held[name] && l.live.Sets[stagedSet(name)] == nil {
			destroySet(&b, stagedSet(name))
		}
	}
	for _, s := range l.droppedSets() {
		destroySet(&b, s.Name)
	}
	return b.String()
}
