package docker_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/tables"
)

// The scenarios are named by their ids in the table of black-box scenarios: X is
// client1 on the internet side, H the firewall, web and db containers on
// docker0, web with 8080 published for 80 and 9090 for 90. They build on each
// other, since an engine takes seconds to start. Debian's engine is 20.10.
//
// D01–D04 and D13–D26 need container names in rules, which the tables do not
// have yet; X02 and X11 need a later engine, and X03–X05 stand in its recorded tables.
func TestContainersBehindTheirEngine(t *testing.T) {
	t.Parallel()
	onBothBackEnds(t, (*world).behindTheirEngine)
}

func (w *world) behindTheirEngine() {
	w.must(w.Firewall.Serve(22))
	w.must(w.Host(lab.Client1).Serve(80, 443))
	w.daemon.start()
	w.daemon.load()
	w.daemon.run("web", "bridge", []string{"80", "90", "5000"}, "8080:80", "9090:90")
	w.daemon.run("db", "bridge", []string{"5432"})
	x, h, web, db := w.Host(lab.Client1), w.Firewall, w.daemon.inside("web"), w.daemon.inside("db")

	scenario := func(name string, f func(w *world)) {
		w.t.Run(name, func(t *testing.T) {
			inner := *w
			inner.t = t
			f(&inner)
		})
	}
	scenario("X12 without a firewall an unpublished port is open to a direct route", func(w *world) {
		w.await(x, web.V4, 5000, lab.Open)
	})

	w.tables(docker0, "", "")
	w.apply()
	scenario("D05 without a row a published port is closed", func(w *world) {
		w.asks(x, h.V4, 8080, lab.RST)
		w.asks(x, h.V6, 8080, lab.RST)
		v := w.awaitView("db runs", running("web", "db"))
		want := map[string]string{
			"0.0.0.0:8080": "no row allows it", "[::]:8080": "no row allows it",
			"0.0.0.0:9090": "no row allows it", "[::]:9090": "no row allows it",
		}
		if got := verdicts(v, "web"); !maps.Equal(got, want) {
			w.t.Errorf("verdicts: %v", got)
		}
		if !slices.Contains(v.Warnings, "no row allows 2 published container ports: 8080/tcp web, 9090/tcp web") {
			w.t.Errorf("warnings: %q", v.Warnings)
		}
	})
	scenario("X12 with it, it is refused", func(w *world) { w.asks(x, web.V4, 5000, lab.RST) })
	scenario("D11 without a row a container does not reach this host", func(w *world) {
		w.asks(db, h.V4, 22, lab.RST)
		w.asks(db, h.V4, 8080, lab.RST)
	})
	scenario("D12 containers of one bridge reach each other", func(w *world) { w.asks(db, web.V4, 80, lab.Open) })
	scenario("every rule of Docker's about a container or network is named", (*world).namesOwners)

	w.tables(docker0, "DOCKER ext ALL ALL https accept\n", "")
	w.apply()
	scenario("D10 containers reach what a row allows, from the address of this host", func(w *world) {
		if a := w.asks(db, x.V4, 443, lab.Open); a.Seen.Addr() != h.V4 {
			w.t.Errorf("seen from %s, want %s", a.Seen, h.V4)
		}
		w.asks(db, x.V4, 80, lab.RST)
	})

	const virtual = "ext E DOCKER http-alt http\n"
	w.tables(docker0, "", virtual)
	w.apply()
	scenario("D06 a virtual opens the port that it names", (*world).virtualOpens)
	scenario("D07 and the same port by a direct route, which the view says", func(w *world) { w.asks(x, web.V4, 80, lab.Open) })
	scenario("D09 over IPv6 through the proxy, which hides the client", func(w *world) {
		if a := w.asks(x, h.V6, 8080, lab.Open); a.Server != "web" || a.Seen.Addr() != netip.MustParseAddr("172.17.0.1") {
			w.t.Errorf("answered by %s, seen from %s", a.Server, a.Seen)
		}
	})
	scenario("X07 a new network leaves the hooks where they are, once and first", (*world).newNetwork)
	scenario("X01 a restart of the engine leaves the hook first in DOCKER-USER", func(w *world) {
		w.daemon.restart()
		w.hooked("v4 DOCKER-USER, v6 FORWARD")
		w.await(x, h.V4, 8080, lab.Open)
		w.asks(x, h.V4, 9090, lab.RST)
		w.awaitView("the view follows the new engine", running("web", "db", "app1"))
	})

	w.tables(docker0, "ext ALL ALL ALL ALL reject\n", virtual)
	p := w.apply()
	scenario("D08 a row that refuses everything closes the virtual, and check says so", func(w *world) {
		w.asks(x, h.V4, 8080, lab.RST)
		if !slices.ContainsFunc(p.Problems, func(p tables.Problem) bool { return p.File == "virtuals" && p.Line == 1 }) {
			w.t.Errorf("problems: %v", p.Problems)
		}
	})
	scenario("X08 a foreign tool that empties FORWARD takes the hook, and one step brings it back", (*world).flushedForward)
	scenario("X09 rules in both back ends are told, with the one that is in use", (*world).bothBackEnds)
}

