package widget

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/style"
)

// Column is a column of a Table.
type Column struct {
	Title Safe
	Width int // cells, at least
	// Grow is the share of the room that is left over; 0 keeps Width.
	Grow int
	// Rank says which columns go first when there is no room: the highest.
	// Columns of rank 0 stay.
	Rank  int
	Right bool // numbers
	// Middle cuts long texts in the middle instead of at the end.
	Middle bool
	// Down sorts the highest value first.
	Down bool
	// Unsorted is left out when the next column sorts.
	Unsorted bool
	// Bare cells are painted as selected only when the selection rests, see
	// Rest. To paint whole rows at each step would send each of them twice,
	// over a link that may be slow.
	Bare bool
}

// Source is what a Table shows: rows by index, asked only for those that are
// visible. K identifies a row over time.
type Source[K comparable] struct {
	Len  int
	Key  func(i int) K
	Cell func(i, col int) (Safe, style.Style)
	// Compare orders two rows by a column; nil: the rows keep their order.
	Compare func(i, j, col int) int
	// Rank, when not nil, is a number that orders two rows by a column as
	// Compare does: hi counts first. Rows of the same rank are compared. Long
	// lists that sort while somebody looks need it.
	Rank func(i, col int) (hi, lo uint64)
	// Keep is the filter; nil keeps all. Kept, when not nil, is the filter's
	// answer instead: the rows that it keeps. They are in the order of the
	// source; with Sorted in the one in which they are shown.
	Keep   func(i int) bool
	Kept   []int32
	Sorted bool
	// Mark says which rows are marked as matches; nil marks none.
	Mark func(i int) bool
}

// Table shows a window of any number of rows. Drawing and moving cost the same
// for ten rows and for a hundred thousand. The selection follows the key of the
// row, not its place; before a row was chosen, and after "first", it stays on
// the first one.
type Table[K comparable] struct {
	Columns []Column
	// Cursor is the column of the cell cursor; -1 for none.
	Cursor int
	// SortBy is the column that sorts, -1 for none; Flip turns its
	// direction.
	SortBy int
	Flip   bool

	src   Source[K]
	order []int32 // the indices of the rows that are kept, in order
	other []int32 // room for the next order
	hits  []int32 // the places in order that are marked
	at    int     // selected place in order
	key   K
	held  bool // the selection follows key
	moved int  // how many calls of Rest until the selection rests
	top   int
	page  int
	drawn []int // widths of the columns as they were drawn last
	needs columnNeeds
	moves Movement
	room  Room
}

// NewTable makes an empty table without cursor and sort.
func NewTable[K comparable](columns ...Column) *Table[K] {
	return &Table[K]{Columns: columns, Cursor: -1, SortBy: -1, page: 10, moves: Moves()}
}

// Set takes new rows: it filters and sorts them, and keeps the selection on
// the same key. When that row is gone, the selection keeps its place.
func (t *Table[K]) Set(src Source[K]) {
	t.take(src)
	if by, down := t.Sorting(); !src.Sorted {
		Sort(src, t.order, by, down, &t.room)
	}
	t.mark()
	t.follow()
}

// Refresh takes new values of rows but keeps the order of those that are shown
// already; new rows come last. A list that jumps each second cannot be read.
func (t *Table[K]) Refresh(src Source[K]) {
	old, shown := t.src, t.order
	t.order = t.other
	t.take(src)
	Settle(old, shown, src, t.order, &t.room)
	t.other = shown
	t.mark()
	t.follow()
}

func (t *Table[K]) take(src Source[K]) {
	t.src = src
	t.order = t.order[:0]
	if src.Kept != nil {
		t.order = append(t.order, src.Kept...)
		return
	}
	t.order = slices.Grow(t.order, src.Len)
	for i := range src.Len {
		if src.Keep == nil || src.Keep(i) {
			t.order = append(t.order, int32(i))
		}
	}
}

// follow puts the selection where its key went.
func (t *Table[K]) follow() {
	if !t.held {
		t.choose(0)
		return
	}
	for p, i := range t.order {
		if t.src.Key(int(i)) == t.key {
			t.at = p
			return
		}
	}
	t.choose(t.at)
}

func (t *Table[K]) choose(place int) {
	t.at = max(min(place, len(t.order)-1), 0)
	if len(t.order) > 0 {
		t.key = t.src.Key(int(t.order[t.at]))
	}
}

// Select moves the selection to a key; false when it is not shown.
func (t *Table[K]) Select(key K) bool {
	for p, i := range t.order {
		if t.src.Key(int(i)) == key {
			t.choose(p)
			t.held = true
			return true
		}
	}
	return false
}

// Rest says that a second has passed. The selection rests when one went by
// without a move, so that nothing is painted twice while somebody scrolls.
func (t *Table[K]) Rest() { t.moved = max(t.moved-1, 0) }

// restless is what moved is after a move: the second that it falls into does not
// count.
const restless = 2

// Selected is the index of the selected row; false in an empty table.
func (t *Table[K]) Selected() (int, bool) {
	if len(t.order) == 0 {
		return 0, false
	}
	return int(t.order[t.at]), true
}

