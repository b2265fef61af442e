package lab

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func newLab(t testing.TB, opts Options) *Lab {
	t.Helper()
	needKernel(t)
	l, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// eachBackend runs a test on a lab for each variant of iptables.
func eachBackend(t *testing.T, opts Options, f func(*testing.T, *Lab, host.Backend)) {
	for _, backend := range []host.Backend{host.NFT, host.Legacy} {
		t.Run(string(backend), func(t *testing.T) {
			opts.Backend = backend
			f(t, newLab(t, opts), backend)
		})
	}
}

func serve(t testing.TB, h *Host, ports ...uint16) {
	t.Helper()
	if err := h.Serve(ports...); err != nil {
		t.Fatal(err)
	}
}

// expect probes, and fails the test unless the outcome is the expected one.
func expect(t testing.TB, want Outcome, h *Host, p Probe) Answer {
	t.Helper()
	answer, err := h.Expect(want, p)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Outcome != want {
		t.Errorf("%s to %s, protocol %d port %d: %s, want %s", h.Name, p.Dst, p.Proto, p.Port, answer.Outcome, want)
	}
	return answer
}

func TestEveryHostReachesTheFirewallInBothFamilies(t *testing.T) {
	l := newLab(t, Options{Guests: true, Unlisted: true})
	for _, h := range l.hosts {
		for _, f := range ruleset.Families() {
			expect(t, Open, h, Ping(l.Firewall.Addr(f)))
		}
	}
}

func TestOptionsDecideWhichHostsThereAre(t *testing.T) {
	tests := []struct {
		opts Options
		want int
	}{
		{Options{NoDocker: true}, 6},
		{Options{}, 8},
		{Options{Guests: true, Unlisted: true}, 12},
	}
	for _, tt := range tests {
		plan := topology(tt.opts)
		if got := len(plan.hosts()); got != tt.want {
			t.Errorf("%+v has %d hosts, want %d", tt.opts, got, tt.want)
		}
	}
}

func TestClientsReachInsideThroughTheFirewall(t *testing.T) {
	l := newLab(t, Options{NoDocker: true})
	inside := l.Host(Inside)
	serve(t, inside, 80)
	client := l.Host(Client1)
	for _, f := range ruleset.Families() {
		for _, p := range []Probe{TCP(inside.Addr(f), 80), UDP(inside.Addr(f), 80), Ping(inside.Addr(f))} {
			got := expect(t, Open, client, p)
			if got.Server != "" && (got.Server != Inside || got.Seen.Addr() != client.Addr(f)) {
				t.Errorf("%+v: answered by %s which saw %s, want %s to see %s", p, got.Server, got.Seen, Inside, client.Addr(f))
			}
		}
	}
}

func TestDockerPublishesItsPort(t *testing.T) {
	eachBackend(t, Options{Docker6: true}, func(t *testing.T, l *Lab, _ host.Backend) {
		serve(t, l.Host(Web), 80, 5000)
		for _, f := range ruleset.Families() {
			got := expect(t, Open, l.Host(Client1), TCP(l.Firewall.Addr(f), 8080))
			if got.Server != Web || got.Local.Port() != 80 {
				t.Errorf("%s published port: %+v, want it on %s:80", f, got, Web)
			}
			// Docker's policy of FORWARD.
			expect(t, Drop, l.Host(Client1), TCP(l.Host(Web).Addr(f), 5000))
		}
	})
}

func TestContainersGoOutMasqueraded(t *testing.T) {
	eachBackend(t, Options{}, func(t *testing.T, l *Lab, _ host.Backend) {
		serve(t, l.Host(Client2), 443)
		got := expect(t, Open, l.Host(DB), TCP(l.Host(Client2).V4, 443))
		if got.Seen.Addr() != l.Firewall.V4 {
			t.Errorf("container to a client: seen as %s, want the firewall's address", got.Seen)
		}
	})
}

func TestBridgedPacketsPassTheFirewallsRules(t *testing.T) {
	l := newLab(t, Options{Guests: true})
	serve(t, l.Host(Guest2), 80)
	expect(t, Drop, l.Host(Guest1), TCP(l.Host(Guest2).V4, 80)) // Docker's policy
	if err := l.Firewall.SetSysctl("net/bridge/bridge-nf-call-iptables", "0"); err != nil {
		t.Fatal(err)
	}
	expect(t, Open, l.Host(Guest1), TCP(l.Host(Guest2).V4, 80))
}

func TestProbesNameEveryVerdict(t *testing.T) {
	rules := map[ruleset.Family]string{
		ruleset.V4: `*filter
-A INPUT -p tcp --dport 25 -j REJECT --reject-with tcp-reset
-A INPUT -p tcp --dport 26 -j REJECT --reject-with icmp-port-unreachable
-A INPUT -p udp --dport 27 -j REJECT --reject-with icmp-host-unreachable
-A INPUT -p udp --dport 28 -j REJECT --reject-with icmp-admin-prohibited
-A INPUT -p tcp --dport 28 -j REJECT --reject-with icmp-admin-prohibited
-A INPUT -p udp --dport 53 -j REJECT
-A INPUT -m multiport -p tcp --dports 80 -j DROP
-A INPUT -p 89 -j REJECT --reject-with icmp-host-unreachable
-A INPUT -s 203.0.113.12 -p icmp -j REJECT --reject-with icmp-host-unreachable
COMMIT
`,
		ruleset.V6: `*filter
-A INPUT -p tcp --dport 25 -j REJECT --reject-with tcp-reset
-A INPUT -p tcp --dport 26 -j REJECT --reject-with icmp6-port-unreachable
-A INPUT -p udp --dport 27 -j REJECT --reject-with icmp6-addr-unreachable
-A INPUT -p udp --dport 28 -j REJECT --reject-with icmp6-adm-prohibited
-A INPUT -p tcp --dport 28 -j REJECT --reject-with icmp6-adm-prohibited
-A INPUT -p udp --dport 53 -j REJECT
-A INPUT -p tcp --dport 80 -j DROP
-A INPUT -p 89 -j REJECT --reject-with icmp6-addr-unreachable
-A INPUT -s 2001:db8:113::12 -p icmpv6 --icmpv6-type 128 -j REJECT --reject-with icmp6-addr-unreachable
COMMIT
`}
	eachBackend(t, Options{NoDocker: true}, func(t *testing.T, l *Lab, backend host.Backend) {
		fw := l.Firewall
		serve(t, fw, 22)
		if err := fw.ServeProtocol(47); err != nil {
			t.Fatal(err)
		}
		for _, f := range ruleset.Families() {
			if err := fw.restore(t.Context(), backend, f, rules[f]); err != nil {
				t.Fatal(err)
			}
			dst := fw.Addr(f)
			tests := []struct {
				from  string
				probe Probe
				want  Outcome
			}{
				{Client1, TCP(dst, 22), Open},
				{Client1, UDP(dst, 22), Open},
				{Client1, TCP(dst, 25), RST},
				{Client1, TCP(dst, 26), PUNR},
				{Client1, UDP(dst, 27), HUNR},
				{Client1, UDP(dst, 28), Adm},
				{Client1, TCP(dst, 28), Adm},
				{Client1, UDP(dst, 53), PUNR},
				{Client1, TCP(dst, 80), Drop},
				{Client1, Ping(dst), Open},
				{Client2, Ping(dst), HUNR},
				{Client1, Protocol(dst, 47), Open},
				{Client1, Protocol(dst, 89), HUNR},
				{Client1, Protocol(dst, 99), Proto},
			}
			for _, tt := range tests {
				got := expect(t, tt.want, l.Host(tt.from), tt.probe)
				if icmp := got.From.IsValid(); icmp && got.From != dst {
					t.Errorf("%s %+v: ICMP error from %s, want the firewall's", tt.from, tt.probe, got.From)
				}
			}
		}
	})
}

func TestANeighbourThatDoesNotAnswerIsNoVerdict(t *testing.T) {
	l := newLab(t, Options{NoDocker: true})
	var both sync.WaitGroup
	for _, nobody := range []string{"203.0.113.99", "2001:db8:113::99"} {
		both.Go(func() {
			p := Ping(netip.MustParseAddr(nobody))
			p.Timeout = time.Minute // the kernel gives up after three seconds
			if got, err := l.Host(Client1).Probe(p); err != nil || got.Outcome != Local {
				t.Errorf("%s: %s, %v, want LOCAL", nobody, got.Outcome, err)
			}
		})
	}
	both.Wait()
}

func TestDockerProxyCarriesWhatDockersChainsDoNot(t *testing.T) {
	l := newLab(t, Options{})
	serve(t, l.Host(Web), 80)
	for _, f := range ruleset.Families() {
		got := expect(t, Open, l.Host(Client1), TCP(l.Firewall.Addr(f), 8080))
		throughProxy := got.Seen.Addr() == netip.MustParseAddr("172.17.0.1")
		if got.Server != Web || throughProxy != (f == ruleset.V6) {
			t.Errorf("%s: %+v, want %s, over IPv6 through the proxy", f, got, Web)
		}
	}
}

func TestProbeSourceIsTheCallersChoice(t *testing.T) {
	l := newLab(t, Options{NoDocker: true})
	serve(t, l.Firewall, 22)
	client := l.Host(Client1)
	if err := client.AddAddr("eth0", netip.MustParsePrefix("203.0.113.77/24")); err != nil {
		t.Fatal(err)
	}
	for _, p := range []Probe{TCP(l.Firewall.V4, 22), UDP(l.Firewall.V4, 22)} {
		p.Src, p.SrcPort = netip.MustParseAddr("203.0.113.77"), 4000
		want := netip.AddrPortFrom(p.Src, p.SrcPort)
		if got := expect(t, Open, client, p); got.Seen != want {
			t.Errorf("protocol %d from %s was seen as %s", p.Proto, want, got.Seen)
		}
	}
	p := TCP(l.Firewall.V4, 22)
	p.Src = netip.MustParseAddr("198.51.100.1")
	if _, err := client.Probe(p); err == nil {
		t.Error("a source address that the host does not have was accepted")
	}
}

func TestFlushNeighboursForgetsTheFirewall(t *testing.T) {
	l := newLab(t, Options{NoDocker: true})
	client := l.Host(Client1)
	known := func() (n int) {
		client.Do(func() error {
			entries, err := netlink.NeighList(0, 0)
			for _, e := range entries {
				if e.HardwareAddr != nil && e.State&netlink.NUD_NOARP == 0 {
					n++
				}
			}
			return err
		})
		return n
	}
	for _, f := range ruleset.Families() {
		expect(t, Open, client, Ping(l.Firewall.Addr(f)))
	}
	if got := known(); got < 2 {
		t.Fatalf("%d neighbours are known after a ping in both families, want 2 or more", got)
	}
	// The firewall may ask at any time, and who answers it knows it.
	for range 10 {
		if err := client.FlushNeighbours(); err != nil {
			t.Fatal(err)
		}
		if known() == 0 {
			return
		}
	}
	t.Errorf("%d neighbours are known after the flush", known())
}
