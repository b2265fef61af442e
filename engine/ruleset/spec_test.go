package ruleset

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

// TestSpecIsOneForm proves that different words for one rule have one Spec.
func TestSpecIsOneForm(t *testing.T) {
	tests := []struct {
		family Family
		want   string
		words  []string
	}{
		{V4, "-s 10.0.0.0/8 -j ACCEPT", []string{"-s 10.1.2.3/8 -j ACCEPT", "-j ACCEPT --source 10.0.0.0/255.0.0.0"}},
		{V4, "-d 10.0.0.1/32", []string{"-d 10.0.0.1", "--dst 10.0.0.1/32"}},
		{V6, "-s 2001:db8::/32", []string{"-s 2001:db8:0::5/32", "-s 2001:0db8::/ffff:ffff::"}},
		{V4, "-j DROP", []string{"-s 0.0.0.0/0 -d 1.2.3.4/0 -i + -p all -j DROP", "-p 0 -j DROP"}},
		{V4, "-p tcp -m tcp --dport 22", []string{"-p tcp --dport 22", "-p 6 -m tcp --destination-port 22", "-m tcp --dport 22 -p tcp"}},
		{V4, "-p tcp -m tcp --dport 1024:65535", []string{"-p tcp --dport 1024:"}},
		{V4, "-p tcp -m tcp", []string{"-p tcp -m tcp --dport 0:65535"}},
		{V4, "-p tcp -m tcp --sport 5 --dport 7 -m conntrack --ctstate NEW",
			[]string{"-p tcp -m tcp --sport 5 -m conntrack --ctstate NEW -m tcp --dport 7"}},
		{V4, "-p tcp -m tcp --dport 7 --tcp-flags FIN,SYN,RST,ACK SYN", []string{"-p tcp --syn --dport 7", "-p tcp -m tcp --tcp-flags SYN,ACK,RST,FIN SYN -m tcp --dport 7"}},
		{V4, "-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE", []string{"-p tcp --tcp-flags ALL NONE"}},
		{V4, "-p 47", []string{"-p gre"}},
		{V4, "-p 2", []string{"-p igmp"}},
		{V6, "-p ipv6-icmp -m icmp6 --icmpv6-type 135", []string{"-p icmpv6 --icmpv6-type neighbour-solicitation", "-p 58 -m icmpv6 --icmpv6-type 135"}},
		{V4, "-p icmp -m icmp --icmp-type 3/4", []string{"-p icmp --icmp-type fragmentation-needed"}},
		{V4, "-p icmp -m icmp --icmp-type any", []string{"-p icmp --icmp-type 255", "-p icmp --icmp-type 255/255"}},
		{V4, "-m conntrack --ctstate RELATED,ESTABLISHED", []string{"-m conntrack --ctstate ESTABLISHED,RELATED"}},
		{V4, "-m mark --mark 0x400", []string{"-m mark --mark 1024", "-m mark --mark 0x00000400/0xffffffff"}},
		{V4, "-m addrtype ! --dst-type LOCAL,BROADCAST", []string{"-m addrtype ! --dst-type BROADCAST,LOCAL"}},
		{V4, "-m pkttype --pkt-type unicast", []string{"-m pkttype --pkt-type host"}},
		{V4, "-m mac --mac-source aa:bb:cc:dd:ee:ff", []string{"-m mac --mac-source AA:BB:cc:DD:ee:FF"}},
		{V4, "-m limit --limit 1/sec", []string{"-m limit --limit 60/minute --limit-burst 5", "-m limit --limit 1/s", "-m limit --limit 1"}},
		{V4, "-m limit --limit 3/hour", []string{"-m limit"}},
		{V4, "-j MARK --set-xmark 0x400/0xffffffff", []string{"-j MARK --set-mark 1024", "-j MARK --set-xmark 0x400"}},
		{V4, "-j MARK --set-xmark 0x4/0x4", []string{"-j MARK --or-mark 4"}},
		{V4, "-j MARK --set-xmark 0x0/0xfffffffb", []string{"-j MARK --and-mark 4"}},
		{V4, "-j CONNMARK --set-xmark 0x4/0xff", []string{"-j CONNMARK --set-mark 0x4/0xff", "-j CONNMARK --set-mark 0x4/0xfb"}},
		{V4, "-j REJECT --reject-with icmp-port-unreachable", []string{"-j REJECT", "-j REJECT --reject-with port-unreach"}},
		{V6, "-j REJECT --reject-with icmp6-port-unreachable", []string{"-j REJECT"}},
		{V4, "-m iprange --dst-range 1.1.1.1-1.1.1.1", []string{"-m iprange --dst-range 1.1.1.1"}},
		{V6, "-p tcp -j DNAT --to-destination [2001:db8::2]:80", []string{"-p tcp -j DNAT --to-destination [2001:db8:0::2]:80"}},
		{V6, "-j DNAT --to-destination 2001:db8::2:80", []string{"-j DNAT --to-destination 2001:db8::2:80", "-j DNAT --to-destination [2001:db8::2:80]"}},
		{V4, "-j NFLOG --nflog-prefix \"x\" --nflog-group 5", []string{"-j NFLOG --nflog-group 5 --nflog-prefix x"}},
		{V4, "-j CT --notrack", []string{"-j CT --notrack"}},
		{V6, "-p udp -m udp --dport 53 -j TRACE", []string{"-p udp -m udp --dport 53 -j TRACE"}},
		{V4, "-j CT --zone 3", []string{"-j CT --zone 3"}},
		{V4, "-j DROP", []string{"-m comment --comment \"mfw:4f2a\" -j DROP", "-m comment --comment other -j DROP"}},
	}
	for _, test := range tests {
		for _, words := range append(test.words, test.want) {
			r, err := ParseRule(test.family, words)
			if err != nil {
				t.Error(err)
				continue
			}
			if got := r.Spec(test.family); got != test.want {
				t.Errorf("%s:\nwant %s\n got %s", words, test.want, got)
			}
		}
	}
}

