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

func TestRulesThatNothingReaches(t *testing.T) {
	tests := []struct{ name, rules, want string }{
		{"nothing before", "-A zone -s 10.0.0.1 -m comment --comment mfw:a -j ACCEPT\n", ""},
		{"the same again", "-A zone -p tcp --dport 22 -m comment --comment mfw:a -j ACCEPT\n-A zone -p tcp --dport 22 -m comment --comment mfw:b -j drop\n", "b by a"},
		{"two halves", "-A zone -s 10.0.0.0/25 -m comment --comment mfw:a -j ACCEPT\n-A zone -s 10.0.0.128/25 -m comment --comment mfw:b -j drop\n-A zone -s 10.0.0.0/24 -m comment --comment mfw:c -j ACCEPT\n", "c by a,b"},
		{"a hole is left", "-A zone -s 10.0.0.0/25 -m comment --comment mfw:a -j ACCEPT\n-A zone -s 10.0.0.0/24 -m comment --comment mfw:c -j ACCEPT\n", ""},
		{"a jump that returns covers nothing", "-A zone -s 10.0.0.1 -m comment --comment mfw:a -j ACCEPT\n-A FORWARD -m comment --comment mfw:z -j zone\n-A FORWARD -m comment --comment mfw:b -j ACCEPT\n", ""},
		{"what may match covers nothing", "-A zone -m limit --limit 1/min -m comment --comment mfw:a -j ACCEPT\n-A zone -m comment --comment mfw:b -j ACCEPT\n", ""},
		{"others' rules are theirs", "-A zone -j ACCEPT\n-A zone -s 10.0.0.1 -j ACCEPT\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, u := range FindUnreachable(parse(t, tt.rules), Facts{}) {
				var by []string
				for _, r := range u.By {
					by = append(by, r.ID)
				}
				got = append(got, u.Rule.ID+" by "+strings.Join(by, ","))
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
		for _, u := range FindUnreachable(rs, Facts{Local: localNet}) {
			dead = append(dead, u.Rule)
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
