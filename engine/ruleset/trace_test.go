package ruleset

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
)

// microfw4 is a host with three networks in the form that MicroFW gives its
// rules: hooks, zone chains, accept and reject chains, a masquerading row, a
// virtual, and a Docker bridge that Docker's own chains decide about.
const microfw4 = `*mangle
:FORWARD ACCEPT [0:0]
:MFWFORWARD - [0:0]
-A FORWARD -m comment --comment "mfw:hook" -j MFWFORWARD
-A MFWFORWARD -i eth1 -o eth0 -p tcp -m tcp --dport 8000 -m comment --comment "mfw:nat-all" -j MARK --set-xmark 0x400/0xffffffff
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:MFWPREROUTING - [0:0]
:MFWPOSTROUTING - [0:0]
-A PREROUTING -m comment --comment "mfw:hook" -j MFWPREROUTING
-A POSTROUTING -m comment --comment "mfw:hook" -j MFWPOSTROUTING
-A MFWPREROUTING -d 203.0.113.1/32 -i eth0 -p tcp -m tcp --dport 8080 -m comment --comment "mfw:web" -j DNAT --to-destination 10.8.0.5:80
-A MFWPREROUTING -d 203.0.113.1/32 -i eth0 -p udp -m udp --dport 5000:5009 -m comment --comment "mfw:games" -j DNAT --to-destination 10.8.0.6:6000-6009/5000
-A MFWPOSTROUTING -o eth0 -m set --match-set lan_v4 src -m comment --comment "mfw:nat-lan" -j MASQUERADE
-A MFWPOSTROUTING -o eth0 -m mark --mark 0x400 -m comment --comment "mfw:nat-all" -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:MFWINPUT - [0:0]
:MFWFORWARD - [0:0]
:ext_inp - [0:0]
:ext_fwd - [0:0]
:lan_inp - [0:0]
:lan_fwd - [0:0]
:lan_to_dmz - [0:0]
:lan_to_ext - [0:0]
:accept - [0:0]
:drop - [0:0]
:reject - [0:0]
-A INPUT -m comment --comment "mfw:hook" -j MFWINPUT
-A FORWARD -m comment --comment "mfw:hook" -j MFWFORWARD
-A FORWARD -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A MFWINPUT -i lo -m comment --comment "mfw:lo" -j ACCEPT
-A MFWINPUT -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "mfw:established" -j ACCEPT
-A MFWINPUT -i eth0 -m comment --comment "mfw:zone-eth0" -j ext_inp
-A MFWINPUT -i eth1 -m comment --comment "mfw:zone-eth1" -j lan_inp
-A MFWINPUT -p icmp -m comment --comment "mfw:icmp" -j ACCEPT
-A MFWINPUT -m comment --comment "mfw:reject" -j reject
-A MFWFORWARD -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "mfw:established" -j ACCEPT
-A MFWFORWARD -i eth1 -o eth1 -m comment --comment "mfw:hairpin-eth1" -j drop
-A MFWFORWARD -i eth0 -m comment --comment "mfw:zone-eth0" -j ext_fwd
-A MFWFORWARD -i eth1 -m comment --comment "mfw:zone-eth1" -j lan_fwd
-A MFWFORWARD -d 10.8.0.5/32 -i eth0 -p tcp -m tcp --dport 80 -m comment --comment "mfw:web" -j ACCEPT
-A MFWFORWARD -d 10.8.0.6/32 -i eth0 -p udp -m udp --dport 6000:6009 -m comment --comment "mfw:games" -j ACCEPT
-A MFWFORWARD -i eth0 -o docker0 -p tcp -m tcp --dport 80 -m comment --comment "mfw:docker" -j RETURN
-A MFWFORWARD -p icmp -m comment --comment "mfw:icmp" -j ACCEPT
-A MFWFORWARD -m comment --comment "mfw:reject" -j reject
-A ext_inp -s 198.51.100.0/24 -m set --match-set ban_v4 src -m comment --comment "mfw:ban" -j drop
-A ext_inp -p tcp -m set --match-set admin_tcp dst -m comment --comment "mfw:ssh" -j accept
-A ext_inp -p udp -m udp --dport 53 -m limit --limit 5/sec -m comment --comment "mfw:dns" -j accept
-A lan_inp -m comment --comment "mfw:lan" -j accept
-A lan_fwd -o eth0 -m comment --comment "mfw:zone-eth1" -j lan_to_ext
-A lan_fwd -o eth2 -m comment --comment "mfw:zone-eth1" -g lan_to_dmz
-A lan_fwd -m comment --comment "mfw:after" -j drop
-A lan_to_ext -p tcp -m multiport --dports 25,465:587 -m comment --comment "mfw:mail" -j reject
-A lan_to_ext -m comment --comment "mfw:out" -j accept
-A lan_to_dmz -p tcp -m tcp --dport 80 --tcp-flags FIN,SYN,RST,ACK SYN -m comment --comment "mfw:dmz" -j accept
-A accept -m comment --comment "mfw:accept" -j ACCEPT
-A drop -m comment --comment "mfw:drop" -j DROP
-A reject -m addrtype --src-type BROADCAST -m comment --comment "mfw:quiet" -j DROP
-A reject -p tcp -m comment --comment "mfw:reject" -j REJECT --reject-with tcp-reset
-A reject -p udp -m comment --comment "mfw:reject" -j REJECT --reject-with icmp-port-unreachable
-A reject -m comment --comment "mfw:reject" -j REJECT --reject-with icmp-host-prohibited
COMMIT
`

