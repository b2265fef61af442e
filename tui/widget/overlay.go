package widget

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// lineWidth is the width of a drawn line, styles not counted.
func lineWidth(line string) int { return ansi.StringWidthWc(line) }

// Pad fills a drawn line up with blanks to a width.
func Pad(line string, width int) string {
	return line + strings.Repeat(" ", max(width-lineWidth(line), 0))
}

// before is the part of a drawn line left of a column, exactly that wide.
func before(line string, col int) string { return Pad(ansi.TruncateWc(line, col, ""), col) }

// behind is the part of a drawn line from a column on. A wide character that
// the column cuts in two becomes a blank.
func behind(line string, col int) string {
	rest := max(lineWidth(line)-col, 0)
	part := ansi.TruncateLeftWc(line, col, "")
	if lineWidth(part) > rest {
		return " " + ansi.TruncateLeftWc(line, col+1, "")
	}
	return part
}

// Overlay lays a box over the middle of a screen of drawn lines.
func Overlay(screen, box []string, width int) []string {
	w := 0
	for _, l := range box {
		w = max(w, lineWidth(l))
	}
	x, y := max((width-w)/2, 0), max((len(screen)-len(box))/2, 0)
	for i, l := range box {
		if y+i < len(screen) {
			under := screen[y+i]
			screen[y+i] = before(under, x) + Pad(l, w) + behind(under, x+w)
		}
	}
	return screen
}

// Join lays a line over the left end of another one of the same width: what is
// drawn of it hides the other.
func Join(left, right string) string {
	at := lineWidth(left)
	return left + behind(right, at)
}

// PutAt puts a drawn line behind another one, from a column on.
func PutAt(left, right string, col int) string { return Pad(left, col) + right }
