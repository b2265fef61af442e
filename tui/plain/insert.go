package plain

import (
	"strconv"
	"strings"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// insert makes a row. Cells that the line does not give are asked for, one
// after the other; each is checked before the next.
func (s *session) insert(args []string) error {
	k, ok := s.kindNamed(args)
	if !ok {
		return nil
	}
	file := s.desk.Set().File(k)
	if len(args) < 2 {
		s.say("Which number shall the row have? The last line of %s is %d: insert %s %d.", k, len(file.Lines), k, len(file.Lines)+1)
		return nil
	}
	num, err := strconv.Atoi(args[1])
	if err != nil || num < 1 || num > len(file.Lines)+1 {
		s.say("Behind %s stands the number that the row shall have, between 1 and %d.", k, len(file.Lines)+1)
		return nil
	}
	return s.insertRow(&newRow{kind: k, num: num, kept: make(map[int]bool)}, args[2:])
}

// insertRow makes a row of the cells that are given, and asks for the others.
func (s *session) insertRow(r *newRow, cells []string) error {
	ok := s.takeCells(r, cells)
	if ok {
		var err error
		if ok, err = s.fill(r); err != nil {
			return err
		}
	}
	if !ok {
		s.say("Nothing was inserted.")
		return nil
	}
	s.change(desk.Place{Kind: r.kind, Line: r.num}, r.insert(len(r.cells)))
	return nil
}

// newObject makes a row at the end of a table for a name that a cell holds.
func (s *session) newObject(k tables.Kind, name string) error {
	r := newRow{kind: k, num: len(s.desk.Set().File(k).Lines) + 1, kept: make(map[int]bool)}
	return s.insertRow(&r, []string{name})
}

// newRow is a row that is being written.
type newRow struct {
	kind  tables.Kind
	num   int
	cells []string // so far
	kept  map[int]bool
}

// blank stands in the cells that are not known yet, as in a new row on the
// screen: no table takes it.
const blank = "?"

// insert makes a row of the first n cells and blanks.
func (r *newRow) insert(n int) func(*tables.File) error {
	texts := append([]string(nil), r.cells[:n]...)
	for len(texts) < len(r.kind.Columns()) {
		texts = append(texts, blank)
	}
	return func(f *tables.File) error { return f.InsertRow(r.num, texts) }
}

// takeCells appends the words of a line as cells; false when they are more than
// the table has.
func (s *session) takeCells(r *newRow, cells []string) bool {
	columns := r.kind.Columns()
	if n := len(r.cells) + len(cells); n > len(columns) {
		s.say("That makes %s, and a row of %s has %d.", words.Plural(n, "cell"), r.kind, len(columns))
		return false
	}
	r.cells = append(r.cells, cells...)
	return true
}

// fill asks for what the row lacks, and about what is wrong in it; false when
// the person gives up.
func (s *session) fill(r *newRow) (bool, error) {
	for cell := range r.kind.Columns() {
		for cell == len(r.cells) {
			if ok, err := s.askCell(r); !ok || err != nil {
				return false, err
			}
		}
		for {
			f := s.rowFault(r, cell)
			if f == nil {
				break
			}
			text, next, err := s.mend(f, r.cells[f.Cell], "to insert nothing")
			if err != nil || next == giveUp {
				return false, err
			}
			r.cells[f.Cell], r.kept[f.Cell] = text, next == keep
		}
	}
	return true, nil
}

// askCell asks for the next cell. Several words are the cells that follow, too.
func (s *session) askCell(r *newRow) (bool, error) {
	cell := len(r.cells)
	c := r.kind.Columns()[cell]
	s.say("Cell %d, %s: %s.", cell+1, c.Name, c.Help)
	line, err := s.nextText(desk.Place{Kind: r.kind, Cell: cell}, widget.Clean(c.Name))
	if err != nil || line == "" {
		return false, err
	}
	s.takeCells(r, strings.Fields(line))
	return true, nil
}

// rowFault is the first error in the cells up to one that the person has not
// decided to keep; nil for none. An earlier cell may be wrong because of a later
// one.
func (s *session) rowFault(r *newRow, last int) *fault {
	all, f := s.draft(desk.Place{Kind: r.kind, Line: r.num, Cell: last}, r.insert(last+1))
	if f != nil {
		return f
	}
	for _, p := range all {
		if p.Severity == tables.Error && p.Cell >= 0 && p.Cell <= last && !r.kept[p.Cell] {
			return &fault{Problem: p}
		}
	}
	return nil
}
