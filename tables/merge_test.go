package tables

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// text makes a table of lines.
func text(lines ...string) *File {
	return Parse(Services, []byte(strings.Join(lines, "\n")+"\n"))
}

func merge3(t *testing.T, base, mine, theirs *File) *Merge {
	t.Helper()
	m, err := Merge3(base, mine, theirs)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMerge3(t *testing.T) {
	base := []string{"# head", "", "a 1 -", "b 2 -", "c 3 -", "d 4 -"}
	for _, test := range []struct {
		name         string
		mine, theirs []string
		want         string // the merged lines, or the conflicts as BASE|MINE|THEIRS
	}{
		{"nothing changed", base, base, "# head//a 1 -/b 2 -/c 3 -/d 4 -"},
		{"only mine", []string{"# head", "", "a 1 -", "b 22 -", "c 3 -", "d 4 -"}, base, "# head//a 1 -/b 22 -/c 3 -/d 4 -"},
		{"only theirs", base, []string{"", "a 1 -", "b 2 -", "c 3 -"}, "/a 1 -/b 2 -/c 3 -"},
		{"far apart", []string{"# head", "", "a 11 -", "b 2 -", "c 3 -", "d 4 -"}, []string{"# head", "", "a 1 -", "b 2 -", "c 3 -", "d 44 -", "e 5 -"},
			"# head//a 11 -/b 2 -/c 3 -/d 44 -/e 5 -"},
		{"neighbours", []string{"# head", "", "a 11 -", "b 22 -", "c 3 -", "d 4 -"}, []string{"# head", "", "a 1 -", "b 22 -", "c 33 -", "d 4 -"},
			"# head//a 11 -/b 22 -/c 33 -/d 4 -"},
		{"a conflict beside an edit", []string{"# head", "", "a 11 -", "b 22 -", "c 3 -", "d 4 -"}, []string{"# head", "", "a 1 -", "b 23 -", "c 3 -", "d 4 -"},
			"conflict b 2 -|b 22 -|b 23 -"},
		{"the same change", []string{"# head", "", "a 1 -", "b 22 -", "c 3 -", "d 4 -"}, []string{"# head", "", "a 1 -", "b 22 -", "c 3 -", "d 4 -"},
			"# head//a 1 -/b 22 -/c 3 -/d 4 -"},
		{"one line, two ways", []string{"# head", "", "a 1 -", "b 22 -", "c 3 -", "d 4 -"}, []string{"# head", "", "a 1 -", "b 23 -", "c 3 -", "d 4 -"},
			"conflict b 2 -|b 22 -|b 23 -"},
		{"deleted here, edited there", []string{"# head", "", "a 1 -", "b 2 -", "d 4 -"}, []string{"# head", "", "a 1 -", "b 2 -", "c 3 9", "d 4 -"},
			"conflict c 3 -||c 3 9"},
		{"two rows in one place", append(slices.Clone(base), "e 5 -"), append(slices.Clone(base), "f 6 -"), "conflict |e 5 -|f 6 -"},
		{"all of it", []string{"x 1 -"}, []string{"y 1 -"}, "conflict # head//a 1 -/b 2 -/c 3 -/d 4 -|x 1 -|y 1 -"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := merge3(t, text(base...), text(test.mine...), text(test.theirs...))
			if got := mergeResult(m); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// mergeResult writes what a merge comes to.
func mergeResult(m *Merge) string {
	var conflicts []string
	for _, h := range m.Hunks {
		if h.Origin == Conflict {
			conflicts = append(conflicts, "conflict "+joined(h.Base)+"|"+joined(h.Mine)+"|"+joined(h.Theirs))
		}
	}
	if f, err := m.File(); err == nil {
		return joined(f.Lines)
	}
	return strings.Join(conflicts, " ")
}

func joined(lines []*Line) string {
	var out []string
	for _, l := range lines {
		out = append(out, l.String())
	}
	return strings.Join(out, "/")
}

func TestAConflictIsWhatTheAnswerSays(t *testing.T) {
	base, mine, theirs := text("a 1 -", "b 2 -"), text("a 1 -", "b 22 -"), text("a 1 -", "b 23 -")
	for take, want := range map[Side]string{Mine: "a 1 -/b 22 -", Theirs: "a 1 -/b 23 -", Both: "a 1 -/b 22 -/b 23 -"} {
		m := merge3(t, base, mine, theirs)
		if _, err := m.File(); !errors.Is(err, ErrConflict) || m.Open() != 1 {
			t.Fatalf("an open conflict: %v, %d open", err, m.Open())
		}
		m.Hunks[1].Take = take
		if got := mergeResult(m); got != want {
			t.Errorf("side %d: %q, want %q", take, got, want)
		}
	}
}

func TestMergeOfATableThatCouldNotBeReadIsRefused(t *testing.T) {
	ok, unread := text("a 1 -"), &File{Kind: Services, unread: "is a directory"}
	if _, err := Merge3(ok, ok, unread); !errors.Is(err, ErrUnread) {
		t.Errorf("got %v, want ErrUnread", err)
	}
}

func TestAMergedLastLineEndsBeforeAnother(t *testing.T) {
	base := Parse(Services, []byte("a 1 -\nb 2 -\nc 3 -\nd 4 -"))
	mine := Parse(Services, []byte("a 1 -\nb 2 -\nc 3 -\nd 44 -"))
	theirs := Parse(Services, []byte("a 1 -\nb 2 -\nc 3 -\nd 45 -"))
	m := merge3(t, base, mine, theirs)
	m.Hunks[1].Take = Both
	f, err := m.File()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(f.Bytes()), "a 1 -\nb 2 -\nc 3 -\nd 44 -\nd 45 -"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// randomEdits edits lines that are at least two apart, so that no two edits
// meet. Each goes to mine, to theirs, or to both; all of them to want.
func randomEdits(r *rand.Rand, base []string) (mine, theirs, want []string) {
	put := func(to *[]string, edit bool, line string, made []string) {
		if edit {
			*to = append(*to, made...)
		} else {
			*to = append(*to, line)
		}
	}
	for i, line := range base {
		if i%2 == 0 || r.IntN(3) > 0 {
			mine, theirs, want = append(mine, line), append(theirs, line), append(want, line)
			continue
		}
		made := [][]string{nil, {line + "x"}, {line, fmt.Sprintf("new%d 1 -", i)}, {"", line, "# why"}}[r.IntN(4)]
		who := r.IntN(3)
		put(&mine, who != 1, line, made)
		put(&theirs, who != 0, line, made)
		put(&want, true, line, made)
	}
	return mine, theirs, want
}

// Property: edits that do not meet all survive, and the same edit of both is
// made once.
func TestEditsThatDoNotMeetAllSurvive(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		base := make([]string, 1+r.IntN(40))
		for i := range base {
			base[i] = fmt.Sprintf("svc%d %d -", i, 1000+i)
		}
		mine, theirs, want := randomEdits(r, base)
		m := merge3(t, text(base...), text(mine...), text(theirs...))
		if got := mergeResult(m); got != strings.Join(want, "/") {
			t.Fatalf("seed %d:\nbase   %q\nmine   %q\ntheirs %q\ngot    %q\nwant   %q", seed, base, mine, theirs, got, want)
		}
	}
}

// Property: whatever the edits, one side alone gives that side, the same edit
// twice gives it once, and answering every conflict with one side leaves no
// line that nobody wrote.
func TestMergeOfAnyTexts(t *testing.T) {
	random := func(r *rand.Rand) *File {
		lines := make([]string, r.IntN(12))
		for i := range lines {
			lines[i] = []string{"", "a 1 -", "b 2 -", "c 3 -", "# x"}[r.IntN(5)]
		}
		return text(lines...)
	}
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 2))
		base, mine, theirs := random(r), random(r), random(r)
		for name, c := range map[string]struct{ mine, theirs, want *File }{
			"mine alone": {mine, base, mine}, "theirs alone": {base, theirs, theirs}, "the same twice": {mine, mine, mine},
		} {
			f, err := merge3(t, base, c.mine, c.theirs).File()
			if err != nil || !f.Equal(c.want) {
				t.Fatalf("seed %d, %s: %v, %q, want %q", seed, name, err, f.Bytes(), c.want.Bytes())
			}
		}
		m := merge3(t, base, mine, theirs)
		for i := range m.Hunks {
			m.Hunks[i].Take = Theirs
		}
		f, err := m.File()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range f.Lines {
			known := slices.ContainsFunc(slices.Concat(base.Lines, mine.Lines, theirs.Lines), func(o *Line) bool { return sameLine(l, o) })
			if !known {
				t.Fatalf("seed %d: %q is from nowhere", seed, l.String())
			}
		}
	}
}

func TestMatchIsALongestCommonSubsequence(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 3))
		a, b := make([]string, r.IntN(14)), make([]string, r.IntN(14))
		for _, list := range [][]string{a, b} {
			for i := range list {
				list[i] = []string{"a 1 -", "b 2 -", "c 3 -"}[r.IntN(3)]
			}
		}
		match := matchLines(text(a...).Lines, text(b...).Lines)
		kept, last := 0, -1
		for i, at := range match {
			if at < 0 {
				continue
			}
			kept++
			if at <= last || len(b) > 0 && len(a) > 0 && text(a...).Lines[i].String() != text(b...).Lines[at].String() {
				t.Fatalf("seed %d: %v does not match %q with %q", seed, match, a, b)
			}
			last = at
		}
		if want := common(text(a...).Lines, text(b...).Lines); kept != want {
			t.Fatalf("seed %d: %d lines kept, want %d: %q %q", seed, kept, want, a, b)
		}
	}
}

