package engine_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// streamRate is how many datagrams a second each stream shall have. There are
// four, so that 20,000 a second are allowed and 20,000 denied, half of them of
// each family. What a machine really sends is logged.
const streamRate = 10_000

// Of each family, the ports of the stream that is allowed and of the one that
// is denied.
var streamPorts = map[ruleset.Family][2]uint16{ruleset.V4: {5001, 5002}, ruleset.V6: {5003, 5004}}

const streamServices = `
allowed  -     5001,5003
denied   -     5002,5004
http     80    -
`

// round is one of four sets of tables, each of which differs from the next in
// one row: of the rules, in the chain that the streams pass, or of the
// addresses, in the set that lets one of them pass.
func round(n int) map[tables.Kind]string {
	first, friends := "accept", "203.0.113.11,203.0.113.12"
	if n%4 == 1 || n%4 == 2 {
		first = "drop"
	}
	if n%4 >= 2 {
		friends = "203.0.113.11,203.0.113.13"
	}
	return map[tables.Kind]string{
		tables.Addresses:  fmt.Sprintf("friends %s 2001:db8:113::11,2001:db8:113::%x\n", friends, n%4),
		tables.Services:   streamServices,
		tables.Interfaces: "eth0 ext -\neth1 int -\n",
		tables.Rules: "ext int ALL ALL http " + first + "\n" +
			"ext int friends ALL allowed accept\n" +
			"ext ALL ALL ALL ALL drop\n",
	}
}

// TestReappliesLoseAndLeakNothing applies a hundred times, half of them on each
// back end, each time the whole transaction and one row, while datagrams that are
// allowed and others that are denied arrive in both families, and every one of
// them meets the rules: nobody answers, so conntrack knows no established flow.
func TestReappliesLoseAndLeakNothing(t *testing.T) {
	needs(t)
	const applies = 50
	// One after the other: the streams take half of a small machine.
	for _, backend := range []host.Backend{host.NFT, host.Legacy} {
		t.Run(string(backend), func(t *testing.T) {
			s := streamSite(t, backend)
			// At a rate that this machine can carry.
			for rate := streamRate; ; rate /= 4 {
				began := time.Now()
				streams := s.stream(rate, func() {
					for n := range applies {
						s.tables(round(n + 1))
						s.apply()
					}
				})
				took := time.Since(began)
				t.Logf("%d applies in %s", applies, took.Round(time.Millisecond))
				streams.log(t, took)
				if streams.check(t); streams.carried() {
					break
				}
				if rate < streamRate/100 {
					t.Fatal("this machine drops too many packets itself to prove anything")
				}
			}
		})
	}
}

// TestStreamsTellABadReload changes rules under the same streams the way it
// must not be done. Each gap stays until the kernel has counted packets in it.
func TestStreamsTellABadReload(t *testing.T) {
	needs(t)
	s := streamSite(t, host.NFT)
	tool := map[ruleset.Family]string{ruleset.V4: "iptables-nft", ruleset.V6: "ip6tables-nft"}
	run := func(f ruleset.Family, args string) {
		_, err := s.Firewall.Run(t.Context(), tool[f], strings.Fields(args)...)
		s.must(err)
	}
	// counted waits until each rule that is there for a while has met packets.
	counted := func(f ruleset.Family, rules int) {
		for end := time.Now().Add(2 * time.Minute); ; {
			met := 0
			for _, r := range s.live().Tables(f).Chain(ruleset.Filter, ruleset.Forward).Rules {
				if r.ID == "" && r.Counters.Packets > 0 {
					met++
				}
			}
			if met == rules {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%s: %d of %d rules met packets", f, met, rules)
			}
		}
	}
	streams := s.stream(streamRate, func() {
		for _, f := range ruleset.Families() {
			allowed, denied := streamPorts[f][0], streamPorts[f][1]
			// Remove, then load again: a gap, which a rule behind it counts.
			run(f, fmt.Sprintf("-A FORWARD -p udp --dport %d", denied))
			run(f, `-D FORWARD -m comment --comment mfw:hook -j MFWFORWARD`)
			counted(f, 1)
			run(f, `-I FORWARD -m comment --comment mfw:hook -j MFWFORWARD`)
			// A rule that is there for a moment.
			run(f, fmt.Sprintf("-I FORWARD -p udp --dport %d -j DROP", allowed))
			counted(f, 2)
			run(f, fmt.Sprintf("-D FORWARD -p udp --dport %d -j DROP", allowed))
		}
	})
	for f, pair := range streams.tallies {
		if pair[0].Lost() == 0 || pair[1].Received == 0 {
			t.Errorf("%s: allowed: %s; denied: %s; want some lost and some leaked", f, pair[0], pair[1])
		}
	}
}

