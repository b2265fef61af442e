package plan

import (
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Stage makes the steps that load what changes beside what runs: staged
// chains and sets, the gate and the cut rule on top of each root chain that
// changes. Nothing decides differently afterwards, until the gate opens (see
// Arm). The result is empty when no verdict changes: then there is nothing to
// try, and Confirm brings comments and left-overs in order.
//
// A hook that is absent or in the wrong place is added as a hook of the trial:
// a jump straight to the staged twin of the root chain, which asks the gate
// first. The old hooks stay where they are and lead to a root chain that
// returns while the gate is open, so that in the trial every packet meets the
// twin once, and exactly where the final hook will stand. Neither a first
// apply nor a moved hook needs a root chain or a plain hook before its time.
//
// markBit is the conntrack mark bit that flows of the trial get; 0 leaves the
// marking and the cut rule out. The error is *TakenError or ErrTrialStaged,
// or says which compiled rule cannot be written.
func Stage(live *ruleset.Ruleset, want Target, own Ownership, markBit uint32) (Steps, error) {
	p := newPlanner(live, want, own)
	if len(p.taken) > 0 {
		return nil, p.taken[0]
	}
	if hasTrial(live) {
		return nil, ErrTrialStaged
	}
	p.findChanges()
	s := stager{planner: p, bit: markBit, rehooked: p.rehookedRoots()}
	for root := range s.rehooked {
		p.changed[root] = true
	}
	if !s.needed() {
		return nil, nil
	}
	sets, err := s.sets()
	if err != nil {
		return nil, err
	}
	step, err := payload(sets, s.family)
	if err != nil {
		return nil, err
	}
	return Steps{step}, nil
}

// rehookedRoots are the root chains of which a hook changes.
func (p *planner) rehookedRoots() map[chainKey]bool {
	roots := map[chainKey]bool{}
	for _, h := range p.hookDiffs {
		roots[chainKey{h.Family, h.Table, h.To}] = true
	}
	return roots
}

// stager writes the payload of a trial.
type stager struct {
	*planner
	bit      uint32
	rehooked map[chainKey]bool
}

// needed reports whether any packet could be judged differently.
func (s *stager) needed() bool {
	if len(s.changed) > 0 {
		return true
	}
	for key := range s.mine.chains {
		if isRoot(key.table, key.chain) && s.want.Tables(key.family).Chain(key.table, key.chain) == nil {
			return true
		}
	}
	return false
}

// sets makes the gate and the staged copies of the sets that change.
func (s *stager) sets() (string, error) {
	var b strings.Builder
	b.WriteString(makeGate())
	for _, name := range s.want.Sets.Names() {
		if !s.changedSets[name] {
			continue
		}
		if err := makeSet(&b, s.want.Sets[name], stagedSet(name)); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

func (s *stager) family(f ruleset.Family, out *sheet) {
	for _, table := range s.tableNames(f) {
		out.in(table)
		s.twins(f, table, out)
		s.gates(f, table, out)
	}
}

// twins writes the staged copies of the chains that change.
func (s *stager) twins(f ruleset.Family, table string, out *sheet) {
	var twins []*ruleset.Chain
	for _, c := range s.wantChains(f, table) {
		if s.changed[chainKey{f, table, c.Name}] {
			twins = append(twins, c)
			out.declare(stagedChain(c.Name))
		}
	}
	for _, c := range twins {
		twin := stagedChain(c.Name)
		if s.bit != 0 && table == ruleset.Filter && isRoot(table, c.Name) {
			out.add(twin, markRule(s.bit))
		}
		for _, r := range c.Rules {
			out.add(twin, s.restaged(f, table, r))
		}
	}
}

// gates writes what leads to the staged twins of the root chains.
func (s *stager) gates(f ruleset.Family, table string, out *sheet) {
	cut := false
	for _, c := range s.wantChains(f, table) {
		root := chainKey{f, table, c.Name}
		if !isRoot(table, c.Name) || !s.changed[root] {
			continue
		}
		if s.rehooked[root] {
			s.trialHooks(root, out)
		}
		if !s.mine.chains[root] {
			continue
		}
		if s.cuts(root) {
			if !cut {
				writeCutChain(out)
				cut = true
			}
			out.top(c.Name, cutRule(s.bit))
		}
		out.top(c.Name, gateRule(s.gateTo(root)))
	}
	for _, c := range s.dropped(f, table) {
		if isRoot(table, c.Name) {
			out.top(c.Name, gateRule(""))
		}
	}
}

// gateTo is the chain that the gate of a root chain goes to; empty when the
// hooks of the trial lead to the twin instead.
func (s *stager) gateTo(root chainKey) string {
	if s.rehooked[root] {
		return ""
	}
	return stagedChain(root.chain)
}

// cuts reports whether flows of the trial are to be cut in a root chain after
// it: only in the filter table, and only where there are old rules to protect.
func (s *stager) cuts(root chainKey) bool {
	return s.bit != 0 && root.table == ruleset.Filter && len(s.liveRules(root.family, root.table, root.chain)) > 0
}

// trialHooks hooks the staged twin of a root chain wherever its hooks belong.
func (s *stager) trialHooks(root chainKey, out *sheet) {
	for _, h := range s.hooks {
		if (chainKey{h.Family, h.Table, h.To}) == root {
			out.top(h.From, trialHook(stagedChain(root.chain)))
		}
	}
}

func writeCutChain(out *sheet) {
	out.declare(cutChain)
	for _, r := range cutRules() {
		out.add(cutChain, r)
	}
}

// hasTrial reports whether live holds any trace of a trial.
func hasTrial(live *ruleset.Ruleset) bool {
	for name := range live.Sets {
		if isTrialSet(name) {
			return true
		}
	}
	return trialInTables(live)
}

// trialInTables reports whether a chain or rule of a trial is in live.
func trialInTables(live *ruleset.Ruleset) bool {
	for key, c := range chainsOf(live) {
		if isStaged(key.chain) || slices.ContainsFunc(c.Rules, isTrialRule) {
			return true
		}
	}
	return false
}
