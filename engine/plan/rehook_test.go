package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// forwardTarget wants one hook, and our forward chain with one rule, so that a
// load of the rules would show.
func forwardTarget(from string) plan.Target {
	rules := []*ruleset.Rule{{Target: ruleset.Drop, ID: "a1"}}
	return plan.Target{
		Rules: &ruleset.Ruleset{V4: ruleset.Tables{{Name: ruleset.Filter, Chains: []*ruleset.Chain{{Name: ruleset.RootForward, Rules: rules}}}}},
		Hooks: []ruleset.Hook{{Family: ruleset.V4, Table: ruleset.Filter, From: from, To: ruleset.RootForward}},
	}
}

// filter is a live filter table.
func filter(rules string) string {
	return "*filter\n:FORWARD ACCEPT [0:0]\n" + rules + "COMMIT\n"
}

func TestARepairMovesOurHooksAndNothingElse(t *testing.T) {
	const (
		ours   = ":MFWFORWARD - [0:0]\n-A MFWFORWARD -i eth9 -j ACCEPT\n" // not as wanted, and none of a repair's business
		docker = ":DOCKER-USER - [0:0]\n:DOCKER-FORWARD - [0:0]\n"
		jumps  = "-A FORWARD -j DOCKER-USER\n-A FORWARD -j DOCKER-FORWARD\n"
		hook   = "-m comment --comment mfw:hook -j MFWFORWARD\n"
	)
	cases := []struct{ name, live, want string }{
		{"all is well", filter(ours + docker + jumps + "-A DOCKER-USER " + hook), ""},
		{"Docker has started after us",
			filter(ours + docker + jumps + "[7:70] -A FORWARD " + hook),
			"*filter\n-D FORWARD -m comment --comment \"mfw:hook\" -j MFWFORWARD\n-I DOCKER-USER -m comment --comment \"mfw:hook\" -j MFWFORWARD\nCOMMIT\n"},
		{"a rule got ahead of it in DOCKER-USER",
			filter(ours + docker + jumps + "-A DOCKER-USER -s 192.0.2.1/32 -j ACCEPT\n[7:70] -A DOCKER-USER " + hook),
			"*filter\n-D DOCKER-USER -m comment --comment \"mfw:hook\" -j MFWFORWARD\n[7:70] -I DOCKER-USER -m comment --comment \"mfw:hook\" -j MFWFORWARD\nCOMMIT\n"},
		{"somebody emptied FORWARD",
			filter(ours + docker + "-A DOCKER-USER " + hook),
			"*filter\n-D DOCKER-USER -m comment --comment \"mfw:hook\" -j MFWFORWARD\n-I FORWARD -m comment --comment \"mfw:hook\" -j MFWFORWARD\nCOMMIT\n"},
		{"our chain is gone: only a load brings it back", filter(docker + jumps), ""},
		{"a trial is staged: its end puts the hooks right",
			filter(ours + docker + jumps + ":mfwt.MFWFORWARD - [0:0]\n-A FORWARD " + hook), ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			steps, err := plan.Rehook(parse(t, c.live, "", ""), forwardTarget(ruleset.DockerUser), plan.Ownership{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, textOf(steps)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// textOf is the IPv4 text of at most one step that loads nothing else.
func textOf(steps plan.Steps) string {
	switch {
	case len(steps) == 0:
		return ""
	case len(steps) > 1 || steps[0].Sets != "" || steps[0].V6 != "":
		return "more than one text"
	}
	return steps[0].V4
}

func TestTheNextEngineFindsItsChainWhereOneWasBefore(t *testing.T) {
	const reserved = "*filter\n-N DOCKER-USER\n-I FORWARD -j DOCKER-USER\nCOMMIT\n"
	cases := []struct{ name, live, recorded, want string }{
		{"the engine is to come", filter(""), ruleset.DockerUser, reserved},
		{"the kernel has no table at all", "", ruleset.DockerUser, reserved},
		{"the engine is there", filter(":DOCKER-USER - [0:0]\n-A FORWARD -j DOCKER-USER\n"), ruleset.DockerUser, ""},
		{"there never was one", filter(""), ruleset.Forward, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			steps, err := plan.Reserve(parse(t, c.live, "", ""), forwardTarget(c.recorded))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, textOf(steps)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
