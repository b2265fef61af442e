package page

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

func TestChainTreeIsInTheOrderOfThePacket(t *testing.T) {
	rule := func(chain string, index int, text string) engine.ChainCounter {
		return engine.ChainCounter{Family: ruleset.V4, Chain: chain, Index: index, Words: text}
	}
	tests := []struct {
		name string
		list []engine.ChainCounter
		want string
	}{
		{"by the first rule that leads there", []engine.ChainCounter{
			rule("ext_inp", 1, "-g accept"), rule("accept", 1, "-j ACCEPT"),
			rule("INPUT", 0, "policy DROP"), rule("INPUT", 1, "-j MFWINPUT"),
			rule("MFWINPUT", 1, "-i lo -j ACCEPT"), rule("MFWINPUT", 2, "-i eth0 -j ext_inp"), rule("MFWINPUT", 3, "-j accept"),
		}, "INPUT(DROP) .MFWINPUT ..ext_inp ...accept"},
		{"nothing leads to it", []engine.ChainCounter{rule("f2b", 1, "-j RETURN"), rule("INPUT", 0, "policy ACCEPT")}, "INPUT(ACCEPT) f2b"},
		{"a circle", []engine.ChainCounter{rule("a", 1, "-j b"), rule("b", 1, "-j a")}, "a .b"},
		{"both families", []engine.ChainCounter{
			rule("INPUT", 0, "policy ACCEPT"), rule("INPUT", 1, "-j a"), rule("a", 1, "-j RETURN"),
			{Family: ruleset.V6, Chain: "INPUT", Words: "policy ACCEPT"}, {Family: ruleset.V6, Chain: "INPUT", Index: 1, Words: "-j b"}, {Family: ruleset.V6, Chain: "b", Index: 1, Words: "-j RETURN"},
		}, "INPUT(ACCEPT) .a .b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, n := range chainTree(tt.list) {
				s := strings.Repeat(".", n.depth) + n.name
				if n.policy != "" {
					s += "(" + n.policy + ")"
				}
				got = append(got, s)
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("%s, want %s", s, tt.want)
			}
		})
	}
}

func TestOneFamilyNamesRowsThatDiffer(t *testing.T) {
	row := func(v4, v6 uint64) engine.RowCounter {
		r := engine.RowCounter{V4: ruleset.Counters{Packets: v4}, V6: ruleset.Counters{Packets: v6}}
		r.Row.Kind, r.Row.Line = tables.Rules, 7
		return r
	}
	builtIn := row(1, 0)
	builtIn.Row = engine.RowRef{Name: "icmp"}
	tests := []struct {
		name string
		row  engine.RowCounter
		has  [2]bool
		want string
	}{
		{"both count", row(1, 1), [2]bool{true, true}, ""},
		{"none counts", row(0, 0), [2]bool{true, true}, ""},
		{"no rule in IPv6", row(1, 0), [2]bool{true, false}, "no IPv6 rule"},
		{"no rule in IPv4", row(0, 1), [2]bool{false, true}, "no IPv4 rule"},
		{"only IPv4 counts", row(1, 0), [2]bool{true, true}, "counts in IPv4 only"},
		{"only IPv6 counts", row(0, 1), [2]bool{true, true}, "counts in IPv6 only"},
		{"a built-in part", builtIn, [2]bool{true, false}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := oneFamily(&tt.row, tt.has); string(got) != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestZeroHitsAreJudgedByTheAction(t *testing.T) {
	tests := []struct{ row, want string }{
		{"ext FW ALL ALL ssh accept", "proves nothing"},
		{"ext FW ALL ALL ssh drop", "good: nobody tried"},
		{"ext FW ALL ALL ssh reject+log", "good: nobody tried"},
		{"ext lan_router_ext DOCKER https https", "proves nothing"},
	}
	for _, tt := range tests {
		if got := zeroMeans(&engine.RowCounter{Text: tt.row}); string(got) != tt.want {
			t.Errorf("%s: %q, want %q", tt.row, got, tt.want)
		}
	}
}

func TestHistoryKnowsTheLastHitAndTheLastMinute(t *testing.T) {
	var h history[string]
	at := time.Unix(1000, 0)
	for i, count := range []uint64{5, 5, 9, 9, 9} {
		at = at.Add(time.Second)
		h.note(at, "a", count, 0)
		h.note(at, "a", count, 0) // the same snapshot again
		if i == 0 {
			h.note(at, "gone", 1, 1)
		}
		h.settle(at)
	}
	p := h.of("a")
	if got := fmt.Sprint(at.Sub(p.hit), len(p.rates), len(h.rows)); got != "2s 5 1" {
		t.Errorf("last hit before, values, counters: %s, want 2s 5 1", got)
	}
	for range 100 {
		at = at.Add(time.Second)
		h.note(at, "a", 9, 0)
	}
	if n := len(h.of("a").rates); n != sparkSeconds {
		t.Errorf("%d values are kept, want %d", n, sparkSeconds)
	}
}

func TestTheTableOfNFTablesIsShownWhereThereIsOne(t *testing.T) {
	snap := &engine.CounterSnapshot{Chains: []engine.ChainCounter{{Table: ruleset.Filter, Chain: "INPUT"}}}
	tables := func() string {
		p := newChainPanes()
		names := []string{p.table}
		for p.nextTable(snap); p.table != names[0]; p.nextTable(snap) {
			names = append(names, p.table)
		}
		return strings.Join(names, " ")
	}
	if got, want := tables(), "filter nat mangle raw"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	snap.Chains = append(snap.Chains, engine.ChainCounter{Table: ruleset.DockerBridges, Chain: "filter-FORWARD"})
	if got, want := tables(), "filter nat mangle raw docker-bridges"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestARuleThatTheKernelDoesNotCountHasNoFigures(t *testing.T) {
	row := chainRow{v4: &engine.ChainCounter{Rule: &ruleset.Rule{Uncounted: true}}, v6: &engine.ChainCounter{Rule: &ruleset.Rule{}, Count: ruleset.Counters{Packets: 3}}}
	if v4, v6, _ := row.figures(); v4 != nil || v6 == nil || v6.Packets != 3 {
		t.Errorf("v4 %v, v6 %v, want none and 3", v4, v6)
	}
	if got := ruleCountWords(&row); strings.Join(strings.Fields(string(got)), " ") != "- 3" {
		t.Errorf("%q, want a dash and 3", got)
	}
}
