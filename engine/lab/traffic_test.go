package lab

import (
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func TestTrafficHasEveryProtocolInBothFamilies(t *testing.T) {
	l := newLab(t, Options{})
	stop, err := l.StartTraffic(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	type kind struct {
		f     ruleset.Family
		proto uint8
	}
	missing := map[kind]bool{
		{ruleset.V4, ruleset.TCP}: true, {ruleset.V4, ruleset.UDP}: true, {ruleset.V4, ruleset.ICMP}: true,
		{ruleset.V6, ruleset.TCP}: true, {ruleset.V6, ruleset.UDP}: true, {ruleset.V6, ruleset.ICMPv6}: true,
	}
	// Conntrack of IPv6 starts with the first rule that asks it.
	if err := l.Firewall.restore(t.Context(), "", ruleset.V6, "*filter\n-A INPUT -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n"); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); len(missing) > 0 && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		var snap live.FlowSnapshot
		if err := l.Firewall.Do(func() (err error) { snap, err = live.ReadFlows(t.Context()); return err }); err != nil {
			t.Fatal(err)
		}
		for _, f := range snap.Flows.All() {
			delete(missing, kind{f.Family, f.Proto})
		}
	}
	for k := range missing {
		t.Errorf("no flow of %s protocol %d", k.f, k.proto)
	}
	began := time.Now()
	stop()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("stopping took %s", took)
	}
}

func TestErrandsGoBetweenHostsThatAreThere(t *testing.T) {
	known := map[string]bool{}
	plan := topology(Options{NoDocker: true})
	for _, h := range plan.hosts() {
		known[h] = true
	}
	for _, e := range demoErrands {
		if !known[e.from] || !known[e.to] {
			t.Errorf("errand from %s to %s needs a host that a lab without containers lacks", e.from, e.to)
		}
	}
}
