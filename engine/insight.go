package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine/reach"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// Insighter is what finds rows that do nothing.
type Insighter interface {
	// Insights finds the rules rows of tables that do nothing, exactly, in
	// the order of the table. Tables with errors have none, and neither have
	// very large ones.
	Insights(set *tables.Set) []RowInsight
}

// RowInsight says that a row of rules could go, or stand elsewhere.
type RowInsight struct {
	Line int
	// Unreachable says that the rows of By come before and leave no packet
	// to it. Otherwise they come later and would decide about each of its
	// packets in the same way: the row is redundant.
	Unreachable bool
	// By are the lines of rules that do its work, as far as they are few.
	By []int
	// Translates says that the row still decides which packets are
	// translated, although not which are accepted.
	Translates bool
}

// String is the insight in words.
func (i RowInsight) String() string {
	var by []string
	for _, line := range i.By {
		by = append(by, fmt.Sprint("rules:", line))
	}
	text := "decides about nothing: " + strings.Join(by, ", ") + " would decide in the same way without it"
	if i.Unreachable {
		text = "never decides: " + strings.Join(by, ", ") + " comes before and takes all its packets"
	}
	if i.Translates {
		text += "; it still translates"
	}
	return text
}

// insightLimit is how many rules of ours a family may have to be looked through:
// 3,000 take about a second and 500 MB on their way, 10,000 five and 4 GB
// (measured).
const insightLimit = 3000

// Insights finds the rules rows of tables that do nothing. It finds none in very
// large tables, see insightLimit.
func (e *Engine) Insights(set *tables.Set) []RowInsight {
	cfg, problems := e.Check(set)
	compiled, _ := e.compile(cfg, problems, ruleset.Forward, ruleset.Forward)
	if compiled == nil || filterRules(compiled.Rules) > 2*insightLimit {
		return nil
	}
	local, _ := localAddresses() // without them rules that ask for local addresses match less
	facts := reach.Facts{Local: local}
	return rowInsights(cfg, compiled, reach.FindIdle(compiled.Rules, facts))
}

// filterRules counts the rules of the filter tables of both families.
func filterRules(rs *ruleset.Ruleset) (n int) {
	for _, f := range ruleset.Families() {
		if t := rs.Tables(f).Table(ruleset.Filter); t != nil {
			for _, c := range t.Chains {
				n += len(c.Rules)
			}
		}
	}
	return n
}

// rowInsights puts rules together to the rows that they are of: a row does
// nothing when none of its rules does anything, in either family.
func rowInsights(cfg *tables.Config, compiled *Compiled, idle []reach.Idle) []RowInsight {
	rules := make(map[string]int)
	for _, f := range ruleset.Families() {
		if t := compiled.Rules.Tables(f).Table(ruleset.Filter); t != nil {
			for _, c := range t.Chains {
				for _, r := range c.Rules {
					rules[r.ID]++
				}
			}
		}
	}
	byID := make(map[string][]reach.Idle)
	for _, one := range idle {
		byID[one.Rule.ID] = append(byID[one.Rule.ID], one)
	}
	var list []RowInsight
	for _, row := range cfg.Rules {
		for id, ref := range compiled.Rows {
			if ref.Kind != tables.Rules || ref.Line != row.Num || ref.Name != "" || len(byID[id]) == 0 || len(byID[id]) < rules[id] {
				continue
			}
			if one, ok := rowInsight(row, byID[id], compiled); ok {
				list = append(list, one)
			}
		}
	}
	slices.SortFunc(list, func(a, b RowInsight) int { return a.Line - b.Line })
	return list
}

// rowInsight is what the idle rules of one row say. A row that logs or
// translates is never redundant.
func rowInsight(row tables.Rule, rules []reach.Idle, compiled *Compiled) (RowInsight, bool) {
	one := RowInsight{Line: row.Num, Unreachable: true, Translates: row.Action.NAT}
	for _, r := range rules {
		one.Unreachable = one.Unreachable && r.Unreachable
		for _, by := range r.By {
			ref := compiled.Rows[by.ID]
			if ref.Kind == tables.Rules && ref.Line > 0 && ref.Line != row.Num && !slices.Contains(one.By, ref.Line) {
				one.By = append(one.By, ref.Line)
			}
		}
	}
	slices.Sort(one.By)
	return one, len(one.By) > 0 && (one.Unreachable || !row.Action.NAT && !row.Action.Log)
}
