package engine_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// explained4 is a host with two zones, a virtual and a row in a chain of its
// own; ids that are numbers are lines of rules.
const explained4 = `*nat
:PREROUTING ACCEPT [0:0]
:MFWPREROUTING - [0:0]
-A PREROUTING -m comment --comment "mfw:hook" -j MFWPREROUTING
-A MFWPREROUTING -d 203.0.113.1/32 -i eth0 -p tcp -m tcp --dport 8080 -m comment --comment "mfw:virtual" -j DNAT --to-destination 10.8.0.5:80
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
-A PREROUTING -m comment --comment "mfw:mark" -j MARK --set-xmark 0x1/0x1
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:MFWINPUT - [0:0]
:MFWFORWARD - [0:0]
:ext_inp - [0:0]
:int_inp - [0:0]
:ext_fwd - [0:0]
:ext_to_int - [0:0]
:orphan - [0:0]
-A INPUT -m comment --comment "mfw:hook" -j MFWINPUT
-A FORWARD -m comment --comment "mfw:hook" -j MFWFORWARD
-A MFWINPUT -i eth0 -m comment --comment "mfw:zone-eth0" -j ext_inp
-A MFWINPUT -i eth1 -m comment --comment "mfw:zone-eth1" -j int_inp
-A MFWFORWARD -i eth0 -m comment --comment "mfw:zone-eth0" -j ext_fwd
-A MFWFORWARD -d 10.8.0.5/32 -i eth0 -p tcp -m tcp --dport 80 -m comment --comment "mfw:virtual" -j ACCEPT
-A ext_inp -s 203.0.113.0/28 -p tcp -m tcp --dport 22 -m comment --comment "mfw:1" -j ACCEPT
-A ext_inp -p udp -m comment --comment "mfw:2" -j ACCEPT
-A ext_inp -p tcp -m tcp --dport 25 -m comment --comment "mfw:2" -j ACCEPT
-A ext_inp -m comment --comment "mfw:3" -j DROP
-A ext_inp -p tcp -m tcp --dport 80 -m comment --comment "mfw:4" -j ACCEPT
-A int_inp -m comment --comment "mfw:5" -j ACCEPT
-A ext_fwd -o eth1 -m comment --comment "mfw:to-eth1" -j ext_to_int
-A ext_to_int -p tcp -m comment --comment "mfw:6" -j ACCEPT
-A orphan -m comment --comment "mfw:7" -j ACCEPT
COMMIT
`

const explained6 = `*filter
:INPUT DROP [0:0]
-A INPUT -m comment --comment "mfw:8" -j ACCEPT
COMMIT
`

// explain walks a packet, "IN SRC DST PORT [STATE]", through the rules above.
func explain(t *testing.T, packet string) *engine.Explanation {
	t.Helper()
	v4, err4 := ruleset.ParseTables(ruleset.V4, []byte(explained4))
	v6, err6 := ruleset.ParseTables(ruleset.V6, []byte(explained6))
	if err4 != nil || err6 != nil {
		t.Fatal(err4, err6)
	}
	set := tables.NewSet(tables.Parse(tables.Rules, []byte("a FW ALL ALL ssh accept\nb FW ALL ALL smtp accept\n")))
	rows := map[string]engine.RowRef{"1": {Kind: tables.Rules, Line: 1}, "2": {Kind: tables.Rules, Line: 2}, "3": {Kind: tables.Rules, Line: 3}, "hook": {Name: "hook"}}
	words := strings.Fields(packet)
	p := ruleset.Packet{Src: netip.MustParseAddr(words[1]), Dst: netip.MustParseAddr(words[2]), Proto: ruleset.TCP, SrcPort: 40000, State: ruleset.StateNew}
	if p.In = words[0]; p.In == "FW" {
		p.In = ""
	}
	p.DstPort = netip.MustParseAddrPort("0.0.0.0:" + words[3]).Port()
	if len(words) > 4 {
		p.State = ruleset.StateEstablished
	}
	return engine.Walk(&ruleset.Ruleset{V4: v4, V6: v6}, set, rows, p, func(dst netip.Addr) (bool, string) {
		if strings.HasPrefix(dst.String(), "10.8.0.") {
			return false, "eth2"
		}
		return true, ""
	})
}

