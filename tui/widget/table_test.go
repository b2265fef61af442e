package widget

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/mfwtui/mfwtui/tui/style"
)

// thing is a row of the tests.
type thing struct {
	name string
	size int
}

func things(list []thing) Source[string] {
	return Source[string]{
		Len: len(list),
		Key: func(i int) string { return list[i].name },
		Cell: func(i, col int) (Safe, style.Style) {
			if col == 0 {
				return Clean(list[i].name), style.Style{}
			}
			return Format("%d", list[i].size), style.Style{}
		},
		Compare: func(i, j, col int) int {
			if col == 0 {
				return cmp.Compare(list[i].name, list[j].name)
			}
			return cmp.Compare(list[i].size, list[j].size)
		},
	}
}

func newThings(list ...thing) *Table[string] {
	t := NewTable[string](Column{Title: "NAME", Width: 6, Grow: 1}, Column{Title: "SIZE", Width: 5, Right: true, Down: true, Rank: 1})
	t.Set(things(list))
	return t
}

func plainStyles() *style.Styles { return style.New(style.Mono(), style.ASCII()) }

// press makes a key press from its name as a binding writes it.
func press(name string) tea.KeyPressMsg {
	special := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "left": tea.KeyLeft, "right": tea.KeyRight,
		"up": tea.KeyUp, "down": tea.KeyDown, "backspace": tea.KeyBackspace, "home": tea.KeyHome, "end": tea.KeyEnd, "delete": tea.KeyDelete}
	if code, ok := special[name]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	if letter, ok := strings.CutPrefix(name, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: rune(letter[0]), Mod: tea.ModCtrl}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

// shown is what a table draws, without styles and trailing blanks.
func shown(t *Table[string], width, height int) string {
	var b strings.Builder
	for _, l := range t.Render(width, height, plainStyles()) {
		b.WriteString(strings.TrimRight(ansi.Strip(l), " ") + "\n")
	}
	return b.String()
}

func TestTableShowsAWindowAroundTheSelection(t *testing.T) {
	table := newThings(thing{"a", 1}, thing{"b", 2}, thing{"c", 3}, thing{"d", 4})
	for range 3 {
		table.Key(press("j"))
	}
	want := ` NAME     SIZE
 c           3
>d           4
`
	if got := shown(table, 14, 3); got != want {
		t.Errorf("after three steps down:\n%s\nwant\n%s", got, want)
	}
}

// paints reports whether a table paints a text as selected.
func paints(t *Table[string], text string) bool {
	st := plainStyles()
	return strings.Contains(strings.Join(t.Render(20, 4, st), "\n"), NewLine(20, st.Glyphs).Cell(st.Selected, Safe(text), 1).String())
}

func TestBareCellsArePaintedWhereTheSelectionRests(t *testing.T) {
	table := newThings(thing{"a", 1}, thing{"b", 2}, thing{"c", 3})
	// Nothing widens a column beyond the value that is looked for.
	table.Columns = []Column{{Title: "N", Width: 1}, {Title: "S", Width: 1, Right: true, Bare: true}}
	steps := []struct {
		name string
		do   func()
		want string // the value that is painted; empty for none
	}{
		{"at first", func() {}, "1"},
		{"a move", func() { table.Key(press("j")) }, ""},
		{"the second of the move ends", table.Rest, ""},
		{"another move", func() { table.Key(press("j")) }, ""},
		{"its second ends", table.Rest, ""},
		{"a second without a move", table.Rest, "3"},
		{"and another", table.Rest, "3"},
	}
	for _, s := range steps {
		s.do()
		for _, value := range []string{"1", "2", "3"} {
			if got := paints(table, value); got != (value == s.want) {
				t.Errorf("%s: %s is painted: %t", s.name, value, got)
			}
		}
	}
}