// unrehearsed is a kernel that the transaction does not try things out for: a
// hundred rehearsals in scratch namespaces would prove the same thing a hundred
// times.
type unrehearsed struct{ host.Kernel }

// streamSite is a site with the first round of tables in force.
func streamSite(t *testing.T, backend host.Backend) *site {
	t.Helper()
	s := newSite(t, lab.Options{NoDocker: true, Backend: backend})
	s.config.Kernel = unrehearsed{s.kernel}
	s.engine = engine.New(s.config)
	s.tables(round(0))
	s.apply()
	return s
}

// streamTallies are what became of the allowed and of the denied stream of each
// family, and how many packets this machine's queues dropped meanwhile, which
// are no firewall's.
type streamTallies struct {
	tallies map[ruleset.Family][2]lab.Tally
	backlog int
}

// stream runs the streams from the internet to the internal host while f runs,
// each with so many datagrams a second.
func (s *site) stream(rate int, f func()) streamTallies {
	s.t.Helper()
	var streams []lab.Stream
	for _, family := range ruleset.Families() {
		for _, port := range streamPorts[family] {
			to := netip.AddrPortFrom(s.Host(lab.Inside).Addr(family), port)
			streams = append(streams, lab.Stream{From: s.Host(lab.Client1), To: s.Host(lab.Inside), Dst: to, Rate: rate})
		}
	}
	ctx, stop := context.WithCancel(s.t.Context())
	defer stop()
	type result struct {
		tallies []lab.Tally
		err     error
	}
	ended := make(chan result, 1)
	before, err := lab.QueueDrops()
	s.must(err)
	go func() {
		tallies, err := lab.RunStreams(ctx, streams...)
		ended <- result{tallies, err}
	}()
	f()
	stop()
	r := <-ended
	s.must(r.err)
	after, err := lab.QueueDrops()
	s.must(err)
	out := streamTallies{map[ruleset.Family][2]lab.Tally{}, after - before}
	for i, family := range ruleset.Families() {
		out.tallies[family] = [2]lab.Tally(r.tallies[2*i : 2*i+2])
	}
	return out
}

func (r streamTallies) log(t *testing.T, took time.Duration) {
	t.Helper()
	for _, f := range ruleset.Families() {
		allowed, denied := r.tallies[f][0], r.tallies[f][1]
		perSecond := func(n int) int { return int(float64(n) / took.Seconds()) }
		t.Logf("%s: %d allowed and %d denied a second; allowed: %s; denied: %s", f, perSecond(allowed.Sent), perSecond(denied.Sent), allowed, denied)
	}
	t.Logf("dropped by full queues of this machine: %d", r.backlog)
}

// carried reports whether this machine lost few enough datagrams itself for the
// rest to prove something.
func (r streamTallies) carried() bool {
	for _, pair := range r.tallies {
		if pair[0].Sent == 0 || pair[1].Sent == 0 || pair[0].Unread+r.backlog > pair[0].Sent/100 {
			return false
		}
	}
	return true
}

// check fails the test when a datagram was lost or leaked. Losses of the
// machine itself are no losses of the firewall.
func (r streamTallies) check(t *testing.T) {
	t.Helper()
	own := r.backlog
	for _, f := range ruleset.Families() {
		allowed, denied := r.tallies[f][0], r.tallies[f][1]
		if denied.Received != 0 {
			t.Errorf("%s: denied: %s, want none received", f, denied)
		}
		if allowed.Twice != 0 {
			t.Errorf("%s: allowed: %s, want none twice", f, allowed)
		}
		if own -= allowed.Lost(); own < 0 {
			t.Errorf("%s: allowed: %s, want none lost but the %d that queues dropped", f, allowed, r.backlog)
		}
	}
}
