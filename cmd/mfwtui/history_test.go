package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine"
)

// somePast is a history with one entry of each kind.
func somePast() []engine.Generation {
	return []engine.Generation{
		{Event: engine.Applied, ID: "A", When: time.Unix(300, 0).UTC(), Who: "alice", By: "bob from 198.51.100.9", Result: engine.Confirmed,
			Took: 17 * time.Second, Changes: &engine.Changes{Rows: 3, Added: 4, Gone: 2}, Previous: "C"},
		{Event: engine.Refused, ID: "B", When: time.Unix(200, 0).UTC(), Who: "mallory\x1b[2J", Result: engine.Failed, Reason: "would lock you out", Pruned: true},
		{Event: engine.Applied, ID: "C", When: time.Unix(100, 0).UTC(), Who: "alice", Result: engine.RolledBack, Damaged: errors.New("damaged")},
	}
}

func TestHistoryAsJSON(t *testing.T) {
	var out bytes.Buffer
	if err := (&terminal{out: &out}).json(historyJSONOf(somePast())); err != nil {
		t.Fatal(err)
	}
	var got []map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	first, _ := json.Marshal(got[0])
	want := `{"by":"bob from 198.51.100.9","changes":{"rows":3,"rules_added":4,"rules_removed":2},"end":"confirmed","event":"apply","id":"A","on_disk":true,"previous":"C","seconds":17,"when":"1970-01-01T00:05:00Z","who":"alice"}`
	if string(first) != want {
		t.Errorf("got  %s\nwant %s", first, want)
	}
	if got[1]["on_disk"] != false || got[2]["on_disk"] != false || got[2]["reason"] != "damaged" {
		t.Errorf("what is not on disk: %v, %v", got[1], got[2])
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("an escape sequence came through")
	}
	if empty, err := json.Marshal(historyJSONOf(nil)); err != nil || string(empty) != "[]" {
		t.Errorf("an empty history is %s, %v", empty, err)
	}
}

func TestHistoryAsTable(t *testing.T) {
	var out bytes.Buffer
	if err := (&terminal{out: &out}).table(historyRows(somePast())); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d lines:\n%s", len(lines), out.String())
	}
	for _, want := range []string{"1970-01-01T00:05:00Z", "confirmed", "bob from 198.51.100.9", "+4 -2", "17s", "yes"} {
		if !strings.Contains(lines[1], want) {
			t.Errorf("%q is not in %q", want, lines[1])
		}
	}
	if !strings.Contains(lines[2], `mallory\x1b[2J`) {
		t.Errorf("hostile text: %q", lines[2])
	}
}
