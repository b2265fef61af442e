package plan

import (
	"fmt"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Counts are how many rules come, go, or get another comment only.
type Counts struct{ Added, Gone, Recommented int }

// Counts counts the rules of one family that differ.
func (d *Diff) Counts(f ruleset.Family) Counts {
	var n Counts
	for _, c := range d.Chains {
		if c.Family != f {
			continue
		}
		for _, l := range c.Lines {
			switch l.Op {
			case Add:
				n.Added++
			case Remove:
				n.Gone++
			case Change:
				n.Recommented++
			}
		}
	}
	return n
}

// Summary is the difference in one line: "v4 +2 -1 rules, v6 +2 -1 rules, 1
// set, 2 hooks"; "no difference" when there is none.
func (d *Diff) Summary() string {
	var parts []string
	for _, f := range ruleset.Families() {
		n := d.Counts(f)
		if n.Added+n.Gone > 0 {
			parts = append(parts, fmt.Sprintf("%s +%d -%d rules", f, n.Added, n.Gone))
		}
		if n.Recommented > 0 {
			parts = append(parts, fmt.Sprintf("%s %s only in the comment", f, count(n.Recommented, "rule")))
		}
	}
	for _, part := range []struct {
		n    int
		what string
	}{{len(d.Sets), "set"}, {len(d.Hooks), "hook"}, {len(d.Taken), "name"}} {
		if part.n > 0 {
			parts = append(parts, count(part.n, part.what))
		}
	}
	if len(parts) == 0 && !d.Empty() {
		parts = append(parts, count(len(d.Chains), "empty chain"))
	}
	if len(parts) == 0 {
		return "no difference"
	}
	return strings.Join(parts, ", ")
}
