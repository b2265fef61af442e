package lab

import (
	"context"
	"slices"
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
	for deadline := time.Now().Add(2 * time.Minute); len(missing) > 0 && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		for _, f := range firewallFlows(t, l) {
			delete(missing, kind{f.Family, f.Proto})
		}
	}
	for k := range missing {
		t.Errorf("no flow of %s protocol %d", k.f, k.proto)
	}
	stop()
}

// firewallFlows are the flows that the firewall knows.
func firewallFlows(t *testing.T, l *Lab) (flows []live.Flow) {
	t.Helper()
	var snap live.FlowSnapshot
	if err := l.Firewall.Do(func() (err error) { snap, err = live.ReadFlows(t.Context()); return err }); err != nil {
		t.Fatal(err)
	}
	for _, f := range snap.Flows.All() {
		flows = append(flows, *f)
	}
	return flows
}

// A connection that would be kept for an hour ends with the traffic.
func TestTrafficEndsInTheMiddleOfAnErrand(t *testing.T) {
	l := newLab(t, Options{NoDocker: true})
	serve(t, l.Firewall, 22)
	if err := l.Firewall.restore(t.Context(), "", ruleset.V4, "*filter\n-A INPUT -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.repeat(ctx, errand{Client1, Firewall, ruleset.TCP, 22, time.Millisecond, time.Hour}, ruleset.V4)
	}()
	limit := time.Now().Add(2 * time.Minute)
	for !slices.ContainsFunc(firewallFlows(t, l), func(f live.Flow) bool { return f.State == "ESTABLISHED" }) {
		if time.Now().After(limit) {
			t.Fatal("no connection")
		}
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	select {
	case <-ended:
	case <-time.After(2 * time.Minute):
		t.Error("the errand goes on")
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
