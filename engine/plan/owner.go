package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// chainKey names a chain.
type chainKey struct {
	family       ruleset.Family
	table, chain string
}

func (k chainKey) String() string { return fmt.Sprintf("%s %s %s", k.family, k.table, k.chain) }

// mine is what is ours in a live ruleset, apart from the objects of a trial:
// those are told by their names.
type mine struct {
	chains map[chainKey]bool
	sets   map[string]bool
}

// isRoot reports whether a chain is one of our root chains.
func isRoot(table, chain string) bool {
	switch table {
	case ruleset.Filter:
		return chain == ruleset.RootInput || chain == ruleset.RootForward
	case ruleset.NAT:
		return chain == ruleset.RootPrerouting || chain == ruleset.RootPostrouting
	case ruleset.Mangle:
		return chain == ruleset.RootForward
	}
	return false
}

func isBuiltin(c *ruleset.Chain) bool {
	if c.Policy != "" {
		return true
	}
	switch c.Name {
	case ruleset.Prerouting, ruleset.Input, ruleset.Forward, ruleset.Output, ruleset.Postrouting:
		return true
	}
	return false
}

// isUpstreamChain reports whether MicroFW makes a chain of this name.
func isUpstreamChain(table, chain string) bool {
	switch table {
	case ruleset.Filter:
		return strings.HasSuffix(chain, "_inp") || strings.HasSuffix(chain, "_fwd") ||
			chain == ruleset.ChainAccept || chain == ruleset.ChainDrop || chain == ruleset.ChainReject
	case ruleset.Mangle:
		return strings.HasSuffix(chain, "_fwd")
	}
	return false
}

// isUpstreamSet reports whether MicroFW makes a set of this name and type.
func isUpstreamSet(s *ruleset.Set) bool {
	switch {
	case strings.HasSuffix(s.Name, "_v4"):
		return s.Type == ruleset.HashNet && s.Family == ruleset.V4
	case strings.HasSuffix(s.Name, "_v6"):
		return s.Type == ruleset.HashNet && s.Family == ruleset.V6
	case strings.HasSuffix(s.Name, "_tcp"), strings.HasSuffix(s.Name, "_udp"):
		return s.Type == ruleset.BitmapPort
	}
	return false
}

// carriesID reports whether a rule was compiled by us for a chain of ours.
func carriesID(r *ruleset.Rule) bool { return r.ID != "" && r.ID != hookID && !isTrialRule(r) }

// ownerOf finds what is ours in live. Without a want it is everything that
// live and the record say; with one, a recorded chain or set that is no longer
// wanted and that foreign rules use is given up to them.
//
// Ours are the root chains; recorded chains; chains in which every rule
// carries our comment; and chains that our chains jump to, if they are empty,
// hold a rule with our comment, or have a name that MicroFW gives. Whatever is
// not wanted by that name and is also jumped to from a foreign chain is not
// ours.
func ownerOf(live *ruleset.Ruleset, want *ruleset.Ruleset, own Ownership) mine {
	m := mine{chains: map[chainKey]bool{}, sets: map[string]bool{}}
	recorded := map[string]bool{}
	for _, c := range own.Chains {
		recorded[c] = true
	}
	for _, f := range ruleset.Families() {
		for _, t := range *live.Tables(f) {
			o := tableOwner{t: t, held: map[string]bool{}, ours: map[string]bool{}}
			o.seed(func(chain string) (known, held bool) {
				known = recorded[chainKey{f, t.Name, chain}.String()]
				return known, known && (want == nil || want.Tables(f).Chain(t.Name, chain) != nil)
			})
			o.reach()
			o.giveUp()
			for chain := range o.ours {
				if !isStaged(chain) {
					m.chains[chainKey{f, t.Name, chain}] = true
				}
			}
		}
	}
	m.ownSets(live, want, own)
	return m
}

// tableOwner finds our chains in one table. Held chains are ours whoever else
// jumps to them.
type tableOwner struct {
	t          *ruleset.Table
	ours, held map[string]bool
}

// seed takes the chains that are ours by themselves.
func (o *tableOwner) seed(record func(chain string) (known, held bool)) {
	for _, c := range o.t.Chains {
		if isBuiltin(c) {
			continue
		}
		known, held := record(c.Name)
		if isRoot(o.t.Name, c.Name) || isStaged(c.Name) || held {
			o.held[c.Name] = true
		}
		commented := len(c.Rules) > 0 && !slices.ContainsFunc(c.Rules, func(r *ruleset.Rule) bool { return !carriesID(r) })
		if o.held[c.Name] || known || commented {
			o.ours[c.Name] = true
		}
	}
}

