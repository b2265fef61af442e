package live

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// parse reads the text of iptables-save for both families.
func parse(t *testing.T, v4, v6 string) *ruleset.Ruleset {
	t.Helper()
	rs := &ruleset.Ruleset{}
	for f, text := range map[ruleset.Family]string{ruleset.V4: v4, ruleset.V6: v6} {
		ts, err := ruleset.ParseTables(f, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		*rs.Tables(f) = ts
	}
	return rs
}

const adopted = `*filter
:INPUT ACCEPT [9:900]
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
:MFWINPUT - [0:0]
:MFWFORWARD - [0:0]
:ext_inp - [0:0]
:ext_fwd - [0:0]
:ext_to_int - [0:0]
:accept - [0:0]
:drop - [0:0]
:lone_fwd - [0:0]
:f2b-sshd - [0:0]
:mfwt.ext_inp - [0:0]
[9:900] -A INPUT -j f2b-sshd
[5:500] -A INPUT -m comment --comment "mfw:hook" -j MFWINPUT
[0:0] -A FORWARD -j DOCKER-USER
[0:0] -A DOCKER-USER -m comment --comment "mfw:hook" -j MFWFORWARD
[5:500] -A MFWINPUT -i eth0 -j ext_inp
[1:100] -A MFWFORWARD -i eth0 -j ext_fwd
[3:300] -A ext_inp -p tcp -m tcp --dport 22 -m comment --comment "mfw:aaaa" -j NFLOG --nflog-prefix "x"
[3:300] -A ext_inp -p tcp -m tcp --dport 22 -m comment --comment "mfw:aaaa" -j accept
[2:200] -A ext_inp -p udp -m udp --dport 53 -m comment --comment "mfw:aaaa" -j accept
[1:100] -A ext_fwd -o eth1 -j ext_to_int
[1:100] -A ext_to_int -m comment --comment "mfw:bbbb" -j drop
[5:500] -A accept -j ACCEPT
[9:900] -A f2b-sshd -j RETURN
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:MFWPREROUTING - [0:0]
[7:700] -A MFWPREROUTING -p tcp -m tcp --dport 443 -m comment --comment "mfw:aaaa" -j DNAT --to-destination 192.168.10.20:443
COMMIT
`

const adopted6 = `*filter
:INPUT ACCEPT [0:0]
:ext_inp - [0:0]
[10:1000] -A ext_inp -p tcp -m tcp --dport 22 -m comment --comment "mfw:aaaa" -j accept
COMMIT
`

func TestCountRowsAddsUpWhatDecides(t *testing.T) {
	got := CountRows(parse(t, adopted, adopted6))
	want := map[string]RuleCount{
		"aaaa": {V4: ruleset.Counters{Packets: 5, Bytes: 500}, V6: ruleset.Counters{Packets: 10, Bytes: 1000}},
		"bbbb": {V4: ruleset.Counters{Packets: 1, Bytes: 100}},
		"hook": {V4: ruleset.Counters{Packets: 5, Bytes: 500}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts differ (-want +got):\n%s", diff)
	}
	if sum := got["aaaa"].Sum(); sum.Packets != 15 {
		t.Errorf("both families are %d packets, want 15", sum.Packets)
	}
}

func TestOwnerOfEachChain(t *testing.T) {
	ts := parse(t, adopted, "").V4
	tests := []struct {
		table, chain string
		want         ChainOwner
	}{
		{"filter", "INPUT", BuiltIn},
		{"filter", "FORWARD", BuiltIn},
		{"nat", "PREROUTING", BuiltIn},
		{"filter", "DOCKER", Docker},
		{"filter", "DOCKER-USER", Docker}, // with our hook in it
		{"filter", "MFWINPUT", Ours},
		{"nat", "MFWPREROUTING", Ours},
		{"filter", "ext_inp", Ours},
		{"filter", "ext_fwd", Ours}, // without a comment of ours, but ours lead there
		{"filter", "ext_to_int", Ours},
		{"filter", "accept", Ours},
		{"filter", "drop", Ours}, // empty
		{"filter", "mfwt.ext_inp", Ours},
		{"filter", "lone_fwd", Foreign}, // MicroFW's kind of name, but nothing of ours leads there
		{"filter", "f2b-sshd", Foreign},
		{"filter", "nothing", Foreign},
		{"raw", "PREROUTING", BuiltIn},
	}
	for _, tt := range tests {
		if got := Owner(ts, tt.table, tt.chain); got != tt.want {
			t.Errorf("%s %s is %s, want %s", tt.table, tt.chain, got, tt.want)
		}
	}
}
