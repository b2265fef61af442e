package ruleset

import (
	"errors"
	"fmt"
	"strings"
)

// Validate checks what a set of rules must hold to be loaded and to make sense:
// every rule can be printed, every jump leads to a chain of its table, no chain
// leads back to itself, every set is there and of a family that fits, names are
// within the limits. Its argument is for rulesets that are not complete: known
// reports chains and sets that exist elsewhere; nil knows none.
func (rs *Ruleset) Validate(known func(name string) bool) []error {
	if known == nil {
		known = func(string) bool { return false }
	}
	var errs []error
	for _, f := range Families() {
		for _, t := range *rs.Tables(f) {
			v := validator{family: f, table: t, sets: rs.Sets, known: known}
			v.run()
			errs = append(errs, v.errs...)
		}
	}
	return append(errs, rs.Sets.validate(known)...)
}

type validator struct {
	family Family
	table  *Table
	sets   Sets
	known  func(string) bool
	errs   []error
}

func (v *validator) run() {
	for _, c := range v.table.Chains {
		if err := CheckChainName(c.Name); err != nil {
			v.fail(c, -1, err)
		}
		for i, r := range c.Rules {
			v.rule(c, i, r)
		}
	}
	if loop := findLoop(v.table); loop != nil {
		v.fail(v.table.Chain(loop[0]), -1, fmt.Errorf("jumps back to itself: %s", strings.Join(loop, " -> ")))
	}
}

func (v *validator) rule(c *Chain, i int, r *Rule) {
	if err := r.Printable(v.family); err != nil {
		v.fail(c, i, err)
	}
	if to := r.JumpsTo(); to != "" && v.table.Chain(to) == nil && !v.known(to) {
		v.fail(c, i, fmt.Errorf("jump to chain %s, which is not there", to))
	}
	for _, name := range r.SetNames() {
		if v.known(name) {
			continue
		}
		if err := v.set(name); err != nil {
			v.fail(c, i, err)
		}
	}
}

// set checks that a set is there and that this family may ask it.
func (v *validator) set(name string) error {
	s := v.sets[name]
	switch {
	case s == nil:
		return fmt.Errorf("set %s is not there", name)
	case s.Family != 0 && s.Family != v.family:
		return fmt.Errorf("set %s is of IP%s", name, s.Family)
	}
	return nil
}

func (v *validator) fail(c *Chain, rule int, err error) {
	where := fmt.Sprintf("%s %s %s", v.family, v.table.Name, c.Name)
	if rule >= 0 {
		where += fmt.Sprintf(" rule %d", rule+1)
	}
	v.errs = append(v.errs, fmt.Errorf("%s: %w", where, err))
}

func (s Sets) validate(known func(string) bool) []error {
	var errs []error
	for _, name := range s.Names() {
		set := s[name]
		if set.Name != name {
			errs = append(errs, fmt.Errorf("set %s: is listed as %s", set.Name, name))
		}
		if _, err := set.RestoreText(); err != nil {
			errs = append(errs, err)
		}
		if set.Type != ListSet {
			continue
		}
		for _, m := range set.Members {
			if err := s.listed(m.Text); err != nil && !known(m.Text) {
				errs = append(errs, fmt.Errorf("set %s: %w", name, err))
			}
		}
	}
	return errs
}

// listed checks that a member of a list is a set that may be one.
func (s Sets) listed(name string) error {
	switch member := s[name]; {
	case member == nil:
		return fmt.Errorf("member %s is not there", name)
	case member.Type == ListSet:
		return errors.New("a list cannot hold a list: " + name)
	}
	return nil
}

// Unused lists the chains of a table that no rule of it leads to, built-in
// ones and roots aside.
func (t *Table) Unused(roots ...string) []string {
	used := make(map[string]bool)
	for _, name := range roots {
		used[name] = true
	}
	for _, c := range t.Chains {
		for _, r := range c.Rules {
			used[r.JumpsTo()] = true
		}
	}
	var unused []string
	for _, c := range t.Chains {
		if !used[c.Name] && !builtin(c.Name) {
			unused = append(unused, c.Name)
		}
	}
	return unused
}

// UnusedSets lists the sets that no rule and no other set names.
func (rs *Ruleset) UnusedSets() []string {
	used := make(map[string]bool)
	for _, f := range Families() {
		for _, t := range *rs.Tables(f) {
			for _, c := range t.Chains {
				for _, r := range c.Rules {
					for _, name := range r.SetNames() {
						used[name] = true
					}
				}
			}
		}
	}
	for _, s := range rs.Sets {
		if s.Type == ListSet {
			for _, m := range s.Members {
				used[m.Text] = true
			}
		}
	}
	var unused []string
	for _, name := range rs.Sets.Names() {
		if !used[name] {
			unused = append(unused, name)
		}
	}
	return unused
}

// findLoop returns the chains of a loop of jumps, the first one again at the
// end; nil when there is none. The kernel refuses loops.
func findLoop(t *Table) []string {
	const open, done = 1, 2
	state := make(map[*Chain]int, len(t.Chains))
	var path []string
	var visit func(c *Chain) []string
	visit = func(c *Chain) []string {
		state[c] = open
		path = append(path, c.Name)
		for _, r := range c.Rules {
			to := t.Chain(r.JumpsTo())
			switch {
			case to == nil || state[to] == done:
			case state[to] == open:
				return append(path[indexOf(path, to.Name):], to.Name)
			default:
				if loop := visit(to); loop != nil {
					return loop
				}
			}
		}
		state[c] = done
		path = path[:len(path)-1]
		return nil
	}
	for _, c := range t.Chains {
		if state[c] == 0 {
			if loop := visit(c); loop != nil {
				return loop
			}
		}
	}
	return nil
}
