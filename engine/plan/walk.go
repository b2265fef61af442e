package plan

import (
	"fmt"
	"iter"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// chainKey names a chain.
type chainKey struct {
	family       ruleset.Family
	table, chain string
}

// String is the form in which a generation records a chain.
func (k chainKey) String() string { return fmt.Sprintf("%s %s %s", k.family, k.table, k.chain) }

// chainsOf walks over every chain of a ruleset, family by family and table by
// table.
func chainsOf(rs *ruleset.Ruleset) iter.Seq2[chainKey, *ruleset.Chain] {
	return func(yield func(chainKey, *ruleset.Chain) bool) {
		for _, f := range ruleset.Families() {
			for _, t := range *rs.Tables(f) {
				for _, c := range t.Chains {
					if !yield(chainKey{f, t.Name, c.Name}, c) {
						return
					}
				}
			}
		}
	}
}
