package widget

// columnNeeds is how many cells each column of a table needs to show what was
// drawn in it so far whole. A need only grows, or a list that moves would shift
// its columns with every row that comes and goes; another width of the screen
// begins anew.
type columnNeeds struct {
	cells []int
	width int // of the screen
}

// measure takes the needs of the rows that are about to be drawn.
func (t *Table[K]) measure(width int) {
	n := &t.needs
	if n.width != width || len(n.cells) != len(t.Columns) {
		n.cells, n.width = make([]int, len(t.Columns)), width
		for c := range t.Columns {
			n.cells[c] = t.Columns[c].Title.Width()
		}
	}
	for p := t.top; p < min(t.top+t.page, len(t.order)); p++ {
		for c := range t.Columns {
			if n.cells[c] >= width {
				continue
			}
			text, _ := t.src.Cell(int(t.order[p]), c)
			n.cells[c] = max(n.cells[c], min(text.Width(), width))
		}
	}
}

// widths gives each column its cells, 0 for the ones that are left out: the
// least width first, then what the texts need, at last each its share of what is
// left over. A text that is cut in its middle is still known by its ends, so such
// columns come behind the others.
func (t *Table[K]) widths(width int) []int {
	widths, room := t.leastWidths(width)
	room = t.fill(widths, room, false)
	room = t.fill(widths, room, true)
	t.share(widths, room)
	return widths
}

// leastWidths leaves out columns until the others have their least width, and
// says how much room is left.
func (t *Table[K]) leastWidths(width int) (widths []int, room int) {
	widths = make([]int, len(t.Columns))
	need := 0
	for c, col := range t.Columns {
		widths[c] = col.Width
		need += col.Width + 1
	}
	for need > width {
		worst := -1
		for c, col := range t.Columns {
			if widths[c] > 0 && col.Rank > 0 && (worst < 0 || col.Rank >= t.Columns[worst].Rank) {
				worst = c
			}
		}
		if worst < 0 {
			break
		}
		need -= widths[worst] + 1
		widths[worst] = 0
	}
	return widths, max(width-need, 0)
}

// fill gives the columns whose texts are cut what they need: of the room, and
// then of columns that grow and whose texts do not fill even their least width.
// Each gets a cell at a time, so that one endless text does not take what would
// make three others whole.
func (t *Table[K]) fill(widths []int, room int, middle bool) int {
	for gave := true; gave; {
		gave = false
		for c, need := range t.needs.cells {
			if c >= len(widths) || t.Columns[c].Middle != middle || widths[c] == 0 || widths[c] >= need {
				continue
			}
			switch {
			case room > 0:
				room--
			case !t.spare(widths):
				return 0
			}
			widths[c]++
			gave = true
		}
	}
	return room
}

// spare takes a cell from the column with the most room to spare; false when
// there is none. Columns that do not grow keep their width, since what stands in
// them changes: numbers, and marks.
func (t *Table[K]) spare(widths []int) bool {
	best, most := -1, 0
	for c, col := range t.Columns {
		if n := widths[c] - t.needs.cells[c]; widths[c] > 0 && col.Grow > 0 && n > most {
			best, most = c, n
		}
	}
	if best < 0 {
		return false
	}
	widths[best]--
	return true
}

// share divides what is left over among the columns that grow.
func (t *Table[K]) share(widths []int, room int) {
	grow := 0
	for c, col := range t.Columns {
		if widths[c] > 0 {
			grow += col.Grow
		}
	}
	for c := 0; c < len(widths) && room > 0 && grow > 0; c++ {
		if g := t.Columns[c].Grow; widths[c] > 0 && g > 0 {
			part := (2*room*g + grow) / (2 * grow) // rounded
			widths[c] += part
			room -= part
			grow -= g
		}
	}
}
