package plan_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func TestATrialIsNotStagedOnTopOfAnother(t *testing.T) {
	tr := transitions(t, 1)[0]
	stage := units(must(t)(plan.Stage(tr.live, tr.want, tr.own, bit)))
	for n := 1; n <= len(stage); n++ {
		k := fakeWith(t, tr.live)
		loadUnits(t, k, stage[:n])
		if _, err := plan.Stage(read(t, k), tr.want, tr.own, bit); !errors.Is(err, plan.ErrTrialStaged) {
			t.Errorf("after %d of %d units: %v", n, len(stage), err)
		}
	}
}

func TestConfirmRefusesWhileTheGateIsNotHeld(t *testing.T) {
	tr := transitions(t, 1)[0]
	k := fakeWith(t, tr.live)
	load(t, k, must(t)(plan.Stage(tr.live, tr.want, tr.own, bit)))
	for _, gate := range []struct {
		name string
		load plan.Payload
		want error
	}{
		{"closed", plan.Payload{}, plan.ErrGateNotHeld},
		{"on a timeout", plan.Arm(30), plan.ErrGateNotHeld},
		{"extended", plan.Extend(60), plan.ErrGateNotHeld},
		{"held", plan.Hold(), nil},
		{"closed again", plan.Close(), plan.ErrGateNotHeld},
	} {
		load(t, k, plan.Steps{gate.load})
		if _, err := plan.Confirm(read(t, k), tr.want, tr.own); !errors.Is(err, gate.want) {
			t.Errorf("%s: %v", gate.name, err)
		}
	}
}

func TestASetOfAnotherTypeTakesThePlaceOfOneInUse(t *testing.T) {
	const (
		rules = `*filter
:INPUT ACCEPT [0:0]
:MFWINPUT - [0:0]
-A INPUT -m comment --comment mfw:hook -j MFWINPUT
-A MFWINPUT -p tcp -m set --match-set web_tcp dst -m comment --comment mfw:aa -j DROP
COMMIT
`
		ports = "create web_tcp bitmap:port range 0-65535\nadd web_tcp 80\n"
		nets  = "create web_tcp hash:net family inet\nadd web_tcp 10.0.0.0/8\n"
	)
	own := plan.Ownership{Sets: []string{"web_tcp"}}
	packet := func(dst string, port uint16) ruleset.Packet {
		return ruleset.Packet{In: "eth0", Src: netip.MustParseAddr("192.0.2.1"), Dst: netip.MustParseAddr(dst), Proto: ruleset.TCP, DstPort: port}
	}
	ps := []ruleset.Packet{packet("10.0.0.1", 80), packet("10.0.0.1", 443), packet("192.0.2.9", 80), packet("192.0.2.9", 443)}
	live, want := parse(t, rules, "", ports), target(parse(t, rules, "", nets))
	before, after := verdicts(live, ps), verdicts(plan.After(live, want, own), ps)

	plain := fakeWith(t, live)
	seen := before
	for _, u := range units(must(t)(plan.Confirm(live, want, own))) {
		loadUnits(t, plain, []unit{u})
		if u.family != 0 {
			seen = after
		}
		assertVerdicts(t, u.text, plain, ps, seen)
	}
	tried := fakeWith(t, live)
	load(t, tried, must(t)(plan.Stage(live, want, own, bit)))
	flip(t, tried)
	for _, u := range units(must(t)(plan.Confirm(read(t, tried), want, own))) {
		loadUnits(t, tried, []unit{u})
		assertVerdicts(t, u.text, tried, ps, after)
	}
	for _, k := range []bed{plain, tried} {
		if d := plan.Compare(read(t, k), want, own); !d.Empty() {
			t.Errorf("%s", d.Unified())
		}
	}
}

func TestNamesOfFullLengthAreStaged(t *testing.T) {
	chains := []string{strings.Repeat("c", 23) + "_to_1", strings.Repeat("c", 23) + "_to_2"}
	sets := []string{strings.Repeat("s", 28) + "_v4", strings.Repeat("s", 27) + "2_v4"}
	rs := &ruleset.Ruleset{Sets: ruleset.Sets{}}
	root := rs.V4.Ensure(ruleset.Filter).Ensure(ruleset.RootInput)
	rs.V4.Ensure(ruleset.Filter).Ensure(ruleset.Input).Append(&ruleset.Rule{ID: "hook", Target: ruleset.Jump{Chain: ruleset.RootInput}})
	for i, chain := range chains {
		set := ruleset.NewSet(sets[i], ruleset.HashNet, ruleset.V4)
		set.Members = []ruleset.Member{{Prefix: netip.MustParsePrefix("10.0.0.0/8")}}
		rs.Sets[sets[i]] = set
		root.Append(&ruleset.Rule{ID: chain, Target: ruleset.Jump{Chain: chain}})
		rs.V4.Ensure(ruleset.Filter).Ensure(chain).Append(&ruleset.Rule{
			ID: "aa", Matches: []ruleset.Match{ruleset.MatchSet{Name: sets[i], Dirs: "src"}}, Target: ruleset.Drop,
		})
	}
	want := target(rs)
	k := fakeWith(t, parse(t, foreign4, foreign6, foreignSets))
	load(t, k, must(t)(plan.Stage(read(t, k), want, plan.Ownership{}, bit)))
	flip(t, k)
	load(t, k, must(t)(plan.Confirm(read(t, k), want, plan.Ownership{})))
	if d := plan.Compare(read(t, k), want, recorded(want)); !d.Empty() {
		t.Errorf("%s", d.Unified())
	}
}

