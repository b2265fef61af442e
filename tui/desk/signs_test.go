package desk

import (
	"cmp"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/tables"
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
