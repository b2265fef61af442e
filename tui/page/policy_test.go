package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// letters is a table of addresses with one row per letter; "#" is a comment
// line. Lines that are in both of two such tables are the same ones.
func letters(text string, known map[string]*tables.Line) []*tables.Line {
	var lines []*tables.Line
	for _, word := range strings.Fields(text) {
		if known[word] == nil {
			row := strings.NewReplacer(",", " ", "#", "# comment").Replace(word)
			known[word] = tables.Parse(tables.Addresses, []byte(row+"\n")).Lines[0]
		}
		lines = append(lines, known[word])
	}
	return lines
}

func TestChangeSigns(t *testing.T) {
	tests := []struct{ name, saved, now, want string }{
		{"nothing changed", "a,1,2 b,1,2", "a,1,2 b,1,2", ". ."},
		{"a cell", "a,1,2 b,1,2", "a,1,3 b,1,2", "~ ."},
		{"a new row", "a,1,2 b,1,2", "a,1,2 n,7,8 b,1,2", ". + ."},
		{"a new first row", "a,1,2", "n,7,8 a,1,2", "+ ."},
		{"a new last row", "a,1,2", "a,1,2 n,7,8", ". +"},
		{"a row less", "a,1,2 b,1,2 c,1,2", "a,1,2 c,1,2", ". ."},
		{"a new row above a changed one", "a,1,2", "n,7,8 a,1,3", "+ ~"},
		{"a new row below a changed one", "a,1,2", "a,1,3 n,7,8", "~ +"},
		{"one of two rows changed, the other gone", "a,1,2 b,5,6", "b,5,7", "~"},
		{"a row written anew", "a,1,2", "z,8,9", "~"},
		{"a row moved", "a,1,2 b,1,2 c,1,2", "b,1,2 c,1,2 a,1,2", ". . ~"},
		{"a comment between", "a,1,2 # b,1,2", "a,1,3 # b,1,2 n,7,8", "~ . . +"},
		{"an empty table", "", "n,7,8", "+"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			known := make(map[string]*tables.Line)
			saved, now := letters(tt.saved, known), letters(tt.now, known)
			signs := changeSigns(saved, now)
			var got []string
			for _, l := range now {
				got = append(got, string(cmp.Or(signs[l], ".")))
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("signs %q, want %q", s, tt.want)
			}
		})
	}
}

// rulesFile is a table of rules whose rows begin with the words of a text; "-"
// makes a blank line.
func rulesFile(text string) *tables.File {
	var b strings.Builder
	for _, word := range strings.Fields(text) {
		if word != "-" {
			b.WriteString(word + " FW ALL ALL ssh accept")
		}
		b.WriteString("\n")
	}
	return tables.Parse(tables.Rules, []byte(b.String()))
}

func firstCells(f *tables.File) string {
	var words []string
	for _, l := range f.Lines {
		if len(l.Cells) == 0 {
			words = append(words, "-")
			continue
		}
		words = append(words, l.Cells[0].Text)
	}
	return strings.Join(words, " ")
}

func TestMoveRows(t *testing.T) {
	tests := []struct {
		name, before string
		nums         []int
		by           int
		want         string
		to           []int
	}{
		{"one down", "a b c", []int{1}, 1, "b a c", []int{2}},
		{"one up", "a b c", []int{3}, -1, "a c b", []int{2}},
		{"the last one down", "a b", []int{2}, 1, "a b", []int{2}},
		{"a block down", "a b c d", []int{1, 2}, 1, "c a b d", []int{2, 3}},
		{"a block up", "a b c d", []int{3, 4}, -1, "a c d b", []int{2, 3}},
		{"a block at the end stays", "a b c", []int{2, 3}, 1, "a b c", []int{2, 3}},
		{"what is behind a block at the end catches up", "a b c d", []int{1, 4}, 1, "b a c d", []int{2, 4}},
		{"rows apart move by one each", "a b c d e", []int{1, 3}, 1, "b a d c e", []int{2, 4}},
		{"over a blank line", "a - b", []int{1}, 1, "- b a", []int{3}},
		{"a block over a blank line", "a b - c", []int{1, 2}, 1, "- c a b", []int{3, 4}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := rulesFile(tt.before)
			to, err := moveRows(tt.by)(f, tt.nums)
			if err != nil {
				t.Fatal(err)
			}
			if got := firstCells(f); got != tt.want || !slices.Equal(to, tt.to) {
				t.Errorf("%q with the rows on %v, want %q on %v", got, to, tt.want, tt.to)
			}
		})
	}
}

func TestWhereNow(t *testing.T) {
	tests := []struct {
		name     string
		num      int
		edit     rowEdit
		nums     []int
		want     string // the row that is selected then
		wantLine int
	}{
		{"a moved row", 2, moveRows(1), []int{2}, "b", 3},
		{"a row beside the moved one", 3, moveRows(1), []int{2}, "c", 2},
		{"a row behind deleted ones", 4, deleteRows, []int{1, 2}, "d", 2},
		{"a deleted row gives way to the next", 2, deleteRows, []int{2}, "c", 2},
		{"a deleted row among others", 2, deleteRows, []int{1, 2}, "c", 1},
		{"a row switched off", 2, eachRow((*tables.File).Disable), []int{1, 2}, "b", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := rulesFile("a b c d")
			now := before.Clone()
			to, err := tt.edit(now, tt.nums)
			if err != nil {
				t.Fatal(err)
			}
			got := whereNow(before, now, tt.num, tt.nums, to)
			if got != tt.wantLine || now.Line(got).Cells[0].Text != tt.want {
				t.Errorf("line %d of %q, want line %d, row %s", got, firstCells(now), tt.wantLine, tt.want)
			}
		})
	}
}