const microfw6 = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:MFWINPUT - [0:0]
:ext_inp - [0:0]
:reject - [0:0]
-A INPUT -j MFWINPUT
-A MFWINPUT -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "mfw:established" -j ACCEPT
-A MFWINPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -m hl --hl-eq 255 -m comment --comment "mfw:ndp" -j ACCEPT
-A MFWINPUT -p ipv6-icmp -m icmp6 --icmpv6-type 1/4 -m comment --comment "mfw:unreach" -j ACCEPT
-A MFWINPUT -i eth0 -m comment --comment "mfw:zone-eth0" -j ext_inp
-A ext_inp -m set --match-set mfw_trial src -m comment --comment "mfw:gate" -j DROP
-A ext_inp -s fe80::/10 -m comment --comment "mfw:local" -j RETURN
-A ext_inp -m comment --comment "mfw:deny" -j reject
-A reject -m comment --comment "mfw:reject" -j REJECT --reject-with icmp6-adm-prohibited
COMMIT
`

const microfwSets = `create lan_v4 hash:net family inet
add lan_v4 192.168.1.0/24
add lan_v4 192.168.1.128/25 nomatch
add lan_v4 192.168.1.200
create ban_v4 hash:net family inet timeout 60
add ban_v4 198.51.100.66 timeout 10
create admin_tcp bitmap:port range 0-65535
add admin_tcp 22
create mfw_all6 hash:net family inet6
add mfw_all6 2001:db8:bad::/48
create mfw_trial list:set size 8 timeout 30
add mfw_trial mfw_all6 timeout 20
add mfw_trial lan_v4 timeout 20
`

// lab routes as the host above does.
func lab(dst netip.Addr) (local bool, out string) {
	switch s := dst.String(); {
	case s == "127.0.0.2", s == "203.0.113.1", s == "192.168.1.1", s == "10.8.0.1", s == "2001:db8::1":
		return true, ""
	case strings.HasPrefix(s, "192.168.1."):
		return false, "eth1"
	case strings.HasPrefix(s, "10.8.0."):
		return false, "eth2"
	case strings.HasPrefix(s, "172.17."):
		return false, "docker0"
	}
	return false, "eth0"
}

// TestTrace says in packets what the rules mean. A packet is "IN PROTO SRC >
// DST options"; the answer is the outcome, the ids on the way to it, what was
// translated, and the number of doubts.
func TestTrace(t *testing.T) {
	tests := []struct{ name, packet, want string }{
		{"loopback", "lo tcp 127.0.0.1:1 > 127.0.0.2:2", "accept by hook lo"},
		{"ssh from outside", "eth0 tcp 198.51.100.7:4000 > 203.0.113.1:22", "accept by hook zone-eth0 ssh accept"},
		{"a banned address", "eth0 tcp 198.51.100.66:4000 > 203.0.113.1:22", "drop by hook zone-eth0 ban drop"},
		{"no rule for the port", "eth0 tcp 198.51.100.7:4000 > 203.0.113.1:23", "reject tcp-reset by hook reject reject"},
		{"no rule, udp", "eth0 udp 198.51.100.7:4000 > 203.0.113.1:23", "reject icmp-port-unreachable by hook reject reject"},
		{"no rule, gre", "eth0 47 198.51.100.7 > 203.0.113.1", "reject icmp-host-prohibited by hook reject reject"},
		{"a broadcast source gets no answer", "eth0 udp 0.0.0.0:68 > 203.0.113.1:67", "drop by hook reject quiet"},
		{"ping", "eth0 icmp 198.51.100.7 > 203.0.113.1 type=8", "accept by hook icmp"},
		{"an established flow", "eth0 tcp 198.51.100.7:4000 > 203.0.113.1:23 state=ESTABLISHED", "accept by hook established"},
		{"an invalid packet is like a new one", "eth0 tcp 198.51.100.7:4000 > 203.0.113.1:22 state=INVALID", "accept by hook zone-eth0 ssh accept"},
		{"a rate limit cannot be judged", "eth0 udp 198.51.100.7:4000 > 203.0.113.1:53", "reject icmp-port-unreachable by hook reject reject, 1 doubt"},

		{"lan to the internet", "eth1 tcp 192.168.1.9:4000 > 198.51.100.7:443", "accept by hook zone-eth1 zone-eth1 out accept, masqueraded"},
		{"an address that the set excludes", "eth1 tcp 192.168.1.130:4000 > 198.51.100.7:443", "accept by hook zone-eth1 zone-eth1 out accept"},
		{"an address that the set takes back", "eth1 tcp 192.168.1.200:4000 > 198.51.100.7:443", "accept by hook zone-eth1 zone-eth1 out accept, masqueraded"},
		{"nat by mark for any source", "eth1 tcp 10.99.0.1:4000 > 198.51.100.7:8000", "accept by hook zone-eth1 zone-eth1 out accept, masqueraded"},
		{"no translation in the middle of a flow", "eth1 tcp 192.168.1.9:4000 > 198.51.100.7:443 state=ESTABLISHED", "accept by hook established"},
		{"mail is rejected", "eth1 tcp 192.168.1.9:4000 > 198.51.100.7:587", "reject tcp-reset by hook zone-eth1 zone-eth1 mail reject"},
		{"hairpin", "eth1 tcp 192.168.1.9:4000 > 192.168.1.10:80", "drop by hook hairpin-eth1 drop"},
		{"goto returns to the caller of the chain", "eth1 tcp 192.168.1.9:4000 > 10.8.0.5:81 flags=2", "reject tcp-reset by hook reject reject"},
		{"goto, matched", "eth1 tcp 192.168.1.9:4000 > 10.8.0.5:80 flags=2", "accept by hook zone-eth1 zone-eth1 dmz accept"},
		{"goto, other flags", "eth1 tcp 192.168.1.9:4000 > 10.8.0.5:80 flags=18", "reject tcp-reset by hook reject reject"},
		{"a jump comes back", "eth1 tcp 192.168.1.9:4000 > 172.17.0.2:80", "drop by hook zone-eth1 after drop"},

		{"a virtual", "eth0 tcp 198.51.100.7:4000 > 203.0.113.1:8080", "accept by hook web, to 10.8.0.5:80"},
		{"the virtual is for its zone only", "eth1 tcp 192.168.1.9:4000 > 203.0.113.1:8080", "accept by hook zone-eth1 lan accept"},
		{"its inner address from outside", "eth0 tcp 198.51.100.7:4000 > 10.8.0.5:80", "accept by hook web"},
		{"a shifted range", "eth0 udp 198.51.100.7:4000 > 203.0.113.1:5007", "accept by hook games, to 10.8.0.6:6007"},
		{"RETURN leaves it to Docker", "eth0 tcp 198.51.100.7:4000 > 172.17.0.2:80", "accept by -"},
		{"Docker's own answer is not asked for other ports", "eth0 tcp 198.51.100.7:4000 > 172.17.0.2:81", "reject tcp-reset by hook reject reject"},

		{"this host sends", "- tcp 203.0.113.1:4000 > 198.51.100.7:443 out=eth0", "accept by policy"},
		{"this host sends with a source that is masqueraded", "- tcp 192.168.1.1:4000 > 198.51.100.7:443 out=eth0", "accept by policy, masqueraded"},

		{"neighbour discovery", "eth0 icmp6 fe80::2 > ff02::1:ff00:1 type=135 hl=255 state=UNTRACKED local", "accept by - ndp"},
		{"neighbour discovery from afar", "eth0 icmp6 fe80::2 > ff02::1:ff00:1 type=135 hl=64 state=UNTRACKED local", "accept by policy"},
		{"an error by type and code", "eth0 icmp6 2001:db8:5::5 > 2001:db8::1 type=1 code=4", "accept by - unreach"},
		{"an error by another code", "eth0 icmp6 2001:db8:5::5 > 2001:db8::1 type=1 code=3", "reject icmp6-adm-prohibited by - zone-eth0 deny reject"},
		{"a gate that holds the source", "eth0 tcp 2001:db8:bad::5:1 > 2001:db8::1:22", "drop by - zone-eth0 gate"},
		{"no ip6tables rules in FORWARD", "eth0 tcp 2001:db8:5::5:1 > 2001:db8:6::1:22", "accept by policy"},
	}
	tracer := NewTracer(microfw(t))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, route := parsePacket(t, test.packet)
			trace := tracer.Trace(p, route)
			if got := describe(&trace.Judgement); got != test.want {
				t.Errorf("%s:\nwant %s\n got %s\n%s", test.packet, test.want, got, stepList(trace))
			}
			if short := tracer.Judge(p, route); describe(&short) != test.want {
				t.Errorf("Judge differs from Trace: %s", describe(&short))
			}
		})
	}
}

func microfw(tb testing.TB) *Ruleset {
	tb.Helper()
	v4, err4 := ParseTables(V4, []byte(microfw4))
	v6, err6 := ParseTables(V6, []byte(microfw6))
	sets, err := ParseSets([]byte(microfwSets))
	if err4 != nil || err6 != nil || err != nil {
		tb.Fatal(err4, err6, err)
	}
	return &Ruleset{V4: v4, V6: v6, Sets: sets}
}

// parsePacket reads the packets of TestTrace.
func parsePacket(t *testing.T, text string) (Packet, Route) {
	t.Helper()
	words := strings.Fields(text)
	var p Packet
	if words[0] != "-" {
		p.In = words[0]
	}
	numbers := map[string]uint8{"icmp": ICMP, "icmp6": ICMPv6, "tcp": TCP, "udp": UDP}
	p.Proto = numbers[words[1]]
	if p.Proto == 0 {
		p.Proto, _ = parseUint[uint8](words[1], 8)
	}
	p.Src, p.SrcPort = parseEndpoint(t, words[2], p.hasPorts())
	p.Dst, p.DstPort = parseEndpoint(t, words[4], p.hasPorts())
	route := Route(lab)
	for _, option := range words[5:] {
		name, value, _ := strings.Cut(option, "=")
		number, _ := strconv.Atoi(value)
		switch name {
		case "state":
			p.State, _ = parseState(value)
		case "type":
			p.ICMPType = uint8(number)
		case "code":
			p.ICMPCode = uint8(number)
		case "flags":
			p.TCPFlags = uint8(number)
		case "pkt":
			p.PktType = value
		case "hl":
			p.HopLimit = uint8(number)
		case "out":
			p.Out = value
		case "local":
			route = func(netip.Addr) (bool, string) { return true, "" }
		default:
			t.Fatalf("packet option %q", option)
		}
	}
	return p, route
}

func parseEndpoint(t *testing.T, s string, ports bool) (netip.Addr, uint16) {
	t.Helper()
	var port uint64
	if ports {
		i := strings.LastIndexByte(s, ':')
		port, _ = strconv.ParseUint(s[i+1:], 10, 16)
		s = s[:i]
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		t.Fatal(err)
	}
	return a, uint16(port)
}

// describe writes a judgement as TestTrace wants it.
func describe(j *Judgement) string {
	s := string(j.Outcome)
	if j.With != "" {
		s += " " + j.With
	}
	s += " by"
	for _, step := range j.Path {
		switch {
		case step.Rule == nil:
			s += " policy"
		case step.Rule.ID == "":
			s += " -"
		default:
			s += " " + step.Rule.ID
		}
	}
	if j.DNATed {
		s += fmt.Sprintf(", to %s:%d", j.Packet.Dst, j.Packet.DstPort)
	}
	if j.Masqueraded {
		s += ", masqueraded"
	}
	if n := len(j.Doubts); n > 0 {
		s += fmt.Sprintf(", %d doubt", n)
	}
	return s
}

func stepList(t *Trace) string {
	var b strings.Builder
	for _, s := range t.Steps {
		fmt.Fprintf(&b, "%s %s %d %d %s\n", s.Table, s.Chain, s.Index, s.Matched, s.Rule.Text(V4))
	}
	return b.String()
}

// TestTraceStepsAreTheRulesMet proves that every rule met is listed once, in
// order, with its answer.
func TestTraceStepsAreTheRulesMet(t *testing.T) {
	p, route := parsePacket(t, "eth0 tcp 198.51.100.7:4000 > 203.0.113.1:22")
	var got []string
	for _, s := range microfw(t).Trace(p, route).Steps {
		got = append(got, fmt.Sprintf("%s/%s/%d=%d", s.Table, s.Chain, s.Index, s.Matched))
	}
	want := "nat/PREROUTING/0=1 nat/MFWPREROUTING/0=0 nat/MFWPREROUTING/1=0 filter/INPUT/0=1 filter/MFWINPUT/0=0 " +
		"filter/MFWINPUT/1=0 filter/MFWINPUT/2=1 filter/ext_inp/0=0 filter/ext_inp/1=1 filter/accept/0=1"
	if list := strings.Join(got, " "); list != want {
		t.Errorf("want %s\n got %s", want, list)
	}
}

// TestTraceDoubts proves that what cannot be judged is named, taken as no
// match, and only named when the rest of the rule matches.
func TestTraceDoubts(t *testing.T) {
	tests := []struct{ name, rule, want string }{
		{"rate limit", "-m limit --limit 5/sec -j DROP", "-m limit --limit 5/sec"},
		{"rate limit of another protocol", "-p udp -m limit --limit 5/sec -j DROP", ""},
		{"set that is not there", "-m set --match-set gone src -j DROP", "-m set --match-set gone src"},
		{"set of pairs asked for one", "-m set --match-set pairs src -j DROP", ""},
		{"set of pairs", "-m set --match-set pairs src,dst -j DROP", "-m set --match-set pairs src,dst"},
		{"extension", "-m recent --set --name x -j DROP", "-m recent --set --name x"},
		{"only the unknown part", "-p tcp -m tcp --dport 22 -m recent --rcheck -j DROP", "-m recent --rcheck"},
		{"fragments", "-f -j DROP", "-f -j DROP"},
		{"raw rule that does not match anyway", "-s 10.0.0.0/8 -f -j DROP", ""},
		{"mac address", "-m mac --mac-source 00:11:22:33:44:55 -j DROP", "-m mac --mac-source 00:11:22:33:44:55"},
		{"target", "-j NFQUEUE --queue-num 1", "target NFQUEUE --queue-num 1"},
		{"logging", "-j LOG", ""},
		{"rate limit of logging", "-m limit --limit 5/min -j NFLOG --nflog-group 1", ""},
		{"extension before logging", "-m recent --set --name x -j LOG --log-prefix x", ""},
		{"chain that is not there", "-j nowhere", "chain nowhere is not there"},
		{"loop", "-j X", "chain X leads back to itself"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ts, err := ParseTables(V4, []byte("*filter\n:X - [0:0]\n-A X "+test.rule+"\n-A X -m comment --comment \"mfw:end\" -j ACCEPT\nCOMMIT\n"))
			if err != nil {
				t.Fatal(err)
			}
			rs := &Ruleset{V4: ts, Sets: Sets{"pairs": NewSet("pairs", "hash:ip,port", V4)}}
			p, _ := parsePacket(t, "eth0 tcp 198.51.100.7:4000 > 203.0.113.1:22")
			trace := rs.TraceChain(Filter, "X", p)
			got := ""
			if len(trace.Doubts) > 0 {
				got = trace.Doubts[0].Why
			}
			if got != test.want {
				t.Errorf("doubt: want %q, got %q", test.want, got)
			}
			if trace.Outcome != Accepted || trace.Rule().ID != "end" {
				t.Errorf("the packet did not go on to the next rule: %+v", trace.Judgement)
			}
		})
	}
}

// TestTraceMarks proves that marks are set, masked and asked as in the kernel.
func TestTraceMarks(t *testing.T) {
	tests := []struct {
		name, rules  string
		state        State
		mark, conn   uint32
		wantMark     uint32
		wantConnMark uint32
	}{
		{"set", "-A X -j MARK --set-xmark 0x400/0xffffffff\n", StateNew, 7, 0, 0x400, 0},
		{"set under a mask", "-A X -j MARK --set-xmark 0x400/0xff00\n", StateNew, 0x1207, 0, 0x407, 0},
		{"xor", "-A X -j MARK --set-xmark 0x3/0x0\n", StateNew, 5, 0, 6, 0},
		{"connmark bit", "-A X -j CONNMARK --set-xmark 0x4000000/0x4000000\n", StateNew, 0, 1, 0, 0x4000001},
		{"no connmark without a flow", "-A X -j CONNMARK --set-xmark 0x1/0x1\n", StateUntracked, 0, 0, 0, 0},
		{"asked under a mask", "-A X -m connmark ! --mark 0x4/0x4 -j MARK --set-xmark 0x9/0xffffffff\n", StateNew, 0, 3, 9, 3},
		{"not asked of an invalid packet", "-A X -m connmark ! --mark 0x4/0x4 -j MARK --set-xmark 0x9/0xffffffff\n", StateInvalid, 0, 0, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ts, err := ParseTables(V4, []byte("*mangle\n:X - [0:0]\n"+test.rules+"COMMIT\n"))
			if err != nil {
				t.Fatal(err)
			}
			p, _ := parsePacket(t, "eth0 tcp 198.51.100.7:4000 > 203.0.113.1:22")
			p.State, p.Mark, p.ConnMark = test.state, test.mark, test.conn
			got := (&Ruleset{V4: ts}).TraceChain(Mangle, "X", p).Packet
			if got.Mark != test.wantMark || got.ConnMark != test.wantConnMark {
				t.Errorf("want mark %#x connmark %#x, got %#x %#x", test.wantMark, test.wantConnMark, got.Mark, got.ConnMark)
			}
		})
	}
}

// TestTraceMatches proves each match against a packet that it wants and one
// that it does not.
func TestTraceMatches(t *testing.T) {
	tests := []struct {
		rule, yes, no string
	}{
		{"-i eth+", "eth0 tcp 1.1.1.1:1 > 2.2.2.2:2", "ppp0 tcp 1.1.1.1:1 > 2.2.2.2:2"},
		{"! -i eth+", "ppp0 tcp 1.1.1.1:1 > 2.2.2.2:2", "eth0 tcp 1.1.1.1:1 > 2.2.2.2:2"},
		{"! -s 1.0.0.0/8", "eth0 tcp 3.1.1.1:1 > 2.2.2.2:2", "eth0 tcp 1.1.1.1:1 > 2.2.2.2:2"},
		{"! -p udp", "eth0 tcp 3.1.1.1:1 > 2.2.2.2:2", "eth0 udp 1.1.1.1:1 > 2.2.2.2:2"},
		{"-p tcp -m tcp --sport 1:5 ! --dport 9", "eth0 tcp 3.1.1.1:5 > 2.2.2.2:8", "eth0 tcp 1.1.1.1:5 > 2.2.2.2:9"},
		{"-p tcp -m multiport --ports 5,7:9", "eth0 tcp 3.1.1.1:8 > 2.2.2.2:1", "eth0 tcp 1.1.1.1:1 > 2.2.2.2:6"},
		{"-p tcp -m multiport ! --dports 5,7:9", "eth0 tcp 3.1.1.1:8 > 2.2.2.2:6", "eth0 tcp 1.1.1.1:1 > 2.2.2.2:8"},
		{"-p icmp -m icmp --icmp-type any", "eth0 icmp 3.1.1.1 > 2.2.2.2 type=5", "eth0 tcp 3.1.1.1:1 > 2.2.2.2:1"},
		{"-p icmp -m icmp ! --icmp-type 3/4", "eth0 icmp 3.1.1.1 > 2.2.2.2 type=3 code=1", "eth0 icmp 3.1.1.1 > 2.2.2.2 type=3 code=4"},
		{"-m iprange --src-range 1.1.1.1-1.1.1.5", "eth0 tcp 1.1.1.5:1 > 2.2.2.2:2", "eth0 tcp 1.1.1.6:1 > 2.2.2.2:2"},
		{"-m iprange ! --dst-range 1.1.1.1-1.1.1.5", "eth0 tcp 1.1.1.5:1 > 2.2.2.2:2", "eth0 tcp 1.1.1.6:1 > 1.1.1.3:2"},
		{"-m ttl --ttl-eq 255", "eth0 tcp 1.1.1.5:1 > 2.2.2.2:2 hl=255", "eth0 tcp 1.1.1.5:1 > 2.2.2.2:2"},
		{"-m pkttype --pkt-type unicast", "eth0 tcp 1.1.1.5:1 > 2.2.2.2:2", "eth0 tcp 1.1.1.5:1 > 2.2.2.2:2 pkt=broadcast"},
		{"-m addrtype --dst-type MULTICAST", "eth0 udp 1.1.1.5:1 > 224.0.0.1:2", "eth0 udp 1.1.1.5:1 > 2.2.2.2:2"},
		{"-m addrtype --src-type UNICAST ! --dst-type MULTICAST,BROADCAST", "eth0 udp 1.1.1.1:1 > 2.2.2.2:2", "eth0 udp 192.168.1.1:1 > 2.2.2.2:2"},
		{"-m addrtype ! --dst-type MULTICAST,BROADCAST", "eth0 udp 1.1.1.1:1 > 2.2.2.2:2", "eth0 udp 1.1.1.1:1 > 224.0.0.5:2"},
		{"-m addrtype --dst-type LOCAL", "eth0 udp 1.1.1.1:1 > 203.0.113.1:2", "eth0 udp 1.1.1.1:1 > 203.0.113.2:2"},
		{"-m state ! --state NEW", "eth0 tcp 1.1.1.5:1 > 2.2.2.2:2 state=RELATED", "eth0 tcp 1.1.1.5:1 > 2.2.2.2:2"},
	}
	for _, test := range tests {
		ts, err := ParseTables(V4, []byte("*filter\n:X - [0:0]\n-A X "+test.rule+" -j DROP\nCOMMIT\n"))
		if err != nil {
			t.Fatal(err)
		}
		tracer := NewTracer(&Ruleset{V4: ts})
		for _, c := range []struct {
			packet string
			want   Outcome
		}{{test.yes, Dropped}, {test.no, ""}} {
			p, _ := parsePacket(t, c.packet)
			w := tracer.walk(p, lab, outcomeOnly)
			w.one(Filter, "X")
			if got := w.result.Outcome; got != c.want {
				t.Errorf("%s: %s: want %q, got %q", test.rule, c.packet, c.want, got)
			}
		}
	}
}

func TestADestinationThatStaysIsNotTranslated(t *testing.T) {
	rs := &Ruleset{}
	nat, filter := rs.V4.Ensure(NAT), rs.V4.Ensure(Filter)
	addr := netip.MustParseAddr
	nat.Ensure(Prerouting).Append(&Rule{Proto: Proto{Num: TCP}, Target: DNAT{From: addr("10.8.0.5"), To: addr("10.8.0.5"), Ports: PortRange{Lo: 80, Hi: 80}}})
	filter.Ensure(Forward).Append(&Rule{Matches: []Match{MatchState{States: StateDNAT}}, Target: Drop})
	for _, tt := range []struct {
		dst  string
		port uint16
		want bool
	}{{"10.8.0.5", 80, false}, {"10.8.0.5", 81, true}, {"10.8.0.6", 80, true}} {
		p := Packet{In: "eth0", Src: addr("203.0.113.9"), Dst: addr(tt.dst), Proto: TCP, DstPort: tt.port}
		j := rs.Trace(p, lab)
		if matched := j.Outcome == Dropped; j.DNATed != tt.want || matched != tt.want {
			t.Errorf("%s:%d: translated %t, matched --ctstate DNAT %t, want %t", tt.dst, tt.port, j.DNATed, matched, tt.want)
		}
	}
}
