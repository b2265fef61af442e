package tables

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// tell writes changes in short: "~ rules 2>3 moved c4: x > y".
func tell(changes []RowChange) []string {
	var out []string
	for i := range changes {
		c := &changes[i]
		op := "~"
		switch {
		case c.Before == nil:
			op = "+"
		case c.After == nil:
			op = "-"
		}
		text := fmt.Sprintf("%s %s %d>%d", op, c.Kind, c.Was, c.Now)
		for word, is := range map[string]bool{" moved": c.Moved, " off": c.SwitchedOff(), " on": c.SwitchedOn()} {
			if is {
				text += word
			}
		}
		for _, cell := range c.Cells() {
			text += fmt.Sprintf(" %s: %s > %s", cell.Column.Title, cell.Was, cell.Now)
		}
		out = append(out, text)
	}
	return out
}

func TestCompareRowsTellsWhatBecameOfEachRow(t *testing.T) {
	const rules = "# head\next FW ALL ALL ssh accept\next FW ALL ALL smtp accept\n\next int lan ALL http accept\nint ext ALL ALL ALL accept\n"
	tests := []struct {
		name  string
		kind  Kind
		text  string // before
		after string
		want  []string
	}{
		{"nothing", Rules, rules, rules, nil},
		{"white space and comments", Rules, rules, "# other\n" + strings.ReplaceAll(rules, " ", "   "), nil},
		{"a new row", Rules, rules, strings.Replace(rules, "\n\n", "\next FW ALL ALL dns accept\n\n", 1), []string{"+ rules 0>4"}},
		{"a row gone", Rules, rules, strings.Replace(rules, "ext FW ALL ALL smtp accept\n", "", 1), []string{"- rules 3>0"}},
		{"a cell", Rules, rules, strings.Replace(rules, "smtp", "dns", 1), []string{"~ rules 3>3 Service: smtp > dns"}},
		{"two cells", Rules, rules, strings.Replace(rules, "lan ALL http", "lan nas https", 1), []string{"~ rules 5>5 Dst-Address: ALL > nas Service: http > https"}},
		{"off", Rules, rules, strings.Replace(rules, "ext FW ALL ALL smtp", "#~ ext FW ALL ALL smtp", 1), []string{"~ rules 3>3 off"}},
		{"on", Rules, strings.Replace(rules, "int ext", "#~ int ext", 1), rules, []string{"~ rules 6>6 on"}},
		{"off and edited", Rules, rules, strings.Replace(rules, "ext FW ALL ALL smtp", "#~ ext FW ALL ALL dns", 1), []string{"~ rules 3>3 off Service: smtp > dns"}},
		{"another row altogether", Rules, rules, strings.Replace(rules, "ext FW ALL ALL smtp accept", "int DMZ a b smtp drop", 1), []string{"- rules 3>0", "+ rules 0>3"}},
		{"moved", Rules, rules, "int ext ALL ALL ALL accept\n" + strings.Replace(rules, "int ext ALL ALL ALL accept\n", "", 1), []string{"~ rules 6>1 moved"}},
		{"rows of the same words", Rules, "a b c d e f\na b c d e f\n", "a b c d e f\n", []string{"- rules 2>0"}},
		{"moved, with another one edited", Rules, rules, "int ext ALL ALL ALL accept\n# head\next FW ALL ALL ssh accept\next FW ALL ALL dns accept\n\next int lan ALL http accept\n",
			[]string{"~ rules 6>1 moved", "~ rules 3>4 Service: smtp > dns"}},
		{"an object by its name, wherever it stands", Addresses, "a 10.0.0.1 -\nb 10.0.0.2 -\n", "c 10.0.0.3 -\nb 10.0.0.9 fd00::9\na 10.0.0.1 -\n",
			[]string{"+ addresses 0>1", "~ addresses 2>2 IPv4: 10.0.0.2 > 10.0.0.9 IPv6: - > fd00::9"}},
		{"a renamed object is another one", Services, "ssh 22 -\n", "secure 22 -\n", []string{"- services 1>0", "+ services 0>1"}},
		{"an option", Options, "* countdown 30\n", "* countdown 60\n* ndp accept\n", []string{"~ options 1>1 Value: 30 > 60", "+ options 0>2"}},
		{"a short row", Rules, "a b c\n", "a b c d\n", []string{"~ rules 1>1 Dst-Address:  > d"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, after := NewSet(Parse(tt.kind, []byte(tt.text))), NewSet(Parse(tt.kind, []byte(tt.after)))
			if got := tell(CompareRows(before, after)); !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestCompareRowsOfTablesThatShareNothingIsQuick(t *testing.T) {
	var a, b strings.Builder
	for i := range maxRows {
		fmt.Fprintf(&a, "a b c d s%d accept\n", i)
		fmt.Fprintf(&b, "a b c d t%d accept\n", i)
	}
	changes := CompareRows(NewSet(Parse(Rules, []byte(a.String()))), NewSet(Parse(Rules, []byte(b.String()))))
	if len(changes) != maxRows || len(changes[7].Cells()) != 1 {
		t.Errorf("%d changes, want %d with one cell each", len(changes), maxRows)
	}
}

func TestSharingTakesTheLinesThatBothHave(t *testing.T) {
	a := Parse(Rules, []byte("a b c d e f\n# note\na b c d e f\nlast"))
	b := Parse(Rules, []byte("new\n# note\na b c d e f\na b c d e f\na b c d e f\n"))
	got := b.Sharing(a)
	if string(got.Bytes()) != string(b.Bytes()) {
		t.Errorf("the bytes changed: %q", got.Bytes())
	}
	shared := []bool{false, true, true, true, false}
	for i, l := range got.Lines {
		if slices.Contains(a.Lines, l) != shared[i] {
			t.Errorf("line %d shared: %v, want %v", i+1, !shared[i], shared[i])
		}
	}
}

func BenchmarkCompareRows(b *testing.B) {
	var text strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&text, "a b c d s%d accept\n", i)
	}
	before := NewSet(Parse(Rules, []byte(text.String())))
	after, err := before.Edit(Rules, func(f *File) error { return f.MoveRow(1, 9_000) })
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		CompareRows(before, after)
	}
}
