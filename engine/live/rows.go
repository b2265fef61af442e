package live

import "github.com/mfwtui/mfwtui/engine/ruleset"

// RuleCount is the count of one row id, added up over all the kernel rules
// that it compiled to.
type RuleCount struct {
	V4, V6 ruleset.Counters
}

// Sum is both families together.
func (c RuleCount) Sum() ruleset.Counters { return c.V4.Add(c.V6) }

// CountRows adds up the counters of a ruleset by row id. Rules in the filter
// table count; the nat and mangle rules of the same row do not, since they see
// the same packets again, and for the same reason a rule that only logs or
// marks and lets the packet go on does not.
func CountRows(rs *ruleset.Ruleset) map[string]RuleCount {
	counts := make(map[string]RuleCount, rulesOf(rs.V4.Table(ruleset.Filter)))
	for _, f := range ruleset.Families() {
		filter := rs.Tables(f).Table(ruleset.Filter)
		if filter == nil {
			continue
		}
		for _, c := range filter.Chains {
			for _, r := range c.Rules {
				if r.ID == "" || goesOn(r.Target) {
					continue
				}
				count := counts[r.ID]
				count.add(f, r.Counters)
				counts[r.ID] = count
			}
		}
	}
	return counts
}

// rulesOf is how many rules a table has, 0 for none.
func rulesOf(t *ruleset.Table) (n int) {
	if t == nil {
		return 0
	}
	for _, c := range t.Chains {
		n += len(c.Rules)
	}
	return n
}

func (c *RuleCount) add(f ruleset.Family, n ruleset.Counters) {
	if f == ruleset.V6 {
		c.V6 = c.V6.Add(n)
	} else {
		c.V4 = c.V4.Add(n)
	}
}

// goesOn reports whether a packet meets the next rule after this target, so
// that the row's deciding rule will count it.
func goesOn(t ruleset.Target) bool {
	switch t := t.(type) {
	case ruleset.NFLog, ruleset.SetMark, ruleset.SetConnMark:
		return true
	case ruleset.UnknownTarget:
		return len(t.Words) > 0 && t.Words[0] == "LOG"
	}
	return false
}