// Shown is how many rows the filter keeps, Len how many there are.
func (t *Table[K]) Shown() int { return len(t.order) }

// Len is the number of rows without the filter.
func (t *Table[K]) Len() int { return t.src.Len }

// Rows are the indices of the first rows that are shown, in their order, at
// most so many.
func (t *Table[K]) Rows(most int) []int32 { return t.order[:min(len(t.order), most)] }

// Order is what the table shows: a source, and which of its rows in which order.
// They stay what they are when the table changes.
func (t *Table[K]) Order() (Source[K], []int32) { return t.src, slices.Clone(t.order) }

// Place is the selected place among the rows that are shown, from 0.
func (t *Table[K]) Place() int { return t.at }

// Key handles the movement keys.
func (t *Table[K]) Key(k tea.KeyPressMsg) bool {
	at, ok := t.moves.Step(k, t.at, len(t.order), t.page)
	if ok {
		t.choose(at)
		t.held, t.moved = !t.moves.Top.Is(k), restless
	}
	return ok
}

// Down selects the next row, if there is one.
func (t *Table[K]) Down() {
	t.choose(t.at + 1)
	t.held, t.moved = true, restless
}

// SortNext sorts by the next column that was drawn, in its own direction.
func (t *Table[K]) SortNext() {
	t.NextColumn()
	t.Set(t.src)
}

// NextColumn says that the next column sorts, from the next Set on.
func (t *Table[K]) NextColumn() {
	t.Flip = false
	for range t.Columns {
		t.SortBy = (t.SortBy + 1) % len(t.Columns)
		if drawn := t.drawn == nil || t.drawn[t.SortBy] > 0; drawn && !t.Columns[t.SortBy].Unsorted {
			break
		}
	}
}

// Reverse turns the direction of the sort.
func (t *Table[K]) Reverse() {
	t.Flip = !t.Flip
	t.Set(t.src)
}

// Render draws the header and the rows around the selection.
func (t *Table[K]) Render(width, height int, st *style.Styles) []string {
	if height <= 0 {
		return nil
	}
	t.page = max(height-1, 1)
	t.scroll()
	t.measure(width)
	widths := t.widths(width)
	t.drawn = widths
	lines := make([]string, 0, height)
	lines = append(lines, t.header(width, widths, st))
	for p := t.top; p < len(t.order) && len(lines) < height; p++ {
		lines = append(lines, t.row(p, width, widths, st))
	}
	return Fit(lines, height)
}

// scroll moves the window as little as needed to show the selection.
func (t *Table[K]) scroll() {
	t.top = max(min(t.top, len(t.order)-t.page), 0)
	if t.at < t.top {
		t.top = t.at
	}
	if t.at >= t.top+t.page {
		t.top = t.at - t.page + 1
	}
}

func (t *Table[K]) header(width int, widths []int, st *style.Styles) string {
	l := NewLine(width, st.Glyphs).Text(" ")
	for c, col := range t.Columns {
		if widths[c] == 0 {
			continue
		}
		title, how := col.Title, st.Dim
		if c == t.SortBy {
			mark := st.Glyphs.Up
			if col.Down != t.Flip {
				mark = st.Glyphs.Down
			}
			title, how = title.Cut(widths[c]-1, "")+Safe(mark), st.Strong
		}
		t.field(l, how, title, c, widths[c])
		l.Text(" ")
	}
	return l.String()
}

func (t *Table[K]) row(place, width int, widths []int, st *style.Styles) string {
	i := int(t.order[place])
	chosen := place == t.at
	l := NewLine(width, st.Glyphs)
	base := style.Style{}
	if chosen {
		base = st.Selected
		l.Put(base, ">")
	} else {
		l.Text(t.sign(place))
	}
	for c, col := range t.Columns {
		if widths[c] == 0 {
			continue
		}
		text, how := t.src.Cell(i, c)
		switch {
		case chosen && c == t.Cursor:
			how = st.Cell
		case chosen && !(col.Bare && t.moved > 0):
			how = st.Selected
		}
		t.field(l, how, text, c, widths[c])
		if col.Bare && t.moved > 0 {
			base = style.Style{}
		}
		l.Put(base, " ")
	}
	return l.String()
}

func (t *Table[K]) field(l *Line, how style.Style, text Safe, c, width int) {
	col := t.Columns[c]
	if col.Middle {
		text = text.CutMiddle(width, l.mark)
	}
	if col.Right {
		l.Right(how, text, width)
	} else {
		l.Cell(how, text, width)
	}
}

// CursorAt is where the cell cursor stands in a table of this width: column
// and line of its first cell, and how wide the cell is; false when it is not
// visible.
func (t *Table[K]) CursorAt(width int) (x, y, cells int, ok bool) {
	if t.Cursor < 0 || len(t.order) == 0 {
		return 0, 0, 0, false
	}
	x = 1
	widths := t.widths(width)
	for c := range t.Cursor {
		if widths[c] > 0 {
			x += widths[c] + 1
		}
	}
	cells = min(widths[t.Cursor], width-x)
	return x, 1 + t.at - t.top, cells, cells > 0
}
