package widget

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/style"
)

// DiffLine is a line of a diff. Mark is what it begins with: '+', '-', '~',
// ' ' for context, '@' for the heading of a section, or '!' for a warning. A Lit
// line belongs to what is selected elsewhere.
type DiffLine struct {
	Mark byte
	Text Safe
	Lit  bool
}

// DiffSource gives the lines of a diff by index. Line is asked for those that
// are visible only, so a diff of any length costs the same to draw.
type DiffSource struct {
	Len  int
	Line func(i int) DiffLine
	// Heads are the indices of the headings, ascending.
	Heads []int
}

// DiffOf is a source of lines that are all there already.
func DiffOf(lines []DiffLine) DiffSource {
	src := DiffSource{Len: len(lines), Line: func(i int) DiffLine { return lines[i] }}
	for i, l := range lines {
		if l.Mark == '@' {
			src.Heads = append(src.Heads, i)
		}
	}
	return src
}

// Diff shows a window of a diff of any length. The marks say what the colours
// say.
type Diff struct {
	src   DiffSource
	top   int
	left  int
	page  int
	moves Movement
	// show is the line to scroll to when the diff is drawn next.
	show    int
	showing bool
}

// NewDiff shows nothing.
func NewDiff() *Diff { return &Diff{page: 10, moves: Moves()} }

// Set takes new lines and stays at its place as far as they reach.
func (d *Diff) Set(src DiffSource) {
	d.src = src
	d.top = min(d.top, max(src.Len-1, 0))
}

// Len is the number of lines.
func (d *Diff) Len() int { return d.src.Len }

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
	last := max(d.src.Len-d.page, 0)
	top, ok := d.moves.Step(k, d.top, last+1, d.page)
	if ok {
		d.top = top
	}
	return ok
}

// Section moves to the next heading, or to the one before.
func (d *Diff) Section(forward bool) {
	at, found := slices.BinarySearch(d.src.Heads, d.top)
	switch {
	case !forward:
		at--
	case found:
		at++
	}
	if at >= 0 && at < len(d.src.Heads) {
		d.top = d.src.Heads[at]
	}
}

// Reveal makes the next drawing scroll, as little as needed, to show a line
// with some context.
func (d *Diff) Reveal(i int) { d.show, d.showing = i, true }

// reveal does it, now that the height is known.
func (d *Diff) reveal() {
	context := min(2, (d.page-1)/2)
	switch {
	case !d.showing:
	case d.show-context < d.top:
		d.top = max(d.show-context, 0)
	case d.show+context >= d.top+d.page:
		d.top = d.show + context - d.page + 1
	}
	d.showing = false
}

// Place says which lines are visible, from 1.
func (d *Diff) Place() (first, last, all int) {
	if d.src.Len == 0 {
		return 0, 0, 0
	}
	return d.top + 1, min(d.top+d.page, d.src.Len), d.src.Len
}

// Render draws the window.
func (d *Diff) Render(width, height int, st *style.Styles) []string {
	d.page = max(height, 1)
	d.reveal()
	d.top = max(min(d.top, d.src.Len-d.page), 0)
	var visible []DiffLine
	longest := 0
	for i := d.top; i < min(d.top+d.page, d.src.Len); i++ {
		l := d.src.Line(i)
		visible = append(visible, l)
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
	case '!':
		how = st.Warn
	}
	gap := byte(' ')
	if line.Lit {
		gap = '>'
	}
	text = text[text.fits(d.left):]
	return NewLine(width, st.Glyphs).Put(how, Safe([]byte{line.Mark, gap})).Put(how, text).String()
}
