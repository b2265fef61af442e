package compile

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// The tables that the scenarios share. Zone ext is the internet side (eth0),
// int the internal network (eth1), lan a bridge with guests (br0).
const (
	scenarioAddresses = `
E       203.0.113.1                     2001:db8:113::1
nas     192.168.10.20                   fd00:10::20
net8    10.8.0.0/24                     fd08::/64
partner 203.0.113.12                    2001:db8:113::12
home    192.168.10.0/24                 fd00:10::/64
v4only  192.168.10.0/24                 -
v6only  -                               fd08::/64
`
	scenarioServices = `
ssh       22         -
http      80         -
http-alt  8080       -
https     443        -
snmp      -          161
smtp      25         -
low       8000-8010  -
high      9000-9010  -
`
	scenarioInterfaces = `
eth0  ext  -
eth1  int  -
br0   lan  -
`
)

// scenario is a row of the black-box scenarios: tables, a packet, and what
// becomes of it.
type scenario struct {
	id                       string
	rules, virtuals, options string
	interfaces               string // instead of scenarioInterfaces
	packet                   string // source, destination, protocol, port
	want                     string
}

// Where packets of a host come from and go to.
var scenarioLinks = map[string]string{
	"203.0.113.11": "eth0", "203.0.113.12": "eth0", "2001:db8:113::11": "eth0", "2001:db8:113::12": "eth0",
	"192.168.10.20": "eth1", "192.168.10.21": "eth1", "192.168.99.1": "eth1", "fd00:10::20": "eth1", "fd00:10::21": "eth1",
	"10.8.0.11": "br0", "10.8.0.12": "br0", "fd08::11": "br0", "fd08::12": "br0",
	"198.51.100.7": "eth7",
}

func scenarioRoute(dst netip.Addr) (local bool, out string) {
	out, ok := scenarioLinks[dst.String()]
	return !ok, out
}

