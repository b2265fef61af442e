package engine_test

import (
	"testing"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// The MicroFW scenarios M27 to M44: translation of sources and destinations,
// protocols and countries. Every server that answers says whom it sees.

const (
	natAll       = "int ext ALL ALL ALL accept+nat\n"
	plainPartner = "int ext ALL partner http accept\n"

	virtualHTTPS = "ext E nas https https\n"
	virtualAlt   = "ext E nas http-alt http\n"
)

func TestM27(t *testing.T) {
	scenario{rules: natAll, packets: []string{
		"inside > client1 tcp 5000: OPEN from firewall",
		"inside > client1 udp 5000: OPEN from firewall",
		"inside > client1 ping: OPEN",
	}}.run(t)
}

// A plain accept decides the verdict, but the row below masquerades.
func TestM28(t *testing.T) {
	scenario{
		rules:   plainPartner + natAll,
		warns:   []string{"rules:1:26: plain accept of int->ext is masqueraded anyway by rules:2"},
		packets: []string{"inside > client2 tcp 80: OPEN from firewall"},
	}.run(t)
}

func TestM29(t *testing.T) {
	scenario{
		rules: plainPartner + natAll, options: "* nat-order first-match\n",
		packets: []string{
			"inside > client2 tcp 80: OPEN from inside",
			"inside > client2 tcp 5000: OPEN from firewall",
			"inside > client1 tcp 80: OPEN from firewall",
		},
	}.run(t)
}

// POSTROUTING knows no source zone: the firewall's own packets, and those of
// other zones with such a source, are masqueraded too.
func TestM30(t *testing.T) {
	scenario{
		rules: "int ext lan_home ALL ALL accept+nat\nlan ext ALL ALL ALL accept\n",
		packets: []string{
			"firewall@192.168.10.1 > client1 tcp 80: OPEN from firewall",
			"firewall@fd00:10::1 > client1 tcp 80: OPEN from firewall",
			"guest1@192.168.10.99 > client1 tcp 80: OPEN from firewall",
			"guest1 > client2 tcp 80: OPEN from guest1",
		},
		prepare: func(s *site) {
			// An address of the internal network among the guests.
			for _, a := range lab.Prefixes("192.168.10.99/32") {
				s.must(s.Host(lab.Guest1).AddAddr("eth0", a))
				s.must(s.Firewall.Route(a, s.Host(lab.Guest1).V4))
			}
		},
	}.run(t)
}

func TestM31(t *testing.T) {
	scenario{
		rules:   "int FW ALL ALL ssh accept+nat\n",
		warns:   []string{"rules:1:20: accept+nat makes no sense for traffic to the firewall; no nat rule is made"},
		packets: []string{"inside > firewall tcp 22: OPEN"},
		also: func(s *site, _ *engine.Preview) {
			live := s.live()
			for _, f := range ruleset.Families() {
				for _, table := range []string{ruleset.NAT, ruleset.Mangle} {
					for _, chain := range []string{ruleset.RootPostrouting, ruleset.RootForward} {
						if c := live.Tables(f).Chain(table, chain); c != nil && len(c.Rules) > 0 {
							s.t.Errorf("%s %s %s has %d rules", f, table, chain, len(c.Rules))
						}
					}
				}
			}
		},
	}.run(t)
}

func TestM32(t *testing.T) {
	scenario{virtuals: virtualHTTPS, packets: []string{
		"client1 > firewall tcp 443: OPEN at inside:443 from client1",
	}}.run(t)
}

func TestM33(t *testing.T) {
	scenario{virtuals: virtualAlt, packets: []string{"client1 > firewall tcp 8080: OPEN | - at inside:80"}}.run(t)
}

func TestM34(t *testing.T) {
	scenario{virtuals: virtualAlt, packets: []string{"client1 > firewall tcp 8080: - | OPEN at inside:80"}}.run(t)
}

func TestM35(t *testing.T) {
	scenario{
		virtuals: virtualAlt,
		warns:    []string{"virtuals:1:1: also lets zone 'ext' reach nas:80 without the virtual"},
		packets:  []string{"client1 > inside tcp 80: OPEN", "client1 > inside tcp 81: RST"},
	}.run(t)
}

func TestM35WithScopeDNAT(t *testing.T) {
	scenario{
		virtuals: virtualAlt, options: "* virtual-scope dnat\n",
		packets: []string{"client1 > inside tcp 80: RST", "client1 > firewall tcp 8080: OPEN at inside:80"},
	}.run(t)
}

// Virtuals come after the rows of the zones.
func TestM36(t *testing.T) {
	scenario{
		rules: rejectAll, virtuals: virtualHTTPS,
		warns:   []string{"virtuals:1:1: never matches: rules:1 (ext -> ALL ALL reject) comes first"},
		packets: []string{"client1 > firewall tcp 443: RST at inside:443"},
	}.run(t)
}

func TestM36WithVirtualsFirst(t *testing.T) {
	scenario{
		rules: rejectAll, virtuals: virtualHTTPS, options: "* virtual-order first\n",
		packets: []string{"client1 > firewall tcp 443: OPEN at inside:443", "client1 > firewall tcp 80: RST"},
	}.run(t)
}

func TestM37(t *testing.T) {
	scenario{rules: sshOnly, virtuals: "ext E nas ALL ALL\n", packets: []string{
		"client1 > firewall tcp 22: OPEN at inside:22",
		"client1 > firewall udp 53: OPEN at inside:53",
	}}.run(t)
}

func TestM38(t *testing.T) {
	scenario{virtuals: virtualHTTPS, packets: []string{"inside > firewall tcp 443: RST at inside:443"}}.run(t)
}

func TestM39(t *testing.T) {
	scenario{virtuals: "ext E nas low high\n", packets: []string{
		"client1 > firewall tcp 8003: OPEN at inside:9003",
		"client1 > firewall tcp 8000: OPEN at inside:9000",
		"client1 > firewall tcp 8010: OPEN at inside:9010",
		"client1 > firewall tcp 8011: RST at inside:9011",
	}}.run(t)
}

// The protocol of the internal service counts, as in MicroFW.
func TestM40(t *testing.T) {
	scenario{
		virtuals: "ext E nas http snmp\n",
		warns:    []string{"virtuals:1:16: 'http' has no UDP port but 'snmp' has; UDP is forwarded from port 80 all the same"},
		packets: []string{
			"client1 > firewall udp 80: OPEN at inside:161",
			"client1 > firewall tcp 80: RST at inside:80",
		},
	}.run(t)
}

func TestM41(t *testing.T) {
	scenario{
		interfaces: "eth0 ext gre,89\neth1 int -\n",
		packets: []string{
			"client1 > firewall 47: OPEN",
			"client1 > firewall 89: OPEN",
			"client1 > firewall 99: HUNR 3/10 | ADM 1/1",
			"client1 > inside 47: HUNR 3/10 | ADM 1/1",
		},
	}.run(t)
}

// austria is a source of client1 that is not in the networks of the lab.
func austria(s *site) {
	for _, a := range lab.Prefixes("198.51.100.7/32 2001:db8:51::7/128") {
		s.must(s.Host(lab.Client1).AddAddr("eth0", a))
		s.must(s.Firewall.Route(a, s.addr(lab.Client1, ruleset.OfAddr(a.Addr()))))
	}
}

func TestM42(t *testing.T) {
	scenario{
		rules: "ext FW GEO:DE ALL smtp accept\n", prepare: austria,
		packets: []string{
			"client1 > firewall tcp 25: OPEN",
			"client1@198.51.100.7 > firewall tcp 25: RST",
			"client1@2001:db8:51::7 > firewall tcp 25: RST",
		},
	}.run(t)
}

func TestM44(t *testing.T) {
	scenario{
		rules: "ext FW GEO:DE,AT ALL smtp accept\next FW GEO:at ALL ssh accept\n", prepare: austria,
		packets: []string{
			"client1 > firewall tcp 25: OPEN",
			"client1@198.51.100.7 > firewall tcp 25: OPEN",
			"client1@2001:db8:51::7 > firewall tcp 25: OPEN",
			"client1@198.51.100.7 > firewall tcp 22: OPEN",
			"client1@2001:db8:51::7 > firewall tcp 22: OPEN",
			"client1 > firewall tcp 22: RST",
		},
	}.run(t)
}
