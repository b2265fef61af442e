package engine

import (
	"fmt"
	"slices"
	"testing"
)

func TestSimilarTouchedFlowsAreOneGroup(t *testing.T) {
	touched := func(fate Fate, src string, sport, dport uint16, after string) TouchedFlow {
		return TouchedFlow{Flow: flowOf(src, sport, "203.0.113.1", dport, "203.0.113.1", dport), Meaning: Meaning{Fate: fate, From: "ext", To: "FW", Before: "accept", After: after}}
	}
	impact := FlowImpact{Touched: ListTouched(
		touched(Cut, "192.0.2.1", 1001, 22, "drop"),
		touched(Cut, "192.0.2.2", 1002, 22, "drop"),
		touched(Cut, "192.0.2.1", 1003, 22, "drop"),
		touched(Cut, "192.0.2.1", 1004, 25, "drop"),
		touched(Cut, "192.0.2.1", 1005, 22, "reject"),
		touched(Grandfathered, "192.0.2.1", 1006, 22, "drop"),
		touched(Grandfathered, "192.0.2.1", 1007, 22, "drop"),
	)}
	var got []string
	groups := impact.Groups()
	for i := range groups.Len() {
		g := groups.At(i)
		got = append(got, fmt.Sprintf("%dx %s %s:%d to %d %s", g.Count, g.Fate, g.Orig.Src, g.Orig.SrcPort, g.Orig.DstPort, g.After))
	}
	want := []string{
		"2x cut 192.0.2.1:1001 to 22 drop",
		"1x cut 192.0.2.2:1002 to 22 drop",
		"1x cut 192.0.2.1:1004 to 25 drop",
		"1x cut 192.0.2.1:1005 to 22 reject",
		"2x grandfathered 192.0.2.1:1006 to 22 drop",
	}
	if !slices.Equal(got, want) {
		t.Errorf("groups\n%q, want\n%q", got, want)
	}
}