// virtualOpens is D06: of the two published ports, the virtual opens one.
func (w *world) virtualOpens() {
	x, h := w.Host(lab.Client1), w.Firewall
	if a := w.asks(x, h.V4, 8080, lab.Open); a.Server != "web" || a.Seen.Addr() != x.V4 {
		w.t.Errorf("answered by %s, seen from %s", a.Server, a.Seen)
	}
	w.asks(x, h.V4, 9090, lab.RST)
	want := map[string]string{
		"0.0.0.0:8080": "reachable from: ext by virtuals:1, ext by virtuals:1 (direct route)", "[::]:8080": "reachable from: ext by virtuals:1",
		"0.0.0.0:9090": "no row allows it", "[::]:9090": "no row allows it",
	}
	v := w.view()
	if got := verdicts(v, "web"); !maps.Equal(got, want) {
		w.t.Errorf("verdicts: %v", got)
	}
	for _, p := range v.Containers[slices.IndexFunc(v.Containers, func(c engine.ContainerState) bool { return c.Name == "web" })].Published {
		if s := p.Sample; s.Dst != h.V4 && s.Dst != h.V6 || s.DstPort != p.Host.Port() || p.Exposure == engine.Reachable && s.In != "eth0" {
			w.t.Errorf("%s: a packet from outside is one to %s:%d by %q", p.Host, s.Dst, s.DstPort, s.In)
		}
	}
}

// TestAnEngineThatComesLater is X06, and the reboot after it.
func TestAnEngineThatComesLater(t *testing.T) {
	t.Parallel()
	onBothBackEnds(t, (*world).engineComesLater)
}

func (w *world) engineComesLater() {
	x, h := w.Host(lab.Client1), w.Firewall
	w.tables(docker0, "", "")
	w.apply()
	w.hooked("v4 FORWARD, v6 FORWARD")
	w.on(func(ctx context.Context) error {
		st, err := w.engine.Status(ctx)
		if err == nil && !strings.Contains(strings.Join(st.Warnings, "\n"), "has made no chains yet") {
			w.t.Errorf("X06: warnings: %q", st.Warnings)
		}
		return err
	})

	w.daemon.start()
	w.daemon.load()
	w.daemon.run("web", "bridge", []string{"80"}, "8080:80")
	w.await(x, h.V4, 8080, lab.Open) // what is wrong, by a packet
	if got := w.hooks(); !strings.Contains(got, "v4 DOCKER-USER is absent") {
		w.t.Errorf("X06: hooks: %s", got)
	}
	if got := verdicts(w.awaitView("web runs", running("web")), "web")["0.0.0.0:8080"]; !strings.HasPrefix(got, "everything reaches it: ") {
		w.t.Errorf("X06: verdict %q", got)
	}
	w.pendingRefusesRepair()
	w.repair()
	w.hooked("v4 DOCKER-USER, v6 FORWARD")
	w.asks(x, h.V4, 8080, lab.RST)

	// The machine reboots: the kernel forgets, mfwtui boot runs before the
	// engine, and the engine starts its containers by itself.
	w.daemon.stop()
	for _, program := range []string{"iptables", "ip6tables"} {
		w.tool(w.tools.Backend, program, "-restore", "*filter\nCOMMIT\n*nat\nCOMMIT\n*mangle\nCOMMIT\n")
	}
	w.on(func(ctx context.Context) error { _, err := w.engine.Boot(ctx); return err })
	w.hooked("v4 DOCKER-USER, v6 DOCKER-USER")
	w.daemon.start()
	w.awaitView("web runs again", running("web"))
	w.hooked("v4 DOCKER-USER, v6 DOCKER-USER")
	w.asks(x, h.V4, 8080, lab.RST)
}

// pendingRefusesRepair starts a trial: its guardian holds the lock, and the
// hooks are its own.
func (w *world) pendingRefusesRepair() {
	w.t.Helper()
	w.tables(docker0, "ext FW ALL ALL ssh accept\n", "")
	w.start(engine.ApplyRequest{Timeout: engine.MaxTimeout})
	w.on(func(ctx context.Context) error {
		_, err := w.engine.RepairHooks(ctx)
		var pending *engine.PendingError
		if !errors.As(err, &pending) {
			w.t.Errorf("repair during a trial: %v, want that one is pending", err)
		}
		_, err = w.engine.Reject(ctx)
		return err
	})
	w.idle()
}

