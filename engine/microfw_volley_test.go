package engine_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Random packets for a host that is adopted: many by the trace, some for real.

// usedPorts are those that the tables of the estates name, and others.
var usedPorts = []uint16{22, 25, 53, 80, 123, 161, 443, 1004, 5000, 5432, 8003, 8080, 8443}

// links are the networks behind the interfaces of the firewall.
var links = map[string][]netip.Prefix{
	"eth0": lab.Prefixes("203.0.113.0/24 2001:db8:113::/64"), "eth1": lab.Prefixes("192.168.10.0/24 fd00:10::/64"),
	"br0": lab.Prefixes("10.8.0.0/24 fd08::/64"), "eth7": lab.Prefixes("10.7.0.0/24 fd07::/64"),
	"docker0": lab.Prefixes("172.17.0.0/16 fd00:17::/64"),
}

// route tells where the firewall of the lab sends packets.
func route(dst netip.Addr) (local bool, out string) {
	for name, prefixes := range links {
		for _, p := range prefixes {
			if p.Contains(dst) {
				own := p.Addr().Next() // the firewall has the first address of every network
				return dst == own, name
			}
		}
	}
	return false, "eth0"
}

// deadTarget is where MicroFW sends what is for https-alt of the sample tables
// over IPv6, for want of brackets (semantics 2.7).
var deadTarget = netip.MustParseAddr("fd00:10::20:443")

// sameVerdicts fails the test when random packets of either family meet another
// verdict or another translation.
func (s *site) sameVerdicts(before, after *ruleset.Ruleset) {
	s.t.Helper()
	const packets = 4000
	was, is := ruleset.NewTracer(before), ruleset.NewTracer(after)
	r, seen := rand.New(rand.NewPCG(55, 0)), map[string]int{}
	for range packets {
		p := randomPacket(r)
		j := was.Judge(p, route)
		if j.DNATed && j.Packet.Dst == deadTarget {
			continue
		}
		old, now := verdict(j), verdict(is.Judge(p, route))
		if old != now {
			s.t.Fatalf("%+v: was %q, is %q", p, old, now)
		}
		seen[strings.Fields(old)[0]]++
	}
	for _, outcome := range []string{"accept", "drop", "reject"} {
		if seen[outcome] < packets/50 {
			s.t.Errorf("too few packets to %s: %v", outcome, seen)
		}
	}
}

// verdict is what becomes of a packet, in words that can be compared.
func verdict(j ruleset.Judgement) string {
	words := string(j.Outcome) + " " + j.With
	if j.DNATed {
		words += fmt.Sprintf(" to %s:%d", j.Packet.Dst, j.Packet.DstPort)
	}
	if j.Outcome == ruleset.Accepted && (j.Masqueraded || j.SNATed) {
		words += " masqueraded"
	}
	for _, d := range j.Doubts {
		words += " not judged: " + d.Why
	}
	return words
}

func randomPacket(r *rand.Rand) ruleset.Packet {
	f := ruleset.Families()[r.IntN(2)]
	in, src := randomHost(r, f)
	_, dst := randomHost(r, f)
	if r.IntN(3) == 0 {
		dst = netip.MustParseAddr(map[ruleset.Family]string{ruleset.V4: "203.0.113.1", ruleset.V6: "2001:db8:113::1"}[f])
	}
	p := ruleset.Packet{
		In: in, Src: src, Dst: dst, SrcPort: 40000, DstPort: usedPorts[r.IntN(len(usedPorts))],
		Proto: []uint8{ruleset.TCP, ruleset.TCP, ruleset.UDP, ruleset.ICMP, 47}[r.IntN(5)],
	}
	if p.Proto == ruleset.ICMP {
		p.ICMPType = 8
		if f == ruleset.V6 {
			p.Proto, p.ICMPType = ruleset.ICMPv6, 128
		}
	}
	if r.IntN(10) == 0 {
		p.State = ruleset.StateEstablished
	}
	return p
}

