package widget

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/style"
)

// DiffLine is a line of a diff. Mark is what it begins with: '+', '-', '~',
// ' ' for context, or '@' for the heading of a section.
type DiffLine struct {
	Mark byte
	Text Safe
}

// Diff shows a window of a diff of any length. The marks say what the colours
// say.
type Diff struct {
	lines []DiffLine
	top   int
	left  int
	page  int
	moves Movement
}

// NewDiff shows nothing.
func NewDiff() *Diff { return &Diff{page: 10, moves: Moves()} }

// Set takes new lines and stays at its place as far as they reach.
func (d *Diff) Set(lines []DiffLine) {
	d.lines = lines
	d.top = min(d.top, max(len(lines)-1, 0))
}

// Len is the number of lines.
func (d *Diff) Len() int { return len(d.lines) }

// sideStep is how many cells left and right move.
const sideStep = 16

// Key handles movement: by lines, and sideways for long rules.
func (d *Diff) Key(k tea.KeyPressMsg) bool {
	switch k.String() {
	case "left":
		d.left = max(d.left-sideStep, 0)
		return true
	case "right":
		d.left += sideStep
		return true
	}
	// Without a selection the window itself moves.
	last := max(len(d.lines)-d.page, 0)
	top, ok := d.moves.Step(k, d.top, last+1, d.page)
	if ok {
		d.top = top
	}
	return ok
}

// Section moves to the next heading, or to the one before.
func (d *Diff) Section(forward bool) {
	step := 1
	if !forward {
		step = -1
	}
	for i := d.top + step; i >= 0 && i < len(d.lines); i += step {
		if d.lines[i].Mark == '@' {
			d.top = i
			return
		}
	}
}

// Place says which lines are visible, from 1.
func (d *Diff) Place() (first, last, all int) {
	if len(d.lines) == 0 {
		return 0, 0, 0
	}
	return d.top + 1, min(d.top+d.page, len(d.lines)), len(d.lines)
}

// Render draws the window.
func (d *Diff) Render(width, height int, st *style.Styles) []string {
	d.page = max(height, 1)
	d.top = max(min(d.top, len(d.lines)-d.page), 0)
	visible := d.lines[d.top:min(d.top+d.page, len(d.lines))]
	longest := 0
	for _, l := range visible {
		longest = max(longest, l.Text.Width())
	}
	d.left = min(d.left, max(longest-width+len("+ "), 0))
	var out []string
	for _, l := range visible {
		out = append(out, d.line(l, width, st))
	}
	return Fit(out, height)
}

func (d *Diff) line(line DiffLine, width int, st *style.Styles) string {
	how := style.Style{}
	text := line.Text
	switch line.Mark {
	case '@':
		return NewLine(width, st.Glyphs).Put(st.Strong, text).String()
	case '+':
		how = st.Added
	case '-':
		how = st.Removed
	case '~':
		how = st.Changed
	}
	text = text[text.fits(d.left):]
	return NewLine(width, st.Glyphs).Put(how, Safe([]byte{line.Mark, ' '})).Put(how, text).String()
}
