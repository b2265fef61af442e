package engine

import (
	"slices"
	"testing"

	"github.com/mfwtui/mfwtui/engine/docker"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// chainOf are the counters of one chain with these rules.
func chainOf(rules ...ruleset.Rule) []ChainCounter {
	rs := &ruleset.Ruleset{}
	c := rs.V6.Ensure(ruleset.Filter).Ensure("ext_inp")
	for i := range rules {
		c.Append(&rules[i])
	}
	return chainCounters(rs, &docker.Owners{})
}

func TestRulesOfChainsCountFromTheBaseline(t *testing.T) {
	foreign := func(iface string, packets uint64) ruleset.Rule {
		return ruleset.Rule{In: ruleset.Iface{Name: iface}, Target: ruleset.Drop, Counters: ruleset.Counters{Packets: packets}}
	}
	base := CounterBaseline{Chains: CountsOf(chainOf(counting("a", 10), counting("a", 20), foreign("eth0", 30), foreign("eth1", 0)))}
	tests := []struct {
		name string
		now  []ruleset.Rule
		want []uint64
	}{
		{"the same rules", []ruleset.Rule{counting("a", 11), counting("a", 22), foreign("eth0", 33), foreign("eth1", 4)}, []uint64{1, 2, 3, 4}},
		{"another order", []ruleset.Rule{foreign("eth0", 33), counting("a", 11), foreign("eth1", 4), counting("a", 22)}, []uint64{3, 1, 4, 2}},
		{"a new row", []ruleset.Rule{counting("b", 5), counting("a", 11), counting("a", 22)}, []uint64{5, 1, 2}},
		{"a rule that was made anew", []ruleset.Rule{counting("a", 11), counting("a", 22), foreign("eth0", 7)}, []uint64{1, 2, 7}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []uint64
			for _, c := range base.ChainsSince(chainOf(tt.now...)) {
				got = append(got, c.Count.Packets)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("counted %d, want %d", got, tt.want)
			}
		})
	}
}

func TestTheKeyOfARuleIsReadAsItWasWritten(t *testing.T) {
	for _, k := range []RuleKey{
		{Family: ruleset.V4, Table: "filter", Chain: "ext_inp", What: "1234abcd"},
		{Family: ruleset.V6, Table: "nat", Chain: "a b", What: "-m comment --comment \"x\ty\" -j DROP", Nth: 3},
	} {
		text, err := k.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got RuleKey
		if err := got.UnmarshalText(text); err != nil || got != k {
			t.Errorf("%q is read as %+v, %v; want %+v", text, got, err, k)
		}
	}
	for _, text := range []string{"", "v4\tfilter\text_inp\t0", "v4\tfilter\text_inp\tx\ty", "v5\tfilter\text_inp\t0\ty"} {
		if err := new(RuleKey).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for a rule", text)
		}
	}
}
