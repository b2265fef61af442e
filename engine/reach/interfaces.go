package reach

import (
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// hostAtom is the atom of this host itself: no interface.
const hostAtom = 0

// interfaces are the atoms of the interface fields: what no rule tells apart is
// one atom. Atom 0 is this host, then come the names that rules ask for, then
// for each wildcard the interfaces that it takes and no other atom does, and
// last any other interface.
type interfaces struct {
	atoms []atom
}

// atom is an interface name, or with more set all names that start with it and
// that no longer atom describes.
type atom struct {
	name string
	more bool
}

// newInterfaces collects the atoms of some rulesets of one family, and names
// that should be told apart although no rule asks for them.
func newInterfaces(f ruleset.Family, named []string, rulesets ...*ruleset.Ruleset) *interfaces {
	asked := make(map[string]bool)
	for _, name := range named {
		asked[name] = true
	}
	for _, rs := range rulesets {
		for _, t := range rs.All(f) {
			for _, c := range t.Chains {
				for _, r := range c.Rules {
					asked[r.In.Name], asked[r.Out.Name] = true, true
					for _, name := range severalOf(r) {
						asked[name] = true
					}
				}
			}
		}
	}
	x := &interfaces{atoms: []atom{{}}}
	for name := range asked {
		prefix, wild := strings.CutSuffix(name, "+")
		if name != "" && name != "+" {
			x.atoms = append(x.atoms, atom{prefix, wild})
		}
	}
	slices.SortFunc(x.atoms[1:], func(a, b atom) int {
		if a.more != b.more {
			if a.more {
				return 1
			}
			return -1
		}
		return strings.Compare(a.name, b.name)
	})
	x.atoms = append(x.atoms, atom{more: true})
	return x
}

// severalOf are the interfaces that a rule asks for by a set of them.
func severalOf(r *ruleset.Rule) (names []string) {
	for _, m := range r.Matches {
		if several, ok := m.(ruleset.MatchIfaces); ok {
			names = append(names, several.Names...)
		}
	}
	return names
}

func (x *interfaces) count() int { return len(x.atoms) }

// of is the atom of an interface name; empty is this host.
func (x *interfaces) of(name string) int {
	best := hostAtom
	for i, a := range x.atoms {
		switch {
		case !a.more && a.name == name:
			return i
		case a.more && strings.HasPrefix(name, a.name) && (best == hostAtom || len(a.name) > len(x.atoms[best].name)):
			best = i
		}
	}
	return best
}

// spans are the atoms that a match takes. The kernel compares a packet without
// that interface by the empty name.
func (x *interfaces) spans(m ruleset.Iface) []span {
	var list []span
	for i, a := range x.atoms {
		if m.Name != "" && a.in(m.Name) == m.Not {
			continue
		}
		if v := number(i); len(list) > 0 && list[len(list)-1].hi.next() == v {
			list[len(list)-1].hi = v
		} else {
			list = append(list, one(v))
		}
	}
	return list
}

// in reports whether the names of an atom are all taken by a pattern; atoms are
// made so that it is all or none.
func (a atom) in(pattern string) bool {
	prefix, wild := strings.CutSuffix(pattern, "+")
	if wild {
		return strings.HasPrefix(a.name, prefix)
	}
	return !a.more && a.name == pattern
}

// label names an atom for people.
func (a atom) label() string {
	switch {
	case a.more && a.name == "":
		return "other"
	case a.more:
		return a.name + "+"
	}
	return a.name
}

// sample is an interface name that belongs to an atom.
func (a atom) sample() string {
	if a.more {
		return a.name + "~"
	}
	return a.name
}
