package compile

import (
	"fmt"
	"slices"
	"testing"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/etc"
	"github.com/mfwtui/mfwtui/tables"
)

// TestEveryCaseHoldsTogether proves for every case that the ruleset loads in
// principle: no jump leads nowhere, no chain or set is made for nothing, names
// fit, rules print, ids are known, and no row says the same twice in a chain.
func TestEveryCaseHoldsTogether(t *testing.T) {
	for _, a := range archives(t) {
		t.Run(a.name(), func(t *testing.T) {
			res, _ := a.compile(t)
			checkInvariants(t, res)
		})
	}
}

// checkInvariants fails the test for everything that must hold in any compiled
// ruleset.
func checkInvariants(t *testing.T, res *Result) {
	t.Helper()
	asked := make(map[string]bool)
	for _, f := range ruleset.Families() {
		if _, err := res.Rules.RestoreText(f); err != nil {
			t.Errorf("%s: %v", f, err)
		}
		for _, table := range *res.Rules.Tables(f) {
			checkChains(t, f, table)
			for _, c := range table.Chains {
				checkRules(t, res, f, c, asked)
			}
		}
	}
	if _, err := res.Rules.Sets.RestoreText(); err != nil {
		t.Error(err)
	}
	for name, set := range res.Rules.Sets {
		switch {
		case set == nil:
			t.Errorf("set %s is asked for and not made", name)
		case set.Name != name:
			t.Errorf("set %s is listed as %s", set.Name, name)
		case len(set.Members) == 0:
			t.Errorf("set %s is empty", name)
		case !asked[name]:
			t.Errorf("set %s is never asked", name)
		}
	}
	for name := range asked {
		if res.Rules.Sets[name] == nil {
			t.Errorf("set %s is asked for and not made", name)
		}
	}
}

// checkChains proves that every jump arrives and that every chain of ours can
// be reached from a built-in one.
func checkChains(t *testing.T, f ruleset.Family, table *ruleset.Table) {
	t.Helper()
	reached := make(map[string]bool)
	var walk func(c *ruleset.Chain)
	walk = func(c *ruleset.Chain) {
		if reached[c.Name] {
			return
		}
		reached[c.Name] = true
		for _, r := range c.Rules {
			if to := r.JumpsTo(); to != "" {
				if next := table.Chain(to); next != nil {
					walk(next)
				} else {
					t.Errorf("%s %s %s jumps to %s, which does not exist", f, table.Name, c.Name, to)
				}
			}
		}
	}
	for _, c := range table.Chains {
		if isBuiltIn(c.Name) {
			walk(c)
		}
	}
	for _, c := range table.Chains {
		if !reached[c.Name] {
			t.Errorf("%s %s %s is never reached", f, table.Name, c.Name)
		}
		if isBuiltIn(c.Name) && (len(c.Rules) != 1 || c.Rules[0].ID != "hook" || c.Policy != "") {
			t.Errorf("%s %s %s holds more than the hook", f, table.Name, c.Name)
		}
	}
}

func isBuiltIn(chain string) bool {
	return slices.Contains([]string{ruleset.Prerouting, ruleset.Input, ruleset.Forward, ruleset.Output, ruleset.Postrouting}, chain)
}

// checkRules proves that each rule of a chain has a known id and stands there
// once for its row, and notes the sets that are asked.
func checkRules(t *testing.T, res *Result, f ruleset.Family, c *ruleset.Chain, asked map[string]bool) {
	t.Helper()
	said := make(map[string]bool)
	for _, r := range c.Rules {
		for _, name := range r.SetNames() {
			asked[name] = true
		}
		ref, ok := res.Rows[r.ID]
		if !ok || ref.Name == "" && ref.Line == 0 {
			t.Errorf("%s %s: id %q leads to no row: %s", f, c.Name, r.ID, r.Spec(f))
		}
		once := r.ID + " " + r.Spec(f)
		if said[once] {
			t.Errorf("%s %s: twice: %s", f, c.Name, once)
		}
		said[once] = true
	}
}

// TestSamplesHaveNoProblems proves that the tables that mfwtui is installed
// with check and compile without a warning, and make every kind of rule that
// they teach.
func TestSamplesHaveNoProblems(t *testing.T) {
	set, problems := tables.Load(etc.Samples)
	cfg, more := set.Check(tables.Facts{})
	problems = append(problems, more...)
	res, more := Compile(cfg, Facts{Bridges: []string{"docker0"}, ForwardHook4: "DOCKER-USER"})
	problems = append(problems, more...)
	for _, p := range problems {
		t.Errorf("%s: %s", p.Severity, p.Error())
	}
	checkInvariants(t, res)
	for _, f := range ruleset.Families() {
		for _, chain := range []string{"filter ext_inp", "filter int_to_ext", "filter DOCKER_to_int", "nat MFWPREROUTING", "nat MFWPOSTROUTING", "mangle DOCKER_fwd"} {
			var table, name string
			fmt.Sscan(chain, &table, &name)
			if c := res.Rules.Tables(f).Chain(table, name); c == nil || len(c.Rules) == 0 {
				t.Errorf("%s %s has no rules", f, chain)
			}
		}
	}
}
