package engine

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// rulesOf parses what iptables-save prints, for both families alike.
func rulesOf(t *testing.T, text string) *ruleset.Ruleset {
	t.Helper()
	rs := &ruleset.Ruleset{}
	for _, f := range ruleset.Families() {
		ts, err := ruleset.ParseTables(f, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		*rs.Tables(f) = ts
	}
	return rs
}

const trialRules = `*filter
:INPUT ACCEPT [0:0]
:MFWINPUT - [0:0]
:ext_inp - [0:0]
:+ext_inp - [0:0]
:accept - [0:0]
:drop - [0:0]
:reject - [0:0]
:f2b-sshd - [0:0]
[100:1] -A INPUT -m comment --comment "mfw:hook" -j MFWINPUT
[5:1] -A MFWINPUT -m comment --comment "mfw:zone-eth0" -i eth0 -j ext_inp
[3:1] -A MFWINPUT -m comment --comment "mfw:reject" -j reject
[7:1] -A ext_inp -p tcp -m tcp --dport 23 -m comment --comment "mfw:aa11" -j drop
[2:1] -A +ext_inp -p tcp -m tcp --dport 23 -m comment --comment "mfw:aa11" -j drop
[9:1] -A ext_inp -p tcp -m tcp --dport 22 -m comment --comment "mfw:bb22" -j accept
[50:1] -A accept -m comment --comment "mfw:accept" -j ACCEPT
[51:1] -A drop -m comment --comment "mfw:drop" -j DROP
[52:1] -A reject -m comment --comment "mfw:reject-answer" -j REJECT --reject-with icmp-port-unreachable
[9:1] -A f2b-sshd -j DROP
COMMIT
`

func TestDeniedPacketsCountOnceForTheirRowSinceTheFlip(t *testing.T) {
	text := strings.ReplaceAll(trialRules, "+ext_inp", ruleset.StagedPrefix+"ext_inp")
	text = strings.ReplaceAll(text, "icmp-port-unreachable", "tcp-reset")
	rs := rulesOf(t, text)
	names := map[string]rowName{"aa11": {text: "ext FW ALL ALL telnet drop"}}
	base := &baseline{Denied: map[string]uint64{"aa11": 10, "reject": 6}}
	got := base.denied(rs, names)
	// Both families hold the same: 9 packets of the row in each, 3 of what no
	// row decides. Neither the action chains nor those of others count.
	want := []DeniedRow{{ID: "aa11", Text: "ext FW ALL ALL telnet drop", Packets: 8}}
	if !slices.Equal(got, want) {
		t.Errorf("denied %+v, want %+v", got, want)
	}
}

func sshFlow(id uint32, client string, state string) Flow {
	f := Flow{ID: id, Proto: ruleset.TCP, State: state, Family: ruleset.V4, FirstSeen: time.Unix(int64(id), 0)}
	from := netip.MustParseAddrPort(client)
	f.Orig.Src, f.Orig.SrcPort = from.Addr(), from.Port()
	f.Orig.Dst, f.Orig.DstPort = netip.MustParseAddr("198.51.100.4"), 22
	f.Reply.Src, f.Reply.SrcPort, f.Reply.Dst, f.Reply.DstPort = f.Orig.Dst, 22, f.Orig.Src, f.Orig.SrcPort
	return f
}

func TestOnlyANewConnectionToTheSSHPortOfThisHostIsALogin(t *testing.T) {
	mine := sshFlow(1, "203.0.113.7:52110", "ESTABLISHED")
	base := &baseline{Logins: []string{loginKey(&mine)}}
	started := sshFlow(2, "203.0.113.7:52111", "SYN_RECV")
	done := sshFlow(3, "203.0.113.9:40000", "ESTABLISHED")
	other := sshFlow(4, "203.0.113.9:40001", "ESTABLISHED")
	other.Reply.SrcPort = 443
	through := sshFlow(5, "203.0.113.9:40002", "ESTABLISHED")
	through.Reply.Src = netip.MustParseAddr("192.168.0.20")
	again := sshFlow(6, "203.0.113.7:52110", "SYN_SENT") // the port of the old session, later
	local := func(a netip.Addr) bool { return a == netip.MustParseAddr("198.51.100.4") }

	var ids []uint32
	for _, f := range base.logins(live.ListFlows(mine, started, done, other, through, again), 22, local) {
		ids = append(ids, f.ID)
	}
	if want := []uint32{6, 3, 2}; !slices.Equal(ids, want) {
		t.Errorf("logins %v, want %v: the latest first, without what was there before", ids, want)
	}
}

func TestHandshakeIsDoneWhenBothSidesAnswered(t *testing.T) {
	for state, want := range map[string]bool{"SYN_SENT": false, "SYN_RECV": false, "ESTABLISHED": true} {
		if f := sshFlow(1, "203.0.113.7:1", state); handshaken(&f) != want {
			t.Errorf("%s: done is %v, want %v", state, !want, want)
		}
	}
	closed := sshFlow(1, "203.0.113.7:1", "TIME_WAIT")
	closed.Assured = true
	if !handshaken(&closed) {
		t.Error("a login that has ended again is none")
	}
}

func TestBaselineIsCarriedFromOneConsoleToTheNext(t *testing.T) {
	dir := t.TempDir()
	for _, id := range []string{"20261101-a", "20261102-b", "20261103-c", "20261104-d"} {
		b := &baseline{ID: id, At: time.Unix(1, 0).UTC(), Denied: map[string]uint64{"aa11": 3}, Others: map[string]foreignRules{"docker": {"ff": 2}}}
		if err := writeBaseline(filepath.Join(dir, id+baselineSuffix), b); err != nil {
			t.Fatal(err)
		}
	}
	b, err := readBaseline(filepath.Join(dir, "20261104-d"+baselineSuffix))
	if err != nil || b.Denied["aa11"] != 3 || b.Others["docker"]["ff"] != 2 {
		t.Errorf("read back %+v, %v", b, err)
	}
	if _, err := readBaseline(filepath.Join(dir, "20261101-a"+baselineSuffix)); err == nil {
		t.Error("the oldest baseline was kept for ever")
	}
}

func TestServicesAreJudgedByTheirClientsAndByOthers(t *testing.T) {
	sockets := []netip.AddrPort{
		netip.MustParseAddrPort("0.0.0.0:22"), netip.MustParseAddrPort("[::]:22"),
		netip.MustParseAddrPort("127.0.0.1:631"), netip.MustParseAddrPort("198.51.100.4:443"), netip.MustParseAddrPort("[::]:8080"),
	}
	client := func(text string) candidate { return candidate{netip.MustParseAddr(text), "eth0"} }
	clients := map[uint16][]candidate{22: {client("203.0.113.7"), client("203.0.113.66")}, 8080: {client("203.0.113.66")}}
	others := []candidate{client("192.168.0.9")}
	reach := func(l *listener, c candidate) bool {
		return l.port != 8080 && c.src != netip.MustParseAddr("203.0.113.66")
	}

	got := judgeServices(groupListeners(sockets), clients, others, reach)
	want := []Service{{Port: 22, Reachable: true, Clients: 2, Cut: 1}, {Port: 443, Reachable: true}, {Port: 8080, Clients: 1, Cut: 1}}
	if !slices.Equal(got, want) {
		t.Errorf("services %+v, want %+v", got, want)
	}
}

func TestAddressAtWhichAServiceIsReached(t *testing.T) {
	own := []netip.Addr{netip.MustParseAddr("198.51.100.4"), netip.MustParseAddr("2001:db8::4")}
	tests := []struct {
		bound  string
		family ruleset.Family
		want   string
	}{
		{"0.0.0.0", ruleset.V4, "198.51.100.4"},
		{"0.0.0.0", ruleset.V6, ""},
		{"::", ruleset.V4, "198.51.100.4"},
		{"::", ruleset.V6, "2001:db8::4"},
		{"192.168.0.1", ruleset.V4, "192.168.0.1"},
		{"192.168.0.1", ruleset.V6, ""},
	}
	for _, tt := range tests {
		l := listener{port: 80, bound: []netip.Addr{netip.MustParseAddr(tt.bound)}}
		if got := strings.Trim(fmt.Sprint(l.at(tt.family, own)), "[]"); got != tt.want {
			t.Errorf("%s over %v is reached at %s, want %s", tt.bound, tt.family, got, tt.want)
		}
	}
}

func TestNeighbourIsNeverOneself(t *testing.T) {
	for own, want := range map[string]string{"10.0.0.1/24": "10.0.0.2", "10.0.0.9/24": "10.0.0.1", "10.0.0.9/32": "invalid IP", "2001:db8::1/64": "2001:db8::2"} {
		if got := neighbour(netip.MustParsePrefix(own)).String(); got != want {
			t.Errorf("the neighbour of %s is %s, want %s", own, got, want)
		}
	}
}

func TestVerdictNamesTheRowAndNotTheChainThatCarriesItOut(t *testing.T) {
	text := strings.ReplaceAll(trialRules, "+ext_inp", ruleset.StagedPrefix+"ext_inp")
	rs := rulesOf(t, strings.ReplaceAll(text, "icmp-port-unreachable", "tcp-reset"))
	row := rowName{}
	row.ref.Kind, row.ref.Line = tables.Rules, 14
	w := newWitness(rs, map[string]rowName{"bb22": row})
	for _, name := range []string{"203.0.113.7", "198.51.100.4"} {
		w.routes[netip.MustParseAddr(name)] = routed{local: name == "198.51.100.4", name: "eth0"}
	}
	tests := []struct {
		port uint16
		ok   bool
		want string
	}{
		{22, true, "accept by rules:14"},
		{23, false, "drop by aa11"},
		{80, false, "reject by the final reject"},
	}
	for _, tt := range tests {
		ok, words := w.judge(netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("198.51.100.4"), tt.port)
		if ok != tt.ok || words != tt.want {
			t.Errorf("port %d: %v, %q, want %v, %q", tt.port, ok, words, tt.ok, tt.want)
		}
	}
}