func TestWhyNotNamesWhatKeptTheRowFromDeciding(t *testing.T) {
	const smtp = "eth0 198.51.100.7 203.0.113.1 25"
	tests := []struct{ name, packet, id, want string }{
		{"it decides", smtp, "2", "it decides"},
		{"first condition", smtp, "1", "it asks -s 203.0.113.0/28, the packet has 198.51.100.7"},
		{"port", "eth0 203.0.113.7 203.0.113.1 23", "1", "it asks -m tcp --dport 22, the packet has 23"},
		{"of several rules the one that nearly matched", "eth0 203.0.113.7 203.0.113.1 23", "2", "it asks -m tcp --dport 25, the packet has 23"},
		{"a row before it", "eth0 198.51.100.7 203.0.113.1 80", "4", "rules:3 comes before it and matches; it would match too"},
		{"a row before it, and a condition", smtp, "4", "rules:2 comes before it and matches; besides, it asks -m tcp --dport 80, the packet has 25"},
		{"another zone", smtp, "5", "the way into its chain int_inp: it asks -i eth1, the packet has eth0"},
		{"the other hook", smtp, "6", "filter FORWARD is not passed: the packet is for this host"},
		{"another output interface", "eth0 198.51.100.7 203.0.113.1 8080", "6", "the way into its chain ext_to_int: it asks -o eth1, the packet has eth2"},
		{"translated, then decided", "eth0 198.51.100.7 203.0.113.1 8080", "virtual", "it decides"},
		{"the translation counts for a virtual", smtp, "virtual", "it asks -m tcp --dport 8080, the packet has 25"},
		{"nothing leads to it", smtp, "7", "no rule leads to its chain orphan"},
		{"only marks", smtp, "mark", "it matches (-j MARK --set-xmark 0x1/0x1), and the way goes on"},
		{"another family", smtp, "8", "it has IPv6 rules only, the packet is IPv4"},
		{"not there", smtp, "9", "it is not in these rules"},
		{"this host sends", "FW 203.0.113.1 198.51.100.7 25", "1", "filter INPUT is not passed: this host sends the packet"},
		{"nat in the middle of a connection", "eth0 198.51.100.7 203.0.113.1 8080 ESTABLISHED", "virtual", "nat PREROUTING is not passed: nat is asked for the first packet of a connection only"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := explain(t, tt.packet).WhyNot(tt.id); got.Words != tt.want {
				t.Errorf("WhyNot(%s) = %q, want %q", tt.id, got.Words, tt.want)
			}
		})
	}
}

func TestDeciderIsTheRow(t *testing.T) {
	tests := []struct{ name, packet, want string }{
		{"a row", "eth0 198.51.100.7 203.0.113.1 25", "rules:2"},
		{"a policy", "eth2 198.51.100.7 203.0.113.1 25", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := explain(t, tt.packet).Decider().String(); got != tt.want {
				t.Errorf("Decider() = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestBothWaysAreTheSameRuleByRule(t *testing.T) {
	a, b := explain(t, "eth0 198.51.100.7 203.0.113.1 25"), explain(t, "eth0 198.51.100.7 203.0.113.1 80")
	tests := []struct {
		name         string
		live, staged *engine.Explanation
		want         bool
	}{
		{"the same", a, a, true},
		{"another rule", a, b, false},
		{"tables with errors", a, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			both := engine.BothWays{Packet: a.Packet, Live: tt.live, Staged: tt.staged}
			if got := both.Same(); got != tt.want {
				t.Errorf("Same() = %t, want %t", got, tt.want)
			}
		})
	}
}