// common is the length of the longest common subsequence, by the book.
func common(a, b []*Line) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			above := row[j+1]
			if row[j+1] = max(above, row[j]); sameLine(x, y) {
				row[j+1] = diagonal + 1
			}
			diagonal = above
		}
	}
	return row[len(b)]
}

func TestTablesThatDifferAltogetherAreOneHunk(t *testing.T) {
	lines := func(prefix string) *File {
		list := make([]string, 3*matchLimit)
		for i := range list {
			list[i] = fmt.Sprintf("%s%d %d -", prefix, i, i)
		}
		return text(list...)
	}
	m := merge3(t, lines("a"), lines("b"), lines("a"))
	if len(m.Hunks) != 1 || m.Hunks[0].Origin != ByMine {
		t.Errorf("%d hunks", len(m.Hunks))
	}
}

func TestSharingKeepsTheLinesThatDidNotChange(t *testing.T) {
	old := NewSet(text("a 1 -", "b 2 -", "c 3 -"))
	now := NewSet(text("a 1 -", "b 22 -", "c 3 -")).Sharing(old)
	was, is := old.File(Services).Lines, now.File(Services).Lines
	for i, same := range []bool{true, false, true} {
		if (was[i] == is[i]) != same {
			t.Errorf("line %d: the same Line is %v, want %v", i+1, !same, same)
		}
	}
	if got, want := string(now.File(Services).Bytes()), "a 1 -\nb 22 -\nc 3 -\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
