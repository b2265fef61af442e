package engine_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/etc"
	"github.com/mfwtui/mfwtui/tables"
)

// estate is a set of tables that a host runs with MicroFW.
type estate struct {
	files map[tables.Kind]string
	opts  lab.Options
	// bridges are those of the lab, which MicroFW asks the host for.
	bridges []string
	// times is how often MicroFW was started without a tear-down.
	times int
}

// house has every form of rule that MicroFW makes: objects and ALL on either
// side, every action, accept+nat of both kinds, virtuals of every kind,
// protocols, zones of several interfaces, a bridge, an interface without zone.
// The virtual that changes the port has no IPv6 address: MicroFW's is dead
// there (semantics 2.7), which is not a verdict to keep.
func house() estate {
	return estate{
		files: map[tables.Kind]string{
			tables.Addresses: sharedAddresses + "fw4 203.0.113.1 -\nnas4 192.168.10.20 -\npool 10.8.0.11-10.8.0.12 fd08::11\n",
			tables.Services:  sharedServices + "dns 53 53\nrange 1000-1009 -\n",
			tables.Interfaces: `eth0 ext gre,89
eth1 int -
eth9 int -
br0  lan -
`,
			tables.Rules: `ext FW  partner  ALL      ssh   accept
ext FW  ALL      ALL      smtp  drop
ext FW  ALL      ALL      dns   accept
ext int partner  lan_nas  ALL   accept
ext ALL ALL      ALL      range reject
int ext ALL      partner  http  accept
int ext lan_home ALL      dns   accept+nat
int ext ALL      ALL      https accept+nat
int ext ALL      partner  ALL   accept+nat
int ALL v4only   ALL      ssh   accept
int int ALL      ALL      ALL   accept
lan ext v6only   ALL      http  accept
lan int net8     lan_nas  http  accept
lan int pool     ALL      ALL   reject
lan lan ALL      ALL      ALL   drop
lan ALL pool     ALL      dns   accept+nat
`,
			tables.Virtuals: `ext E    nas  https    https
ext fw4  nas4 http-alt http
ext E    nas  low      low
int E    nas  ALL      ALL
`,
		},
		opts:    lab.Options{NoDocker: true, Guests: true, Unlisted: true},
		bridges: []string{"br0"},
		times:   1,
	}
}

// otherLetters is the house with names that are not ASCII, in every place where
// MicroFW makes a name of the kernel of them.
func otherLetters() estate {
	e := house()
	names := strings.NewReplacer("pool", "schönste", "range", "störung", "lan ", "büro ", "partner", "партнёр", "http-alt", "http-ähnlich")
	for k, text := range e.files {
		e.files[k] = names.Replace(text)
	}
	return e
}

// sample are the sample tables without options, on a host with Docker.
func sample(t *testing.T, times int) estate {
	t.Helper()
	e := estate{files: map[tables.Kind]string{}, bridges: []string{"docker0"}, times: times}
	for _, k := range tables.Kinds() {
		data, err := etc.Samples.ReadFile(k.String())
		if err != nil {
			t.Fatal(err)
		}
		e.files[k] = string(data)
	}
	e.files[tables.Options] = "" // MicroFW has none
	return e
}

// M55, with what design 8 makes of it: the first difference shows another form
// of the rules, and never another verdict.
func TestM55(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]estate{
		"Sample": sample(t, 1), "House": house(), "StartedTwice": sample(t, 2), "OtherLetters": otherLetters(),
	} {
		t.Run(name, func(t *testing.T) {
			onEachBackend(t, e.opts, func(t *testing.T, s *site) { s.adopt(e) })
		})
	}
}

// adopt makes the host run MicroFW by hand, tries the same tables and rejects
// them, and then applies them.
func (s *site) adopt(e estate) {
	s.load(foreign)
	untouched := s.live()
	s.tables(e.files)
	s.startMicroFW(e)
	before := s.live()
	knocks := s.knocks(e.opts, 60)
	s.send(knocks)
	flows := s.dial(lab.Client2, 22)
	s.countersShown()

	s.reject()
	// A hook that MicroFW has twice may come back once.
	s.sameVerdicts(before, s.live())
	if diff := cmp.Diff(withoutHooks(before), withoutHooks(s.live())); diff != "" {
		s.t.Errorf("MicroFW's rules are not back after a rejected trial:\n%s", diff)
	}

	s.apply()
	s.idle()
	s.alive(flows)
	s.sameVerdicts(before, s.live())
	s.sendAgain(knocks)
	s.leftovers(untouched)

	s.on(func() error { return s.engine.Teardown(s.t.Context()) })
	if diff := cmp.Diff(listing(untouched), listing(s.live())); diff != "" {
		s.t.Errorf("left by MicroFW, apply and teardown:\n%s", diff)
	}
}

// startMicroFW loads what MicroFW would.
func (s *site) startMicroFW(e estate) {
	s.t.Helper()
	cfg, problems := s.check()
	if problems.HasErrors() {
		s.t.Fatal(problems)
	}
	p := microFW(cfg, e.bridges...)
	s.load(p)
	for range e.times - 1 {
		s.load(plan.Payload{V4: withoutChains(p.V4), V6: withoutChains(p.V6)})
	}
}

// reject starts a trial and rejects it.
func (s *site) reject() {
	s.t.Helper()
	s.start(engine.ApplyRequest{Timeout: engine.MaxTimeout})
	s.on(func() error {
		_, err := s.engine.Reject(s.t.Context())
		return err
	})
	s.idle()
}

// withoutChains is a payload for chains that exist, to which it adds.
func withoutChains(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, ":") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// hookLine is a line of a listing about a hook, or about a built-in chain.
var hookLine = regexp.MustCompile(`^v[46] \w+ (INPUT|FORWARD|PREROUTING|POSTROUTING|DOCKER-USER)(|.* -j MFW\w+)$`)

// withoutHooks is a listing without the hooks: that these are right is what an
// empty difference says.
func withoutHooks(rs *ruleset.Ruleset) []string {
	return slices.DeleteFunc(listing(rs), hookLine.MatchString)
}

// leftovers fails the test when the kernel holds anything but what is compiled
// and what was there before MicroFW.
func (s *site) leftovers(untouched *ruleset.Ruleset) {
	s.t.Helper()
	want := slices.Concat(withoutHooks(untouched), withoutHooks(s.preview().Compiled.Rules))
	live := withoutHooks(s.live())
	slices.Sort(live)
	slices.Sort(want)
	if diff := cmp.Diff(slices.Compact(want), slices.Compact(live)); diff != "" {
		s.t.Errorf("not what was there before and what is compiled:\n%s", diff)
	}
}

// countersShown fails the test unless the view by chain shows MicroFW's rules
// as ours, with counts.
func (s *site) countersShown() {
	s.t.Helper()
	var snap engine.CounterSnapshot
	s.on(func() (err error) {
		snap, err = s.engine.Counters(s.t.Context())
		return err
	})
	for _, f := range ruleset.Families() {
		for _, chain := range []string{"MFWINPUT", "MFWFORWARD", "ext_inp", "reject"} {
			counted := slices.ContainsFunc(snap.Chains, func(c engine.ChainCounter) bool {
				return c.Family == f && c.Chain == chain && c.Owner == "ours" && c.Count.Packets > 0
			})
			if !counted {
				s.t.Errorf("%s %s: no rule of ours with packets in the counters", f, chain)
			}
		}
	}
}
