package tui

// layout is where the parts of the screen are, in lines: worked out once for a
// size, given to everybody who draws.
type layout struct {
	width, height int
	body          int // lines of the page
	hints         int // lines of key hints
}

// The least size at which the pages are drawn. Below it one line says so, but
// a trial is always shown.
const (
	minWidth  = 60
	minHeight = 15
)

// headLines are the lines above the page: the state and the tabs.
const headLines = 2

// newLayout divides a screen: a line of state, tabs, the page, a message line,
// key hints.
func newLayout(width, height int) layout {
	l := layout{width: width, height: height, hints: 2}
	if height < 20 {
		l.hints = 1
	}
	l.body = max(height-headLines-1-l.hints, 0)
	return l
}

// small reports whether there is no room for the pages.
func (l layout) small() bool { return l.width < minWidth || l.height < minHeight }
