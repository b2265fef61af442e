package widget

import (
	"strings"

	"github.com/mfwtui/mfwtui/tui/style"
)

// Line builds one line of a screen from left to right. What does not fit into
// its width is cut.
type Line struct {
	b     strings.Builder
	used  int
	width int
	mark  string
}

// NewLine starts an empty line of a width; glyphs say what marks a cut.
func NewLine(width int, g style.Glyphs) *Line {
	l := &Line{width: max(width, 0), mark: g.Ellipsis}
	l.b.Grow(width + 64)
	return l
}

// Left is how many cells are still free.
func (l *Line) Left() int { return l.width - l.used }

// Used is how many cells are taken: the column of what is put next.
func (l *Line) Used() int { return l.used }

// Put appends a text.
func (l *Line) Put(st style.Style, s Safe) *Line {
	if l.Left() <= 0 || s == "" {
		return l
	}
	s = s.Cut(l.Left(), l.mark)
	st.Write(&l.b, string(s))
	l.used += s.Width()
	return l
}

// Text appends a text without style.
func (l *Line) Text(s Safe) *Line { return l.Put(style.Style{}, s) }

// Glyph appends a character of the glyph set.
func (l *Line) Glyph(st style.Style, glyph string) *Line { return l.Put(st, Safe(glyph)) }

// Cell appends a text in a field of exactly width cells, cut or filled up with
// blanks on the right.
func (l *Line) Cell(st style.Style, s Safe, width int) *Line {
	return l.field(st, s, width, false)
}

// Right is Cell with the blanks on the left: for numbers.
func (l *Line) Right(st style.Style, s Safe, width int) *Line {
	return l.field(st, s, width, true)
}

func (l *Line) field(st style.Style, s Safe, width int, right bool) *Line {
	width = min(width, l.Left())
	if width <= 0 {
		return l
	}
	s = s.Cut(width, l.mark)
	fill := Safe(strings.Repeat(" ", width-s.Width()))
	if right {
		return l.Put(st, fill+s)
	}
	return l.Put(st, s+fill)
}

// To fills up with blanks until column col.
func (l *Line) To(col int) *Line {
	if n := min(col, l.width) - l.used; n > 0 {
		l.b.WriteString(strings.Repeat(" ", n))
		l.used += n
	}
	return l
}

// End puts a text at the right end of the line, when it still fits with one
// blank before it.
func (l *Line) End(st style.Style, s Safe) *Line {
	if w := s.Width(); w < l.Left() || l.used == 0 && w <= l.width {
		l.To(l.width-w).Put(st, s)
	}
	return l
}

// Fill repeats a one-cell glyph up to the end of the line.
func (l *Line) Fill(st style.Style, glyph string) *Line {
	return l.Put(st, Safe(strings.Repeat(glyph, max(l.Left(), 0))))
}

// String is the line. It may be shorter than its width, never longer.
func (l *Line) String() string { return l.b.String() }

// Ruler is a separator line.
func Ruler(width int, st *style.Styles) string {
	return NewLine(width, st.Glyphs).Fill(st.Rule, st.Glyphs.Horizontal).String()
}

// Fit makes lines exactly height many: the rest is cut off, or empty.
func Fit(lines []string, height int) []string {
	for len(lines) < height {
		lines = append(lines, "")
	}
	return lines[:max(height, 0)]
}