// newNetwork starts a container in a second network: the engine writes the rules
// of that behind its jumps.
func (w *world) newNetwork() {
	_, err := w.daemon.api.NetworkCreate(w.t.Context(), "br-app", client.NetworkCreateOptions{
		Driver: "bridge", Options: map[string]string{"com.docker.network.bridge.name": "br-app"},
	})
	w.must(err)
	w.daemon.run("app1", "br-app", []string{"80"}, "8081:80")
	w.hooked("v4 DOCKER-USER, v6 FORWARD")
	v := w.awaitView("app1 runs", running("app1"))
	if !slices.Contains(v.Warnings, "interfaces: the bridge br-app of the network br-app is in no zone") {
		w.t.Errorf("warnings: %q", v.Warnings)
	}
	want := map[string]string{"0.0.0.0:8081": "no row allows it", "[::]:8081": "no row allows it"}
	if got := verdicts(v, "app1"); !maps.Equal(got, want) {
		w.t.Errorf("verdicts: %v", got)
	}
	w.asks(w.Host(lab.Client1), w.Firewall.V4, 8081, lab.RST)
	w.asks(w.daemon.inside("db"), w.Firewall.V4, 8081, lab.RST)
}

// namesOwners looks at the rules that the real engine wrote.
func (w *world) namesOwners() {
	var counters engine.CounterSnapshot
	w.on(func(ctx context.Context) (err error) {
		counters, err = w.engine.Counters(ctx)
		return err
	})
	seen := make(map[string]int)
	for _, c := range counters.Chains {
		if c.Index == 0 || c.Owner == "ours" || c.ID != "" {
			continue
		}
		switch {
		case c.Container != "":
			seen[c.Chain+" container "+c.Container]++
		case c.Network != "":
			seen[c.Chain+" network "+c.Network]++
		case !strings.Contains(c.Text(), "DOCKER") && !strings.HasSuffix(c.Text(), "-j RETURN"):
			w.t.Errorf("%s %s: %q belongs to nobody", c.Table, c.Chain, c.Text())
		}
	}
	want := map[string]int{
		"FORWARD network bridge":                  4,
		"DOCKER container web":                    4, // two in filter, two in nat
		"DOCKER network bridge":                   1,
		"DOCKER-ISOLATION-STAGE-1 network bridge": 1,
		"DOCKER-ISOLATION-STAGE-2 network bridge": 1,
		"POSTROUTING network bridge":              1,
		"POSTROUTING container web":               2,
	}
	if !maps.Equal(seen, want) {
		w.t.Errorf("owners: %v", seen)
	}
}

// flushedForward does what scripts do that start with iptables -F FORWARD, and
// then lets the engine put its jumps back.
func (w *world) flushedForward() {
	h := w.Firewall
	w.tool(w.tools.Backend, "iptables", "", "", "-F", "FORWARD")
	w.hooked("v4 FORWARD is absent, v6 FORWARD, v4 DOCKER-USER is not wanted here")
	w.repair()
	w.hooked("v4 FORWARD, v6 FORWARD")
	w.asks(w.Host(lab.Client1), h.V4, 8080, lab.RST)
	w.daemon.restart()
	w.hooked("v4 DOCKER-USER is absent, v6 FORWARD, v4 FORWARD is not wanted here")
	w.repair()
	w.hooked("v4 DOCKER-USER, v6 FORWARD")
	w.awaitView("web runs", running("web"))
	w.asks(w.Host(lab.Client1), h.V4, 8080, lab.RST)
}

// bothBackEnds fills a table of the back end that is not in use.
func (w *world) bothBackEnds() {
	w.tool(w.otherBackEnd(), "iptables", "", "", "-A", "INPUT", "-s", "192.0.2.1", "-j", "DROP")
	probing := engine.New(engine.Config{Dir: w.dir + "/tables", State: w.dir + "/state", Run: w.dir + "/run"})
	w.on(func(ctx context.Context) error {
		found, err := probing.Doctor(ctx)
		want := fmt.Sprintf("iptables (%s) is in use here, and the other back end holds rules too (v4 filter): both decide", w.tools.Backend)
		if err == nil && !slices.ContainsFunc(found, func(f engine.Finding) bool { return f.What == want }) {
			w.t.Errorf("findings: %v", found)
		}
		return err
	})
}
