package ruleset

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// FuzzParseTables proves that no dump makes the parser panic, and that what it
// understood survives being written and read again, unchanged.
func FuzzParseTables(f *testing.F) {
	for _, dump := range saved(f) {
		f.Add(dump.text, dump.family == V6)
	}
	f.Add([]byte("*filter\n:X - [0:0]\n-A X -i a\nb -j DROP\nCOMMIT\n"), false)
	f.Add([]byte("*filter\n-A X -m comment --comment \"a\nb\" -j \"x\n-A X -f \"q\nCOMMIT\n"), true)
	f.Fuzz(func(t *testing.T, data []byte, six bool) {
		family := V4
		if six {
			family = V6
		}
		first, err := ParseTables(family, data)
		if err != nil {
			return
		}
		text := first.SaveText(family)
		second, err := ParseTables(family, []byte(text))
		if err != nil {
			t.Fatalf("text that was written does not parse: %v\n%s", err, text)
		}
		if diff := firstDifference(first, second); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzParseSets proves the same for sets, as far as they can be written.
func FuzzParseSets(f *testing.F) {
	f.Add([]byte("create a hash:net family inet timeout 5\nadd a 10.0.0.0/8 timeout 3 nomatch\n"))
	f.Add([]byte("create a hash:ip comment\nadd a 1.2.3.4 comment \"x\ny\"\ncreate p bitmap:port range 0-9\nadd p 1\nadd p 2-3\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sets, err := ParseSets(data)
		if err != nil {
			return
		}
		text, err := sets.RestoreText()
		if err != nil {
			return
		}
		again, err := ParseSets([]byte(text))
		if err != nil {
			t.Fatalf("text that was written does not parse: %v\n%s", err, text)
		}
		if !reflect.DeepEqual(sets.Names(), again.Names()) {
			t.Fatalf("sets %v came back as %v", sets.Names(), again.Names())
		}
		for name, s := range sets {
			if !s.Equal(again[name]) {
				t.Fatalf("set %s came back changed:\n%s", name, text)
			}
		}
	})
}

// firstDifference names the first chain or rule that is not the same in both.
func firstDifference(a, b Tables) string {
	if len(a) != len(b) {
		return fmt.Sprintf("%d tables became %d", len(a), len(b))
	}
	for i, t := range a {
		if t.Name != b[i].Name || len(t.Chains) != len(b[i].Chains) {
			return fmt.Sprintf("table %s with %d chains became %s with %d", t.Name, len(t.Chains), b[i].Name, len(b[i].Chains))
		}
		for j, c := range t.Chains {
			d := b[i].Chains[j]
			if c.Name != d.Name || c.Policy != d.Policy || c.Counters != d.Counters || len(c.Rules) != len(d.Rules) {
				return fmt.Sprintf("chain %+v became %+v", c, d)
			}
			for k, r := range c.Rules {
				if !reflect.DeepEqual(r, d.Rules[k]) {
					return fmt.Sprintf("rule %d of %s:\n%#v\nbecame\n%#v", k, c.Name, r, d.Rules[k])
				}
			}
		}
	}
	return ""
}

// dump is a recorded file of testdata/save.
type dump struct {
	name   string
	family Family
	text   []byte
}

// saved reads the recorded dumps. Names end in 4.txt or 6.txt.
func saved(tb testing.TB) []dump {
	tb.Helper()
	names, err := filepath.Glob("testdata/save/*[46].txt")
	if err != nil || len(names) == 0 {
		tb.Fatalf("no recorded dumps: %v", err)
	}
	var dumps []dump
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		d := dump{name: filepath.Base(name), family: V4, text: text}
		if name[len(name)-len("6.txt")] == '6' {
			d.family = V6
		}
		dumps = append(dumps, d)
	}
	return dumps
}
