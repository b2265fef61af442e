package widget

import (
	"strings"

	"github.com/mfwtui/mfwtui/tui/style"
)

// Spark draws the last width values as a line of heights, the newest on the
// right; the highest value of those shown is the full height. Missing history
// is blank, and so is everything when the glyphs have no heights: on a slow link
// a line that moves each second is what can be spared.
func Spark(values []float64, width int, g style.Glyphs) Safe {
	if width <= 0 {
		return ""
	}
	if len(g.Spark) == 0 {
		values = nil
	}
	if len(values) > width {
		values = values[len(values)-width:]
	}
	var top float64
	for _, v := range values {
		top = max(top, v)
	}
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", width-len(values)))
	for _, v := range values {
		step := 0
		if top > 0 && v > 0 {
			step = min(int(v/top*float64(len(g.Spark)-1)+0.5), len(g.Spark)-1)
		}
		b.WriteString(g.Spark[step])
	}
	return Safe(b.String())
}

// Bar draws which part of a whole is left, as width cells.
func Bar(part, whole float64, width int, g style.Glyphs) Safe {
	if width <= 0 {
		return ""
	}
	full := 0
	if whole > 0 && part > 0 {
		full = min(int(part/whole*float64(width)+0.5), width)
	}
	return Safe(strings.Repeat(g.Full, full) + strings.Repeat(g.Empty, width-full))
}
