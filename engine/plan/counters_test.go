package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// old and wanted differ in the order of rules, in a new row, and in the
// contents of a set.
const (
	countedOld = `*filter
:INPUT ACCEPT [0:0]
:MFWINPUT - [0:0]
:ext_inp - [0:0]
[90:900] -A INPUT -m comment --comment "mfw:hook" -j MFWINPUT
[50:500] -A MFWINPUT -i eth0 -m comment --comment "mfw:zone" -j ext_inp
[20:200] -A ext_inp -p tcp -m comment --comment "mfw:aa" -j ACCEPT
[10:100] -A ext_inp -p udp -m comment --comment "mfw:bb" -j ACCEPT
[5:50] -A ext_inp -m set --match-set home src -j ACCEPT
COMMIT
`
	countedWanted = `*filter
:MFWINPUT - [0:0]
:ext_inp - [0:0]
-A MFWINPUT -i eth0 -m comment --comment "mfw:zone" -j ext_inp
-A ext_inp -p udp -m comment --comment "mfw:bb" -j ACCEPT
-A ext_inp -p tcp -m comment --comment "mfw:aa" -j ACCEPT
-A ext_inp -p 47 -m comment --comment "mfw:cc" -j ACCEPT
-A ext_inp -m set --match-set home src -m comment --comment "mfw:dd" -j ACCEPT
COMMIT
`
)

func TestCountersOfARuleAndOfItsStagedCopyAreAddedAtConfirm(t *testing.T) {
	live := parse(t, countedOld, "", "create home hash:net family inet\nadd home 10.0.0.0/8\n")
	want := target(parse(t, countedWanted, "", "create home hash:net family inet\nadd home 10.0.0.0/9\n"))
	got := countersAfterTrial(t, ruleset.V4, live, want)
	wantCounters := map[string]ruleset.Counters{
		"hook": {Packets: 90, Bytes: 900},
		"zone": {Packets: 51, Bytes: 507},
		"aa":   {Packets: 21, Bytes: 207},
		"bb":   {Packets: 11, Bytes: 107},
		"cc":   {Packets: 1, Bytes: 7},
		"dd":   {Packets: 6, Bytes: 57}, // the same words as a rule without a comment
	}
	if diff := cmp.Diff(wantCounters, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The IPv6 tool of nft loads no counters, so the rules that stay are not
// loaded again. One of two rules that change places is new to the kernel.
func TestIPv6RulesThatStayAreLeftAloneAtConfirm(t *testing.T) {
	live := parse(t, "", countedOld, "create home hash:net family inet6\nadd home fd00::/8\n")
	want := target(parse(t, "", countedWanted, "create home hash:net family inet6\nadd home fd00::/9\n"))
	got := countersAfterTrial(t, ruleset.V6, live, want)
	wantCounters := map[string]ruleset.Counters{
		"hook": {Packets: 90, Bytes: 900},
		"zone": {Packets: 50, Bytes: 500},
		"aa":   {Packets: 20, Bytes: 200},
		"bb":   {},
		"cc":   {},
		"dd":   {},
	}
	if diff := cmp.Diff(wantCounters, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// countersAfterTrial stages, flips, counts one packet on each staged rule,
// confirms, and returns the counters by row id.
func countersAfterTrial(t *testing.T, f ruleset.Family, live *ruleset.Ruleset, want plan.Target) map[string]ruleset.Counters {
	t.Helper()
	want.Hooks = []ruleset.Hook{{Family: f, Table: ruleset.Filter, From: ruleset.Input, To: ruleset.RootInput}}
	own := plan.Ownership{Chains: []string{f.String() + " filter ext_inp"}, Sets: []string{"home"}}
	k := fakeWith(t, live)
	load(t, k, must(t)(plan.Stage(live, want, own, bit)))
	flip(t, k)
	tried := read(t, k)
	for _, chain := range []string{"mfwt.MFWINPUT", "mfwt.ext_inp"} {
		for _, r := range tried.Tables(f).Chain(ruleset.Filter, chain).Rules {
			r.Counters = ruleset.Counters{Packets: 1, Bytes: 7}
		}
	}
	k = fakeWith(t, tried)
	load(t, k, must(t)(plan.Confirm(tried, want, own)))
	got := map[string]ruleset.Counters{}
	after := read(t, k)
	for _, chain := range []string{"INPUT", "MFWINPUT", "ext_inp"} {
		for _, r := range after.Tables(f).Chain(ruleset.Filter, chain).Rules {
			got[r.ID] = r.Counters
		}
	}
	return got
}
