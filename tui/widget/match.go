package widget

import "slices"

// matchSign stands before a row that is marked as a match.
const matchSign = "/"

// mark finds the places that are marked, once for each change of the rows and
// not for each frame.
func (t *Table[K]) mark() {
	t.hits = t.hits[:0]
	if t.src.Mark == nil {
		return
	}
	for p, i := range t.order {
		if t.src.Mark(int(i)) {
			t.hits = append(t.hits, int32(p))
		}
	}
}

// sign stands before a row that is not selected.
func (t *Table[K]) sign(place int) Safe {
	if _, hit := slices.BinarySearch(t.hits, int32(place)); hit {
		return matchSign
	}
	return " "
}

// Marked is how many rows are marked, and which of them is selected, from 1; 0
// when the selected row is not marked.
func (t *Table[K]) Marked() (n, selected int) {
	at, hit := slices.BinarySearch(t.hits, int32(t.at))
	if hit {
		selected = at + 1
	}
	return len(t.hits), selected
}

// NextMatch selects the next match after the selected row, or the one before
// it; behind the last one comes the first. Without marks every row that the
// filter keeps is a match. False when there is none.
func (t *Table[K]) NextMatch(forward bool) bool {
	n := len(t.order)
	if t.src.Mark != nil {
		n = len(t.hits)
	}
	if n == 0 {
		return false
	}
	place := t.at
	if t.src.Mark != nil {
		at, hit := slices.BinarySearch(t.hits, int32(t.at))
		if place = at; !hit && forward {
			place-- // the place found is that of the next match already
		}
	}
	step := 1
	if !forward {
		step = -1
	}
	place = (place + step + n) % n
	if t.src.Mark != nil {
		place = int(t.hits[place])
	}
	t.choose(place)
	t.held, t.moved = true, restless
	return true
}
