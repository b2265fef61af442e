package desk_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

func TestRowsKnowTheirRulesByFamily(t *testing.T) {
	site := tuitest.New(time.Now)
	set, _ := site.Load()
	var ask desk.Request
	m, _ := desk.NewCalls(t.Context(), site).Compile(&ask, set)().(desk.CompiledMsg)
	rows := m.Rows
	tests := []struct {
		line int
		want string
	}{
		{7, "1 1 [ext_inp]"},
		{9, "1 0 [ext_inp]"}, // monitoring has no IPv6 address
		{16, "1 1 [int_to_ext]"},
	}
	for _, tt := range tests {
		row := rows.Of(set.File(tables.Rules).Line(tt.line))
		if row == nil {
			t.Errorf("rules:%d is not known", tt.line)
			continue
		}
		if got := fmt.Sprint(len(row.Family(ruleset.V4).Rules), len(row.Family(ruleset.V6).Rules), row.Family(ruleset.V4).Chains); got != tt.want {
			t.Errorf("rules:%d compiles to %s, want %s", tt.line, got, tt.want)
		}
	}
	if only, ok := rows.Of(set.File(tables.Rules).Line(9)).Only(); !ok || only != ruleset.V4 {
		t.Errorf("rules:9 exists in %v only, want v4", only)
	}
	if rows.Apart != 1 {
		t.Errorf("%d rows exist in one family only, want 1", rows.Apart)
	}
}

func TestStepOverSeveralTablesIsUndoneAtOnce(t *testing.T) {
	set, _ := tuitest.New(time.Now).Load()
	d := desk.New(set)
	next, places, err := set.Rename(tables.AddressObject, "lan_nas", "nas")
	if err != nil || places != 2 {
		t.Fatalf("renamed %d places, %v; want 2", places, err)
	}
	at := desk.Place{Kind: tables.Addresses, Line: 5}
	if !d.Put(at, next) || len(d.Dirty()) != 2 {
		t.Fatalf("%v differ, want two tables", d.Dirty())
	}
	if got, ok := d.Undo(); !ok || got != at || len(d.Dirty()) != 0 {
		t.Errorf("undo leads to %v and leaves %v changed; want %v and none", got, d.Dirty(), at)
	}
	if d.Put(at, set.With(set.File(tables.Rules).Clone())) {
		t.Error("an edit that changes nothing is a step")
	}
}

func BenchmarkNewCompared(b *testing.B) {
	review, diff := tuitest.Difference(25_000)
	for b.Loop() {
		desk.NewCompared(review, diff)
	}
}