// reach adds the chains that chains of ours lead to.
func (o *tableOwner) reach() {
	var queue []string
	for name := range o.ours {
		queue = append(queue, name)
	}
	for len(queue) > 0 {
		c := o.t.Chain(queue[0])
		queue = queue[1:]
		for _, r := range c.Rules {
			to := o.t.Chain(r.JumpsTo())
			if to == nil || o.ours[to.Name] || isBuiltin(to) || !o.adoptable(to) {
				continue
			}
			o.ours[to.Name] = true
			queue = append(queue, to.Name)
		}
	}
}

func (o *tableOwner) adoptable(c *ruleset.Chain) bool {
	return len(c.Rules) == 0 || isUpstreamChain(o.t.Name, c.Name) || slices.ContainsFunc(c.Rules, carriesID)
}

// giveUp drops the chains that foreign chains jump to, until none is left.
func (o *tableOwner) giveUp() {
	for again := true; again; {
		again = false
		for _, c := range o.t.Chains {
			if o.ours[c.Name] {
				continue
			}
			for _, r := range c.Rules {
				if to := r.JumpsTo(); o.ours[to] && !o.held[to] {
					delete(o.ours, to)
					again = true
				}
			}
		}
	}
}

// ownSets finds our sets: the recorded ones, those that a rule with our comment
// names, and those with a name and type of MicroFW's that rules of our chains
// name; the last two only when no foreign rule names them too. A set that
// nothing uses, and that is empty or just as wanted, is taken over as well:
// MicroFW's teardown leaves such sets.
func (m *mine) ownSets(live, want *ruleset.Ruleset, own Ownership) {
	users := m.users(live)
	for name, s := range live.Sets {
		if isTrialSet(name) {
			continue
		}
		u := users[name]
		var wanted *ruleset.Set
		if want != nil {
			wanted = want.Sets[name]
		}
		switch {
		case slices.Contains(own.Sets, name):
			m.sets[name] = u.foreign == "" || want == nil || wanted != nil
		case u.foreign != "":
		case u.marked || u.ours && isUpstreamSet(s):
			m.sets[name] = true
		case !u.ours && wanted != nil && isUpstreamSet(s):
			m.sets[name] = len(s.Members) == 0 || s.Equal(wanted)
		}
	}
}

// setUse says who uses a set: a rule of a chain of ours, one that carries our
// comment there, and, in words, the first foreign user.
type setUse struct {
	ours, marked bool
	foreign      string
}

func (m *mine) users(live *ruleset.Ruleset) map[string]setUse {
	users := map[string]setUse{}
	for _, f := range ruleset.Families() {
		for _, t := range *live.Tables(f) {
			for _, c := range t.Chains {
				ours := isStaged(c.Name) || m.chains[chainKey{f, t.Name, c.Name}]
				for i, r := range c.Rules {
					for _, name := range r.SetNames() {
						u := users[name]
						if ours {
							u.ours, u.marked = true, u.marked || r.ID != ""
						} else if u.foreign == "" {
							u.foreign = fmt.Sprintf("rule %d of %s %s %s uses it", i+1, f, t.Name, c.Name)
						}
						users[name] = u
					}
				}
			}
		}
	}
	for _, list := range live.Sets {
		if list.Type != ruleset.ListSet || isTrialSet(list.Name) {
			continue
		}
		for _, member := range list.Members {
			u := users[member.Text]
			u.foreign = fmt.Sprintf("set %s lists it", list.Name)
			users[member.Text] = u
		}
	}
	return users
}

// taken finds the wanted chains and sets that exist and are not ours.
func (m *mine) taken(live *ruleset.Ruleset, want *ruleset.Ruleset) []*TakenError {
	var out []*TakenError
	for _, f := range ruleset.Families() {
		for _, t := range *want.Tables(f) {
			for _, c := range t.Chains {
				there := live.Tables(f).Chain(t.Name, c.Name)
				if isBuiltin(c) || there == nil || m.chains[chainKey{f, t.Name, c.Name}] {
					continue
				}
				out = append(out, &TakenError{Family: f, Table: t.Name, Name: c.Name, Why: m.whyForeign(live, f, t.Name, c.Name)})
			}
		}
	}
	var users map[string]setUse
	for _, name := range want.Sets.Names() {
		if live.Sets[name] == nil || m.sets[name] {
			continue
		}
		if users == nil {
			users = m.users(live)
		}
		why := users[name].foreign
		if why == "" {
			why = "no rule of ours uses it and no generation recorded it"
		}
		out = append(out, &TakenError{Name: name, Why: why})
	}
	return out
}

func (m *mine) whyForeign(live *ruleset.Ruleset, f ruleset.Family, table, chain string) string {
	for _, c := range live.Tables(f).Table(table).Chains {
		for i, r := range c.Rules {
			if r.JumpsTo() == chain && !m.chains[chainKey{f, table, c.Name}] {
				return fmt.Sprintf("rule %d of %s jumps to it", i+1, c.Name)
			}
		}
	}
	return "no chain of ours leads to it and no generation recorded it"
}