// TestScenarios walks the packets of the MicroFW scenarios that the compiled
// rules alone decide about, by their ids.
func TestScenarios(t *testing.T) {
	const rejectAll = "ext ALL ALL ALL ALL reject\n"
	const toSSH = "ext FW ALL ALL ssh accept\n"
	const natAll = "int ext ALL ALL ALL accept+nat\n"
	const https, alt = "ext E nas https https\n", "ext E nas http-alt http\n"
	for _, s := range []scenario{
		{id: "M01", rules: toSSH, packet: "203.0.113.11 203.0.113.1 tcp 22", want: "accept"},
		{id: "M02", rules: toSSH, packet: "2001:db8:113::11 2001:db8:113::1 tcp 22", want: "accept"},
		{id: "M03", rules: toSSH, packet: "203.0.113.11 203.0.113.1 tcp 25", want: "reject tcp-reset"},
		{id: "M04", rules: toSSH, packet: "203.0.113.11 203.0.113.1 udp 53", want: "reject icmp-port-unreachable"},
		{id: "M04", rules: toSSH, packet: "2001:db8:113::11 2001:db8:113::1 udp 53", want: "reject icmp6-adm-prohibited"},
		{id: "M05", rules: toSSH, packet: "203.0.113.11 203.0.113.1 ping 0", want: "accept"},
		{id: "M05", rules: toSSH, packet: "2001:db8:113::11 2001:db8:113::1 ping 0", want: "accept"},
		{id: "M06", rules: "ext FW ALL ALL http drop\n", packet: "203.0.113.11 203.0.113.1 tcp 80", want: "drop"},
		{id: "M07", rules: "ext FW ALL ALL https reject\n", packet: "203.0.113.11 203.0.113.1 tcp 443", want: "reject tcp-reset"},
		{id: "M08", rules: "ext FW ALL ALL http reject\n", packet: "203.0.113.11 203.0.113.1 ping 0", want: "accept"},
		{id: "M09", rules: "ext ALL ALL ALL ALL drop\n", packet: "203.0.113.11 203.0.113.1 ping 0", want: "drop"},
		{id: "M09", rules: "ext ALL ALL ALL ALL drop\n", packet: "203.0.113.11 192.168.10.20 ping 0", want: "drop"},
		{id: "M10", rules: rejectAll, packet: "203.0.113.11 203.0.113.1 ping 0", want: "reject icmp-host-unreachable"},
		{id: "M11", rules: toSSH + rejectAll, packet: "2001:db8:113::11 2001:db8:113::1 solicit 0", want: "accept"},
		{id: "M12", rules: toSSH + rejectAll, options: "* ndp upstream\n", packet: "2001:db8:113::11 2001:db8:113::1 solicit 0", want: "reject icmp6-adm-prohibited"},
		{id: "M13", rules: toSSH, packet: "203.0.113.11 192.168.10.20 tcp 80", want: "reject tcp-reset"},
		{id: "M15", rules: "ext ALL ALL ALL ALL drop\n", packet: "203.0.113.11 203.0.113.1 reply 443", want: "accept"},
		{id: "M16", rules: "int ALL ALL ALL ssh accept\n", packet: "192.168.10.20 203.0.113.1 tcp 22", want: "accept"},
		{id: "M16", rules: "int ALL ALL ALL ssh accept\n", packet: "192.168.10.20 10.8.0.11 tcp 22", want: "accept"},
		{id: "M17", rules: "int ext partner ALL http accept\n", packet: "192.168.10.20 203.0.113.11 tcp 80", want: "reject tcp-reset"},
		{id: "M18", rules: "lan int net8 nas http accept\n", packet: "10.8.0.11 192.168.10.20 tcp 80", want: "accept"},
		{id: "M18", rules: "lan int net8 nas http accept\n", packet: "10.8.0.11 192.168.10.20 tcp 443", want: "reject tcp-reset"},
		{id: "M19", rules: "lan ext v6only ALL http accept\n", packet: "10.8.0.11 203.0.113.11 tcp 80", want: "reject tcp-reset"},
		{id: "M20", rules: "int ext v4only v6only ALL accept\n", packet: "192.168.10.20 203.0.113.11 tcp 80", want: "reject tcp-reset"},
		{id: "M21", rules: toSSH, packet: "198.51.100.7 203.0.113.1 tcp 22", want: "reject tcp-reset"},
		{id: "M21", rules: toSSH, packet: "198.51.100.7 203.0.113.1 ping 0", want: "accept"},
		{id: "M22", rules: "int ALL ALL ALL ALL accept\n", packet: "198.51.100.7 192.168.10.20 tcp 80", want: "reject tcp-reset"},
		{id: "M22", rules: "int ALL ALL ALL ALL accept\n", packet: "192.168.10.20 198.51.100.7 tcp 80", want: "reject tcp-reset"},
		{id: "M23", rules: "int ALL ALL ALL ALL accept\n", packet: "192.168.10.20 192.168.99.1 tcp 80", want: "drop"},
		{id: "M24", rules: "lan lan ALL ALL ALL drop\n", packet: "10.8.0.11 10.8.0.12 tcp 80", want: "accept"},
		{id: "M25", interfaces: "eth0 ext -\n", packet: "10.8.0.11 10.8.0.12 tcp 80", want: "reject tcp-reset"},
		{id: "M27", rules: natAll, packet: "192.168.10.20 203.0.113.11 tcp 5000", want: "accept masqueraded"},
		{id: "M27", rules: natAll, packet: "fd00:10::20 2001:db8:113::11 tcp 5000", want: "accept masqueraded"},
		{id: "M28", rules: "int ext ALL partner http accept\n" + natAll, packet: "192.168.10.20 203.0.113.12 tcp 80", want: "accept masqueraded"},
		{id: "M29", rules: "int ext ALL partner http accept\n" + natAll, options: "* nat-order first-match\n", packet: "192.168.10.20 203.0.113.12 tcp 80", want: "accept"},
		{id: "M29", rules: "int ext ALL partner http accept\n" + natAll, options: "* nat-order first-match\n", packet: "192.168.10.20 203.0.113.12 tcp 81", want: "accept masqueraded"},
		{id: "M30", rules: "int ext home ALL ALL accept+nat\nlan ext ALL ALL ALL accept\n", packet: "192.168.10.20@br0 203.0.113.11 tcp 80", want: "accept masqueraded"},
		{id: "M31", rules: "int FW ALL ALL ssh accept+nat\n", packet: "192.168.10.20 203.0.113.1 tcp 22", want: "accept"},
		{id: "M32", virtuals: https, packet: "203.0.113.11 203.0.113.1 tcp 443", want: "accept to 192.168.10.20:443"},
		{id: "M32", virtuals: https, packet: "2001:db8:113::11 2001:db8:113::1 tcp 443", want: "accept to fd00:10::20:443"},
		{id: "M33", virtuals: alt, packet: "203.0.113.11 203.0.113.1 tcp 8080", want: "accept to 192.168.10.20:80"},
		{id: "M34", virtuals: alt, packet: "2001:db8:113::11 2001:db8:113::1 tcp 8080", want: "accept to fd00:10::20:80"},
		{id: "M35", virtuals: alt, packet: "203.0.113.11 192.168.10.20 tcp 80", want: "accept"},
		{id: "M35", virtuals: alt, options: "* virtual-scope dnat\n", packet: "203.0.113.11 192.168.10.20 tcp 80", want: "reject tcp-reset"},
		{id: "M36", rules: rejectAll, virtuals: https, packet: "203.0.113.11 203.0.113.1 tcp 443", want: "reject tcp-reset to 192.168.10.20:443"},
		{id: "M36", rules: rejectAll, virtuals: https, options: "* virtual-order first\n", packet: "203.0.113.11 203.0.113.1 tcp 443", want: "accept to 192.168.10.20:443"},
		{id: "M37", rules: toSSH, virtuals: "ext E nas ALL ALL\n", packet: "203.0.113.11 203.0.113.1 tcp 22", want: "accept to 192.168.10.20:22"},
		{id: "M38", virtuals: https, packet: "192.168.10.20 203.0.113.1 tcp 443", want: "reject tcp-reset"},
		{id: "M39", virtuals: "ext E nas low high\n", packet: "203.0.113.11 203.0.113.1 tcp 8003", want: "accept to 192.168.10.20:9003"},
		{id: "M39", virtuals: "ext E nas low high\n", packet: "2001:db8:113::11 2001:db8:113::1 tcp 8003", want: "accept to fd00:10::20:9003"},
		{id: "M40", virtuals: "ext E nas http snmp\n", packet: "203.0.113.11 203.0.113.1 udp 80", want: "accept to 192.168.10.20:161"},
		{id: "M40", virtuals: "ext E nas http snmp\n", packet: "203.0.113.11 203.0.113.1 tcp 80", want: "reject tcp-reset"},
		{id: "M41", interfaces: "eth0 ext gre,89\neth1 int -\n", packet: "203.0.113.11 203.0.113.1 47 0", want: "accept"},
		{id: "M41", interfaces: "eth0 ext gre,89\neth1 int -\n", packet: "203.0.113.11 203.0.113.1 89 0", want: "accept"},
		{id: "M41", interfaces: "eth0 ext gre,89\neth1 int -\n", packet: "203.0.113.11 192.168.10.20 47 0", want: "reject icmp-host-prohibited"},
		{id: "M42", rules: "ext FW GEO:DE ALL smtp accept\n", packet: "203.0.113.11 203.0.113.1 tcp 25", want: "accept"},
		{id: "M42", rules: "ext FW GEO:AT ALL smtp accept\n", packet: "203.0.113.11 203.0.113.1 tcp 25", want: "reject tcp-reset"},
		{id: "M44", rules: "ext FW GEO:AT,de ALL ssh accept\n", packet: "203.0.113.11 203.0.113.1 tcp 22", want: "accept"},
	} {
		t.Run(s.id, func(t *testing.T) {
			if got := s.run(t); got != s.want {
				t.Errorf("%s%s%s%s: got %q, want %q", s.rules, s.virtuals, s.options, s.packet, got, s.want)
			}
		})
	}
}

