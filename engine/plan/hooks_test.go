package plan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func TestHooksStandOnceAndWhereTheyWork(t *testing.T) {
	const user = ":DOCKER-USER - [0:0]\n-A FORWARD -j DOCKER-USER\n"
	cases := []struct {
		name  string
		rules string // of the filter table, besides the built-in chains and MFWFORWARD
		from  string // where the hook is wanted
		want  string
	}{
		{"it stands alone", "-A FORWARD -j MFWFORWARD", "FORWARD", ""},
		{"it stands ahead of a Docker without DOCKER-USER", "-A FORWARD -j MFWFORWARD\n:DOCKER - [0:0]\n-A FORWARD -o docker0 -j DOCKER", "FORWARD", ""},
		{"a foreign rule ahead of it is fine", "-A FORWARD -s 192.0.2.1 -j DROP\n-A FORWARD -j MFWFORWARD", "FORWARD", ""},
		{"it is absent", "", "FORWARD",
			"v4 filter FORWARD -j MFWFORWARD (is absent)"},
		{"a Docker without DOCKER-USER is ahead of it", ":DOCKER - [0:0]\n-A FORWARD -o docker0 -j DOCKER\n-A FORWARD -j MFWFORWARD", "FORWARD",
			"v4 filter FORWARD -j MFWFORWARD (stands behind Docker's jump to DOCKER)"},
		{"Docker came after the rules were applied", user + "-A FORWARD -j MFWFORWARD", "FORWARD",
			"v4 filter DOCKER-USER -j MFWFORWARD (is absent)\nv4 filter FORWARD -j MFWFORWARD (is not wanted here)"},
		{"it stands twice", "-A FORWARD -j MFWFORWARD\n-A FORWARD -j MFWFORWARD", "FORWARD",
			"v4 filter FORWARD -j MFWFORWARD (stands 2 times)"},
		{"everything is decided ahead of it", "-A FORWARD -j ACCEPT\n-A FORWARD -j MFWFORWARD", "FORWARD",
			"v4 filter FORWARD -j MFWFORWARD (is never reached: rule 1 decides every packet)"},
		{"it is first in DOCKER-USER", user + "-A DOCKER-USER -j MFWFORWARD\n-A DOCKER-USER -j RETURN", "DOCKER-USER", ""},
		{"it is not first in DOCKER-USER", user + "-A DOCKER-USER -s 192.0.2.1 -j RETURN\n-A DOCKER-USER -j MFWFORWARD", "DOCKER-USER",
			"v4 filter DOCKER-USER -j MFWFORWARD (is not the first rule of DOCKER-USER)"},
		{"it is in the wrong chain", user + "-A FORWARD -j MFWFORWARD", "DOCKER-USER",
			"v4 filter DOCKER-USER -j MFWFORWARD (is absent)\nv4 filter FORWARD -j MFWFORWARD (is not wanted here)"},
		{"there is no DOCKER-USER yet, so FORWARD it is", "-A FORWARD -j MFWFORWARD", "DOCKER-USER", ""},
		{"nothing leads to DOCKER-USER, so FORWARD it is", ":DOCKER-USER - [0:0]\n-A FORWARD -j MFWFORWARD", "DOCKER-USER", ""},
		{"a jump under a condition is no hook of ours", "-A FORWARD -i eth9 -j MFWFORWARD\n-A FORWARD -j MFWFORWARD", "FORWARD", ""},
		{"a jump under another comment is no hook of ours", "-A FORWARD -m comment --comment mine -j MFWFORWARD", "FORWARD",
			"v4 filter FORWARD -j MFWFORWARD (is absent)"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			live := parse(t, "*filter\n:FORWARD ACCEPT [0:0]\n:MFWFORWARD - [0:0]\n"+c.rules+"\nCOMMIT\n", "", "")
			want := plan.Target{
				Rules: &ruleset.Ruleset{V4: ruleset.Tables{{Name: ruleset.Filter, Chains: []*ruleset.Chain{{Name: ruleset.RootForward}}}}},
				Hooks: []ruleset.Hook{{Family: ruleset.V4, Table: ruleset.Filter, From: c.from, To: ruleset.RootForward}},
			}
			var got []string
			for _, h := range plan.Compare(live, want, plan.Ownership{}).Hooks {
				got = append(got, "v4 "+h.Table+" "+h.From+" -j "+h.To+" ("+h.Why+")")
			}
			if diff := cmp.Diff(c.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
