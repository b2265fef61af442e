package plan

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAlignmentCoversBothSidesInOrderAndPairsEqualLines(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 3000 {
		before, after := randomLines(r), randomLines(r)
		a, b := 0, 0
		for _, p := range align(before, after) {
			if p.a >= 0 && p.b >= 0 && before[p.a] != after[p.b] {
				t.Fatalf("%q and %q: pairs %d with %d", before, after, p.a, p.b)
			}
			if p.a >= 0 {
				if p.a != a {
					t.Fatalf("%q and %q: line %d of before comes at %d", before, after, p.a, a)
				}
				a++
			}
			if p.b >= 0 {
				if p.b != b {
					t.Fatalf("%q and %q: line %d of after comes at %d", before, after, p.b, b)
				}
				b++
			}
		}
		if a != len(before) || b != len(after) {
			t.Fatalf("%q and %q: %d and %d lines are covered", before, after, a, b)
		}
	}
}

func randomLines(r *rand.Rand) []string {
	lines := make([]string, r.IntN(12))
	for i := range lines {
		lines[i] = strconv.Itoa(r.IntN(9))
	}
	return lines
}

func TestAlignmentKeepsEveryLineThatOnlyScatteredEditsSurround(t *testing.T) {
	const n = 10000
	before := make([]string, n)
	for i := range before {
		before[i] = strconv.Itoa(i)
	}
	after := slices.Clone(before)
	for i := 0; i < n; i += 10 {
		after[i] = "edited " + after[i]
	}
	kept := 0
	for _, p := range align(before, after) {
		if p.a >= 0 && p.b >= 0 {
			kept++
		}
	}
	if kept != n-n/10 {
		t.Errorf("%d lines are kept, want %d", kept, n-n/10)
	}
}

func TestHunksShowThreeLinesAroundAChangeAndFoldComments(t *testing.T) {
	cases := []struct{ name, ops, want string }{
		{"nothing changes", "          ", ""},
		{"one line goes in the middle", "     -     ", "@@ -3,7 +3,6 @@: 2 3 4-5 6 7 8"},
		{"one line comes first", "+    ", "@@ -1,3 +1,4 @@:+0 1 2 3"},
		{"one line comes last", "    +", "@@ -2,3 +2,4 @@: 1 2 3+4"},
		{"changes with six lines between share a hunk", "-      +", "@@ -1,7 +1,7 @@:-0 1 2 3 4 5 6+7"},
		{"changes with seven lines between do not", "-       +", "@@ -1,4 +1,3 @@:-0 1 2 3 @@ -6,3 +5,4 @@: 5 6 7+8"},
		{"everything goes", "---", "@@ -1,3 +0,0 @@:-0-1-2"},
		{"only comments change", " ~~  ", "\\ only the comment changes: 2 rules"},
		{"a comment beside a change", "~ - ", "\\ only the comment changes: 1 rule @@ -2,3 +2,2 @@: 1-2 3"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var lines []Line
			for i, op := range c.ops {
				lines = append(lines, Line{Op: Op(strings.IndexRune(" +-~", op)), Text: strconv.Itoa(i)})
			}
			var b strings.Builder
			hunks(&b, lines)
			if diff := cmp.Diff(c.want, shorthand(b.String())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// shorthand puts a unified diff on one line: headers apart by spaces, lines of
// rules without.
func shorthand(unified string) string {
	var b strings.Builder
	inHunk := false
	for line := range strings.Lines(unified) {
		line = strings.TrimSuffix(line, "\n")
		header := strings.HasPrefix(line, "@@") || strings.HasPrefix(line, "\\")
		if header && b.Len() > 0 {
			b.WriteByte(' ')
		}
		if !header && !inHunk {
			b.WriteByte(':')
		}
		b.WriteString(line)
		inHunk = !header
	}
	return b.String()
}

func TestStagedNamesFitAndStayApart(t *testing.T) {
	long := strings.Repeat("x", 27)
	names := []string{"ext_inp", long + "1", long + "2", strings.Repeat("y", 23), strings.Repeat("y", 24)}
	seen := map[string]bool{}
	for _, name := range names {
		staged := stagedChain(name)
		if len(staged) > 28 || !isStaged(staged) || seen[staged] {
			t.Errorf("%s becomes %s", name, staged)
		}
		seen[staged] = true
	}
	if got, want := stagedChain("ext_inp"), "mfwt.ext_inp"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
