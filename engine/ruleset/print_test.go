package ruleset

import (
	"net/netip"
	"strings"
	"testing"
)

// TestPrinterWritesWhatShowPrints proves the form of a whole text: chains
// declared first, hooks inserted in their order, counters where there are any.
func TestPrinterWritesWhatShowPrints(t *testing.T) {
	port := Port(22)
	rs := &Ruleset{}
	filter := rs.V4.Ensure(Filter)
	filter.Ensure(Input).Append(
		&Rule{Target: Jump{Chain: RootInput}, ID: "hook"},
		&Rule{Target: Jump{Chain: "second"}, ID: "hook"},
	)
	filter.Ensure(RootInput).Append(
		&Rule{In: Iface{Name: "lo"}, Target: Accept, ID: "lo", Counters: Counters{3, 180}},
		&Rule{Proto: Proto{Num: TCP}, Matches: []Match{MatchPorts{Dst: &port}}, Target: Jump{Chain: "second", Goto: true}},
		&Rule{},
	)
	filter.Ensure("second")
	rs.V4.Ensure(NAT)
	const want = `*filter
:MFWINPUT - [0:0]
:second - [0:0]
-I INPUT -m comment --comment "mfw:hook" -j second
-I INPUT -m comment --comment "mfw:hook" -j MFWINPUT
[3:180] -A MFWINPUT -i lo -m comment --comment "mfw:lo" -j ACCEPT
-A MFWINPUT -p tcp -m tcp --dport 22 -g second
-A MFWINPUT
COMMIT
`
	got, err := rs.RestoreText(V4)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("want\n%s\ngot\n%s", want, got)
	}
}

// TestPrinterRefuses proves that nothing is written that a tool would refuse,
// cut, resolve or read as something else, and that foreign text never is.
func TestPrinterRefuses(t *testing.T) {
	addr, addr6 := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("2001:db8::1")
	all, back := PortRange{0, 65535}, PortRange{9, 8}
	tcp := Proto{Num: TCP}
	tests := []struct {
		name string
		rule Rule
		want string
	}{
		{"raw words", Rule{Raw: []string{"-f"}}, "was not understood, so it is not written: -f"},
		{"an unknown match", Rule{Matches: []Match{UnknownMatch{[]string{"-m", "u32"}}}}, "was not understood"},
		{"an unknown target", Rule{Target: UnknownTarget{[]string{"LOG"}}}, "was not understood"},
		{"a foreign comment", Rule{Comment: "added by hand"}, `comment "added by hand" is not one of ours`},
		{"a line feed in an id", Rule{ID: "a\n-A INPUT -j ACCEPT"}, "has a character that is not allowed at byte 6"},
		{"a quote in an id", Rule{ID: `a"b`}, "has a character that is not allowed"},
		{"a long id", Rule{ID: strings.Repeat("x", 252)}, "has 256 bytes, the limit is 255"},
		{"an interface with a space", Rule{In: Iface{Name: "a b"}}, `interface name "a b" has a character that is not allowed at byte 2`},
		{"an interface that is an option", Rule{Out: Iface{Name: "-j"}}, `interface name "-j" starts with "-"`},
		{"a long interface", Rule{In: Iface{Name: "a234567890123456"}}, "has 16 bytes, the limit is 15"},
		{"a wildcard inside", Rule{In: Iface{Name: "e+0"}}, "has a + before its end"},
		{"not no interface", Rule{In: Iface{Not: true}}, "empty interface name"},
		{"an address of the other family", Rule{Src: Net{Prefix: netip.PrefixFrom(addr6, 128)}}, "address 2001:db8::1 is not an IPv4 address"},
		{"not any address", Rule{Src: Net{Prefix: netip.PrefixFrom(addr, 0), Not: true}}, "matches nothing"},
		{"ports without protocol", Rule{Matches: []Match{MatchPorts{Dst: &all}}}, "needs protocol tcp"},
		{"ports of another protocol", Rule{Proto: Proto{Num: 132}, Matches: []Match{MatchPorts{Dst: &all}}}, "needs protocol tcp"},
		{"not all ports", Rule{Proto: tcp, Matches: []Match{MatchPorts{Dst: &all, DstNot: true}}}, "matches nothing"},
		{"a backward range", Rule{Proto: tcp, Matches: []Match{MatchPorts{Src: &back}}}, "runs backwards"},
		{"sixteen ports", Rule{Proto: tcp, Matches: []Match{MatchMultiport{Dst: make([]PortRange, 16)}}}, "multiport takes 15 ports, a range counts as two, not 16"},
		{"two lists of ports", Rule{Proto: tcp, Matches: []Match{MatchMultiport{Dst: []PortRange{{1, 1}}, Src: []PortRange{{1, 1}}}}}, "exactly one list"},
		{"flags of udp", Rule{Proto: Proto{Num: UDP}, Matches: []Match{MatchTCPFlags{Mask: SYN}}}, "needs protocol tcp"},
		{"flags beyond the mask", Rule{Proto: tcp, Matches: []Match{MatchTCPFlags{Mask: SYN, Set: ACK}}}, "are not among the flags asked"},
		{"icmp of the other family", Rule{Proto: Proto{Num: ICMPv6}, Matches: []Match{MatchICMP{Type: 8}}}, "needs protocol icmp"},
		{"no state", Rule{Matches: []Match{MatchState{}}}, "no conntrack state is asked"},
		{"a long set", Rule{Matches: []Match{MatchSet{Name: strings.Repeat("s", 32), Dirs: "src"}}}, "has 32 bytes, the limit is 31"},
		{"a set without direction", Rule{Matches: []Match{MatchSet{Name: "s"}}}, "is neither src nor dst"},
		{"an address type", Rule{Matches: []Match{MatchAddrType{Src: "HERE"}}}, "not a list of address types"},
		{"a packet type", Rule{Matches: []Match{MatchPktType{Type: "x -j ACCEPT"}}}, "none of unicast"},
		{"a rate", Rule{Matches: []Match{MatchLimit{Average: "5/fortnight"}}}, "not a rate"},
		{"a mac address", Rule{Matches: []Match{MatchMAC{Addr: "00:11:22:33:44:5"}}}, "is not a MAC address"},
		{"mark and connmark, three times", Rule{Matches: []Match{MatchMark{}, MatchConnMark{}, MatchMark{}}}, "may be asked once each"},
		{"a verdict that is none", Rule{Target: Verdict("QUEUE")}, "none of ACCEPT, DROP, RETURN"},
		{"a jump to a long name", Rule{Target: Jump{Chain: strings.Repeat("c", 29)}}, "has 29 bytes, the limit is 28"},
		{"a jump to a target", Rule{Target: Jump{Chain: "LOG"}}, "is the name of a target"},
		{"a jump to a built-in chain", Rule{Target: Jump{Chain: Input}}, "jump to the built-in chain INPUT"},
		{"a reset without tcp", Rule{Target: Reject{With: "tcp-reset"}}, "tcp-reset needs protocol tcp"},
		{"an answer of the other family", Rule{Target: Reject{With: "icmp6-no-route"}}, "is not an answer of IPv4"},
		{"dnat to a port without protocol", Rule{Target: DNAT{From: addr, To: addr, Ports: Port(80)}}, "needs protocol tcp"},
		{"dnat to nowhere", Rule{Target: DNAT{}}, "address is missing"},
		{"dnat to the other family", Rule{Target: DNAT{From: addr6, To: addr6}}, "is not an IPv4 address"},
		{"dnat with a base only", Rule{Target: DNAT{From: addr, To: addr, Base: 5}}, "a base port but no ports"},
		{"snat with half a range", Rule{Target: SNAT{From: addr}}, "address is missing"},
		{"masquerade to port 0", Rule{Proto: tcp, Target: Masquerade{Ports: PortRange{0, 5}}}, "port 0"},
		{"an escape in a prefix", Rule{Target: NFLog{Prefix: "\x1b[31m"}}, "has a character that is not allowed at byte 1"},
		{"a line that is too long", Rule{ID: strings.Repeat("x", 250), In: Iface{Name: "eth0"}, Matches: longMatches()}, "the limit is 900"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := NewPrinter(V4)
			p.Table(Filter)
			p.WriteRule(Append, "X", &test.rule, false)
			p.Commit()
			text, err := p.Text()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want %q, got %v, text %q", test.want, err, text)
			}
		})
	}
}

