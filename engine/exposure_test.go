package engine

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/engine/compile"
	"github.com/mfwtui/mfwtui/engine/docker"
	"github.com/mfwtui/mfwtui/engine/reach"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// exposureHost is the host that the recorded rules are of: ext is eth0, DOCKER is
// docker0 with web, and br-app with app1 is in no zone. A virtual lets ext reach
// 8080.
func exposureHost(t *testing.T, file string) *exposureJudge {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("docker", "testdata", "engines", file))
	if err != nil {
		t.Fatal(err)
	}
	var live *ruleset.Ruleset
	if strings.HasSuffix(file, ".json") {
		// Beside the rules of ours that let ext reach everything.
		live = rulesOf(t, "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -i eth0 -m comment --comment mfw:acc391cb -j ACCEPT\n-A FORWARD -j DROP\nCOMMIT\n")
		table, err := ruleset.ParseNFT(ruleset.V4, ruleset.DockerBridges, text)
		if err != nil {
			t.Fatal(err)
		}
		live.Beside4 = ruleset.Tables{table}
	} else {
		live = rulesOf(t, string(text))
	}
	own := netip.MustParseAddr("203.0.113.1")
	ways := map[string]netip.Prefix{
		"docker0": netip.MustParsePrefix("172.17.0.0/16"), "br-app": netip.MustParsePrefix("172.18.0.0/16"),
		"br-nomasq": netip.MustParsePrefix("172.23.0.0/16"), "br-unprot": netip.MustParsePrefix("172.22.0.0/16"),
	}
	facts := reach.Facts{
		Local: []netip.Prefix{netip.PrefixFrom(own, 32)}, Interfaces: []string{"eth0", "docker0", "br-app", "br-nomasq", "br-unprot"},
		Route: func(dst netip.Addr) (bool, string) {
			for name, net := range ways {
				if net.Contains(dst) {
					return false, name
				}
			}
			return dst == own, "eth0"
		},
	}
	config := &tables.Config{Interfaces: []tables.Interface{{Name: "eth0", Zone: "ext"}, {Name: "docker0", Zone: tables.Docker}}}
	names := map[string]rowName{"acc391cb": {ref: compile.RowRef{Kind: tables.Virtuals, Line: 1}}}
	return &exposureJudge{
		reach: reach.Through(live, facts), local: []netip.Addr{own},
		words: impactWords{config: config, names: names, after: ruleset.NewTracer(live)},
	}
}

func exposedContainer(bridge, addr string, host netip.AddrPort, port uint16) *docker.Container {
	return &docker.Container{
		State:     "running",
		Endpoints: []docker.Endpoint{{Bridge: bridge, V4: netip.MustParseAddr(addr)}},
		Published: []docker.Port{{Host: host, Proto: ruleset.TCP, Container: port}},
	}
}

func TestThePublishedPortsOfRecordedRulesAreJudged(t *testing.T) {
	tests := []struct {
		name, file   string
		bridge, addr string
		host         string
		port         uint16
		want         string
	}{
		{"a row lets ext in", "20.10.v4.save", "docker0", "172.17.0.2", "0.0.0.0:8080", 80, "reachable from: ext by virtuals:1, ext by virtuals:1 (direct route)"},
		{"no row does", "20.10.v4.save", "docker0", "172.17.0.2", "0.0.0.0:9090", 90, "no row allows it"},
		{"behind a bridge in no zone, of which no rule of ours knows", "20.10.v4.save", "br-app", "172.18.0.2", "0.0.0.0:8081", 80, "no row allows it"},
		{"by the port only, where the engine closes the direct way", "29.v4.save", "docker0", "172.17.0.2", "0.0.0.0:8080", 80, "reachable from: ext by virtuals:1"},
		{"by the port only, where the engine writes nftables, whatever our row says", "29.nft.v4.json", "docker0", "172.17.0.2", "0.0.0.0:8080", 80, "reachable from: ext by virtuals:1"},
		{"on the loopback, where the engine writes nftables", "29.nft.v4.json", "docker0", "172.17.0.2", "127.0.0.1:9090", 90, "this host only"},
		{"on one address, as a daemon wrote it", "29.daemon.nft.v4.json", "br-nomasq", "172.23.0.2", "203.0.113.1:8083", 80, "reachable from: ext by virtuals:1"},
		{"of a network that Docker does not protect", "29.daemon.nft.v4.json", "br-unprot", "172.22.0.2", "0.0.0.0:8082", 80, "reachable from: ext by virtuals:1, ext by virtuals:1 (direct route)"},
		{"on the loopback", "20.10.v4.save", "docker0", "172.17.0.2", "127.0.0.1:9090", 90, "this host only"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := exposureHost(t, tt.file).published(exposedContainer(tt.bridge, tt.addr, netip.MustParseAddrPort(tt.host), tt.port))
			if len(got) != 1 || got[0].String() != tt.want {
				t.Errorf("got %v, want %s", got, tt.want)
			}
		})
	}
}

