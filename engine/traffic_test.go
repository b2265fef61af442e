package engine

import (
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func TestInterfaceRatesAreSinceTheLastLook(t *testing.T) {
	counted := func(name string, index int, in, out uint64) live.Interface {
		i := live.Interface{Name: name, Index: index, Up: true}
		i.Received, i.Sent = ruleset.Counters{Bytes: in}, ruleset.Counters{Bytes: out}
		return i
	}
	var m trafficMemory
	start := time.Unix(100, 0)
	first := TrafficSnapshot{At: start}
	if m.rate(&first, []live.Interface{counted("eth0", 2, 1000, 500), counted("wg0", 3, 100, 100)}) {
		t.Error("the first look knows rates")
	}
	second := TrafficSnapshot{At: start.Add(2 * time.Second)}
	if !m.rate(&second, []live.Interface{counted("eth0", 2, 3000, 500), counted("wg0", 9, 900, 900), counted("eth1", 4, 7, 7)}) {
		t.Error("the second look knows no rates")
	}
	want := []InterfaceTraffic{{Name: "eth0", Up: true, In: 1000}, {Name: "wg0", Up: true}, {Name: "eth1", Up: true}}
	if !slices.Equal(second.Interfaces, want) {
		t.Errorf("rates %+v, want %+v", second.Interfaces, want)
	}
}

func TestOnlyFlowsSeenFirstSinceTheLastLookAreNew(t *testing.T) {
	at := time.Unix(100, 0)
	flow := func(src string, seen time.Time) Flow {
		f := sshFlow(1, src+":1", "ESTABLISHED")
		f.FirstSeen = seen
		return f
	}
	flows := live.ListFlows(flow("10.0.0.1", at), flow("10.0.0.2", at.Add(time.Second)), flow("10.0.0.3", at.Add(time.Second)), flow("192.0.2.1", at.Add(time.Second)))
	in := func(a netip.Addr) string {
		if a == netip.MustParseAddr("192.0.2.1") {
			return "eth0"
		}
		return "eth1"
	}
	if got, want := newBy(flows, at, in), map[string]int{"eth0": 1, "eth1": 2}; !maps.Equal(got, want) {
		t.Errorf("new flows %v, want %v", got, want)
	}
}

// All flows are seen first when the follower begins; that does not make them
// new.
func TestFlowsFromBeforeTheFollowerAreNotNew(t *testing.T) {
	var m trafficMemory
	start := time.Unix(100, 0)
	look := func(second int) FlowSnapshot {
		f := sshFlow(1, "127.0.0.1:1", "ESTABLISHED")
		f.FirstSeen = start.Add(time.Second)
		return FlowSnapshot{At: start.Add(time.Duration(second) * time.Second), Flows: live.ListFlows(f)}
	}
	m.born(look(0), time.Time{})
	if got := m.born(look(1), start.Add(time.Second)); len(got) > 0 {
		t.Errorf("%v began, want none", got)
	}
	if got := m.born(look(2), start.Add(time.Second)); len(got) > 0 {
		t.Errorf("%v began, want none", got)
	}
}

func TestForeignRulesThatCameAndWentAreCounted(t *testing.T) {
	before := foreignOf(rulesOf(t, `*filter
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:MFWINPUT - [0:0]
:f2b-sshd - [0:0]
-A DOCKER -d 172.17.0.5/32 -j ACCEPT
-A DOCKER -d 172.17.0.6/32 -j ACCEPT
-A f2b-sshd -j RETURN
COMMIT
`))
	now := foreignOf(rulesOf(t, `*filter
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:MFWINPUT - [0:0]
:f2b-sshd - [0:0]
-A DOCKER -d 172.17.0.6/32 -j ACCEPT
-A DOCKER -d 172.17.0.7/32 -j ACCEPT
-A DOCKER -d 172.17.0.8/32 -j ACCEPT
-A MFWINPUT -j ACCEPT
-A f2b-sshd -j RETURN
COMMIT
`))
	if got, want := now["docker"].since(before["docker"]), (RuleChange{Added: 4, Gone: 2}); got != want {
		t.Errorf("docker %+v, want %+v", got, want)
	}
	if got := now["foreign"].since(before["foreign"]); got != (RuleChange{}) {
		t.Errorf("foreign %+v, want nothing", got)
	}
}

func TestBusiestFlowsComeFirst(t *testing.T) {
	var flows FlowList
	for i, rate := range []float64{5, 0, 9, 1, 7} {
		flows.Append(&Flow{ID: uint32(i), Rate: rate})
	}
	var got []float64
	for _, f := range busiest(flows, 3) {
		got = append(got, f.Rate)
	}
	if want := []float64{9, 7, 5}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
