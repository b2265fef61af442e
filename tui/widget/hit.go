package widget

// Mouse positions: which part of what was drawn lies under a cell. Each works
// from the same layout as the drawing.

// TabAt is the tab under a column; false for none.
func TabAt(labels []Safe, active, width, x int) (int, bool) {
	for i, at := range placeTabs(labels, active, width) {
		if at >= 0 && x >= at && x < min(at+labels[i].Width()+2, width) {
			return i, true
		}
	}
	return 0, false
}

// TabPlace is where a label is drawn: its column with the cell before it, and how
// wide it is with the cells at either end. A label that is not drawn has no width.
func TabPlace(labels []Safe, active, width, i int) (x, cells int) {
	at := placeTabs(labels, active, width)[i]
	if at < 0 || at >= width {
		return 0, 0
	}
	return at, min(labels[i].Width()+2, width-at)
}

// HintAt is the binding whose hint lies under a cell; false for none.
func HintAt(bindings []Binding, width, lines, x, y int) (Binding, bool) {
	for _, h := range placeHints(bindings, width, lines) {
		if h.line == y && x >= h.col && x < min(h.col+h.width(), width) {
			return h.Binding, true
		}
	}
	return Binding{}, false
}

// Hit is what a click found.
type Hit uint8

// What a click finds: nothing; something, which is selected by that; or what was
// selected before.
const (
	Missed Hit = iota
	Chosen
	Again
)

// Hit selects the row under a line of what Render drew, and says whether a
// person had selected it before.
func (t *Table[K]) Hit(line int) Hit {
	was, held := t.key, t.held
	switch {
	case !t.RowAt(line):
		return Missed
	case held && t.key == was:
		return Again
	}
	return Chosen
}

// ColumnAt is the column under a cell of what Render drew; false for none.
func (t *Table[K]) ColumnAt(x int) (int, bool) {
	at := 1
	for c, w := range t.drawn {
		if w == 0 {
			continue
		}
		if x >= at && x < at+w {
			return c, true
		}
		at += w + 1
	}
	return 0, false
}

// RowAt selects the row under a line of what Render drew, from 0 for the
// header; false when there is none.
func (t *Table[K]) RowAt(line int) bool {
	place := t.top + line - 1
	if line < 1 || line > t.page || place >= len(t.order) {
		return false
	}
	t.choose(place)
	t.held, t.moved = true, restless
	return true
}
