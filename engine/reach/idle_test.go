package reach

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// parse reads rules of the IPv4 filter table.
func parse(t *testing.T, rules string) *ruleset.Ruleset {
	t.Helper()
	rs := &ruleset.Ruleset{Sets: ruleset.Sets{}}
	tables, err := ruleset.ParseTables(ruleset.V4, []byte("*filter\n:FORWARD ACCEPT [0:0]\n:drop - [0:0]\n:zone - [0:0]\n"+rules+"-A drop -j DROP\nCOMMIT\n"))
	if err != nil {
		t.Fatal(err)
	}
	rs.V4 = tables
	return rs
}

func TestRulesThatDoNothing(t *testing.T) {
	tests := []struct{ name, rules, want string }{
		{"nothing before", "-A zone -s 10.0.0.1 -m comment --comment mfw:a -j ACCEPT\n", ""},
		{"the same again", "-A zone -p tcp --dport 22 -m comment --comment mfw:a -j ACCEPT\n-A zone -p tcp --dport 22 -m comment --comment mfw:b -j drop\n", "b unreachable by a"},
		{"two halves", "-A zone -s 10.0.0.0/25 -m comment --comment mfw:a -j ACCEPT\n-A zone -s 10.0.0.128/25 -m comment --comment mfw:b -j drop\n-A zone -s 10.0.0.0/24 -m comment --comment mfw:c -j ACCEPT\n", "a redundant by c; c unreachable by a,b"},
		{"a hole is left", "-A zone -s 10.0.0.0/25 -m comment --comment mfw:a -j ACCEPT\n-A zone -s 10.0.0.0/24 -m comment --comment mfw:c -j drop\n", ""},
		{"a jump that returns covers nothing", "-A zone -s 10.0.0.1 -m comment --comment mfw:a -j ACCEPT\n-A FORWARD -m comment --comment mfw:z -j zone\n-A FORWARD -m comment --comment mfw:b -j ACCEPT\n", ""},
		{"what may match covers nothing", "-A zone -m limit --limit 1/min -m comment --comment mfw:a -j ACCEPT\n-A zone -m comment --comment mfw:b -j ACCEPT\n", ""},
		{"a later one does the same", "-A zone -s 10.0.0.1 -p tcp -m comment --comment mfw:a -j drop\n-A zone -s 10.0.0.2 -m comment --comment mfw:b -j ACCEPT\n-A zone -s 10.0.0.0/24 -p tcp -m comment --comment mfw:c -j DROP\n", "a redundant by c"},
		{"one between decides otherwise", "-A zone -s 10.0.0.1 -p tcp -m comment --comment mfw:a -j drop\n-A zone -p tcp --dport 22 -m comment --comment mfw:b -j ACCEPT\n-A zone -s 10.0.0.0/24 -p tcp -m comment --comment mfw:c -j DROP\n", ""},
		{"a later one refuses with another answer", "-A zone -s 10.0.0.1 -p tcp -m comment --comment mfw:a -j REJECT --reject-with tcp-reset\n-A zone -s 10.0.0.0/24 -p tcp -m comment --comment mfw:c -j DROP\n", ""},
		{"others' rules are theirs", "-A zone -j ACCEPT\n-A zone -s 10.0.0.1 -j ACCEPT\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, u := range FindIdle(parse(t, tt.rules), Facts{}) {
				var by []string
				for _, r := range u.By {
					by = append(by, r.ID)
				}
				kind := "redundant"
				if u.Unreachable {
					kind = "unreachable"
				}
				got = append(got, u.Rule.ID+" "+kind+" by "+strings.Join(by, ","))
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, "; ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNoPacketIsDecidedByAnUnreachableRule(t *testing.T) {
	found := 0
	for seed := range uint64(200) {
		d := dice{rand.New(rand.NewPCG(seed, 9))}
		rs := d.ruleset()
		for _, f := range ruleset.Families() {
			for _, c := range rs.Tables(f).Table(ruleset.Filter).Chains {
				for i, r := range c.Rules {
					r.ID = c.Name + string(rune('a'+i))
				}
			}
		}
		var dead []*ruleset.Rule
		for _, u := range FindIdle(rs, Facts{Local: localNet}) {
			if u.Unreachable {
				dead = append(dead, u.Rule)
			}
		}
		found += len(dead)
		for range 100 {
			p := d.packet(pick(d, ruleset.V4, ruleset.V6))
			for _, chain := range []string{"c1", "c2", "c3"} {
				if r := rs.TraceChain(ruleset.Filter, chain, p).Rule(); r != nil && slices.Contains(dead, r) {
					t.Fatalf("seed %d: %s decides about %+v", seed, r.Spec(p.Family()), p)
				}
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d rules were found, too few to prove anything", found)
	}
}

func TestWithoutARedundantRuleTheChainDoesTheSame(t *testing.T) {
	found := 0
	for seed := range uint64(200) {
		d := dice{rand.New(rand.NewPCG(seed, 10))}
		rs := d.ruleset()
		for _, f := range ruleset.Families() {
			for _, c := range rs.Tables(f).Table(ruleset.Filter).Chains {
				for i, r := range c.Rules {
					r.ID = c.Name + string(rune('a'+i))
				}
			}
		}
		for _, idle := range FindIdle(rs, Facts{Local: localNet}) {
			c := rs.Tables(idle.Family).Chain(ruleset.Filter, idle.Chain)
			all := c.Rules
			for range 40 {
				p := d.packet(idle.Family)
				with := rs.TraceChain(ruleset.Filter, idle.Chain, p)
				c.Rules = slices.DeleteFunc(slices.Clone(all), func(r *ruleset.Rule) bool { return r == idle.Rule })
				without := rs.TraceChain(ruleset.Filter, idle.Chain, p)
				c.Rules = all
				if with.Outcome != without.Outcome {
					t.Fatalf("seed %d: without %s: %+v is %q, was %q", seed, idle.Rule.Spec(idle.Family), p, without.Outcome, with.Outcome)
				}
			}
			found++
		}
	}
	if found < 50 {
		t.Errorf("only %d rules were found, too few to prove anything", found)
	}
}
