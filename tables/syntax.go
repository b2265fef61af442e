package tables

import (
	"strings"
	"unicode/utf8"
)

// File is the lossless syntax of one table. Change it through the edit
// methods only; they keep the promise of the package. The edits replace
// lines and never write to one, so a Clone stays as it was.
type File struct {
	Kind  Kind
	Lines []*Line
	// BOM says that the file starts with a byte-order mark. It belongs to no
	// line.
	BOM bool
	// unread is what kept the table from being read; such a file takes no
	// edit.
	unread string
}

// Line is one line of a table. A row has Cells; any other line has its bytes
// in Tail.
type Line struct {
	Cells []Cell
	// Tail is what follows the last cell up to the line end, or the whole
	// line for a comment or a blank line.
	Tail string
	// EOL is the line end: "\n", "\r\n", "\r" or "" at the end of the file.
	EOL string
	// Disabled marks a row that is switched off: in the file it is a comment
	// of our own form, here its Cells are filled and Gap of the first cell
	// holds the mark.
	Disabled bool
}

// Cell is one word of a row with the exact bytes of the white space before
// it.
type Cell struct {
	Gap  string
	Text string
}

// IsRow reports whether the line holds an active row.
func (l *Line) IsRow() bool { return len(l.Cells) > 0 && !l.Disabled }

// IsComment reports whether the line is a comment other than a disabled row.
func (l *Line) IsComment() bool { return len(l.Cells) == 0 && strings.HasPrefix(l.Tail, "#") }

// IsBlank reports whether the line has white space only. Blank lines separate
// groups of rows.
func (l *Line) IsBlank() bool { return len(l.Cells) == 0 && !l.IsComment() }

// Texts are the cells of a row without their gaps.
func (l *Line) Texts() []string {
	texts := make([]string, len(l.Cells))
	for i, c := range l.Cells {
		texts[i] = c.Text
	}
	return texts
}

// Col is the column of a cell as problems give it: characters, from 1. For a
// cell that the line does not have it is the column after the last one.
func (l *Line) Col(cell int) int {
	col := 1
	for i, c := range l.Cells {
		col += utf8.RuneCountInString(c.Gap)
		if i == cell {
			return col
		}
		col += utf8.RuneCountInString(c.Text)
	}
	return col
}

// Line is the line with a number as problems give it, from 1; nil when there
// is none.
func (f *File) Line(num int) *Line {
	if num < 1 || num > len(f.Lines) {
		return nil
	}
	return f.Lines[num-1]
}

// Rows counts the active rows.
func (f *File) Rows() int {
	n := 0
	for _, l := range f.Lines {
		if l.IsRow() {
			n++
		}
	}
	return n
}

// Clone copies the file for an edit. It shares the lines, which no edit
// writes to: keep the old File and an undo is done.
func (f *File) Clone() *File {
	c := *f
	c.Lines = append(make([]*Line, 0, len(f.Lines)+1), f.Lines...)
	return &c
}

// Equal reports whether both files print to the same bytes.
func (f *File) Equal(g *File) bool {
	if f.BOM != g.BOM || len(f.Lines) != len(g.Lines) {
		return f == g
	}
	for i, l := range f.Lines {
		if m := g.Lines[i]; l != m && l.String()+l.EOL != m.String()+m.EOL {
			return false
		}
	}
	return true
}
