package desk

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// Compiled are the kernel rules that the rows of a set of tables compile
// to. A row is known by its line, which an edit of other rows leaves alone: what
// is known of it stays true until the next compile.
type Compiled struct {
	Set   *tables.Set
	rows  map[*tables.Line]*CompiledRow
	hosts map[string][]netip.Addr // what host names resolved to
	Apart int                     // rules and virtuals that exist in one family only
}

// CompiledRow is what one row compiles to.
type CompiledRow struct {
	IDs    []string // of the rules that count for the row, not of those that log
	v4, v6 FamilyRules
}

// FamilyRules are the rules of a row in one family, and their chains.
type FamilyRules struct {
	Rules  []kernelRule
	Chains []string
}

// kernelRule is a rule and where it stands.
type kernelRule struct {
	Chain string // with the table before it when that is not filter
	Rule  *ruleset.Rule
}

// newCompiled finds the rules of each row.
func newCompiled(set *tables.Set, c *engine.Compiled) *Compiled {
	r := &Compiled{Set: set, rows: make(map[*tables.Line]*CompiledRow, len(c.Rows)), hosts: c.Hosts}
	byID := make(map[string]*CompiledRow, len(c.Rows))
	for id, ref := range c.Rows {
		line := set.File(ref.Kind).Line(ref.Line)
		if line == nil || ref.Line == 0 {
			continue
		}
		row := r.rows[line]
		if row == nil {
			row = &CompiledRow{}
			r.rows[line] = row
		}
		byID[id] = row
		if ref.Name == "" {
			row.IDs = append(row.IDs, id)
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
						row.Family(f).add(label, rule)
					}
				}
			}
		}
	}
	r.Apart = r.countApart()
	return r
}

// ResolvedValue is a member of an address with what a host name in it resolved
// to when the tables were compiled.
type ResolvedValue struct {
	tables.AddrValue
	addrs []string
}

// String is the value as the table has it; behind a host name its addresses.
func (v ResolvedValue) String() string {
	if len(v.addrs) == 0 {
		return v.AddrValue.String()
	}
	return fmt.Sprintf("%s (%s)", v.AddrValue, strings.Join(v.addrs, ", "))
}

// Resolve looks the host names among the values of a family up.
func (r *Compiled) Resolve(values []tables.AddrValue, f ruleset.Family) []ResolvedValue {
	list := make([]ResolvedValue, len(values))
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
func (r *Compiled) countApart() int {
	n := 0
	for _, k := range []tables.Kind{tables.Rules, tables.Virtuals} {
		for _, line := range r.Set.File(k).Lines {
			if only, ok := r.Of(line).Only(); ok && only != 0 {
				n++
			}
		}
	}
	return n
}

// Of is what a row compiles to; nil when that is not known.
func (r *Compiled) Of(line *tables.Line) *CompiledRow {
	if r == nil {
		return nil
	}
	return r.rows[line]
}

// Family are the rules of one family.
func (r *CompiledRow) Family(f ruleset.Family) *FamilyRules {
	if f == ruleset.V6 {
		return &r.v6
	}
	return &r.v4
}

func (f *FamilyRules) add(chain string, rule *ruleset.Rule) {
	f.Rules = append(f.Rules, kernelRule{chain, rule})
	if !slices.Contains(f.Chains, chain) {
		f.Chains = append(f.Chains, chain)
	}
}

// Only is the one family that the row has rules in, 0 for both; false when it
// has none.
func (r *CompiledRow) Only() (ruleset.Family, bool) {
	switch {
	case r == nil, len(r.v4.Rules)+len(r.v6.Rules) == 0:
		return 0, false
	case len(r.v6.Rules) == 0:
		return ruleset.V4, true
	case len(r.v4.Rules) == 0:
		return ruleset.V6, true
	}
	return 0, true
}
