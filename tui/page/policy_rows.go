package page

import (
	"strings"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// rowTable shows the rows of one table of the policy. Its own columns (marks
// and line number) stand before the cells.
type rowTable struct {
	*widget.Table[int] // by line number
	kind               tables.Kind
	lines              []int // the line numbers of the rows
}

// ownColumns is how many columns stand before the first cell.
const ownColumns = 2

// lineNumberLen is the width of the column of line numbers.
const lineNumberLen = 5

// cellWidth is the least width of the cells of a column, and its share of the
// room that is left. With marks and gaps the least widths of each table fit
// into 60 cells.
func cellWidth(title string) (least, share int) {
	switch title {
	case "Src-Zone", "Dest-Zone":
		return 7, 1
	case "Src-Address", "Dst-Address":
		return 10, 3
	case "Service":
		return 7, 2
	case "Action":
		return len("accept+nat"), 1
	case "Ext-Address", "Int-Address", "Ext-Service", "Int-Service":
		return 11, 2
	}
	return 14, 2
}

func newRowTable(k tables.Kind) *rowTable {
	columns := []widget.Column{{Width: 2}, {Title: "LINE", Width: lineNumberLen, Right: true, Rank: 1}}
	for _, c := range k.Columns() {
		least, share := cellWidth(c.Title)
		title := strings.Replace(strings.ToUpper(c.Title), "DEST-", "DST-", 1)
		columns = append(columns, widget.Column{Title: widget.Clean(title), Width: least, Grow: share, Middle: c.Title == "IPv6"})
	}
	t := &rowTable{Table: widget.NewTable[int](columns...), kind: k}
	t.Cursor = ownColumns
	return t
}

// cell is the cell under the cursor.
func (t *rowTable) cell() int { return t.Cursor - ownColumns }

// step moves the cell cursor; it stops at the edges.
func (t *rowTable) step(by int) {
	t.Cursor = max(ownColumns, min(t.Cursor+by, len(t.Columns)-1))
}

// selected is the line number of the selected row.
func (t *rowTable) selected() (int, bool) {
	i, ok := t.Selected()
	if !ok {
		return 0, false
	}
	return t.lines[i], true
}

// neighbour is the line number of the row before or after the selected one.
func (t *rowTable) neighbour(by int) (int, bool) {
	i, ok := t.Selected()
	if !ok || i+by < 0 || i+by >= len(t.lines) {
		return 0, false
	}
	return t.lines[i+by], true
}

// goTo selects a cell, or the row nearest to it when the line is no row.
func (t *rowTable) goTo(at Place) {
	if at.Cell >= 0 {
		t.Cursor = ownColumns
		t.step(at.Cell)
	}
	nearest := 0
	for _, n := range t.lines {
		if n <= at.Line || nearest == 0 {
			nearest = n
		}
	}
	t.Select(nearest)
}

// show takes the rows of the desk.
func (t *rowTable) show(s *Shared, d *Desk, filter *finder, edit *cellEdit) {
	file := d.Set().File(t.kind)
	t.lines = t.lines[:0]
	for i, l := range file.Lines {
		if len(l.Cells) > 0 {
			t.lines = append(t.lines, i+1)
		}
	}
	lines := t.lines
	marks := newRowMarks(d, t.kind)
	keep, mark := filter.ask(rowRecords(filter, t.kind, file, lines, marks))
	t.Set(widget.Source[int]{
		Len: len(lines),
		Key: func(i int) int { return lines[i] },
		Cell: func(i, col int) (widget.Safe, style.Style) {
			line := file.Line(lines[i])
			if edit != nil && edit.at.Kind == t.kind && edit.at.Line == lines[i] && col == edit.at.Cell+ownColumns {
				return edit.view, s.Styles.Cell
			}
			return t.text(s.Styles, marks, line, lines[i], col)
		},
		Keep: keep, Mark: mark,
	})
}

// text is a cell of the screen.
func (t *rowTable) text(st *style.Styles, marks *rowMarks, line *tables.Line, num, col int) (widget.Safe, style.Style) {
	switch {
	case col == 0:
		return marks.of(st, line, num)
	case col == 1:
		return widget.Format("%d", num), st.Dim
	case col-ownColumns >= len(line.Cells):
		return "", style.Style{}
	}
	text := widget.Clean(line.Cells[col-ownColumns].Text)
	if col == len(t.Columns)-1 { // cells too many are seen in the last one
		for _, c := range line.Cells[col-ownColumns+1:] {
			text += widget.Clean(" " + c.Text)
		}
	}
	switch {
	case line.Disabled:
		return text, st.Dim
	case marks.bad[num] > 0 && marks.cell[num] == col-ownColumns:
		return text, marks.style(st, num)
	}
	return text, style.Style{}
}

// rowMarks are the marks before a row: what was changed since the last save,
// and the worst problem.
type rowMarks struct {
	saved map[*tables.Line]bool
	bad   map[int]tables.Severity // plus one
	cell  map[int]int             // of the worst problem
}

func newRowMarks(d *Desk, k tables.Kind) *rowMarks {
	m := &rowMarks{bad: make(map[int]tables.Severity), cell: make(map[int]int)}
	if d.set.File(k) != d.saved.File(k) {
		m.saved = make(map[*tables.Line]bool)
		for _, l := range d.saved.File(k).Lines {
			m.saved[l] = true
		}
	}
	for num, list := range d.problemsOf(k) {
		for _, p := range list {
			if p.Severity+1 > m.bad[num] {
				m.bad[num], m.cell[num] = p.Severity+1, p.Cell
			}
		}
	}
	return m
}

// of is "+" for a row that is not on disk like this, then "x" for a row that
// is switched off, or E or W for a problem.
func (m *rowMarks) of(st *style.Styles, line *tables.Line, num int) (widget.Safe, style.Style) {
	changed, state, how := widget.Safe(" "), widget.Safe(" "), st.Text
	if m.saved != nil && !m.saved[line] {
		changed, how = "+", st.Changed
	}
	switch {
	case line.Disabled:
		state = "x"
	case m.bad[num] == tables.Error+1:
		state, how = "E", st.Bad
	case m.bad[num] == tables.Warning+1:
		state, how = "W", st.Warn
	}
	return changed + state, how
}

func (m *rowMarks) style(st *style.Styles, num int) style.Style {
	if m.bad[num] == tables.Error+1 {
		return st.Bad
	}
	return st.Warn
}