func longMatches() []Match {
	var ms []Match
	for range 20 {
		ms = append(ms, MatchSet{Name: strings.Repeat("s", 31), Dirs: "src"})
	}
	return ms
}

// TestPrinterRefusesChainsAndTables proves the same for what is not a rule.
func TestPrinterRefusesChainsAndTables(t *testing.T) {
	tests := []struct {
		name  string
		write func(p *Printer)
		want  string
	}{
		{"no commit", func(p *Printer) { p.Table(NAT) }, "table nat has no commit"},
		{"commit without table", func(p *Printer) { p.Commit() }, "no table to commit"},
		{"table in a table", func(p *Printer) { p.Table(NAT); p.Table(Filter); p.Commit() }, "starts inside table nat"},
		{"a table that nobody has", func(p *Printer) { p.Table("broute"); p.Commit() }, `"broute" is not a table`},
		{"a rule outside", func(p *Printer) { p.WriteRule(Append, "X", &Rule{}, false) }, "no table to write to"},
		{"a built-in chain declared", func(p *Printer) { p.Table(NAT); p.Declare(Input); p.Commit() }, "chain INPUT is built in"},
		{"a built-in chain flushed", func(p *Printer) { p.Table(NAT); p.Flush(Input); p.Commit() }, "chain INPUT is built in"},
		{"a chain that is an option", func(p *Printer) { p.Table(NAT); p.Declare("-F"); p.Commit() }, `starts with "-"`},
		{"a chain with a space", func(p *Printer) { p.Table(NAT); p.DeleteChain("a b"); p.Commit() }, "is not allowed at byte 2"},
		{"no name", func(p *Printer) { p.Table(NAT); p.Declare(""); p.Commit() }, "empty chain name"},
		{"another verb", func(p *Printer) { p.Table(NAT); p.WriteRule("-R", "X", &Rule{}, false); p.Commit() }, `"-R" is not a verb`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := NewPrinter(V6)
			test.write(p)
			if _, err := p.Text(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want %q, got %v", test.want, err)
			}
		})
	}
}
