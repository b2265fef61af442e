package page

import (
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/find"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// rowTable shows the rows of one table of the policy. Its own columns (signs
// and line number) stand before the cells, and what is known of the rows (the
// one family that a row exists in, hits) behind them.
type rowTable struct {
	*widget.Table[int] // by line number
	kind               tables.Kind
	lines              []int // the line numbers of the rows
	cells              []widget.Column
	signs              *desk.Signs
	marks              rowMarks
}

// ownColumns is how many columns stand before the first cell.
const ownColumns = 2

// lineNumberLen is the width of the column of line numbers.
const lineNumberLen = 5

// familyColumn is the first one behind the cells; the other one is for hits.
const familyColumn = 0

// columns are the columns behind the cells of a table. They are the first to go
// when there is no room.
func (f *figures) columns(k tables.Kind) []widget.Column {
	if f.compiled == nil || !compiles(k) {
		return nil
	}
	columns := []widget.Column{familyColumn: {Title: "IP", Width: 2, Rank: 3}}
	if f.hits != nil {
		columns = append(columns, widget.Column{Title: "HITS", Width: 5, Right: true, Rank: 2})
	}
	return columns
}

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

// shortTitle is the title of a column as the screen has room for it.
func shortTitle(title string) string {
	return strings.NewReplacer("DEST-", "DST-", "ADDRESS", "ADDR").Replace(strings.ToUpper(title))
}

func newRowTable(k tables.Kind) *rowTable {
	columns := []widget.Column{{Width: signsLen}, {Title: "LINE", Width: lineNumberLen, Right: true, Rank: 1}}
	for _, c := range k.Columns() {
		least, share := cellWidth(c.Title)
		columns = append(columns, widget.Column{Title: widget.Clean(shortTitle(c.Title)), Width: least, Grow: share, Middle: c.Title == "IPv6"})
	}
	t := &rowTable{Table: widget.NewTable[int](columns...), kind: k, cells: columns, signs: &desk.Signs{}, marks: newRowMarks()}
	t.Cursor = ownColumns
	return t
}

// cell is the cell under the cursor.
func (t *rowTable) cell() int { return t.Cursor - ownColumns }

// step moves the cell cursor; it stops at the edges.
func (t *rowTable) step(by int) {
	t.Cursor = max(ownColumns, min(t.Cursor+by, len(t.cells)-1))
}

// selected is the line number of the selected row.
func (t *rowTable) selected() (int, bool) {
	i, ok := t.Selected()
	if !ok {
		return 0, false
	}
	return t.lines[i], true
}

// goTo selects a cell, or the row nearest to it when the line is no row; false
// when the filter hides it.
func (t *rowTable) goTo(at desk.Place) bool {
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
	return t.Select(nearest)
}

// show takes the rows of the desk, and what is known of them.
func (t *rowTable) show(s *Shared, d *desk.Desk, filter *finder, edit *cellEdit, known *figures) {
	file := d.Set().File(t.kind)
	t.lines = t.lines[:0]
	for i, l := range file.Lines {
		if len(l.Cells) > 0 {
			t.lines = append(t.lines, i+1)
		}
	}
	lines := t.lines
	t.signs.Take(d, t.kind)
	keep, mark := filter.ask(find.RowRecords(&filter.names, t.kind, file, lines, t.signs))
	t.marks.take(file, lines, func(i int) bool { return keep == nil || keep(i) })
	t.Columns = slices.Concat(t.cells, known.columns(t.kind))
	t.Set(widget.Source[int]{
		Len: len(lines),
		Key: func(i int) int { return lines[i] },
		Cell: func(i, col int) (widget.Safe, style.Style) {
			line := file.Line(lines[i])
			switch {
			case edit != nil && edit.at.Kind == t.kind && edit.at.Line == lines[i] && col == edit.at.Cell+ownColumns:
				return edit.view, s.Styles.Cell
			case col >= len(t.cells):
				return known.cell(s.Styles, line, col-len(t.cells))
			}
			return t.text(s.Styles, line, lines[i], col)
		},
		Keep: keep, Mark: mark,
	})
}

// compiles reports whether the rows of a table are what packets are matched
// with.
func compiles(k tables.Kind) bool { return k == tables.Rules || k == tables.Virtuals }

// text is a cell of the screen.
func (t *rowTable) text(st *style.Styles, line *tables.Line, num, col int) (widget.Safe, style.Style) {
	switch {
	case col == 0:
		text, how := signsOf(t.signs, st, line, num)
		return t.marks.sign(line) + text, how
	case col == 1:
		return widget.Format("%d", num), st.Dim
	case col-ownColumns >= len(line.Cells):
		return "", style.Style{}
	}
	text := widget.Clean(line.Cells[col-ownColumns].Text)
	if col == len(t.cells)-1 { // cells too many are seen in the last one
		for _, c := range line.Cells[col-ownColumns+1:] {
			text += widget.Clean(" " + c.Text)
		}
	}
	if line.Disabled {
		return text, st.Dim
	}
	return text, cellStyle(t.signs, st, num, col-ownColumns)
}

// cell is what is known of a row, in one of the columns behind the cells.
func (f *figures) cell(st *style.Styles, line *tables.Line, col int) (widget.Safe, style.Style) {
	if col == familyColumn {
		switch only, any := f.compiled.Of(line).Only(); {
		case line.Disabled || f.compiled.Of(line) == nil:
			return "", st.Text
		case !any:
			return "-", st.Warn
		case only != 0:
			return widget.Clean(only.String()), st.Warn
		}
		return "", st.Text
	}
	hits, ok := f.of(line)
	if !ok {
		return "-", st.Dim
	}
	return widget.Clean(short(float64(hits.Packets()))), st.Text
}

// figures are what is known of the rows beside their text: the rules that they
// compile to, and what those counted.
type figures struct {
	compiled *desk.Compiled
	hits     map[string]desk.RowHits // nil: not known
}

// of adds up what a row counted; false when the kernel does not run it.
func (f *figures) of(line *tables.Line) (sum desk.RowHits, ok bool) {
	row := f.compiled.Of(line)
	if row == nil {
		return sum, false
	}
	for _, id := range row.IDs {
		if h, counted := f.hits[id]; counted {
			sum.Add(h)
			ok = true
		}
	}
	return sum, ok
}
