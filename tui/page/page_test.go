package page

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func testFlow(src, dst string, sport, dport uint16, proto uint8) engine.Flow {
	w := engine.Flow{Proto: proto, State: "ESTABLISHED", Family: ruleset.V4}
	w.Orig.Src, w.Orig.Dst, w.Orig.SrcPort, w.Orig.DstPort = netip.MustParseAddr(src), netip.MustParseAddr(dst), sport, dport
	w.Reply.Src, w.Reply.Dst, w.Reply.SrcPort, w.Reply.DstPort = w.Orig.Dst, w.Orig.Src, dport, sport
	return w
}

func TestChainRulesOfBothFamiliesStandTogether(t *testing.T) {
	count := func(f ruleset.Family, index int, id, text string, n uint64) engine.ChainCounter {
		return engine.ChainCounter{Family: f, Table: "filter", Chain: "MFWINPUT", Index: index, ID: id, Words: text, Count: ruleset.Counters{Packets: n}}
	}
	rows := joinFamilies([]engine.ChainCounter{
		count(ruleset.V4, 1, "lo", "-i lo", 1),
		count(ruleset.V4, 2, "ab12", "-s 10.0.0.1/32", 2),
		count(ruleset.V4, 3, "ab12", "-s 10.0.0.2/32", 3),
		count(ruleset.V4, 4, "", "-j foreign", 4),
		count(ruleset.V6, 1, "lo", "-i lo", 10),
		count(ruleset.V6, 2, "ndp", "-p icmpv6", 20),
		count(ruleset.V6, 3, "ab12", "-s fd00::1/128", 30),
		count(ruleset.V6, 4, "", "-j foreign", 40),
	})
	var got []string
	for i := range rows {
		v4, v6, _ := rows[i].figures()
		got = append(got, fmt.Sprintf("%s %.0f %.0f", rows[i].what, figure(v4, nil, 0, v4Col), figure(nil, v6, 0, v6Col)))
	}
	want := []string{"lo 1 10", "ab12 2 30", "ab12 3 0", "-j foreign 4 40", "ndp 0 20"}
	if !slices.Equal(got, want) {
		t.Errorf("rows\n%q, want\n%q", got, want)
	}
}

func TestNumbersAreShort(t *testing.T) {
	tests := []struct{ got, want string }{
		{short(0), "0"}, {short(999), "999"}, {short(1000), "1.0k"}, {short(9949), "9.9k"}, {short(9950), "10k"},
		{short(999_499), "999k"}, {short(999_500), "1.0M"}, {short(88_400), "88k"}, {short(4.1e9), "4.1G"}, {short(1.8e19), "18E"},
		{shortRate(0), "-"}, {shortRate(0.04), "0.0"}, {shortRate(3.25), "3.2"}, {shortRate(310), "310"},
		{age(-time.Second), "0s"}, {age(9 * time.Second), "9s"}, {age(12 * time.Minute), "12m"}, {age(3 * time.Hour), "3h"}, {age(41 * 24 * time.Hour), "41d"},
		{string(Clock(43 * time.Second)), "00:43"}, {string(Clock(42500 * time.Millisecond)), "00:43"}, {string(Clock(-1)), "00:00"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}
