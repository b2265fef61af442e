package docker_test

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/docker"
	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// nativeAnswers are those of an engine that writes nftables, with web and db on
// docker0; web publishes 80 as 8080, and 90 as 9090 of the loopback.
func nativeAnswers() map[string]string {
	web, db, net := strings.Repeat("a", 64), strings.Repeat("b", 64), strings.Repeat("c", 64)
	return map[string]string{
		"/info": `{"ServerVersion":"29.0.0","FirewallBackend":{"Driver":"nftables"}}`,
		"/networks": `[{"Name":"bridge","Id":"` + net + `","Driver":"bridge","IPAM":{"Config":[{"Subnet":"172.17.0.0/16"},{"Subnet":"fd00:17::/64"}]},` +
			`"Options":{"com.docker.network.bridge.name":"docker0"}}]`,
		"/containers/json": `[{"Id":"` + web + `","Names":["/web"],"State":"running","HostConfig":{"NetworkMode":"bridge"},"Ports":[` +
			`{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"IP":"::","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"IP":"127.0.0.1","PrivatePort":90,"PublicPort":9090,"Type":"tcp"}],` +
			`"NetworkSettings":{"Networks":{"bridge":{"NetworkID":"` + net + `","IPAddress":"172.17.0.2","GlobalIPv6Address":"fd00:17::2"}}}},` +
			`{"Id":"` + db + `","Names":["/db"],"State":"running","HostConfig":{"NetworkMode":"bridge"},` +
			`"NetworkSettings":{"Networks":{"bridge":{"NetworkID":"` + net + `","IPAddress":"172.17.0.3","GlobalIPv6Address":"fd00:17::3"}}}}]`,
	}
}

// TestBesideAnEngineThatWritesNFTables loads the tables of an engine that writes
// nftables into the firewall of a lab, and holds what we read of them to real
// packets. The scenarios are named as those of the other engines.
func TestBesideAnEngineThatWritesNFTables(t *testing.T) {
	needs(t)
	for _, backend := range []host.Backend{host.NFT, host.Legacy} {
		t.Run(string(backend), func(t *testing.T) {
			t.Parallel()
			w := labWorld(t, lab.Options{Backend: backend, DockerNFT: true})
			w.managed(docker.Serve(t, nativeAnswers()))
			w.loadRecorded()
			w.besideNFTables()
		})
	}
}

// loadRecorded puts what the engine wrote in the place of what the lab has.
func (w *world) loadRecorded() {
	text, err := os.ReadFile(filepath.Join("testdata", "engines", "29.nft"))
	w.must(err)
	nft, err := exec.LookPath("nft")
	w.must(err)
	_, err = w.Firewall.RunInput(w.t.Context(), "delete table ip docker-bridges\ndelete table ip6 docker-bridges\n"+string(text), nft, "-f", "-")
	w.must(err)
}

func (w *world) besideNFTables() {
	x, h, web, db := w.Host(lab.Client1), w.Firewall, w.Host(lab.Web), w.Host(lab.DB)
	w.must(web.Serve(80, 5000))

	w.tables(docker0, "", "")
	w.apply()
	w.hooked("v4 FORWARD, v6 FORWARD")
	w.native("X03", map[string]string{"0.0.0.0:8080": "no row allows it", "[::]:8080": "no row allows it", "127.0.0.1:9090": "this host only"})
	w.asks(x, h.V4, 8080, lab.RST)
	w.asks(x, h.V6, 8080, lab.RST)

	// What comes from a link-local address is not translated, and goes to Docker's
	// proxy.
	const byVirtual, local = "reachable from: ext by virtuals:1", "fe80::/10"
	w.tables(docker0, "", "ext E DOCKER http-alt http\n")
	w.apply()
	w.native("X04", map[string]string{"0.0.0.0:8080": byVirtual, "[::]:8080": byVirtual + " for any except " + local + ", ext by virtuals:1 for " + local, "127.0.0.1:9090": "this host only"})
	for _, f := range ruleset.Families() {
		if a := w.asks(x, h.Addr(f), 8080, lab.Open); a.Server != lab.Web {
			w.t.Errorf("X04 over %s: answered by %q", f, a.Server)
		}
		w.asks(x, web.Addr(f), 80, lab.Drop) // by Docker, whatever our row says
	}

	const byRow = "reachable from: ext by rules:1"
	w.tables(docker0, "ext DOCKER ALL ALL ALL accept\n", "")
	w.apply()
	w.native("X05", map[string]string{"0.0.0.0:8080": byRow, "[::]:8080": byRow + " for any except " + local, "127.0.0.1:9090": "this host only"})
	w.asks(x, web.V4, 5000, lab.Drop)
	w.asks(db, web.V4, 5000, lab.Open)
	w.counted()
	w.told()
}