func TestPastedRows(t *testing.T) {
	tests := []struct {
		name, text string
		rows       int
		comments   int
		wantErr    string
	}{
		{"two rows", "ext FW ALL ALL ssh accept\nint FW ALL ALL ssh accept\n", 2, 0, ""},
		{"without an end", "ext FW ALL ALL ssh accept", 1, 0, ""},
		{"as a terminal sends line ends", "ext FW ALL ALL ssh accept\rint FW ALL ALL ssh accept\r", 2, 0, ""},
		{"comments and blank lines", "# what\n\next FW ALL ALL ssh accept\n", 1, 1, ""},
		{"a row that is off", "#~ ext FW ALL ALL ssh accept\n", 1, 0, ""},
		{"a cell too few", "ext FW ALL ALL ssh accept\next FW ALL ALL ssh\n", 0, 0, "line 2 has 5 cells, a row of rules has 6"},
		{"prose", "hello\n", 0, 0, "line 1 has 1 cell, a row of rules has 6"},
		{"nothing", "\n\n", 0, 0, ""},
		{"too many rows", strings.Repeat("ext FW ALL ALL ssh accept\n", maxPasted+1), 0, 0, "more than 2000 rows"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, comments, err := pastedRows(tables.Rules, tt.text)
			if len(rows) != tt.rows || comments != tt.comments || (err == nil) != (tt.wantErr == "") || err != nil && err.Error() != tt.wantErr {
				t.Errorf("%d rows, %d comments, error %v; want %d, %d, %q", len(rows), comments, err, tt.rows, tt.comments, tt.wantErr)
			}
		})
	}
}

func TestObjectAt(t *testing.T) {
	set := tables.NewSet(
		tables.Parse(tables.Rules, []byte("ext FW admins ALL ssh accept\n")),
		tables.Parse(tables.Addresses, []byte("admins 10.0.0.1 -\n")),
		tables.Parse(tables.Interfaces, []byte("eth0 ext gre\n")),
		tables.Parse(tables.Options, []byte("* ndp accept\n")),
	)
	tests := []struct {
		kind tables.Kind
		cell int
		want object
	}{
		{tables.Rules, 0, object{tables.ZoneObject, "ext"}},
		{tables.Rules, 2, object{tables.AddressObject, "admins"}},
		{tables.Rules, 4, object{tables.ServiceObject, "ssh"}},
		{tables.Rules, 5, object{}},
		{tables.Addresses, 0, object{tables.AddressObject, "admins"}},
		{tables.Addresses, 1, object{tables.AddressObject, "admins"}},
		{tables.Interfaces, 1, object{tables.ZoneObject, "ext"}},
		{tables.Interfaces, 2, object{tables.InterfaceObject, "eth0"}},
		{tables.Options, 1, object{}},
	}
	for _, tt := range tests {
		if got := objectAt(set, Place{Kind: tt.kind, Line: 1, Cell: tt.cell}); got != tt.want {
			t.Errorf("%s cell %d: %v, want %v", tt.kind, tt.cell, got, tt.want)
		}
	}
}

func TestRowsKnowTheirRulesByFamily(t *testing.T) {
	site := tuitest.New(time.Now)
	set, _ := site.Load()
	compiled, _ := site.Compile(set)
	rows := newCompiledRows(set, compiled)
	tests := []struct {
		line int
		want string
	}{
		{7, "1 1 [ext_inp]"},
		{9, "1 0 [ext_inp]"}, // monitoring has no IPv6 address
		{16, "1 1 [int_to_ext]"},
	}
	for _, tt := range tests {
		row := rows.of(set.File(tables.Rules).Line(tt.line))
		if row == nil {
			t.Errorf("rules:%d is not known", tt.line)
			continue
		}
		if got := fmt.Sprint(len(row.v4.rules), len(row.v6.rules), row.v4.chains); got != tt.want {
			t.Errorf("rules:%d compiles to %s, want %s", tt.line, got, tt.want)
		}
	}
	if only, ok := rows.of(set.File(tables.Rules).Line(9)).only(); !ok || only != ruleset.V4 {
		t.Errorf("rules:9 exists in %v only, want v4", only)
	}
	if rows.apart != 1 {
		t.Errorf("%d rows exist in one family only, want 1", rows.apart)
	}
}

func TestStepOverSeveralTablesIsUndoneAtOnce(t *testing.T) {
	set, _ := tuitest.New(time.Now).Load()
	d := &Desk{set: set, saved: set}
	next, places, err := set.Rename(tables.AddressObject, "lan_nas", "nas")
	if err != nil || places != 2 {
		t.Fatalf("renamed %d places, %v; want 2", places, err)
	}
	at := Place{Kind: tables.Addresses, Line: 5}
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
