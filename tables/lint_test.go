package tables

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestLintFindsWhatComparingEachWithEachFinds holds the indexes of the linter
// against the definition: a row is shadowed by the first row before it that
// asks less of a packet, and a plain accept is masqueraded by the first
// accept+nat after it that some packet may meet too.
func TestLintFindsWhatComparingEachWithEachFinds(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	set := setWith(Rules, "")
	found := 0
	for range 300 {
		var text strings.Builder
		for range 12 {
			fmt.Fprintln(&text, pick("ext", "int"), pick("ext", "int", "FW", "ALL"), pick("ALL", "v4only", "lan_nas"),
				pick("ALL", "router", "lan_nas"), pick("ALL", "ssh", "dns"), pick("accept", "accept", "accept+nat", "drop"))
		}
		cfg, problems := set.With(Parse(Rules, []byte(text.String()))).Check(Facts{})
		var got, want []string
		for _, p := range problems {
			if strings.Contains(p.Text, "never reached") || strings.Contains(p.Text, "masqueraded") {
				got = append(got, strings.SplitAfter(p.Error(), " (")[0])
			}
		}
		for i := range cfg.Rules {
			want = append(want, eachWithEach(cfg.Rules, i)...)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%s\ngot\n%s\nwant\n%s", text.String(), strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		found += len(got)
	}
	if found < 500 {
		t.Errorf("only %d findings in all: the rows are too different to prove anything", found)
	}
}

// eachWithEach is the definition of the two lints for rule i.
func eachWithEach(rules []Rule, i int) (problems []string) {
	cells := func(r *Rule) []string { return []string{r.DstZone, r.Src.Text, r.Dst.Text, r.Service} }
	every := func(a, b *Rule, holds func(x, y string) bool) bool {
		x, y := cells(a), cells(b)
		for k := range x {
			if !holds(x[k], y[k]) {
				return false
			}
		}
		return a.SrcZone == b.SrcZone
	}
	r := &rules[i]
	for j := range i {
		wider := every(&rules[j], r, func(x, y string) bool { return x == y || x == All })
		if wider && !r.Action.NAT {
			problems = append(problems, fmt.Sprintf("rules:%d:1: never reached: rules:%d (", r.Num, rules[j].Num))
			break
		}
	}
	for j := i + 1; j < len(rules) && r.Action.Verb == Accept && !r.Action.NAT && r.DstZone != FW; j++ {
		meets := every(&rules[j], r, func(x, y string) bool { return x == y || x == All || y == All })
		if meets && rules[j].Action.NAT && rules[j].DstZone != FW {
			problems = append(problems, fmt.Sprintf("rules:%d:%d: plain accept of %s->%s is masqueraded anyway by rules:%d (",
				r.Num, r.Line.Col(5), r.SrcZone, r.DstZone, rules[j].Num))
			break
		}
	}
	return problems
}
