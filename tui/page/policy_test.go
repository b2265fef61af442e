package page

import (
	"slices"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
)

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
		if got := objectAt(set, desk.Place{Kind: tt.kind, Line: 1, Cell: tt.cell}); got != tt.want {
			t.Errorf("%s cell %d: %v, want %v", tt.kind, tt.cell, got, tt.want)
		}
	}
}
