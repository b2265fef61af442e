package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// isHook reports whether a rule is a hook of ours: an unconditional jump from
// a foreign chain to one of our root chains. MicroFW's hooks carry no comment.
func isHook(table string, r *ruleset.Rule) bool {
	j, ok := r.Target.(ruleset.Jump)
	return ok && !j.Goto && isRoot(table, j.Chain) && r.Unconditional() && r.Comment == "" &&
		(r.ID == "" || r.ID == hookID)
}

// decides reports whether no packet gets past a rule.
func decides(r *ruleset.Rule) bool {
	if !r.Unconditional() {
		return false
	}
	switch t := r.Target.(type) {
	case ruleset.Verdict:
		return true
	case ruleset.Reject:
		return true
	case ruleset.Jump:
		return t.Goto
	}
	return false
}

// isDockerJump reports whether a rule leads to a chain of Docker's.
func isDockerJump(r *ruleset.Rule) bool {
	to := r.JumpsTo()
	return to == "DOCKER" || strings.HasPrefix(to, "DOCKER-")
}

// wantedHooks are the hooks of want where they belong in live. That of the
// forward chain stands in front of Docker's chains, and these come and go: at
// boot, or when the rules were applied, the engine may not have made them yet,
// and when it has, a hook in FORWARD is behind its jumps.
func wantedHooks(live *ruleset.Ruleset, want Target) []ruleset.Hook {
	var hooks []ruleset.Hook
	for _, h := range want.Hooks {
		if h.Table == ruleset.Filter && h.To == ruleset.RootForward {
			h.From = ruleset.ForwardHook(live.Tables(h.Family).Chain(ruleset.Filter, ruleset.Forward))
		}
		if !slices.Contains(hooks, h) {
			hooks = append(hooks, h)
		}
	}
	return hooks
}

// liveHooks counts our hooks by where they stand and where they lead.
func liveHooks(live *ruleset.Ruleset, m mine) map[ruleset.Hook]int {
	found := map[ruleset.Hook]int{}
	for key, c := range chainsOf(live) {
		if !m.foreign(key) {
			continue
		}
		for _, r := range c.Rules {
			if isHook(key.table, r) {
				found[ruleset.Hook{Family: key.family, Table: key.table, From: key.chain, To: r.JumpsTo()}]++
			}
		}
	}
	return found
}

// compareHooks finds the hooks that are absent, misplaced, double or not
// wanted, in the order of want and then of live.
func compareHooks(live *ruleset.Ruleset, hooks []ruleset.Hook, m mine) []HookDiff {
	var out []HookDiff
	found := liveHooks(live, m)
	for _, h := range hooks {
		n := found[h]
		delete(found, h)
		switch why := misplaced(live, h); {
		case n == 0:
			out = append(out, HookDiff{Hook: h, Op: Add, Why: "is absent"})
		case n > 1:
			out = append(out, HookDiff{Hook: h, Op: Change, Why: fmt.Sprintf("stands %d times", n)})
		case why != "":
			out = append(out, HookDiff{Hook: h, Op: Change, Why: why})
		}
	}
	for _, h := range sortedHooks(found) {
		out = append(out, HookDiff{Hook: h, Op: Remove, Why: "is not wanted here"})
	}
	return out
}

// misplaced says why a hook that exists does not do its work; empty when it
// does. Foreign rules ahead of it are fine (ban lists put themselves there),
// but for Docker's jumps, for a rule that decides every packet, and for any
// rule in a chain of Docker's, which other tools end with RETURN.
func misplaced(live *ruleset.Ruleset, h ruleset.Hook) string {
	c := live.Tables(h.Family).Chain(h.Table, h.From)
	if c == nil {
		return ""
	}
	place := 0
	for _, r := range c.Rules {
		if isTrialRule(r) {
			continue
		}
		place++
		switch {
		case isHook(h.Table, r) && r.JumpsTo() == h.To:
			return ""
		case isHook(h.Table, r):
		case isDockerJump(r):
			return fmt.Sprintf("stands behind Docker's jump to %s", r.JumpsTo())
		case decides(r):
			return fmt.Sprintf("is never reached: rule %d decides every packet", place)
		case !isBuiltin(c):
			return fmt.Sprintf("is not the first rule of %s", c.Name)
		}
	}
	return ""
}

func sortedHooks(set map[ruleset.Hook]int) []ruleset.Hook {
	hooks := make([]ruleset.Hook, 0, len(set))
	for h := range set {
		hooks = append(hooks, h)
	}
	slices.SortFunc(hooks, func(a, b ruleset.Hook) int { return strings.Compare(hookText(a), hookText(b)) })
	return hooks
}

func hookText(h ruleset.Hook) string {
	return fmt.Sprintf("%s %s %s -j %s", h.Family, h.Table, h.From, h.To)
}
