package tables

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The reasons for which an edit is refused besides a CellTextError. The error
// of an edit wraps one of them; the file is then as it was.
var (
	// ErrNoLine: the file has no line with that number.
	ErrNoLine = errors.New("no such line")
	// ErrNotRow: the line is a comment or blank.
	ErrNotRow = errors.New("not a row")
	// ErrNoCell: the row has no such cell.
	ErrNoCell = errors.New("no such cell")
	// ErrCellCount: the row would not have the columns of its table.
	ErrCellCount = errors.New("wrong number of cells")
	// ErrUnread: the table could not be read, so an edit would lose what it
	// holds.
	ErrUnread = errors.New("the table could not be read")
)

// CellTextError says that a text cannot stand in a cell.
type CellTextError struct {
	Text   string
	Reason string
}

// Error says what is wrong with the text.
func (e *CellTextError) Error() string {
	return fmt.Sprintf("cell text %s %s", quote(e.Text), e.Reason)
}

// checkCellText refuses what would not be read back as one cell.
func checkCellText(cell int, text string) error {
	reason := ""
	switch {
	case text == "":
		return &CellTextError{Text: text, Reason: "is empty; write - for no value"}
	case strings.ContainsFunc(text, isSpace):
		reason = "contains white space; a cell is one word"
	case !utf8.ValidString(text):
		reason = "is not valid UTF-8"
	case strings.ContainsFunc(text, unicode.IsControl) || strings.Contains(text, bom):
		reason = "contains a control character"
	case cell == 0 && text[0] == '#':
		reason = "would make the row a comment"
	default:
		return nil
	}
	return &CellTextError{Text: text, Reason: reason}
}

// SetCell writes one cell of a row, counting from 0, on the line with a number
// as problems give it. Later cells stay in their columns as far as there is
// room. The cell after the last one of a row that is short may be set too. A
// text that stands there already changes nothing.
func (f *File) SetCell(num, cell int, text string) error {
	line, err := f.row(num)
	if err != nil {
		return err
	}
	if cell < 0 || cell > len(line.Cells) || cell >= max(len(line.Cells), len(schema[f.Kind].Columns)) {
		return fmt.Errorf("%s:%d: cell %d: %w", f.Kind, num, cell+1, ErrNoCell)
	}
	if err := checkCellText(cell, text); err != nil {
		return err
	}
	texts := line.Texts()
	if cell == len(texts) {
		texts = append(texts, "")
	}
	if texts[cell] == text {
		return nil
	}
	texts[cell] = text
	f.putCells(num, line, texts)
	return nil
}

// SetRow writes all cells of a row. It is how a row with the wrong number of
// cells is put right.
func (f *File) SetRow(num int, texts []string) error {
	line, err := f.row(num)
	if err != nil {
		return err
	}
	if err := f.checkRow(texts); err != nil {
		return err
	}
	f.putCells(num, line, texts)
	return nil
}

// putCells replaces a line by one with other texts in the same layout. Cells
// that the line did not have stand as in a new row.
func (f *File) putCells(num int, line *Line, texts []string) {
	own := layoutOf(line.Cells)
	if have := len(own.starts); have < len(texts) {
		like := f.layoutFor(num - 1)
		own.starts = append(own.starts, like.starts[have:]...)
		own.gaps = append(own.gaps, like.gaps[have:]...)
	}
	changed := *line
	changed.Cells = own.place(texts)
	f.Lines[num-1] = &changed
}

// InsertRow makes a new row, which then has the given line number: 1 to put
// it first, one more than there are lines to put it last. It stands in the
// columns of the nearest row of its group.
func (f *File) InsertRow(num int, texts []string) error {
	if f.unread != "" {
		return fmt.Errorf("%s: %w: %s", f.Kind, ErrUnread, f.unread)
	}
	if num < 1 || num > len(f.Lines)+1 {
		return fmt.Errorf("%s:%d: %w", f.Kind, num, ErrNoLine)
	}
	if err := f.checkRow(texts); err != nil {
		return err
	}
	at := num - 1
	line := &Line{Cells: f.layoutFor(at).place(texts), EOL: f.lineEnd(at)}
	f.Lines = slices.Insert(f.Lines, at, line)
	f.mendEnds(at-1, at)
	return nil
}

// checkRow refuses cells that would not be read back as a row of this table.
func (f *File) checkRow(texts []string) error {
	if want := len(schema[f.Kind].Columns); len(texts) != want {
		return fmt.Errorf("%s: %w: %d for %d columns (%s)", f.Kind, ErrCellCount, len(texts), want, f.Kind.columnNames())
	}
	for i, text := range texts {
		if err := checkCellText(i, text); err != nil {
			return err
		}
	}
	return nil
}

// DeleteRow removes a line: a row, a disabled row or a comment.
func (f *File) DeleteRow(num int) error {
	if _, err := f.line(num); err != nil {
		return err
	}
	f.Lines = slices.Delete(f.Lines, num-1, num)
	f.mendEnds(num - 2)
	return nil
}