func TestTableSelectionFollowsTheKey(t *testing.T) {
	table := newThings(thing{"a", 1}, thing{"b", 2}, thing{"c", 3})
	table.Key(press("j"))
	table.Set(things([]thing{{"x", 9}, {"c", 3}, {"b", 2}}))
	if i, _ := table.Selected(); i != 2 {
		t.Errorf("the selection is at %d after b moved to 2", i)
	}
	table.Set(things([]thing{{"x", 9}, {"c", 3}}))
	if i, ok := table.Selected(); !ok || i != 1 {
		t.Errorf("the selection is at %d, %v after b went; want the last row", i, ok)
	}
	table.Set(things(nil))
	if _, ok := table.Selected(); ok {
		t.Error("an empty table has a selection")
	}
}

func TestTableStaysOnTheFirstRowUntilOneIsChosen(t *testing.T) {
	table := newThings(thing{"a", 1}, thing{"b", 2})
	table.Set(things([]thing{{"x", 9}, {"a", 1}}))
	if i, _ := table.Selected(); i != 0 {
		t.Errorf("the selection left the first row for %d", i)
	}
	table.Key(press("j"))
	table.Key(press("g"))
	table.Set(things([]thing{{"y", 9}, {"x", 9}}))
	if i, _ := table.Selected(); i != 0 {
		t.Errorf("after g the selection left the first row for %d", i)
	}
}

func TestTableSorts(t *testing.T) {
	table := newThings(thing{"b", 2}, thing{"a", 3}, thing{"c", 1})
	order := func() string {
		var names []string
		for _, i := range table.order {
			names = append(names, table.src.Key(int(i)))
		}
		return strings.Join(names, "")
	}
	var got []string
	for _, step := range []func(){func() {}, table.SortNext, table.Reverse, table.SortNext, table.Reverse} {
		step()
		got = append(got, order())
	}
	want := []string{"bac", "abc", "cba", "abc", "cba"} // by size the largest first
	if !slices.Equal(got, want) {
		t.Errorf("orders %q, want %q", got, want)
	}
}

func TestTableRefreshKeepsTheOrder(t *testing.T) {
	table := newThings(thing{"a", 1}, thing{"b", 2})
	table.SortBy = 1
	table.Set(things([]thing{{"a", 1}, {"b", 2}}))
	table.Select("a")
	table.Refresh(things([]thing{{"new", 9}, {"a", 7}, {"b", 2}}))
	want := ` NAME    SIZEv
 b           2
>a           7
 new         9
`
	if got := shown(table, 14, 4); got != want {
		t.Errorf("after a refresh:\n%s\nwant the old order, new rows last:\n%s", got, want)
	}
}

func TestTableDropsColumnsByRank(t *testing.T) {
	table := newThings(thing{"a", 1})
	if got := shown(table, 9, 2); strings.Contains(got, "SIZE") {
		t.Errorf("nine cells have no room for the second column:\n%s", got)
	}
}

func TestTableFilters(t *testing.T) {
	table := newThings()
	src := things([]thing{{"ssh", 1}, {"http", 2}, {"https", 3}})
	src.Keep = func(i int) bool { return strings.HasPrefix(src.Key(i), "http") }
	table.Set(src)
	if table.Shown() != 2 || table.Len() != 3 {
		t.Errorf("shows %d of %d, want 2 of 3", table.Shown(), table.Len())
	}
}

func TestTableLinesFitEveryWidth(t *testing.T) {
	table := newThings(thing{"a name that is long", 123456789}, thing{"防火墙防火墙", 1})
	for width := range 40 {
		for _, l := range table.Render(width, 4, plainStyles()) {
			if lineWidth(l) > width {
				t.Fatalf("width %d: %q takes %d cells", width, l, lineWidth(l))
			}
		}
	}
}

func BenchmarkTable(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		list := make([]thing, n)
		for i := range list {
			list[i] = thing{fmt.Sprintf("flow-%d", i), (i * 7919) % n}
		}
		table := newThings(list...)
		st := plainStyles()
		b.Run(fmt.Sprintf("key/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				table.Key(press("j"))
				table.Render(120, 40, st)
			}
		})
		b.Run(fmt.Sprintf("refresh/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				table.Refresh(things(list))
			}
		})
		b.Run(fmt.Sprintf("sort/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			table.SortBy = 1
			for b.Loop() {
				table.Set(things(list))
			}
		})
	}
}

