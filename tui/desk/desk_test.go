package desk

import (
	"slices"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
)

func TestStagedCountsChangedLines(t *testing.T) {
	saved := tables.NewSet(tables.Parse(tables.Rules, []byte("# head\na b c d e f\ng h i j k l\nm n o p q r\n")))
	tests := []struct {
		name string
		edit func(*tables.File) error
		want int
	}{
		{"a cell", func(f *tables.File) error { return f.SetCell(3, 4, "ssh") }, 1},
		{"a new row", func(f *tables.File) error { return f.InsertRow(2, strings.Fields("1 2 3 4 5 6")) }, 1},
		{"a row less", func(f *tables.File) error { return f.DeleteRow(3) }, 1},
		{"a row moved", func(f *tables.File) error { return f.MoveRow(2, 4) }, 1},
		{"a cell in two rows", func(f *tables.File) error {
			if err := f.SetCell(2, 0, "x"); err != nil {
				return err
			}
			return f.SetCell(4, 0, "x")
		}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := &Desk{set: saved, saved: saved}
			if err := d.Edit(Place{Kind: tables.Rules}, tt.edit); err != nil {
				t.Fatal(err)
			}
			if got := d.Staged(); got != tt.want {
				t.Errorf("%d staged, want %d", got, tt.want)
			}
			d.Undo()
			if got := d.Staged(); got != 0 {
				t.Errorf("%d staged after undo", got)
			}
		})
	}
}

func TestFailedEditLeavesNoTrace(t *testing.T) {
	set := tables.NewSet(tables.Parse(tables.Rules, []byte("a b c d e f\n")))
	d := &Desk{set: set, saved: set}
	if err := d.Edit(Place{Kind: tables.Rules, Line: 9}, func(f *tables.File) error { return f.DeleteRow(9) }); err == nil {
		t.Fatal("deleting line 9 of 1 succeeded")
	}
	if _, ok := d.Undo(); ok || d.Set() != set {
		t.Error("a failed edit can be undone")
	}
}

func TestReplaceIsOneEditOverAllTables(t *testing.T) {
	parse := func(rules, services string) *tables.Set {
		return tables.NewSet(tables.Parse(tables.Rules, []byte(rules)), tables.Parse(tables.Services, []byte(services)))
	}
	before, other := parse("a b c d e f\nx b c d e f\n", "ssh 22 -\n"), parse("a b c d e f\n", "ssh 23 -\n")
	d := &Desk{set: before, saved: before}
	if !d.Replace(other) || len(d.Set().Changed(other)) > 0 {
		t.Fatalf("tables %v are not the others", d.Set().Changed(other))
	}
	if got := d.Staged(); got != 2 {
		t.Errorf("%d lines staged, want 2", got)
	}
	if d.Undo(); d.Set() != before {
		t.Error("one undo did not bring all tables back")
	}
	if d.Replace(before) {
		t.Error("replacing tables by themselves was an edit")
	}
}

func TestCounterRowIsFoundInTheEditedTables(t *testing.T) {
	edited := tables.NewSet(tables.Parse(tables.Rules, []byte("# head\nnew FW ALL ALL ssh accept\next FW  ALL ALL ssh accept\n")))
	d := &Desk{set: edited}
	tests := []struct {
		name, text string
		line, want int
	}{
		{"where it was", "new FW ALL ALL ssh accept", 2, 2},
		{"moved down", "ext FW ALL ALL ssh accept", 2, 3},
		{"gone", "int FW ALL ALL ssh accept", 2, 2},
		{"beyond the end", "ext FW ALL ALL ssh accept", 40, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := engine.RowCounter{Text: tt.text}
			r.Row.Kind, r.Row.Line = tables.Rules, tt.line
			if got := d.PlaceNow(Place{Kind: r.Row.Kind, Line: r.Row.Line}, r.Text); got.Line != tt.want {
				t.Errorf("line %d, want %d", got.Line, tt.want)
			}
		})
	}
}

func TestOnlyTheLatestAnswerCounts(t *testing.T) {
	var r Request
	r.start(1)
	r.start(2)
	got := []bool{r.Done(1), r.Busy(), r.Done(2), r.Busy(), r.Done(2)}
	if want := []bool{false, true, true, false, false}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
