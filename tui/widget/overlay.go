package widget

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// lineWidth is the width of a drawn line, styles not counted.
func lineWidth(line string) int { return ansi.StringWidthWc(line) }

// Overlay lays a box over the middle of a screen of drawn lines.
func Overlay(screen, box []string, width int) []string {
	if len(box) == 0 {
		return screen
	}
	w := 0
	for _, l := range box {
		w = max(w, lineWidth(l))
	}
	x, y := max((width-w)/2, 0), max((len(screen)-len(box))/2, 0)
	for i, l := range box {
		if y+i >= len(screen) {
			break
		}
		under := screen[y+i]
		if n := width - lineWidth(under); n > 0 {
			under += strings.Repeat(" ", n)
		}
		l += strings.Repeat(" ", w-lineWidth(l))
		screen[y+i] = ansi.CutWc(under, 0, x) + l + ansi.CutWc(under, x+w, width)
	}
	return screen
}

// Join lays the visible part of a line over the right end of another one.
func Join(left, right string, width int) string {
	at := lineWidth(right) - lineWidth(strings.TrimLeft(right, " "))
	return pad(ansi.TruncateWc(left, at, ""), at) + ansi.CutWc(right, at, width)
}

func pad(line string, width int) string {
	return line + strings.Repeat(" ", max(width-lineWidth(line), 0))
}
