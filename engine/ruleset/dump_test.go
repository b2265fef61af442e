package ruleset

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"testing"
)

// TestADumpIsCountedAgainAsItWouldBeParsed changes the counters of every
// recorded dump of the real tools.
func TestADumpIsCountedAgainAsItWouldBeParsed(t *testing.T) {
	counters := regexp.MustCompile(`(?m)\[\d+:\d+\]( -A|$)`)
	for _, s := range saved(t) {
		d, err := ParseDump(s.family, s.text)
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		n := 0
		later := counters.ReplaceAllFunc(s.text, func(old []byte) []byte {
			n++
			_, rest, _ := bytes.Cut(old, []byte("]"))
			return fmt.Appendf(nil, "[%d:%d]%s", n, n*1000, rest)
		})
		got, ok := d.Again(later)
		if want := s.name != "hostile-4.txt"; ok != want { // its comments have line feeds
			t.Errorf("%s: counted again: %t, want %t", s.name, ok, want)
		}
		if want, _ := ParseTables(s.family, later); ok && !reflect.DeepEqual(got, want) {
			t.Errorf("%s: counted again, the tables are not as parsed", s.name)
		}
		if again, _ := ParseTables(s.family, s.text); !reflect.DeepEqual(d.Tables(), again) {
			t.Errorf("%s: the earlier tables changed", s.name)
		}
	}
}

// TestNoDumpOfOtherRulesIsCountedAgain damages recorded dumps byte by byte and
// line by line: what is counted again must be what a parser makes of it.
func TestNoDumpOfOtherRulesIsCountedAgain(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	refused, taken := 0, 0
	for _, s := range saved(t) {
		d, err := ParseDump(s.family, s.text)
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		for range 300 {
			later := damaged(r, s.text)
			got, ok := d.Again(later)
			if !ok {
				refused++
				continue
			}
			taken++
			if want, err := ParseTables(s.family, later); err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: counted again, but not as parsed (%v):\n%s", s.name, err, later)
			}
		}
	}
	if refused == 0 || taken == 0 {
		t.Errorf("%d were refused and %d taken, want some of each", refused, taken)
	}
}

// TestALaterDumpIsParsedAsIfItWereTheFirst damages recorded dumps in several
// places, one dump after the other: what is known of the earlier ones must not
// show.
func TestALaterDumpIsParsedAsIfItWereTheFirst(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, s := range saved(t) {
		d, err := ParseDump(s.family, s.text)
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		for range 100 {
			later := s.text
			for range r.IntN(4) {
				later = damaged(r, later)
			}
			want, wantErr := ParseTables(s.family, later)
			next, err := d.Next(s.family, later)
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("%s: error %v, want %v:\n%s", s.name, err, wantErr, later)
			}
			if err != nil {
				continue
			}
			if !reflect.DeepEqual(next.Tables(), want) {
				t.Fatalf("%s: not as parsed:\n%s", s.name, later)
			}
			d = next
		}
	}
}

// TestALineMeansWhatItsTableMakesOfIt has lines that are the same in both
// dumps, and mean something else in the second.
func TestALineMeansWhatItsTableMakesOfIt(t *testing.T) {
	const rule, rest = "[0:0] -A a -j REJECT\n", "COMMIT\n"
	dumps := []string{
		"*filter\n:a - [0:0]\n" + rule + rest,
		"*filter\n:a - [0:0]\n:REJECT - [0:0]\n" + rule + rest,
		"*nat\n:a - [0:0]\n" + rule + rest + "*filter\n:a - [0:0]\n[0:0] -A a -j TEE\n" + rest,
		"*filter\n:a - [0:0]\n" + rule + "[0:0] -A REJECT -j DROP\n[0:0] -A a -p tcp -j REJECT\n" + rest,
		"*filter\n:a - [0:0]\n" + rule + "goes on\n" + rest,
	}
	for _, first := range dumps {
		for _, second := range dumps {
			d, err := ParseDump(V4, []byte(first))
			if err != nil {
				t.Fatal(err)
			}
			before := d.Tables().SaveText(V4)
			next, err := d.Next(V4, []byte(second))
			want, wantErr := ParseTables(V4, []byte(second))
			if err != nil || wantErr != nil || !reflect.DeepEqual(next.Tables(), want) {
				t.Errorf("%q after %q: not as parsed (%v, %v)", second, first, err, wantErr)
			}
			if after := d.Tables().SaveText(V4); after != before {
				t.Errorf("%q after %q: the earlier dump became %q", second, first, after)
			}
		}
	}
}

// TestADumpHoldsFewEarlierTexts proves that what survives every change does not
// keep every text alive.
func TestADumpHoldsFewEarlierTexts(t *testing.T) {
	parse := func(n int) []byte {
		return fmt.Appendf(nil, "*filter\n:a - [0:0]\n[0:0] -A a -i stays -j DROP\n[0:0] -A a -i eth%d -j DROP\nCOMMIT\n", n)
	}
	d, err := ParseDump(V4, parse(0))
	for n := range 10 * maxAge {
		if err != nil {
			t.Fatal(err)
		}
		if d.age > maxAge {
			t.Fatalf("dump %d holds the texts of %d earlier ones, want at most %d", n, d.age, maxAge)
		}
		d, err = d.Next(V4, parse(n+1))
	}
}

// damaged changes a digit, or another byte, or takes a line away, or doubles it.
func damaged(r *rand.Rand, text []byte) []byte {
	lines := bytes.SplitAfter(bytes.Clone(text), newline)
	at := r.IntN(len(lines) - 1)
	line := lines[at]
	switch r.IntN(4) {
	case 0:
		if digit := bytes.IndexAny(line, "0123456789"); digit >= 0 {
			line[digit] = '1' + byte(r.IntN(9))
		}
	case 1:
		line[r.IntN(len(line))] = "x 1[]:\"\n"[r.IntN(8)]
	case 2:
		lines[at] = nil
	case 3:
		lines[at] = bytes.Repeat(line, 2)
	}
	return bytes.Join(lines, nil)
}

func BenchmarkDumpAgain(b *testing.B) {
	bySize(b, func(b *testing.B, n int) {
		text := []byte(manyRules(n).V4.SaveText(V4))
		d, err := ParseDump(V4, text)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if _, ok := d.Again(text); !ok {
				b.Fatal("not the same rules")
			}
		}
	})
}

// BenchmarkDumpNext parses two dumps in turns that differ in one rule.
func BenchmarkDumpNext(b *testing.B) {
	bySize(b, func(b *testing.B, n int) {
		text := []byte(manyRules(n).V4.SaveText(V4))
		changed := bytes.Replace(text, []byte("COMMIT"), []byte("[0:0] -A INPUT -j DROP\nCOMMIT"), 1)
		d, err := ParseDump(V4, text)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			d.age = 0
			if d, err = d.Next(V4, changed); err != nil {
				b.Fatal(err)
			}
			text, changed = changed, text
		}
	})
}
