package main

import (
	"bytes"
	"slices"
	"testing"

	"github.com/mfwtui/mfwtui/engine"
)

func TestAListOfJSONIsPrintedAsAWhole(t *testing.T) {
	for _, n := range []int{0, 1, 3} {
		for _, indent := range []string{"", "  "} {
			whole := flowsJSON{Max: 7, Flows: make([]flowJSON, n)}
			var elements []any
			for i := range whole.Flows {
				whole.Flows[i] = flowJSONOf(&engine.Flow{ID: uint32(i), State: "ESTABLISHED"}, engine.FlowNames{})
				whole.Flows[i].Verdict = &verdictJSON{From: "zürich", By: "[]"}
				elements = append(elements, whole.Flows[i])
			}
			var want, got bytes.Buffer
			if err := (&terminal{out: &want}).encode(whole, indent); err != nil {
				t.Fatal(err)
			}
			head := whole
			head.Flows = []flowJSON{}
			if err := (&terminal{out: &got}).jsonList(head, slices.Values(elements), indent); err != nil {
				t.Fatal(err)
			}
			if got.String() != want.String() {
				t.Errorf("%d elements, indent %q:\n%s\nwant\n%s", n, indent, &got, &want)
			}
		}
	}
}

func TestColumnsAreAlignedAsATable(t *testing.T) {
	rows := [][]string{{"PROTO", "SOURCE", "LEFT"}, {"tcp", "2001:db8::1", "5m0s"}, {"udp", "", "1s"}, {"icmpv6", "10.0.0.1", ""}}
	var want, got bytes.Buffer
	if err := (&terminal{out: &want}).table(rows); err != nil {
		t.Fatal(err)
	}
	err := (&terminal{out: &got}).columns(func(yield func([][]byte) bool) {
		var cells [3][]byte
		for _, r := range rows {
			for i := range cells {
				cells[i] = append(cells[i][:0], r[i]...)
			}
			if !yield(cells[:]) {
				return
			}
		}
	})
	if err != nil || got.String() != want.String() {
		t.Errorf("%v\n%q, want\n%q", err, got.String(), want.String())
	}
}