func TestThePacketThatShowsAVerdictIsOneFromOutsideToThePublishedPort(t *testing.T) {
	tests := []struct{ name, host, want string }{
		{"that reaches it", "0.0.0.0:8080", "eth0 192.0.2.1 > 203.0.113.1:8080"},
		{"that does not", "0.0.0.0:9090", " 192.0.2.1 > 203.0.113.1:9090"},
		{"none to the loopback", "127.0.0.1:9090", " invalid IP > invalid AddrPort"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			host := netip.MustParseAddrPort(tt.host)
			container := uint16(80)
			if host.Port() == 9090 {
				container = 90
			}
			p := exposureHost(t, "20.10.v4.save").published(exposedContainer("docker0", "172.17.0.2", host, container))[0].Sample
			if got := p.In + " " + p.Src.String() + " > " + netip.AddrPortFrom(p.Dst, p.DstPort).String(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// A rule of Docker's that cannot be judged may keep everybody out: the verdict says
// so, and the doctor says why when none could be read.
func TestAVerdictSaysWhatOfDockersWasNotJudged(t *testing.T) {
	j := exposureHost(t, "20.10.v4.save")
	live := rulesOf(t, "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m comment --comment mfw:acc391cb -j ACCEPT\nCOMMIT\n")
	live.Beside4 = ruleset.Tables{ruleset.Unread(ruleset.DockerBridges, "Docker's nftables rules are not read: nft is not installed")}
	j.reach, j.words.after = reach.Through(live, reach.Facts{Interfaces: []string{"eth0", "docker0"}}), ruleset.NewTracer(live)
	got := j.published(exposedContainer("docker0", "172.17.0.2", netip.MustParseAddrPort("0.0.0.0:8080"), 80))[0].String()
	if want := "; not judged: Docker's nftables rules are not read: nft is not installed"; !strings.HasSuffix(got, want) {
		t.Errorf("verdict %q, want one that ends in %q", got, want)
	}
	facts := hostFacts{live: live}
	if found := fmt.Sprint(facts.findings()); !strings.Contains(found, "v4: Docker's nftables rules are not read: nft is not installed: what reaches containers is not certain") {
		t.Errorf("findings %s", found)
	}
}

// That the engine writes nftables is said, and alone is nothing to look into: a
// script that asks would have no other answer on such a host.
func TestAnEngineThatWritesNFTablesAloneWantsNoAttention(t *testing.T) {
	view := func(firewall string, p ...PublishedPort) *ContainerView {
		v := &ContainerView{Firewall: firewall, Containers: []ContainerState{{Name: "web", Published: p}}}
		v.Warnings = v.warnings(&docker.Snapshot{}, &naming{})
		return v
	}
	if v := view("nftables"); len(v.Warnings) != 1 || v.WantsAttention() {
		t.Errorf("warnings %q, wants attention: %t", v.Warnings, v.WantsAttention())
	}
	if !view("nftables", PublishedPort{Exposure: Unfiltered}).WantsAttention() {
		t.Error("a port that everything reaches wants no attention")
	}
	v := view("nftables")
	v.Hooks = []HookPlace{{Why: "is absent"}}
	if !v.WantsAttention() {
		t.Error("a hook that is absent wants no attention")
	}
}

// The daemon of the record accepts the mark 0x10, and yet drops the direct way
// before it asks: so the doctor names two options.
func TestTheMarkThatDockerAcceptsOpensNoDirectWay(t *testing.T) {
	j := exposureHost(t, "29.daemon.nft.v4.json")
	p := ruleset.Packet{
		In: "eth0", Out: "docker0", Src: netip.MustParseAddr("192.0.2.1"), Dst: netip.MustParseAddr("172.17.0.2"),
		Proto: ruleset.TCP, SrcPort: strangerPort, DstPort: 5000, State: ruleset.StateNew, Mark: 0x10,
	}
	walk := j.words.after.Trace(p, func(netip.Addr) (bool, string) { return false, "docker0" })
	if end := walk.Path[len(walk.Path)-1]; walk.Outcome != ruleset.Dropped || end.Chain != "raw-PREROUTING" {
		t.Errorf("%s in %s", walk.Outcome, end.Chain)
	}
	facts := hostFacts{live: &ruleset.Ruleset{Beside4: ruleset.Tables{{Name: ruleset.DockerBridges}}}}
	facts.dockerFindings(func(_, do string) {
		if !strings.Contains(do, "allow-direct-routing and bridge-accept-fwmark together") {
			t.Errorf("the doctor says: %s", do)
		}
	})
}
