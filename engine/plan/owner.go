package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

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
		return strings.HasSuffix(chain, "_inp") || strings.HasSuffix(chain, "_fwd") || isAction(table, chain)
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
// Ours are the root chains, and the accept, drop and reject beside them;
// recorded chains; chains in which every rule carries our comment; and chains
// that our chains jump to, if they are empty, hold a rule with our comment, or
// have a name that MicroFW gives. Except for root chains, and for recorded ones
// that are wanted, a chain that a foreign chain jumps to is not ours.
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
		if o.held[c.Name] || known || compiled(c) || o.isActionChain(c.Name) {
			o.ours[c.Name] = true
		}
	}
}

// compiled reports whether every rule of a chain carries our comment.
func compiled(c *ruleset.Chain) bool {
	return len(c.Rules) > 0 && !slices.ContainsFunc(c.Rules, func(r *ruleset.Rule) bool { return !carriesID(r) })
}

// isActionChain reports whether a chain is one that MicroFW always makes beside
// its root chains, whether or not a rule leads to it.
func (o *tableOwner) isActionChain(name string) bool {
	return isAction(o.t.Name, name) && (o.t.Chain(ruleset.RootInput) != nil || o.t.Chain(ruleset.RootForward) != nil)
}

func isAction(table, chain string) bool {
	return table == ruleset.Filter &&
		(chain == ruleset.ChainAccept || chain == ruleset.ChainDrop || chain == ruleset.ChainReject)
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

// Unused lists the sets of live that are exactly as in known and that nothing
// uses, in order. With known as what MicroFW makes for some tables they are
// what it left behind, and may be given to a plan as recorded.
func Unused(live *ruleset.Ruleset, known ruleset.Sets) []string {
	var names []string
	var users map[string]setUse
	for _, name := range live.Sets.Names() {
		if s := known[name]; s == nil || !live.Sets[name].Equal(s) {
			continue
		}
		if users == nil {
			users = new(mine).users(live)
		}
		if users[name] == (setUse{}) {
			names = append(names, name)
		}
	}
	return names
}

// setUse says who uses a set: a rule of a chain of ours, one that carries our
// comment there, and, in words, the first foreign user.
type setUse struct {
	ours, marked bool
	foreign      string
}

// foreign reports whether a live chain is neither ours nor of a trial.
func (m *mine) foreign(key chainKey) bool { return !m.chains[key] && !isStaged(key.chain) }

func (m *mine) users(live *ruleset.Ruleset) map[string]setUse {
	users := map[string]setUse{}
	for key, c := range chainsOf(live) {
		for i, r := range c.Rules {
			for _, name := range r.SetNames() {
				u := users[name]
				if !m.foreign(key) {
					u.ours, u.marked = true, u.marked || r.ID != ""
				} else if u.foreign == "" {
					u.foreign = fmt.Sprintf("rule %d of %s uses it", i+1, key)
				}
				users[name] = u
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
	for key := range chainsOf(want) {
		if live.Tables(key.family).Chain(key.table, key.chain) != nil && !m.chains[key] {
			out = append(out, &TakenError{Family: key.family, Table: key.table, Name: key.chain, Why: m.whyForeign(live, key)})
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

func (m *mine) whyForeign(live *ruleset.Ruleset, key chainKey) string {
	for _, c := range live.Tables(key.family).Table(key.table).Chains {
		for i, r := range c.Rules {
			if r.JumpsTo() == key.chain && m.foreign(chainKey{key.family, key.table, c.Name}) {
				return fmt.Sprintf("rule %d of %s jumps to it", i+1, c.Name)
			}
		}
	}
	return "no chain of ours leads to it and no generation recorded it"
}
