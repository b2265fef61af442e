package widget

// Mouse positions: which part of what was drawn lies under a cell. Each works
// from the same layout as the drawing.

// TabAt is the tab under a column; false for none.
func TabAt(labels []Safe, active, width, x int) (int, bool) {
	at := 0
	for i := firstTab(labels, active, width); i < len(labels); i++ {
		w := labels[i].Width() + 2
		if x >= at && x < at+w && x < width {
			return i, true
		}
		at += w
	}
	return 0, false
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
