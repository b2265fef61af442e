package live

import (
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// ChainOwner says whose a chain is, as far as the live rules show it. It is
// for display; what an apply may change is decided by engine/plan.
type ChainOwner string

// The owners.
const (
	Ours    ChainOwner = "ours"
	Docker  ChainOwner = "docker"
	BuiltIn ChainOwner = "built-in"
	Foreign ChainOwner = "foreign"
)

// String is the word for people and for JSON.
func (o ChainOwner) String() string { return string(o) }

// Owner finds the owner of one chain. Ours are the root chains, the staged
// chains, chains with a rule that carries our comment, and chains that our
// root chains lead to under a name that MicroFW gives.
func Owner(ts ruleset.Tables, table, chain string) ChainOwner {
	switch {
	case table == ruleset.DockerBridges:
		return Docker
	case isBuiltIn(ts.Chain(table, chain), chain):
		return BuiltIn
	case chain == "DOCKER" || strings.HasPrefix(chain, "DOCKER-"):
		return Docker
	case isOurs(ts.Table(table), chain):
		return Ours
	}
	return Foreign
}

func isBuiltIn(c *ruleset.Chain, name string) bool {
	switch name {
	case ruleset.Prerouting, ruleset.Input, ruleset.Forward, ruleset.Output, ruleset.Postrouting:
		return true
	}
	return c != nil && c.Policy != ""
}

func isOurs(t *ruleset.Table, chain string) bool {
	if isRoot(chain) || strings.HasPrefix(chain, ruleset.StagedPrefix) {
		return true
	}
	if t == nil || t.Chain(chain) == nil {
		return false
	}
	// A hook into one of our chains carries our comment too, in DOCKER-USER
	// or in a chain of somebody else.
	carries := func(r *ruleset.Rule) bool { return r.Owned() && !isRoot(r.JumpsTo()) }
	return slices.ContainsFunc(t.Chain(chain).Rules, carries) || isUpstream(chain) && leadsTo(t, chain)
}

func isRoot(chain string) bool {
	switch chain {
	case ruleset.RootInput, ruleset.RootForward, ruleset.RootPrerouting, ruleset.RootPostrouting:
		return true
	}
	return false
}

// isUpstream reports whether MicroFW gives chains such a name.
func isUpstream(chain string) bool {
	switch chain {
	case ruleset.ChainAccept, ruleset.ChainDrop, ruleset.ChainReject:
		return true
	}
	return strings.HasSuffix(chain, "_inp") || strings.HasSuffix(chain, "_fwd")
}

// leadsTo reports whether a packet can get from one of our root chains to the
// chain.
func leadsTo(t *ruleset.Table, chain string) bool {
	var queue []*ruleset.Chain
	for _, c := range t.Chains {
		if isRoot(c.Name) {
			queue = append(queue, c)
		}
	}
	met := map[string]bool{}
	for len(queue) > 0 {
		c := queue[0]
		queue = queue[1:]
		for _, r := range c.Rules {
			to := r.JumpsTo()
			if to == chain {
				return true
			}
			if next := t.Chain(to); to != "" && next != nil && !met[to] {
				met[to] = true
				queue = append(queue, next)
			}
		}
	}
	return false
}