// native demands the verdicts on the ports of web.
func (w *world) native(scenario string, want map[string]string) {
	w.t.Helper()
	v := w.awaitView("the engine answers", running("web", "db"))
	if got := verdicts(v, "web"); v.Firewall != "nftables" || !maps.Equal(got, want) {
		w.t.Errorf("%s: %s, verdicts %v, want %v", scenario, v.Firewall, got, want)
	}
}

// counted demands that the rules which the packets above met are the ones that
// counted, each with its owner.
func (w *world) counted() {
	w.t.Helper()
	var snap engine.CounterSnapshot
	w.on(func(ctx context.Context) (err error) {
		snap, err = w.engine.Counters(ctx)
		return err
	})
	var got []string
	for _, c := range snap.Chains {
		if c.Table == ruleset.DockerBridges && c.Count.Packets > 0 && c.Family == ruleset.V4 {
			got = append(got, strings.TrimSpace(c.Chain+" "+c.Text()+" = "+c.Owner+" "+c.Container+c.Network))
		}
	}
	slices.Sort(got)
	want := []string{
		"filter-forward-in__docker0 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j ACCEPT = docker web",
		"filter-forward-in__docker0 -i docker0 -j ACCEPT = docker bridge",
		"filter-forward-in__docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT = docker bridge",
		"filter-forward-out__docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT = docker bridge",
		"nat-PREROUTING -m addrtype --dst-type LOCAL -j nat-prerouting-and-output = docker",
		"nat-prerouting-and-output ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80 = docker web",
		"raw-PREROUTING -d 172.17.0.2/32 ! -i docker0 -j DROP = docker web",
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("counted:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// told demands that the walk of a packet and the doctor say what Docker does.
func (w *world) told() {
	w.t.Helper()
	w.on(func(ctx context.Context) error {
		p := ruleset.Packet{In: "eth0", Src: w.Host(lab.Client1).V4, Dst: w.Host(lab.Web).V4, Proto: ruleset.TCP, SrcPort: 40000, DstPort: 5000}
		walk, err := w.engine.ExplainLive(ctx, p, "")
		if err != nil {
			return err
		}
		if end := walk.Path[len(walk.Path)-1]; walk.Outcome != ruleset.Dropped || end.Table != ruleset.DockerBridges || end.Chain != "raw-PREROUTING" {
			w.t.Errorf("X05 is %s by %s %s", walk.Outcome, end.Table, end.Chain)
		}
		const want = "Docker writes nftables rules of its own, beside which ours stand: an accept of ours is not final, what Docker drops stays dropped"
		found, err := w.engine.Doctor(ctx)
		if !slices.ContainsFunc(found, func(f engine.Finding) bool { return f.What == want }) {
			w.t.Errorf("the doctor does not say what it means: %v", found)
		}
		if slices.ContainsFunc(found, func(f engine.Finding) bool { return strings.Contains(f.What, "made no chains yet") }) {
			w.t.Errorf("the doctor waits for an engine that is there: %v", found)
		}
		return err
	})
}
