package plan

import (
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// HooksIn are the hooks of want where they belong in live.
func HooksIn(live *ruleset.Ruleset, want Target) []ruleset.Hook { return wantedHooks(live, want) }

// CompareHooks finds what is wrong with our hooks in live: those of want that
// are absent, stand twice or do not work where they stand, and those that are
// not wanted.
func CompareHooks(live *ruleset.Ruleset, want Target, own Ownership) []HookDiff {
	return compareHooks(live, wantedHooks(live, want), ownerOf(live, want.Rules, own))
}

// Rehook makes the step that puts our hooks right and touches nothing else: one
// transaction for each table and family, which removes a hook from where it does
// not work and puts it where it does. A hook to a chain that live does not have
// is left out, since nothing but a load of the rules brings that back. During a
// trial there is nothing to be done: its end puts the hooks right.
func Rehook(live *ruleset.Ruleset, want Target, own Ownership) (Steps, error) {
	if hasTrial(live) {
		return nil, nil
	}
	p := newPlanner(live, want, own)
	p.hookDiffs = slices.DeleteFunc(p.hookDiffs, func(d HookDiff) bool {
		return d.Op != Remove && live.Tables(d.Family).Chain(d.Table, d.To) == nil
	})
	l := newLoader(p)
	move, err := payload("", func(f ruleset.Family, out *sheet) {
		for _, table := range l.tableNames(f) {
			out.in(table)
			l.moveHooks(f, table, out)
		}
	})
	if err != nil {
		return nil, err
	}
	return appendStep(nil, move), nil
}

// Reserve makes the step that gives Docker's engine, before it starts, the chain
// in front of its own where our hook will stand: an engine that finds
// DOCKER-USER keeps it and what is in it. Without it the engine would put its
// jumps ahead of a hook in FORWARD, and published ports would be open until
// somebody moves that. Only a family whose hook stood in DOCKER-USER when the
// rules were applied gets the chain: other hosts have no use for it.
func Reserve(live *ruleset.Ruleset, want Target) (Steps, error) {
	reserve, err := payload("", func(f ruleset.Family, out *sheet) {
		inFront := func(h ruleset.Hook) bool { return h.Family == f && h.From == ruleset.DockerUser }
		if !slices.ContainsFunc(want.Hooks, inFront) || live.Tables(f).Chain(ruleset.Filter, ruleset.DockerUser) != nil {
			return
		}
		out.in(ruleset.Filter)
		out.start().NewChain(ruleset.DockerUser)
		out.top(ruleset.Forward, &ruleset.Rule{Target: ruleset.Jump{Chain: ruleset.DockerUser}})
	})
	if err != nil {
		return nil, err
	}
	return appendStep(nil, reserve), nil
}
