package tables

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// hardBytes are inputs that lose something in a parser that normalises.
var hardBytes = []string{
	"",
	"\n",
	"\r\r\n\n\r",
	"# comment only",
	"ext FW ALL ALL ssh accept",
	"ext\tFW  ALL ALL\tssh accept  \t\n",
	"\ufeff# first\next FW ALL ALL ssh accept\n",
	"\ufeff\ufeffext FW ALL ALL ssh accept\n",
	"ext FW ALL ALL ssh accept\r\nint FW ALL ALL ssh drop\r\n",
	"ext FW ALL ALL ssh accept\rint FW ALL ALL ssh drop\r\r\n",
	"ext\u00a0FW\u2003ALL\u3000ALL\x1cssh\x85accept\n",
	"a\x0bb\x0cc\x1dd\x1ee\x1ff\u0085g\u2028h\u2029i\n",
	"nul \x00 byte\x00\n",
	"bad \xff utf-8 \xc3\n\xe2\x80",
	"#~ ext FW ALL ALL ssh accept\n#~\n#~  \n#~ # x\n#~x\n",
	"  # indented\n \t \n",
	"wide 端口 e\u0301 \u202e\n",
}

func FuzzRoundTrip(f *testing.F) {
	for _, s := range hardBytes {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, k := range Kinds() {
			if got := Parse(k, data).Bytes(); !bytes.Equal(got, data) {
				t.Fatalf("%s: parse and print gave\n%q, want\n%q", k, got, data)
			}
		}
	})
}

// dump shows how a file was understood, one line each.
func dump(f *File) string {
	var b strings.Builder
	if f.BOM {
		b.WriteString("bom\n")
	}
	for _, l := range f.Lines {
		switch {
		case l.Disabled:
			fmt.Fprintf(&b, "off %q", l.Texts())
		case l.IsRow():
			fmt.Fprintf(&b, "row %q", l.Texts())
		case l.IsComment():
			fmt.Fprintf(&b, "comment %q", l.Tail)
		default:
			fmt.Fprintf(&b, "blank %q", l.Tail)
		}
		fmt.Fprintf(&b, " %q\n", l.EOL)
	}
	return b.String()
}

func TestParseSeesWhatMicroFWSees(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"a comment starts with the first byte only", "# a\n # b\n", `comment "# a" "\n"
row ["#" "b"] "\n"
`},
		{"Python's line ends", "a\rb\r\nc\n\x0bd\x0c", `row ["a"] "\r"
row ["b"] "\r\n"
row ["c"] "\n"
row ["d"] ""
`},
		{"a lone carriage return near the end", "a\rb", `row ["a"] "\r"
row ["b"] ""
`},
		{"Python's white space", "a\u00a0b\x1cc\x1fd\u0085e\u2028f\u3000g\u1680h\u202fi", `row ["a" "b" "c" "d" "e" "f" "g" "h" "i"] ""
`},
		{"what is no white space there", "a\u200bb\u180ec\u2060d\x00e", `row ["a\u200bb\u180ec\u2060d\x00e"] ""
`},
		{"white space in a byte that is no character", "a\x85b\xa0c", `row ["a\x85b\xa0c"] ""
`},
		{"a byte-order mark does not hide a comment", "\ufeff# a\n", `bom
comment "# a" "\n"
`},
		{"a byte-order mark is not data", "\ufeffext FW\n", `bom
row ["ext" "FW"] "\n"
`},
		{"a row that is switched off", "#~ ext FW\n#~ext FW\n#~ \n", `off ["ext" "FW"] "\n"
comment "#~ext FW" "\n"
comment "#~ " "\n"
`},
		{"a line of white space is blank", " \t\u00a0\n", `blank " \t\u00a0" "\n"
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := dump(Parse(Rules, []byte(c.in))); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

func TestColumnsCountCharacters(t *testing.T) {
	line := Parse(Addresses, []byte("bür\u00a0 1.2.3.4\t-\n")).Line(1)
	got := fmt.Sprint(line.Col(0), line.Col(1), line.Col(2), line.Col(3))
	if want := "1 6 14 15"; got != want {
		t.Errorf("columns are %s, want %s", got, want)
	}
}