func TestARuleThatMustNotBeWrittenStopsThePlan(t *testing.T) {
	want := target(parse(t, "*filter\n:INPUT - [0:0]\n:MFWINPUT - [0:0]\n-A INPUT -m comment --comment mfw:hook -j MFWINPUT\n-A MFWINPUT -m comment --comment \"not ours\" -j ACCEPT\nCOMMIT\n", "", ""))
	live := parse(t, foreign4, foreign6, foreignSets)
	for name, makePlan := range map[string]func() (plan.Steps, error){
		"stage": func() (plan.Steps, error) { return plan.Stage(live, want, plan.Ownership{}, bit) },
		"load":  func() (plan.Steps, error) { return plan.Confirm(live, want, plan.Ownership{}) },
	} {
		if steps, err := makePlan(); err == nil || len(steps) > 0 {
			t.Errorf("%s: %v, %v", name, steps, err)
		}
	}
}

func TestTheFingerprintKnowsWhatIsOursAndNothingElse(t *testing.T) {
	want := randomTarget(5)
	own := recorded(want)
	k := fakeWith(t, parse(t, foreign4, foreign6, foreignSets))
	load(t, k, must(t)(plan.Confirm(read(t, k), want, plan.Ownership{})))
	start := plan.Fingerprint(read(t, k), own)
	cases := []struct {
		name    string
		text    string
		changes bool
	}{
		{"a foreign rule comes", "-A INPUT -s 192.0.2.1 -j DROP", false},
		{"a foreign chain comes", ":other - [0:0]\n-A other -j DROP", false},
		{"a rule comes into our chain", "-A MFWINPUT -s 192.0.2.1 -j DROP", true},
		{"our hook is doubled", "-I INPUT -m comment --comment mfw:hook -j MFWINPUT", true},
		{"everything is accepted ahead of our hook", "-I INPUT -j ACCEPT", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			k := fakeWith(t, read(t, k))
			if err := k.Restore(t.Context(), ruleset.V4, "*filter\n"+c.text+"\nCOMMIT\n"); err != nil {
				t.Fatal(err)
			}
			if got := plan.Fingerprint(read(t, k), own) != start; got != c.changes {
				t.Errorf("changes: %v, want %v", got, c.changes)
			}
		})
	}
}

func TestAnAdministratorsConnectionIsJudgedAsNewAndAsRunning(t *testing.T) {
	const rules = `*filter
:INPUT ACCEPT [0:0]
:MFWINPUT - [0:0]
:ext_inp - [0:0]
-A INPUT -m comment --comment mfw:hook -j MFWINPUT
-A MFWINPUT -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment mfw:established -j ACCEPT
-A MFWINPUT -i eth0 -m comment --comment mfw:zone -j ext_inp
-A MFWINPUT -m comment --comment mfw:reject -j REJECT --reject-with icmp-port-unreachable
-A ext_inp -s 203.0.113.0/24 -p tcp -m tcp --dport 22 -m comment --comment mfw:11aa -j ACCEPT
-A ext_inp -s 198.51.100.0/24 -m limit --limit 5/min -m comment --comment mfw:22bb -j ACCEPT
COMMIT
`
	cases := []struct {
		name, from, in string
		want           [2]string
	}{
		{"let in", "203.0.113.9", "eth0", [2]string{
			`yes: a new connection from 203.0.113.9 to 192.0.2.1:22: accepted by rule 1 of v4 filter INPUT > MFWINPUT > ext_inp: -s 203.0.113.0/24 -p tcp -m tcp --dport 22 -m comment --comment "mfw:11aa" -j ACCEPT`,
			`yes: the running connection from 203.0.113.9 to 192.0.2.1:22: accepted by rule 1 of v4 filter INPUT > MFWINPUT: -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "mfw:established" -j ACCEPT`,
		}},
		{"locked out", "8.8.8.8", "eth0", [2]string{
			`no: a new connection from 8.8.8.8 to 192.0.2.1:22: rejected with icmp-port-unreachable by rule 3 of v4 filter INPUT > MFWINPUT: -m comment --comment "mfw:reject" -j REJECT --reject-with icmp-port-unreachable`,
			`yes: the running connection from 8.8.8.8 to 192.0.2.1:22: accepted by rule 1 of v4 filter INPUT > MFWINPUT: -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "mfw:established" -j ACCEPT`,
		}},
		{"nobody can tell", "8.8.8.8", "", [2]string{
			`no: a new connection from 8.8.8.8 to 192.0.2.1:22: cannot be judged, since it is not known by which interface it comes in`,
			`no: the running connection from 8.8.8.8 to 192.0.2.1:22: cannot be judged, since it is not known by which interface it comes in`,
		}},
	}
	rs := parse(t, rules, "", "")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got [2]string
			for i, f := range plan.WouldAdmit(rs, ruleset.Packet{
				In: c.in, Src: netip.MustParseAddr(c.from), Dst: netip.MustParseAddr("192.0.2.1"),
				Proto: ruleset.TCP, SrcPort: 40000, DstPort: 22,
			}) {
				got[i] = map[bool]string{true: "yes: ", false: "no: "}[f.Admitted] + f.Text
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	limited := plan.WouldAdmit(rs, ruleset.Packet{
		In: "eth0", Src: netip.MustParseAddr("198.51.100.1"), Dst: netip.MustParseAddr("192.0.2.1"), Proto: ruleset.TCP, DstPort: 22,
	})
	if limited[0].Certain || !limited[1].Certain {
		t.Errorf("a rate limit is judged as certain: %v, %v", limited[0].Text, limited[1].Text)
	}
}
