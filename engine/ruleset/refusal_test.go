package ruleset

import "testing"

// TestRefusalNamesTheFirstPartThatFails says of rules what keeps a packet out:
// "asks / has", with a "?" for what cannot be judged, empty for a match.
func TestRefusalNamesTheFirstPartThatFails(t *testing.T) {
	const ssh = "eth0 tcp 198.51.100.7:4000 > 203.0.113.1:22"
	tests := []struct{ name, rule, packet, want string }{
		{"a match", "-s 198.51.100.0/24 -i eth0 -p tcp -m tcp --dport 22 -j ACCEPT", ssh, ""},
		{"in interface", "-i eth1 -p udp -j ACCEPT", ssh, "-i eth1 / eth0"},
		{"out interface before routing", "-o eth1 -j ACCEPT", ssh, "-o eth1 / no interface"},
		{"protocol before address", "-s 10.0.0.0/8 -p udp -j ACCEPT", ssh, "-p udp / tcp"},
		{"source", "-s 10.0.0.0/8 -j ACCEPT", ssh, "-s 10.0.0.0/8 / 198.51.100.7"},
		{"destination turned round", "! -d 203.0.113.1/32 -j ACCEPT", ssh, "! -d 203.0.113.1/32 / 203.0.113.1"},
		{"port", "-p tcp -m tcp --dport 25 -j ACCEPT", ssh, "-m tcp --dport 25 / 22"},
		{"source port", "-p tcp -m tcp --sport 53 --dport 22 -j ACCEPT", ssh, "-m tcp --sport 53 --dport 22 / 4000"},
		{"several ports", "-p tcp -m multiport --dports 25,80 -j ACCEPT", ssh, "-m multiport --dports 25,80 / 4000 > 22"},
		{"set of ports", "-p tcp -m set ! --match-set admin_tcp dst -j ACCEPT", ssh, "-m set ! --match-set admin_tcp dst / 203.0.113.1:22"},
		{"set of addresses", "-m set --match-set lan_v4 src -j ACCEPT", ssh, "-m set --match-set lan_v4 src / 198.51.100.7:4000"},
		{"state", "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", ssh, "-m conntrack --ctstate RELATED,ESTABLISHED / NEW"},
		{"icmp type", "-p icmp -m icmp --icmp-type 3/4 -j ACCEPT", "eth0 icmp 3.1.1.1 > 2.2.2.2 type=8", "-m icmp --icmp-type 3/4 / type 8 code 0"},
		{"mark", "-m mark --mark 0x400 -j ACCEPT", ssh, "-m mark --mark 0x400 / 0x0"},
		{"a no behind what cannot be judged", "-p tcp -m limit --limit 5/sec -m tcp --dport 25 -j ACCEPT", ssh, "-m tcp --dport 25 / 22"},
		{"what cannot be judged", "-p tcp -m limit --limit 5/sec -j ACCEPT", ssh, "-m limit --limit 5/sec / ?"},
	}
	sets := microfw(t).Sets
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ts, err := ParseTables(V4, []byte("*filter\n:X - [0:0]\n-A X "+test.rule+"\nCOMMIT\n"))
			if err != nil {
				t.Fatal(err)
			}
			p, route := parsePacket(t, test.packet)
			no, refused := NewTracer(&Ruleset{V4: ts, Sets: sets}).Refusal(ts.Chain(Filter, "X").Rules[0], p, route)
			got := ""
			if refused {
				got = no.Asks + " / " + no.Has
			}
			if no.Matched == Unknown {
				got += "?"
			}
			if got != test.want {
				t.Errorf("%s: %q, want %q", test.rule, got, test.want)
			}
		})
	}
}

// TestAskedIsThePacketAsTheRuleSawIt proves that a step knows the destination
// before and behind its translation, and the interface once it is routed.
func TestAskedIsThePacketAsTheRuleSawIt(t *testing.T) {
	p, route := parsePacket(t, "eth0 tcp 198.51.100.7:4000 > 203.0.113.1:8080")
	trace := microfw(t).Trace(p, route)
	first, last := trace.Asked(0), trace.Asked(len(trace.Steps)-1)
	if first.Dst.String() != "203.0.113.1" || first.DstPort != 8080 || first.Out != "" {
		t.Errorf("the first rule saw %+v", first)
	}
	if last.Dst.String() != "10.8.0.5" || last.DstPort != 80 || last.Out != "eth2" {
		t.Errorf("the last rule saw %+v", last)
	}
}