// run compiles the tables of a scenario and walks its packet.
func (s scenario) run(t *testing.T) string {
	t.Helper()
	if s.interfaces == "" {
		s.interfaces = scenarioInterfaces
	}
	files := fstest.MapFS{}
	for kind, text := range map[tables.Kind]string{
		tables.Addresses: scenarioAddresses, tables.Services: scenarioServices, tables.Interfaces: s.interfaces,
		tables.Rules: s.rules, tables.Virtuals: s.virtuals, tables.Options: s.options,
	} {
		files[kind.String()] = &fstest.MapFile{Data: []byte(text)}
	}
	set, _ := tables.Load(files)
	cfg, problems := set.Check(tables.Facts{})
	res, more := Compile(cfg, Facts{Bridges: []string{"br0"}, Countries: map[string][]netip.Prefix{
		"DE": {netip.MustParsePrefix("203.0.113.0/24")}, "AT": {netip.MustParsePrefix("198.51.100.0/24")},
	}})
	if problems = append(problems, more...); problems.HasErrors() {
		t.Fatal(problems)
	}
	checkInvariants(t, res)
	return traced(ruleset.NewTracer(res.Rules), s.parsePacket(t), scenarioRoute)
}

// parsePacket reads "source destination protocol port"; source@interface puts
// a packet on another interface than that of its source.
func (s scenario) parsePacket(t *testing.T) ruleset.Packet {
	t.Helper()
	var src, dst, proto string
	p := ruleset.Packet{SrcPort: 40000}
	if _, err := fmt.Sscan(s.packet, &src, &dst, &proto, &p.DstPort); err != nil {
		t.Fatalf("%q: %v", s.packet, err)
	}
	src, p.In, _ = strings.Cut(src, "@")
	p.Src, p.Dst = netip.MustParseAddr(src), netip.MustParseAddr(dst)
	if p.In == "" {
		p.In = scenarioLinks[src]
	}
	switch proto {
	case "tcp":
		p.Proto = ruleset.TCP
	case "udp":
		p.Proto = ruleset.UDP
	case "reply":
		p.Proto, p.State = ruleset.TCP, ruleset.StateEstablished
	case "ping":
		p.Proto, p.ICMPType = ruleset.ICMP, 8
		if p.Family() == ruleset.V6 {
			p.Proto, p.ICMPType = ruleset.ICMPv6, 128
		}
	case "solicit": // neighbour solicitation
		p.Proto, p.ICMPType, p.HopLimit, p.State = ruleset.ICMPv6, 135, 255, ruleset.StateUntracked
	default:
		if _, err := fmt.Sscan(proto, &p.Proto); err != nil {
			t.Fatalf("%q: %v", s.packet, err)
		}
	}
	return p
}
