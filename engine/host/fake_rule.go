package host

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// checkNewChain judges the name of a chain to be made.
func checkNewChain(name string) error {
	switch name {
	case "ACCEPT", "DROP", "RETURN", "QUEUE":
		return errors.New("chain name may not clash with target name")
	}
	return ruleset.CheckChainName(name)
}

// parse reads a rule for a chain and checks what the tools check before they
// ask the kernel, and what the kernel checks about one rule.
func (l *load) parse(chain, text string) (*ruleset.Rule, error) {
	r, err := ruleset.ParseRule(l.family, text)
	if err == nil {
		err = r.Printable(l.family)
	}
	if err == nil {
		err = checkPlace(l.table.Name, chain, r)
	}
	if err == nil && r.JumpsTo() != "" && l.table.Chain(r.JumpsTo()) == nil {
		// The nft tools notice at COMMIT, also when the chain follows later.
		err = fmt.Errorf("chain '%s' does not exist", r.JumpsTo())
	}
	if err == nil {
		err = l.fake.checkSets(l.family, r)
	}
	if err != nil {
		return nil, refuse(l.cmd, 2, "%v\nError occurred at line: %d", err, l.number)
	}
	return r, nil
}

// checkPlace judges whether a rule may stand in this table and chain.
func checkPlace(table, chain string, r *ruleset.Rule) error {
	if r.In.Name != "" && (chain == ruleset.Output || chain == ruleset.Postrouting) {
		return fmt.Errorf("can't use -i with %s", chain)
	}
	if r.Out.Name != "" && (chain == ruleset.Input || chain == ruleset.Prerouting) {
		return fmt.Errorf("can't use -o with %s", chain)
	}
	if slices.Contains(builtins(table), r.JumpsTo()) {
		return fmt.Errorf("jump to the built-in chain %s", r.JumpsTo())
	}
	var want string
	switch r.Target.(type) {
	case ruleset.Reject:
		want = ruleset.Filter
	case ruleset.DNAT, ruleset.SNAT, ruleset.Masquerade:
		want = ruleset.NAT
	}
	if want != "" && want != table {
		return fmt.Errorf("target %T is for table %s only", r.Target, want)
	}
	return nil
}

// checkSets judges the sets that a rule asks: they exist, and are of the family
// of the rule or of none.
func (k *Fake) checkSets(f ruleset.Family, r *ruleset.Rule) error {
	for _, name := range r.SetNames() {
		s := k.sets[name]
		switch {
		case s == nil:
			return fmt.Errorf("set %s doesn't exist", name)
		case s.family != 0 && s.family != f:
			return fmt.Errorf("the protocol family of set %s is not applicable", name)
		}
	}
	return nil
}

// usesSet reports whether a rule of either family asks the set.
func (k *Fake) usesSet(name string) bool {
	for _, ts := range []tables{k.v4, k.v6} {
		for _, t := range ts {
			for _, c := range t.Chains {
				if slices.ContainsFunc(c.Rules, func(r *ruleset.Rule) bool { return slices.Contains(r.SetNames(), name) }) {
					return true
				}
			}
		}
	}
	return false
}

// findLoop names a chain from which a packet could come back to it, looking
// from the built-in chains as the kernel does; empty when there is none.
func findLoop(t *ruleset.Table) string {
	done := map[string]bool{}
	var walk func(name string, path []string) string
	walk = func(name string, path []string) string {
		if slices.Contains(path, name) {
			return name
		}
		c := t.Chain(name)
		if done[name] || c == nil {
			return ""
		}
		for _, r := range c.Rules {
			if to := r.JumpsTo(); to != "" {
				if loop := walk(to, append(path, name)); loop != "" {
					return loop
				}
			}
		}
		done[name] = true
		return ""
	}
	for _, name := range builtins(t.Name) {
		if loop := walk(name, nil); loop != "" {
			return loop
		}
	}
	return ""
}
