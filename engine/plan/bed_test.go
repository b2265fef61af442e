package plan_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// bed is a kernel that tests load payloads into.
type bed interface {
	Restore(ctx context.Context, f ruleset.Family, text string) error
	RestoreBoth(ctx context.Context, v4, v6 string) error
	RestoreSets(ctx context.Context, text string) error
	Read(ctx context.Context) (*ruleset.Ruleset, error)
}

// unit is the smallest part of a payload that the kernel does as a whole: one
// command for a set, or one table of one family.
type unit struct {
	family ruleset.Family // 0: a command for sets
	text   string
}

// units cuts steps where a killed program could have stopped.
func units(steps plan.Steps) []unit {
	var out []unit
	for _, p := range steps {
		for line := range strings.Lines(p.Sets) {
			out = append(out, unit{text: line})
		}
		for _, f := range ruleset.Families() {
			text := p.V4
			if f == ruleset.V6 {
				text = p.V6
			}
			for _, table := range strings.SplitAfter(text, "COMMIT\n") {
				if table != "" {
					out = append(out, unit{f, table})
				}
			}
		}
	}
	return out
}

func loadUnits(t *testing.T, b bed, us []unit) {
	t.Helper()
	for _, u := range us {
		var err error
		if u.family == 0 {
			err = b.RestoreSets(t.Context(), u.text)
		} else {
			err = b.Restore(t.Context(), u.family, u.text)
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, u.text)
		}
	}
}

func load(t testing.TB, b bed, steps plan.Steps) {
	t.Helper()
	for _, p := range steps {
		if p.Sets != "" {
			if err := b.RestoreSets(t.Context(), p.Sets); err != nil {
				t.Fatalf("%v\n%s", err, p.Sets)
			}
		}
		if err := b.RestoreBoth(t.Context(), p.V4, p.V6); err != nil {
			t.Fatalf("%v\n%s%s", err, p.V4, p.V6)
		}
	}
}

func read(t testing.TB, b bed) *ruleset.Ruleset {
	t.Helper()
	rs, err := b.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// must gives the steps of a plan that has to succeed.
func must(t testing.TB) func(plan.Steps, error) plan.Steps {
	return func(s plan.Steps, err error) plan.Steps {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// fakeWith is a fake kernel that holds a ruleset.
func fakeWith(t *testing.T, rs *ruleset.Ruleset) *host.Fake {
	t.Helper()
	k := host.NewFake()
	if err := k.Preload(saveText(rs, ruleset.V4), saveText(rs, ruleset.V6), setsText(t, rs.Sets)); err != nil {
		t.Fatal(err)
	}
	return k
}

// saveText prints a family as iptables-save -c does.
func saveText(rs *ruleset.Ruleset, f ruleset.Family) string {
	var b strings.Builder
	for _, table := range *rs.Tables(f) {
		fmt.Fprintf(&b, "*%s\n", table.Name)
		for _, c := range table.Chains {
			policy := c.Policy
			if policy == "" {
				policy = "-"
			}
			fmt.Fprintf(&b, ":%s %s [0:0]\n", c.Name, policy)
		}
		for _, c := range table.Chains {
			for _, r := range c.Rules {
				fmt.Fprintf(&b, "[%d:%d] -A %s %s\n", r.Counters.Packets, r.Counters.Bytes, c.Name, r.Text(f))
			}
		}
		b.WriteString("COMMIT\n")
	}
	return b.String()
}

// setsText prints sets as ipset save does, foreign types included.
func setsText(t *testing.T, sets ruleset.Sets) string {
	t.Helper()
	var foreign strings.Builder
	ours := ruleset.Sets{}
	for _, name := range sets.Names() {
		s := sets[name]
		if s.Type != ruleset.HashIP {
			ours[name] = s
			continue
		}
		fmt.Fprintf(&foreign, "create %s hash:ip family inet timeout %d\n", name, s.Timeout)
		for _, m := range s.Members {
			fmt.Fprintf(&foreign, "add %s %s timeout %d\n", name, m.Prefix.Addr(), m.Timeout)
		}
	}
	text, err := ours.RestoreText()
	if err != nil {
		t.Fatal(err)
	}
	return text + foreign.String()
}

// dump prints a ruleset without counters and timeouts, tables and chains in
// order of their names: what must be equal before and after.
func dump(rs *ruleset.Ruleset) string {
	var b strings.Builder
	for _, f := range ruleset.Families() {
		tables := slices.SortedFunc(slices.Values(*rs.Tables(f)), func(x, y *ruleset.Table) int { return strings.Compare(x.Name, y.Name) })
		for _, table := range tables {
			chains := slices.SortedFunc(slices.Values(table.Chains), func(x, y *ruleset.Chain) int { return strings.Compare(x.Name, y.Name) })
			for _, c := range chains {
				fmt.Fprintf(&b, "%s %s :%s %s\n", f, table.Name, c.Name, c.Policy)
				for _, r := range c.Rules {
					fmt.Fprintf(&b, "%s %s -A %s %s\n", f, table.Name, c.Name, r.Text(f))
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rs.Sets)) {
		s := rs.Sets[name]
		fmt.Fprintf(&b, "set %s %s %s\n", name, s.Type, s.Family)
		for _, m := range s.Members {
			fmt.Fprintf(&b, "add %s %v %v %s\n", name, m.Prefix, m.Port, m.Text)
		}
	}
	return b.String()
}

// parse reads texts as the save commands print them.
func parse(t *testing.T, v4, v6, sets string) *ruleset.Ruleset {
	t.Helper()
	rs := &ruleset.Ruleset{}
	var err error
	if rs.V4, err = ruleset.ParseTables(ruleset.V4, []byte(v4)); err != nil {
		t.Fatal(err)
	}
	if rs.V6, err = ruleset.ParseTables(ruleset.V6, []byte(v6)); err != nil {
		t.Fatal(err)
	}
	if rs.Sets, err = ruleset.ParseSets([]byte(sets)); err != nil {
		t.Fatal(err)
	}
	return rs
}

// target makes a Target of a ruleset: its hooks are the rules with the id
// "hook".
func target(rs *ruleset.Ruleset) plan.Target {
	want := plan.Target{Rules: rs}
	for _, f := range ruleset.Families() {
		for _, table := range *rs.Tables(f) {
			for _, c := range table.Chains {
				for _, r := range c.Rules {
					if r.ID == "hook" {
						want.Hooks = append(want.Hooks, ruleset.Hook{Family: f, Table: table.Name, From: c.Name, To: r.JumpsTo()})
					}
				}
			}
		}
	}
	return want
}

// recorded is what the generations of these targets record together.
func recorded(targets ...plan.Target) plan.Ownership {
	var own plan.Ownership
	for _, w := range targets {
		if w.Rules == nil {
			continue
		}
		o := plan.Owned(w.Rules)
		own.Chains = append(own.Chains, o.Chains...)
		own.Sets = append(own.Sets, o.Sets...)
	}
	return own
}
