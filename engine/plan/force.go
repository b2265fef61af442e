package plan

import (
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// setsInForce finds the sets that a packet can meet: those named by chains to
// which a built-in or foreign chain leads. Where the gate is held open, what
// lies behind it in a root chain is out of force, and where it is closed, what
// it leads to.
func setsInForce(live *ruleset.Ruleset, g gate) map[string]bool {
	sets := map[string]bool{}
	for _, f := range ruleset.Families() {
		for _, t := range *live.Tables(f) {
			for _, c := range chainsInForce(t, g) {
				for _, r := range inForce(c, g) {
					for _, s := range r.SetNames() {
						sets[s] = true
					}
				}
			}
		}
	}
	return sets
}

// chainsInForce are the built-in chains of a table and every chain that they
// lead to.
func chainsInForce(t *ruleset.Table, g gate) []*ruleset.Chain {
	seen := map[string]bool{}
	var queue []*ruleset.Chain
	for _, c := range t.Chains {
		if isBuiltin(c) {
			seen[c.Name] = true
			queue = append(queue, c)
		}
	}
	for i := 0; i < len(queue); i++ {
		for _, r := range inForce(queue[i], g) {
			if to := t.Chain(r.JumpsTo()); to != nil && !seen[to.Name] {
				seen[to.Name] = true
				queue = append(queue, to)
			}
		}
	}
	return queue
}

// inForce are the rules of a chain that a packet can meet, as far as the gate
// decides.
func inForce(c *ruleset.Chain, g gate) []*ruleset.Rule {
	var out []*ruleset.Rule
	for _, r := range c.Rules {
		if r.ID != idGate && r.ID != idHook {
			out = append(out, r)
			continue
		}
		if g.open {
			out = append(out, r)
		}
		if g.held && r.ID == idGate {
			break
		}
	}
	return out
}