// TestSpecOfHandMadeRules proves that rules that no parser made have the same
// Spec as what the tools print for them.
func TestSpecOfHandMadeRules(t *testing.T) {
	all, http := PortRange{0, 65535}, Port(80)
	tests := []struct {
		rule Rule
		want string
	}{
		{Rule{Src: Net{Prefix: netip.MustParsePrefix("10.1.2.3/8")}}, "-s 10.0.0.0/8"},
		{Rule{Src: Net{Prefix: netip.MustParsePrefix("0.0.0.0/0")}, In: Iface{Name: "+"}}, ""},
		{Rule{Proto: Proto{Num: TCP}, Matches: []Match{MatchPorts{Src: &all, Dst: &http}}}, "-p tcp -m tcp --dport 80"},
		{Rule{Proto: Proto{Num: TCP}, Matches: []Match{MatchTCPFlags{Mask: SYN, Set: SYN}, MatchPorts{Dst: &http}}}, "-p tcp -m tcp --dport 80 --tcp-flags SYN SYN"},
		{Rule{Target: Reject{}}, "-j REJECT --reject-with icmp-port-unreachable"},
		{Rule{Matches: []Match{MatchLimit{Average: "120/min"}}}, "-m limit --limit 2/sec"},
		{Rule{Matches: []Match{MatchAddrType{Src: "BROADCAST,LOCAL"}}}, "-m addrtype --src-type LOCAL,BROADCAST"},
		{Rule{Raw: []string{"-f", "-j", "DROP"}, Target: Drop}, "-f -j DROP"},
	}
	for _, test := range tests {
		if got := test.rule.Spec(V4); got != test.want {
			t.Errorf("want %q, got %q", test.want, got)
		}
	}
}

// TestSpecTellsRulesApart proves that rules that are not the same have
// different Specs, where a careless form would make them equal.
func TestSpecTellsRulesApart(t *testing.T) {
	pairs := [][2]string{
		{"-s 10.0.0.0/8", "! -s 10.0.0.0/8"},
		{"-i eth0", "-i eth+"},
		{"-j accept", "-g accept"},
		{"-m state --state NEW", "-m conntrack --ctstate NEW"},
		{"-p tcp", "-p tcp -m tcp"},
		{"-m mark --mark 0x4", "-m mark --mark 0x4/0x4"},
		{"-m set --match-set a src -m set --match-set b dst", "-m set --match-set b dst -m set --match-set a src"},
		{"-p tcp -m multiport --dports 1,2", "-p tcp -m multiport --ports 1,2"},
		{"-j LOG", "-j LOG --log-level 7"},
		{"-f -j DROP", "! -f -j DROP"},
	}
	for _, p := range pairs {
		a, b := parseOne(t, V4, p[0]), parseOne(t, V4, p[1])
		if a.Spec(V4) == b.Spec(V4) {
			t.Errorf("%q and %q are both %q", p[0], p[1], a.Spec(V4))
		}
	}
}

// TestSameSpecComparesSpecs proves that the shorter way gives no other answer.
func TestSameSpecComparesSpecs(t *testing.T) {
	for _, f := range Families() {
		g := randomRules{rand.New(rand.NewPCG(8, uint64(f))), f}
		rules := []*Rule{
			{}, {Target: Drop}, {Raw: []string{"-f", "-j", "DROP"}, Target: Drop}, {Raw: []string{"-f", "-j", "DROP"}},
			{In: Iface{Name: "+"}}, parseOne(t, f, "-m nosuch --x 1 -j LOG"), parseOne(t, f, "-m nosuch --x 1 -j LOG --log-level 7"),
		}
		for _, table := range g.tables(30) {
			rules = append(rules, table.Chain("MFWCHAIN").Rules...)
		}
		for _, a := range rules {
			if back := parseOne(t, f, a.Spec(f)); !SameSpec(f, a, back) {
				t.Errorf("%s is not the same as itself, read back", a.Spec(f))
			}
			for _, b := range rules {
				if got, want := SameSpec(f, a, b), a.Spec(f) == b.Spec(f); got != want {
					t.Fatalf("%s and %s: same %t, want %t", a.Spec(f), b.Spec(f), got, want)
				}
			}
		}
	}
}

// TestSpecParsesBack proves that the Spec of every printable rule parses to a
// rule with the same Spec.
func TestSpecParsesBack(t *testing.T) {
	for _, f := range Families() {
		g := randomRules{rand.New(rand.NewPCG(7, uint64(f))), f}
		for _, table := range g.tables(2000) {
			for _, r := range table.Chain("MFWCHAIN").Rules {
				back, err := ParseRule(f, r.Spec(f))
				if err != nil {
					t.Fatal(err)
				}
				if back.Spec(f) != r.Spec(f) {
					t.Fatalf("%s became %s", r.Spec(f), back.Spec(f))
				}
			}
		}
	}
}
