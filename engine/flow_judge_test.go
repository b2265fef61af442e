package engine

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// wires are the routes of a firewall with an outside and an inside.
func wires() *routes {
	r := &routes{asked: make(map[netip.Addr]nextHop)}
	for prefix, hop := range map[string]nextHop{
		"203.0.113.1/32": {local: true, out: "lo"}, "192.168.10.1/32": {local: true, out: "lo"},
		"192.168.10.0/24": {out: "eth1"}, "172.17.0.0/16": {out: "docker0"}, "0.0.0.0/0": {out: "eth0"},
	} {
		p := netip.MustParsePrefix(prefix)
		if hop.local {
			r.local.put(p, hop)
		} else {
			r.main.put(p, hop)
		}
	}
	r.local.sort()
	r.main.sort()
	return r
}

func TestTheLongestPrefixDecides(t *testing.T) {
	tests := []struct {
		to    string
		local bool
		out   string
	}{
		{"203.0.113.1", true, "lo"},
		{"203.0.113.9", false, "eth0"},
		{"192.168.10.1", true, "lo"},
		{"192.168.10.20", false, "eth1"},
		{"172.17.3.4", false, "docker0"},
		{"2001:db8::1", false, ""},
	}
	for _, tt := range tests {
		local, out := wires().to(netip.MustParseAddr(tt.to))
		if local != tt.local || out != tt.out {
			t.Errorf("to %s: local %v by %q, want %v by %q", tt.to, local, out, tt.local, tt.out)
		}
	}
}

// flowRules let established flows pass, ssh to the host, and http from outside
// to a translated server.
func flowRules(t testing.TB, extra string) *ruleset.Ruleset {
	t.Helper()
	text := `*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -d 203.0.113.1/32 -i eth0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 192.168.10.20:8080
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "mfw:established" -j ACCEPT
-A INPUT -i eth0 -p tcp -m tcp --dport 22 -m comment --comment "mfw:ssh" -j ACCEPT
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "mfw:established" -j ACCEPT
-A FORWARD -d 192.168.10.20/32 -i eth0 -p tcp -m tcp --dport 8080 -m conntrack --ctstate DNAT -m comment --comment "mfw:web" -j ACCEPT
` + extra + "COMMIT\n"
	tables, err := ruleset.ParseTables(ruleset.V4, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return &ruleset.Ruleset{V4: tables, Sets: ruleset.Sets{}}
}

func flowOf(src string, sport uint16, dst string, dport uint16, server string, port uint16) live.Flow {
	return live.Flow{
		Proto: ruleset.TCP, State: "ESTABLISHED", Replied: true, Assured: true, Family: ruleset.V4,
		DstNAT: server != dst || port != dport,
		Orig:   live.Tuple{Src: netip.MustParseAddr(src), SrcPort: sport, Dst: netip.MustParseAddr(dst), DstPort: dport},
		Reply:  live.Tuple{Src: netip.MustParseAddr(server), SrcPort: port, Dst: netip.MustParseAddr(src), DstPort: sport},
	}
}

func TestFatesOfFlows(t *testing.T) {
	ssh := flowOf("203.0.113.9", 50000, "203.0.113.1", 22, "203.0.113.1", 22)
	web := flowOf("203.0.113.9", 50001, "203.0.113.1", 80, "192.168.10.20", 8080)
	out := flowOf("203.0.113.1", 50002, "198.51.100.7", 443, "198.51.100.7", 443)
	denied := flowOf("203.0.113.9", 50003, "203.0.113.1", 25, "203.0.113.1", 25)
	gone := ssh
	gone.State = "TIME_WAIT"
	none := &ruleset.Ruleset{V4: flowRules(t, "").V4, Sets: ruleset.Sets{}}
	closed := flowRules(t, "")
	closed.V4.Chain(ruleset.Filter, ruleset.Input).Rules[1].Target = ruleset.Drop
	cut := flowRules(t, "")
	cut.V4.Chain(ruleset.Filter, ruleset.Forward).Rules[0].Target = ruleset.Drop
	mail := flowRules(t, "-A INPUT -i eth0 -p tcp -m tcp --dport 25 -j ACCEPT\n")
	tests := []struct {
		name  string
		after *ruleset.Ruleset
		flow  live.Flow
		want  Fate
	}{
		{"nothing changes", none, ssh, ""},
		{"its rule is gone", closed, ssh, Grandfathered},
		{"another flow of that change", closed, web, ""},
		{"translated, and established is refused", cut, web, Cut},
		{"the host opened it itself", closed, out, ""},
		{"it becomes possible", mail, denied, Opens},
		{"it is over", closed, gone, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := impactJudge{flowJudge: flowJudge{wires().to}, before: ruleset.NewTracer(flowRules(t, "")), after: ruleset.NewTracer(tt.after)}
			if got := j.fate(&tt.flow); got != tt.want {
				t.Errorf("is %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAFlowIsToldByItsRow(t *testing.T) {
	r := flowRows{judge: flowJudge{wires().to}, tracer: ruleset.NewTracer(flowRules(t, "")),
		names: &naming{zones: map[string]string{"eth0": "ext", "eth1": "int"}}}
	type told struct{ From, To, By, Outcome string }
	tests := []struct {
		name string
		flow live.Flow
		want told
	}{
		{"to this host", flowOf("203.0.113.9", 50000, "203.0.113.1", 22, "203.0.113.1", 22), told{"ext", "FW", "ssh", "accept"}},
		{"translated", flowOf("203.0.113.9", 50001, "203.0.113.1", 80, "192.168.10.20", 8080), told{"ext", "int", "web", "accept"}},
		{"by no rule", flowOf("203.0.113.9", 50003, "203.0.113.1", 25, "203.0.113.1", 25), told{"ext", "FW", "", "drop"}},
	}
	for _, tt := range tests {
		v := r.verdict(r.judge, &tt.flow)
		if diff := cmp.Diff(tt.want, told{v.From, v.To, v.By, string(v.Outcome)}); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// manyFlows are flows of clients to some services.
func manyFlows(n int) []live.Flow {
	d := rand.New(rand.NewPCG(1, 1))
	flows := make([]live.Flow, n)
	for i := range flows {
		flows[i] = flowOf(fmt.Sprintf("198.%d.%d.%d", 18+d.IntN(2), d.IntN(256), d.IntN(256)), uint16(1024+d.IntN(60000)), "203.0.113.1", 22, "203.0.113.1", 22)
		flows[i].ID = uint32(i)
	}
	return flows
}

func BenchmarkFlowImpact(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		flows := live.ListFlows(manyFlows(n)...)
		b.Run(fmt.Sprint(n, " flows"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				j := impactJudge{flowJudge: flowJudge{wires().to}, before: ruleset.NewTracer(flowRules(b, "")), after: ruleset.NewTracer(flowRules(b, "-A INPUT -j DROP\n"))}
				if got := j.all(flows); got.Judged != n {
					b.Fatal(got.Judged)
				}
			}
		})
	}
}
