package engine_test

import (
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// The MicroFW scenarios M01 to M26: what reaches the firewall, and what passes
// through it. Unless a row speaks of one family, both are asked.

const (
	sshOnly   = "ext FW ALL ALL ssh accept\n"
	dropAll   = "ext ALL ALL ALL ALL drop\n"
	rejectAll = "ext ALL ALL ALL ALL reject\n"
)

func TestM01(t *testing.T) {
	scenario{rules: sshOnly, packets: []string{"client1 > firewall tcp 22: OPEN | -"}}.run(t)
}

func TestM02(t *testing.T) {
	scenario{rules: sshOnly, packets: []string{"client1 > firewall tcp 22: - | OPEN"}}.run(t)
}

func TestM03(t *testing.T) {
	scenario{rules: sshOnly, packets: []string{"client1 > firewall tcp 25: RST"}}.run(t)
}

func TestM04(t *testing.T) {
	scenario{rules: sshOnly, packets: []string{"client1 > firewall udp 53: PUNR | ADM"}}.run(t)
}

func TestM05(t *testing.T) {
	scenario{rules: sshOnly, packets: []string{"client1 > firewall ping: OPEN"}}.run(t)
}

func TestM06(t *testing.T) {
	scenario{rules: "ext FW ALL ALL http drop\n", packets: []string{"client1 > firewall tcp 80: DROP"}}.run(t)
}

func TestM07(t *testing.T) {
	scenario{rules: "ext FW ALL ALL https reject\n", packets: []string{"client1 > firewall tcp 443: RST"}}.run(t)
}

func TestM08(t *testing.T) {
	scenario{rules: "ext FW ALL ALL http reject\n", packets: []string{"client1 > firewall ping: OPEN"}}.run(t)
}

func TestM09(t *testing.T) {
	scenario{rules: dropAll, packets: []string{
		"client1 > firewall ping: DROP",
		"client1 > inside ping: DROP",
	}}.run(t)
}

// ICMP is refused with host unreachable, and over IPv6 like everything else.
func TestM10(t *testing.T) {
	scenario{rules: rejectAll, packets: []string{
		"client1 > firewall ping: HUNR 3/1 | ADM 1/1",
		"client1 > inside ping: HUNR 3/1 | ADM 1/1",
	}}.run(t)
}

// Neighbour discovery is accepted before a row that rejects everything.
func TestM11(t *testing.T) {
	scenario{
		rules:   sshOnly + rejectAll,
		warns:   []string{"rules:2:21: rejects ALL towards FW; neighbour discovery stays allowed"},
		packets: []string{"client1 > firewall tcp 22: OPEN"},
		cold:    true,
	}.run(t)
}

func TestM12(t *testing.T) {
	scenario{
		rules: sshOnly + rejectAll, options: "* ndp upstream\n", cold: true,
		packets: []string{"client1 > firewall tcp 22: OPEN | LOCAL"},
	}.run(t)
}

func TestM13(t *testing.T) {
	scenario{rules: sshOnly, packets: []string{"client1 > inside tcp 80: RST"}}.run(t)
}

func TestM14(t *testing.T) {
	scenario{rules: sshOnly, packets: []string{"firewall > client1 tcp 443: OPEN"}}.run(t)
}

// An answer of the server must come through, which OPEN means.
func TestM15(t *testing.T) {
	scenario{rules: dropAll, packets: []string{
		"firewall > client1 tcp 443: OPEN",
		"firewall > client1 ping: OPEN",
		"client1 > firewall tcp 443: DROP",
	}}.run(t)
}

func TestM16(t *testing.T) {
	scenario{rules: "int ALL ALL ALL ssh accept\n", packets: []string{
		"inside > firewall tcp 22: OPEN",
		"inside > guest1 tcp 22: OPEN",
		"inside > client1 tcp 22: OPEN",
		"client1 > inside tcp 22: RST",
	}}.run(t)
}

func TestM17(t *testing.T) {
	scenario{rules: "int ext partner ALL http accept\n", packets: []string{"inside > client1 tcp 80: RST"}}.run(t)
}

func TestM18(t *testing.T) {
	scenario{rules: "lan int net8 lan_nas http accept\n", packets: []string{
		"guest1 > inside tcp 80: OPEN",
		"guest1 > inside tcp 443: RST",
	}}.run(t)
}

func TestM19(t *testing.T) {
	scenario{rules: "lan ext v6only ALL http accept\n", packets: []string{
		"guest1 > client1 tcp 80: RST | OPEN",
	}}.run(t)
}

func TestM20(t *testing.T) {
	scenario{
		rules:   "int ext v4only v6only ALL accept\n",
		warns:   []string{"rules:1:9: matches nothing: 'v4only' has no IPv6 address and 'v6only' has no IPv4 address"},
		packets: []string{"inside > client1 tcp 80: RST", "inside > client1 tcp 22: RST"},
	}.run(t)
}

func TestM21(t *testing.T) {
	scenario{rules: sshOnly, packets: []string{
		"other > firewall tcp 22: RST",
		"other > firewall ping: OPEN",
	}}.run(t)
}

func TestM22(t *testing.T) {
	scenario{rules: "int ALL ALL ALL ALL accept\n", packets: []string{
		"other > inside tcp 80: RST",
		"inside > other tcp 80: RST",
	}}.run(t)
}

// A packet that would leave by the interface it came from is dropped, whatever
// the rows say. Without rules it gets to client2, whose kernel refuses it. The
// lab has two hosts behind eth0, so the row is tried there.
func TestM23(t *testing.T) {
	scenario{
		rules:   "ext ALL ALL ALL ALL accept\n",
		packets: []string{"client1 > 198.51.100.9 tcp 80: DROP", "client1 > 2001:db8:51::9 tcp 80: DROP"},
		prepare: func(s *site) {
			for _, a := range lab.Prefixes("198.51.100.9/32 2001:db8:51::9/128") {
				s.must(s.Host(lab.Client2).AddAddr("eth0", a))
				s.must(s.Firewall.Route(a, s.addr(lab.Client2, ruleset.OfAddr(a.Addr()))))
			}
			for _, key := range []string{"net/ipv4/conf/all/accept_redirects", "net/ipv4/conf/eth0/accept_redirects", "net/ipv6/conf/eth0/accept_redirects"} {
				s.must(s.Host(lab.Client1).SetSysctl(key, "0"))
			}
			s.packets("client1 > 198.51.100.9 tcp 80: RST", "client1 > 2001:db8:51::9 tcp 80: RST")
		},
	}.run(t)
}

func TestM24(t *testing.T) {
	scenario{rules: "lan lan ALL ALL ALL drop\n", packets: []string{"guest1 > guest2 tcp 80: OPEN"}}.run(t)
}

const withoutBridge = "eth0 ext -\neth1 int -\n"

func TestM25(t *testing.T) {
	scenario{
		rules: sshOnly, interfaces: withoutBridge,
		packets: []string{"guest1 > guest2 tcp 80: RST"},
		also: func(s *site, _ *engine.Preview) {
			s.finds("br0 is in no zone: new connections over it are rejected")
		},
	}.run(t)
}

func TestM26(t *testing.T) {
	scenario{
		rules: sshOnly, interfaces: withoutBridge,
		packets: []string{"guest1 > guest2 tcp 80: OPEN"},
		prepare: func(s *site) {
			for _, key := range []string{"net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables"} {
				s.must(s.Firewall.SetSysctl(key, "0"))
			}
		},
		also: func(s *site, _ *engine.Preview) {
			s.finds("net.bridge.bridge-nf-call-iptables is 0: no rule sees what passes between ports of one bridge")
		},
	}.run(t)
}

// finds fails the test unless the doctor says so about the firewall.
func (s *site) finds(what string) {
	s.t.Helper()
	s.on(func() error {
		list, err := s.engine.Doctor(s.t.Context())
		for _, f := range list {
			if strings.Contains(f.What, what) {
				return err
			}
		}
		s.t.Errorf("the doctor does not say %q: %v", what, list)
		return err
	})
}