// randomHost is an address in the network of an interface, often one that the
// tables name.
func randomHost(r *rand.Rand, f ruleset.Family) (iface string, a netip.Addr) {
	names := []string{"br0", "docker0", "eth0", "eth1", "eth7"}
	iface = names[r.IntN(len(names))]
	a = links[iface][slices.Index([]ruleset.Family{ruleset.V4, ruleset.V6}, f)].Addr()
	for range 1 + r.IntN(21) {
		a = a.Next()
	}
	return iface, a
}

// knock is a real packet, and what became of it.
type knock struct {
	from  string
	probe lab.Probe
	was   lab.Answer
}

// knocks makes random real packets between the hosts of the lab, and starts the
// servers for them.
func (s *site) knocks(opts lab.Options, n int) []knock {
	s.t.Helper()
	hosts := []string{lab.Firewall, lab.Client1, lab.Client2, lab.Inside}
	if opts.Guests {
		hosts = append(hosts, lab.Guest1, lab.Guest2, lab.Other)
	}
	if !opts.NoDocker {
		hosts = append(hosts, lab.Web, lab.DB)
	}
	for _, name := range hosts {
		for _, port := range usedPorts {
			// Docker's proxy serves that one.
			if name != lab.Firewall || port != 8080 || opts.NoDocker {
				s.serveAt(fmt.Sprintf("%s:%d", name, port))
			}
		}
	}
	r := rand.New(rand.NewPCG(55, 1))
	var list []knock
	for _, f := range ruleset.Families() {
		// What every estate lets in.
		list = append(list, knock{from: lab.Client2, probe: lab.TCP(s.Firewall.Addr(f), 22)})
	}
	for range n {
		f := ruleset.Families()[r.IntN(2)]
		from, to := hosts[r.IntN(len(hosts))], hosts[r.IntN(len(hosts))]
		if r.IntN(2) == 0 {
			from, to = lab.Client1, lab.Firewall
		}
		port := usedPorts[r.IntN(len(usedPorts))]
		p := []lab.Probe{
			lab.TCP(s.addr(to, f), port), lab.TCP(s.addr(to, f), port), lab.UDP(s.addr(to, f), port), lab.Ping(s.addr(to, f)),
		}[r.IntN(4)]
		dead := f == ruleset.V6 && port == 8443 && to == lab.Firewall // see deadTarget
		if from != to && !dead {
			list = append(list, knock{from: from, probe: p})
		}
	}
	return list
}

// send sends the packets at the same time and keeps what became of them.
// Silence counts after a time that answers take on no machine, and the third time:
// this process, which also answers, may have stood still, or a queue been full.
func (s *site) send(knocks []knock) {
	s.t.Helper()
	var busy sync.WaitGroup
	for i := range knocks {
		busy.Go(func() {
			k := &knocks[i]
			p := k.probe
			p.Timeout = 2 * time.Second
			serves := p.Proto == ruleset.TCP || p.Proto == ruleset.UDP
			for try := 0; try < 3 && (try == 0 || k.was.Outcome == lab.Drop || k.was.Outcome == lab.Open && serves && k.was.Server == ""); try++ {
				var err error
				if k.was, err = s.Host(k.from).Probe(p); err != nil {
					s.t.Error(err)
				}
			}
		})
	}
	busy.Wait()
}

// sendAgain sends the packets again and fails the test when something else
// becomes of one.
func (s *site) sendAgain(knocks []knock) {
	s.t.Helper()
	var busy sync.WaitGroup
	for _, k := range knocks {
		busy.Go(func() {
			is, err := s.Host(k.from).Expect(k.was.Outcome, k.probe)
			if err != nil {
				s.t.Error(err)
			}
			if is.Outcome != k.was.Outcome || is.Server != k.was.Server || is.Local != k.was.Local || is.Seen.Addr() != k.was.Seen.Addr() {
				s.t.Errorf("%s %+v: was %+v, is %+v", k.from, k.probe, k.was, is)
			}
		})
	}
	busy.Wait()
}
