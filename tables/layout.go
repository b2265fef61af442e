package tables

import (
	"strings"
	"unicode"
)

// tabWidth is the distance of tab stops on the terminals that tables are
// edited on.
const tabWidth = 8

// layout is where the cells of a row start, in display columns from 0, and the
// gaps that lead there. Rows are laid out like another row, so that a table
// keeps its columns and its own mix of spaces and tabs.
type layout struct {
	starts []int
	gaps   []string
}

// layoutOf reads the layout of a row.
func layoutOf(cells []Cell) layout {
	l := layout{make([]int, len(cells)), make([]string, len(cells))}
	col := 0
	for i, c := range cells {
		col = advance(col, c.Gap)
		l.starts[i], l.gaps[i] = col, c.Gap
		col += width(c.Text)
	}
	return l
}

// place makes cells of the texts, each at its start where there is room and
// one space after its neighbour where there is none. Texts beyond the layout
// follow after one space.
func (l layout) place(texts []string) []Cell {
	cells := make([]Cell, len(texts))
	col := 0
	for i, text := range texts {
		gap := " "
		switch {
		case i == 0:
			gap = l.gaps[0]
		case i < len(l.starts):
			gap = fit(l.gaps[i], col, l.starts[i])
		}
		cells[i] = Cell{Gap: gap, Text: text}
		col = advance(col, gap) + width(text)
	}
	return cells
}

// fit gives the white space that leads from one display column to another: the
// gap itself when it does, otherwise one of the same style (tabs or spaces). It
// is never empty; when the target is behind, one character has to do.
func fit(gap string, from, to int) string {
	if gap != "" && advance(from, gap) == to {
		return gap
	}
	tabs := strings.Contains(gap, "\t")
	if to <= from {
		if tabs {
			return "\t"
		}
		return " "
	}
	var b strings.Builder
	if tabs {
		for next := nextTab(from); next <= to; next = nextTab(next) {
			b.WriteByte('\t')
			from = next
		}
	}
	b.WriteString(strings.Repeat(" ", to-from))
	return b.String()
}

// advance is the display column after text that starts at a column.
func advance(col int, text string) int {
	for _, r := range text {
		if r == '\t' {
			col = nextTab(col)
		} else {
			col += runeWidth(r)
		}
	}
	return col
}

func nextTab(col int) int { return (col/tabWidth + 1) * tabWidth }

// width is how many columns a word takes on a terminal.
func width(text string) int { return advance(0, text) }

// runeWidth is the display width of a character: 0 for marks that combine with
// the one before and for invisible ones, 2 for the wide scripts, else 1.
func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3,
		r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60,
		r >= 0xffe0 && r <= 0xffe6, r >= 0x1f300 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

// layoutFor is the layout of a new row before line index at: that of the
// nearest row with the right number of cells in the same group, else of the
// header comment, else of the schema.
func (f *File) layoutFor(at int) layout {
	if row := f.nearestRow(at); row != nil {
		return layoutOf(row.Cells)
	}
	want := len(schema[f.Kind].Columns)
	for i := min(at, len(f.Lines)) - 1; i >= 0; i-- {
		if l := f.Lines[i]; l.IsComment() {
			if starts := headerStarts(l.Tail); len(starts) == want {
				return layout{starts, make([]string, want)}
			}
		}
	}
	l := layout{make([]int, want), make([]string, want)}
	for i, c := range schema[f.Kind].Columns {
		l.starts[i] = c.start
	}
	return l
}

// nearestRow finds the row that a new row before line index at takes its
// columns from. A row above wins over one below at the same distance.
func (f *File) nearestRow(at int) *Line {
	lo, hi := f.group(at)
	for d := 1; at-d >= lo || at+d-1 < hi; d++ {
		for _, i := range [...]int{at - d, at + d - 1} {
			if i >= lo && i < hi && f.Lines[i].IsRow() && len(f.Lines[i].Cells) == len(schema[f.Kind].Columns) {
				return f.Lines[i]
			}
		}
	}
	return nil
}

// group bounds the lines that touch line index at without a blank line
// between: those from lo up to but not including hi.
func (f *File) group(at int) (lo, hi int) {
	lo, hi = at, at
	for lo > 0 && !f.Lines[lo-1].IsBlank() {
		lo--
	}
	for hi < len(f.Lines) && !f.Lines[hi].IsBlank() {
		hi++
	}
	return lo, hi
}

// headerStarts reads the column starts of a header comment: its titles are
// separated by a tab or by two spaces at least. The first title stands after
// "# " but its cells at the start of the line.
func headerStarts(comment string) []int {
	starts := []int{}
	col, gapWidth := 1, 2
	tab := false
	for _, r := range strings.TrimPrefix(comment, "#") {
		next := advance(col, string(r))
		switch {
		case isSpace(r):
			gapWidth += next - col
			tab = tab || r == '\t'
		default:
			if gapWidth >= 2 || tab {
				starts = append(starts, col)
			}
			gapWidth, tab = 0, false
		}
		col = next
	}
	if len(starts) > 0 {
		starts[0] = 0
	}
	return starts
}
