package engine

import (
	"slices"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// reading is a snapshot of one chain whose rules have counted so much.
func reading(at time.Time, counts ...ruleset.Rule) CounterSnapshot {
	c := &ruleset.Chain{Name: "ext_inp"}
	for i := range counts {
		c.Append(&counts[i])
	}
	rs := &ruleset.Ruleset{}
	*rs.Tables(ruleset.V4) = ruleset.Tables{{Name: ruleset.Filter, Chains: []*ruleset.Chain{c}}}
	return CounterSnapshot{At: at, Rows: rowCounters(nil, live.CountRows(rs)), Chains: chainCounters(rs, nil)}
}

func counting(id string, packets uint64) ruleset.Rule {
	return ruleset.Rule{ID: id, Target: ruleset.Accept, Counters: ruleset.Counters{Packets: packets}}
}

func TestRatesOfCountersAreThoseOfTheSameRowAndRule(t *testing.T) {
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	first := []ruleset.Rule{counting("a", 100), counting("b", 50)}
	tests := []struct {
		name         string
		now          []ruleset.Rule
		rows, chains []float64
	}{
		{"the same rules", []ruleset.Rule{counting("a", 120), counting("b", 50)}, []float64{10, 0}, []float64{10, 0}},
		{"counters that were reset", []ruleset.Rule{counting("a", 3), counting("b", 70)}, []float64{0, 10}, []float64{0, 10}},
		{"a new rule behind", []ruleset.Rule{counting("a", 120), counting("b", 60), counting("c", 9)}, []float64{10, 5, 0}, []float64{10, 5, 0}},
		{"a rule that moved counts anew in its chain", []ruleset.Rule{counting("c", 9), counting("a", 120), counting("b", 60)}, []float64{10, 5, 0}, []float64{0, 0, 0}},
		{"a rule that went", []ruleset.Rule{counting("b", 60)}, []float64{5}, []float64{0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			was := reading(begin, slices.Clone(first)...)
			memory := was.rate(counterMemory{})
			now := reading(begin.Add(2*time.Second), tt.now...)
			now.rate(memory)
			var rows, chains []float64
			for _, r := range now.Rows {
				rows = append(rows, r.Rate)
			}
			for _, c := range now.Chains {
				chains = append(chains, c.Rate)
			}
			if !slices.Equal(rows, tt.rows) || !slices.Equal(chains, tt.chains) {
				t.Errorf("rates %v and %v, want %v and %v", rows, chains, tt.rows, tt.chains)
			}
		})
	}
}

func TestRowsOfTheLastReadingAreTakenAgainOnlyWhileTheyAreTheSame(t *testing.T) {
	names := &naming{}
	before := reading(time.Now(), counting("b", 1), counting("a", 2))
	memory := before.rate(counterMemory{})
	memory.naming = names
	counts := func(ids ...string) map[string]live.RuleCount {
		m := make(map[string]live.RuleCount)
		for i, id := range ids {
			m[id] = live.RuleCount{V4: ruleset.Counters{Packets: uint64(i + 10)}}
		}
		return m
	}
	tests := []struct {
		name   string
		naming *naming
		counts map[string]live.RuleCount
		want   bool
	}{
		{"the same", names, counts("a", "b"), true},
		{"one more", names, counts("a", "b", "c"), false},
		{"another one", names, counts("a", "c"), false},
		{"other names", &naming{}, counts("a", "b"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, ok := memory.again(tt.naming, tt.counts)
			if ok != tt.want {
				t.Fatalf("taken again: %v, want %v", ok, tt.want)
			}
			if want := rowCounters(nil, tt.counts); ok && !slices.Equal(rows, want) {
				t.Errorf("rows %v, want %v", rows, want)
			}
		})
	}
}

func TestTextOfACounterIsItsRuleOrItsPolicy(t *testing.T) {
	rs := &ruleset.Ruleset{}
	c := &ruleset.Chain{Name: ruleset.Input, Policy: "DROP"}
	c.Append(&ruleset.Rule{In: ruleset.Iface{Name: "lo"}, Target: ruleset.Accept})
	*rs.Tables(ruleset.V4) = ruleset.Tables{{Name: ruleset.Filter, Chains: []*ruleset.Chain{c}}}
	var got []string
	for _, one := range chainCounters(rs, nil) {
		got = append(got, one.Text())
	}
	if want := []string{"policy DROP", "-i lo -j ACCEPT"}; !slices.Equal(got, want) {
		t.Errorf("texts %q, want %q", got, want)
	}
}
