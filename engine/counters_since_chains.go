package engine

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// RuleKey names a rule of a chain over an apply: by its row id, or by its text
// when it has none, and which of the rules with the same it is.
type RuleKey struct {
	Family             ruleset.Family
	Table, Chain, What string
	Nth                int // from 0
}

// MarshalText writes the key for a file.
func (k RuleKey) MarshalText() ([]byte, error) {
	return []byte(strings.Join([]string{k.Family.String(), k.Table, k.Chain, strconv.Itoa(k.Nth), k.What}, "\t")), nil
}

// UnmarshalText reads what MarshalText wrote.
func (k *RuleKey) UnmarshalText(text []byte) error {
	parts := strings.SplitN(string(text), "\t", 5)
	if len(parts) < 5 {
		return fmt.Errorf("%q names no rule", text)
	}
	nth, err := strconv.Atoi(parts[3])
	if err != nil {
		return fmt.Errorf("%q names no rule: %w", text, err)
	}
	for _, f := range ruleset.Families() {
		if parts[0] == f.String() {
			*k = RuleKey{Family: f, Table: parts[1], Chain: parts[2], What: parts[4], Nth: nth}
			return nil
		}
	}
	return fmt.Errorf("%q names no rule: %q is no family", text, parts[0])
}

// ruleKeys calls f with each rule of a list and its key; the rules of a chain
// follow each other.
func ruleKeys(chains []ChainCounter, f func(i int, k RuleKey)) {
	seen := make(map[string]int)
	var at RuleKey
	for i := range chains {
		c := &chains[i]
		if at.Family != c.Family || at.Table != c.Table || at.Chain != c.Chain {
			at = RuleKey{Family: c.Family, Table: c.Table, Chain: c.Chain}
			clear(seen)
		}
		k := at
		if k.What = c.ID; k.What == "" {
			k.What = c.Text()
		}
		k.Nth = seen[k.What]
		seen[k.What]++
		f(i, k)
	}
}

// CountsOf is what the rules of chains have counted, without those that have
// counted nothing.
func CountsOf(chains []ChainCounter) map[RuleKey]ruleset.Counters {
	counts := make(map[RuleKey]ruleset.Counters)
	ruleKeys(chains, func(i int, k RuleKey) {
		if n := chains[i].Count; n != (ruleset.Counters{}) {
			counts[k] = n
		}
	})
	return counts
}

// ChainsSince are rules with what they counted since the baseline. One that has
// counted less than then was made anew, as Docker does with its own at each
// start, and counts from its beginning.
func (b *CounterBaseline) ChainsSince(chains []ChainCounter) []ChainCounter {
	since := make([]ChainCounter, len(chains))
	copy(since, chains)
	ruleKeys(chains, func(i int, k RuleKey) {
		was, n := b.Chains[k], &since[i].Count
		if was.Packets <= n.Packets && was.Bytes <= n.Bytes {
			n.Packets -= was.Packets
			n.Bytes -= was.Bytes
		}
	})
	return since
}