// MoveRow moves a line so that it then has the number to.
func (f *File) MoveRow(num, to int) error {
	line, err := f.line(num)
	if err != nil {
		return err
	}
	if _, err := f.line(to); err != nil {
		return err
	}
	f.Lines = slices.Insert(slices.Delete(f.Lines, num-1, num), to-1, line)
	f.mendEnds(num-2, num-1, to-2, to-1)
	return nil
}

// Disable turns a row into a comment that Enable turns back. Nothing happens
// to a row that is off already.
func (f *File) Disable(num int) error {
	line, err := f.row(num)
	if err != nil || line.Disabled {
		return err
	}
	f.mark(num, line, disabledMark+line.Cells[0].Gap)
	return nil
}

// Enable turns a disabled row into the row that it was, byte for byte.
func (f *File) Enable(num int) error {
	line, err := f.row(num)
	if err != nil || !line.Disabled {
		return err
	}
	if text := line.Cells[0].Text; line.Cells[0].Gap == disabledMark && text[0] == '#' {
		return &CellTextError{Text: text, Reason: "would make the row a comment"}
	}
	f.mark(num, line, strings.TrimPrefix(line.Cells[0].Gap, disabledMark))
	return nil
}

// mark replaces the first gap of a row, which switches it off or on.
func (f *File) mark(num int, line *Line, gap string) {
	changed := *line
	changed.Disabled = !line.Disabled
	changed.Cells = slices.Clone(line.Cells)
	changed.Cells[0].Gap = gap
	f.Lines[num-1] = &changed
}

// Align puts the cells of every row of the group around a line (the lines
// without a blank one between) into common columns: those of the group's first
// row, moved right where a cell does not fit.
func (f *File) Align(num int) error {
	if _, err := f.row(num); err != nil {
		return err
	}
	lo, hi := f.group(num - 1)
	starts := f.commonStarts(f.Lines[lo:hi])
	for i := lo; i < hi; i++ {
		line := f.Lines[i]
		if len(line.Cells) == 0 {
			continue
		}
		own := layoutOf(line.Cells)
		copy(own.starts[1:], starts[1:])
		changed := *line
		changed.Cells = own.place(line.Texts())
		if !slices.Equal(changed.Cells, line.Cells) {
			f.Lines[i] = &changed
		}
	}
	return nil
}

// commonStarts gives the columns in which every row of a group has room, two
// spaces between at least.
func (f *File) commonStarts(group []*Line) []int {
	var starts []int
	for _, line := range group {
		own := layoutOf(line.Cells)
		if len(own.starts) > len(starts) {
			starts = append(starts, own.starts[len(starts):]...)
		}
	}
	for i := 1; i < len(starts); i++ {
		for _, line := range group {
			if i >= len(line.Cells) {
				continue
			}
			start := starts[i-1]
			if i == 1 {
				start = advance(0, line.Cells[0].Gap)
			}
			starts[i] = max(starts[i], start+width(line.Cells[i-1].Text)+2)
		}
	}
	return starts
}

// line finds a line for an edit.
func (f *File) line(num int) (*Line, error) {
	if f.unread != "" {
		return nil, fmt.Errorf("%s: %w: %s", f.Kind, ErrUnread, f.unread)
	}
	line := f.Line(num)
	if line == nil {
		return nil, fmt.Errorf("%s:%d: %w", f.Kind, num, ErrNoLine)
	}
	return line, nil
}

// row finds a row, disabled or not, for an edit.
func (f *File) row(num int) (*Line, error) {
	line, err := f.line(num)
	if err != nil {
		return nil, err
	}
	if len(line.Cells) == 0 {
		return nil, fmt.Errorf("%s:%d: %w", f.Kind, num, ErrNotRow)
	}
	return line, nil
}

// lineEnd is the line end for a new line before line index at: that of the
// line above or below.
func (f *File) lineEnd(at int) string {
	for _, i := range [...]int{at - 1, at} {
		if i >= 0 && i < len(f.Lines) && f.Lines[i].EOL != "" {
			return f.Lines[i].EOL
		}
	}
	return "\n"
}

// mendEnds sees to it, after lines came together that were not neighbours,
// that the lines with these indexes still end where they did: a line before
// another needs an end, and a lone "\r" before an empty line with a "\n" would
// become one end of both.
func (f *File) mendEnds(indexes ...int) {
	for _, i := range indexes {
		if i < 0 || i+1 >= len(f.Lines) {
			continue
		}
		line, next := f.Lines[i], f.Lines[i+1]
		end := line.EOL
		if end == "" {
			end = f.lineEnd(i)
		}
		if end == "\r" && next.EOL == "\n" && next.size() == 0 {
			end = "\r\n"
		}
		if end != line.EOL {
			ended := *line
			ended.EOL = end
			f.Lines[i] = &ended
		}
	}
}
