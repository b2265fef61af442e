package plan_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func TestOwnershipIsInferredFromNamesCommentsAndJumps(t *testing.T) {
	const builtin = ":INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
	cases := []struct {
		name   string
		filter string
		sets   string
		want   string // the chains and sets
	}{
		{"a root chain", ":MFWINPUT - [0:0]", "", "MFWINPUT"},
		{"a root chain of another table is not one here", ":MFWPREROUTING - [0:0]\n-A MFWPREROUTING -j ACCEPT", "", ""},
		{"MicroFW's chains below a root chain",
			":MFWINPUT - [0:0]\n:ext_inp - [0:0]\n:accept - [0:0]\n-A MFWINPUT -i eth0 -j ext_inp\n-A ext_inp -j accept\n-A accept -j ACCEPT", "",
			"MFWINPUT accept ext_inp"},
		{"MicroFW's chains below nothing",
			":ext_inp - [0:0]\n:accept - [0:0]\n-A ext_inp -j accept\n-A accept -j ACCEPT", "", ""},
		{"MicroFW's action chains that no rule needs",
			":MFWINPUT - [0:0]\n:accept - [0:0]\n:reject - [0:0]\n-A accept -j ACCEPT", "", "MFWINPUT accept reject"},
		{"an action chain that a foreign rule jumps to",
			":MFWINPUT - [0:0]\n:accept - [0:0]\n-A MFWINPUT -j accept\n-A accept -j ACCEPT\n-A FORWARD -i eth9 -j accept", "", "MFWINPUT"},
		{"a chain that a foreign rule jumps to, and what it leads to",
			":MFWINPUT - [0:0]\n:ext_inp - [0:0]\n:drop - [0:0]\n-A MFWINPUT -j ext_inp\n-A ext_inp -j drop\n-A drop -j DROP\n-A INPUT -j ext_inp", "",
			"MFWINPUT"},
		{"somebody else's chain that a rule put by hand leads to",
			":MFWINPUT - [0:0]\n:blocklist - [0:0]\n-A MFWINPUT -j blocklist\n-A blocklist -s 192.0.2.1 -j DROP", "",
			"MFWINPUT"},
		{"a chain of marked rules that nothing leads to",
			":a_to_b - [0:0]\n-A a_to_b -m comment --comment mfw:11aa -j ACCEPT", "", "a_to_b"},
		{"Docker's chain that holds our hook",
			":DOCKER-USER - [0:0]\n:MFWFORWARD - [0:0]\n-A DOCKER-USER -m comment --comment mfw:hook -j MFWFORWARD", "", "MFWFORWARD"},
		{"an empty pair chain below a zone chain",
			":MFWFORWARD - [0:0]\n:a_fwd - [0:0]\n:a_to_b - [0:0]\n-A MFWFORWARD -j a_fwd\n-A a_fwd -j a_to_b", "",
			"MFWFORWARD a_fwd a_to_b"},
		{"a set of MicroFW's that our chain names",
			":MFWINPUT - [0:0]\n-A MFWINPUT -m set --match-set home_v4 src -j ACCEPT",
			"create home_v4 hash:net family inet", "MFWINPUT home_v4"},
		{"a set of that name and another type",
			":MFWINPUT - [0:0]\n-A MFWINPUT -m set --match-set home_v4 src -j ACCEPT",
			"create home_v4 hash:ip family inet", "MFWINPUT"},
		{"a set that a foreign rule names too",
			":MFWINPUT - [0:0]\n-A MFWINPUT -m set --match-set home_v4 src -j ACCEPT\n-A INPUT -m set --match-set home_v4 src -j DROP",
			"create home_v4 hash:net family inet", "MFWINPUT"},
		{"a set of any name that a marked rule names",
			":MFWINPUT - [0:0]\n-A MFWINPUT -m set --match-set averylongname~12ab src -m comment --comment mfw:11aa -j ACCEPT",
			"create averylongname~12ab hash:net family inet", "MFWINPUT averylongname~12ab"},
		{"a set that a foreign list holds",
			":MFWINPUT - [0:0]\n-A MFWINPUT -m set --match-set home_v4 src -j ACCEPT",
			"create home_v4 hash:net family inet\ncreate all list:set\nadd all home_v4", "MFWINPUT"},
		{"a trial",
			":MFWINPUT - [0:0]\n:mfwt.MFWINPUT - [0:0]\n-A MFWINPUT -m set --match-set mfw_trial src -m comment --comment mfw:trial-gate -g mfwt.MFWINPUT",
			"create mfw_trial list:set\ncreate mfwt.home_v4 hash:net family inet", "MFWINPUT"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			own := plan.Owned(parse(t, "*filter\n"+builtin+c.filter+"\nCOMMIT\n", "", c.sets))
			var got []string
			for _, chain := range own.Chains {
				got = append(got, strings.TrimPrefix(chain, "v4 filter "))
			}
			if diff := cmp.Diff(c.want, strings.Join(append(got, own.Sets...), " ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEverythingThatIsCompiledIsRecorded(t *testing.T) {
	for seed := range uint64(50) {
		want := randomTarget(seed)
		own := plan.Owned(want.Rules)
		for name := range want.Rules.Sets {
			if !contains(own.Sets, name) {
				t.Errorf("seed %d: set %s is not recorded", seed, name)
			}
		}
		for _, f := range ruleset.Families() {
			for _, table := range *want.Rules.Tables(f) {
				for _, c := range table.Chains {
					foreign := len(c.Rules) > 0 && c.Rules[0].ID == "hook"
					if recorded := contains(own.Chains, f.String()+" "+table.Name+" "+c.Name); recorded == foreign {
						t.Errorf("seed %d: %s %s %s: recorded is %v", seed, f, table.Name, c.Name, recorded)
					}
				}
			}
		}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func TestForeignNamesAreRefusedWithATypedError(t *testing.T) {
	want := target(parse(t, "*filter\n:MFWINPUT - [0:0]\n:drop - [0:0]\n-A MFWINPUT -m comment --comment mfw:aa -j drop\n-A MFWINPUT -m set --match-set home_v4 src -m comment --comment mfw:bb -j ACCEPT\nCOMMIT\n",
		"", "create home_v4 hash:net family inet\nadd home_v4 10.0.0.0/8"))
	cases := []struct {
		name             string
		filter, nat, set string
		want             *plan.TakenError
	}{
		{name: "nothing there"},
		{name: "a chain of that name in another table", nat: ":drop - [0:0]\n-A drop -j RETURN"},
		{name: "an unused empty set of that name, as MicroFW leaves it", set: "create home_v4 hash:net family inet"},
		{
			name: "a chain", filter: ":drop - [0:0]\n-A drop -j DROP",
			want: &plan.TakenError{Family: ruleset.V4, Table: "filter", Name: "drop", Why: "no chain of ours leads to it and no generation recorded it"},
		},
		{
			name: "a set with other members", set: "create home_v4 hash:net family inet\nadd home_v4 192.0.2.0/24",
			want: &plan.TakenError{Name: "home_v4", Why: "no rule of ours uses it and no generation recorded it"},
		},
		{
			name: "a set of another type", set: "create home_v4 hash:ip family inet",
			want: &plan.TakenError{Name: "home_v4", Why: "no rule of ours uses it and no generation recorded it"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			live := parse(t, "*filter\n:INPUT ACCEPT [0:0]\n"+c.filter+"\nCOMMIT\n*nat\n:PREROUTING ACCEPT [0:0]\n"+c.nat+"\nCOMMIT\n", "", c.set)
			_, stageErr := plan.Stage(live, want, plan.Ownership{}, bit)
			_, loadErr := plan.Confirm(live, want, plan.Ownership{})
			for _, err := range []error{stageErr, loadErr} {
				var got *plan.TakenError
				if err != nil && !errors.As(err, &got) {
					t.Fatalf("error %v", err)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}
