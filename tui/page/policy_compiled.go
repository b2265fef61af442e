package page

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// compiledRows are the kernel rules that the rows of a set of tables compile
// to. A row is known by its line, which an edit of other rows leaves alone: what
// is known of it stays true until the next compile.
type compiledRows struct {
	set   *tables.Set
	rows  map[*tables.Line]*compiledRow
	sets  ruleset.Sets
	hosts map[string][]netip.Addr // what host names resolved to
	apart int                     // rules and virtuals that exist in one family only
}

// compiledRow is what one row compiles to.
type compiledRow struct {
	ids    []string // of the rules that count for the row, not of those that log
	v4, v6 familyRules
}

// familyRules are the rules of a row in one family, and their chains.
type familyRules struct {
	rules  []kernelRule
	chains []string
}

// kernelRule is a rule and where it stands.
type kernelRule struct {
	chain string // with the table before it when that is not filter
	rule  *ruleset.Rule
}

// newCompiledRows finds the rules of each row.
func newCompiledRows(set *tables.Set, c *engine.Compiled) *compiledRows {
	r := &compiledRows{set: set, rows: make(map[*tables.Line]*compiledRow, len(c.Rows)), sets: c.Rules.Sets, hosts: c.Hosts}
	byID := make(map[string]*compiledRow, len(c.Rows))
	for id, ref := range c.Rows {
		line := set.File(ref.Kind).Line(ref.Line)
		if line == nil || ref.Line == 0 {
			continue
		}
		row := r.rows[line]
		if row == nil {
			row = &compiledRow{}
			r.rows[line] = row
		}
		byID[id] = row
		if ref.Name == "" {
			row.ids = append(row.ids, id)
		}
	}
	for _, f := range ruleset.Families() {
		for _, t := range *c.Rules.Tables(f) {
			for _, chain := range t.Chains {
				label := chain.Name
				if t.Name != ruleset.Filter {
					label = t.Name + ":" + label
				}
				for _, rule := range chain.Rules {
					if row := byID[rule.ID]; row != nil {
						row.family(f).add(label, rule)
					}
				}
			}
		}
	}
	r.apart = r.countApart()
	return r
}

// resolvedValue is a member of an address with what a host name in it resolved
// to when the tables were compiled.
type resolvedValue struct {
	tables.AddrValue
	addrs []string
}

// String is the value as the table has it; behind a host name its addresses.
func (v resolvedValue) String() string {
	if len(v.addrs) == 0 {
		return v.AddrValue.String()
	}
	return fmt.Sprintf("%s (%s)", v.AddrValue, strings.Join(v.addrs, ", "))
}

// resolve looks the host names among the values of a family up.
func (r *compiledRows) resolve(values []tables.AddrValue, f ruleset.Family) []resolvedValue {
	list := make([]resolvedValue, len(values))
	for i, v := range values {
		list[i].AddrValue = v
		if r == nil || v.Host == "" {
			continue
		}
		for _, a := range r.hosts[v.Host] {
			if ruleset.OfAddr(a) == f {
				list[i].addrs = append(list[i].addrs, a.String())
			}
		}
	}
	return list
}

// countApart counts the rows that exist in one family only.
func (r *compiledRows) countApart() int {
	n := 0
	for _, k := range []tables.Kind{tables.Rules, tables.Virtuals} {
		for _, line := range r.set.File(k).Lines {
			if only, ok := r.of(line).only(); ok && only != 0 {
				n++
			}
		}
	}
	return n
}

// of is what a row compiles to; nil when that is not known.
func (r *compiledRows) of(line *tables.Line) *compiledRow {
	if r == nil {
		return nil
	}
	return r.rows[line]
}

func (r *compiledRow) family(f ruleset.Family) *familyRules {
	if f == ruleset.V6 {
		return &r.v6
	}
	return &r.v4
}

func (f *familyRules) add(chain string, rule *ruleset.Rule) {
	f.rules = append(f.rules, kernelRule{chain, rule})
	if !slices.Contains(f.chains, chain) {
		f.chains = append(f.chains, chain)
	}
}

// only is the one family that the row has rules in, 0 for both; false when it
// has none.
func (r *compiledRow) only() (ruleset.Family, bool) {
	switch {
	case r == nil, len(r.v4.rules)+len(r.v6.rules) == 0:
		return 0, false
	case len(r.v6.rules) == 0:
		return ruleset.V4, true
	case len(r.v4.rules) == 0:
		return ruleset.V6, true
	}
	return 0, true
}