// matchesOf selects match after match and names the rows.
func matchesOf(table *Table[string], forward bool, n int) string {
	var names []string
	for range n {
		table.NextMatch(forward)
		i, _ := table.Selected()
		names = append(names, table.src.Key(i))
	}
	return strings.Join(names, " ")
}

func TestTableMarksMatchesAndGoesThroughThem(t *testing.T) {
	table := newThings()
	src := things([]thing{{"a1", 1}, {"b", 2}, {"a2", 3}, {"c", 4}, {"a3", 5}})
	src.Mark = func(i int) bool { return strings.HasPrefix(src.Key(i), "a") }
	table.Set(src)
	table.Select("b")
	want := ` NAME     SIZE
/a1          1
>b           2
/a2          3
 c           4
/a3          5
`
	if got := shown(table, 14, 6); got != want {
		t.Errorf("marked:\n%s\nwant\n%s", got, want)
	}
	if n, at := table.Marked(); n != 3 || at != 0 {
		t.Errorf("%d marked, selected %d; want 3, 0", n, at)
	}
	if got, want := matchesOf(table, true, 4), "a2 a3 a1 a2"; got != want {
		t.Errorf("forward %q, want %q", got, want)
	}
	if n, at := table.Marked(); n != 3 || at != 2 {
		t.Errorf("%d marked, selected %d; want 3, 2", n, at)
	}
	table.Select("c")
	if got, want := matchesOf(table, false, 3), "a2 a1 a3"; got != want {
		t.Errorf("backward %q, want %q", got, want)
	}
	src.Mark = nil
	table.Set(src)
	if got, want := matchesOf(table, true, 3), "a1 b a2"; got != want {
		t.Errorf("without marks every row is a match: %q, want %q", got, want)
	}
	table.Set(things(nil))
	if table.NextMatch(true) {
		t.Error("an empty table has a match")
	}
}

func TestTableGivesColumnsWhatTheirTextsNeed(t *testing.T) {
	columns := []Column{
		{Title: "A", Width: 8, Grow: 1},
		{Title: "B", Width: 4},
		{Title: "C", Width: 8, Grow: 1, Middle: true},
	}
	for _, tt := range []struct {
		name  string
		cells [3]Safe
		width int
		want  string
	}{
		{"room goes to the cut one", [3]Safe{"ab", "abcdef", "abcdefgh"}, 26, " ab        abcdef abcdefgh"},
		{"the others give what they do not fill", [3]Safe{"ab", "abcdef", "abcdefgh"}, 23, " ab     abcdef abcdefgh"},
		{"a text cut in its middle comes last", [3]Safe{"abcdefgh", "abcdef", "abcdefghijkl"}, 25, " abcdefgh abcdef abc~ijkl"},
		{"an endless text leaves the others theirs", [3]Safe{Safe(strings.Repeat("x", 99)), "abcdef", "abcdefgh"}, 30, " xxxxxxxxxxxx~ abcdef abcdefgh"},
		{"what does not grow gives nothing", [3]Safe{"abcdefghij", "a", "abcdefgh"}, 23, " abcdefg~ a    abcdefgh"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table := NewTable[int](columns...)
			table.Set(Source[int]{Len: 1, Key: func(int) int { return 0 }, Cell: func(_, col int) (Safe, style.Style) { return tt.cells[col], style.Style{} }})
			got := strings.TrimRight(ansi.Strip(table.Render(tt.width, 2, plainStyles())[1]), " ")
			if got = " " + strings.TrimPrefix(got, ">"); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// A list that moves must not shift its columns with each row that comes.
func TestTableColumnsStayWhereTheyAreWhenTextsGetShorter(t *testing.T) {
	text := Safe("abcdefghij")
	table := NewTable[int](Column{Title: "A", Width: 4}, Column{Title: "B", Width: 4, Grow: 1})
	table.Set(Source[int]{Len: 1, Key: func(int) int { return 0 }, Cell: func(int, int) (Safe, style.Style) { return text, style.Style{} }})
	st := plainStyles()
	before := table.Render(40, 2, st)[0]
	text = "a"
	if after := table.Render(40, 2, st)[0]; after != before {
		t.Errorf("the columns moved:\n%q\n%q", before, after)
	}
}
