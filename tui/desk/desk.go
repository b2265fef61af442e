package desk

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/words"
)

// Desk is the set of tables being edited: what is on disk, what was changed
// since, the way back and forth between the two, and the problems found last.
// It is used by one goroutine, the console's.
type Desk struct {
	set   *tables.Set // nil until loaded
	saved *tables.Set
	undo  []step
	redo  []step

	counted [2]*tables.Set // the sets that dirty and staged were counted for
	dirty   []tables.Kind
	staged  int
	rows    map[tables.Kind]rowCount

	// typed is the row that is being written for the first time: what it lacks
	// is no error yet. The zero value is none.
	typed Place

	config   *tables.Config
	problems tables.Problems
	checked  *tables.Set // the set that config and problems are about
	parity   familyCount
	check    Request
	loading  Request
	saving   Request
	disk     diskWatch
}

// step is a state of the tables that an edit left behind, and where its row was
// before and after the edit.
type step struct {
	set      *tables.Set
	from, to Place
}

// rowCount is how many rows a table has.
type rowCount struct {
	file *tables.File
	n    int
}

// Place is a cell of a table: a line number from 1, a cell from 0.
type Place struct {
	Kind tables.Kind
	Line int
	Cell int
}

// String is the table and the line, as problems name them.
func (p Place) String() string { return fmt.Sprintf("%s:%d", p.Kind, p.Line) }

// Set is the tables as edited; nil before they were loaded, and when they
// cannot be: then the problems say why.
func (d *Desk) Set() *tables.Set { return d.set }

// Config is the typed view of the tables as they were checked last; nil before.
func (d *Desk) Config() *tables.Config { return d.config }

// Checked reports whether Config and Problems are about the tables as edited.
func (d *Desk) Checked() bool { return d.checked == d.set }

// Problems are those found by the last check.
func (d *Desk) Problems() tables.Problems { return d.problems }

// known are the problems without those of a row that is still being written.
func (d *Desk) known() tables.Problems {
	if d.typed.Line == 0 {
		return d.problems
	}
	var list tables.Problems
	for _, p := range d.problems {
		if p.Line != d.typed.Line || p.File != d.typed.Kind.String() {
			list = append(list, p)
		}
	}
	return list
}

// Count counts errors and warnings; those of a row that is still being written
// count when it is left.
func (d *Desk) Count() (errors, warnings int) { return d.known().Count() }

// PlaceNow is where a row of the applied tables stands in the tables as edited:
// on its line, or where a row with the same cells is now.
func (d *Desk) PlaceNow(at Place, cells string) Place {
	if d.set == nil {
		return at
	}
	lines := d.set.File(at.Kind).Lines
	same := func(i int) bool { return lines[i].IsRow() && strings.Join(lines[i].Texts(), " ") == cells }
	if at.Line <= len(lines) && same(at.Line-1) {
		return at
	}
	for i := range lines {
		if same(i) {
			at.Line = i + 1
			break
		}
	}
	return at
}

// Dirty lists the tables that differ from what is on disk.
func (d *Desk) Dirty() []tables.Kind {
	d.compare()
	return d.dirty
}

// Staged counts the lines that differ from what is on disk.
func (d *Desk) Staged() int {
	d.compare()
	return d.staged
}

// StagedLines says how many lines differ from what is on disk.
func (d *Desk) StagedLines() string { return words.Plural(d.Staged(), "changed line") }

// compare finds what differs from what is on disk. It is asked for each time
// the screen is drawn, so what it found is kept.
func (d *Desk) compare() {
	now := [2]*tables.Set{d.saved, d.set}
	if d.counted == now {
		return
	}
	d.counted, d.dirty, d.staged = now, nil, 0
	if d.set == nil || d.set == d.saved {
		return
	}
	d.dirty = d.set.Changed(d.saved)
	for _, k := range d.dirty {
		d.staged += changedLines(d.saved.File(k).Lines, d.set.File(k).Lines)
	}
}

// Rows counts the active rows of a table; it is kept as well.
func (d *Desk) Rows(k tables.Kind) int {
	if f := d.set.File(k); d.rows[k].file != f {
		if d.rows == nil {
			d.rows = make(map[tables.Kind]rowCount)
		}
		d.rows[k] = rowCount{f, f.Rows()}
	}
	return d.rows[k].n
}

// changedLines counts the lines between the common beginning and the common
// end of two tables that the other does not have. A line that moved counts
// only when nothing else moved with it.
func changedLines(a, b []*tables.Line) int {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	had := make(map[*tables.Line]bool, len(a))
	for _, l := range a {
		had[l] = true
	}
	kept := 0
	for _, l := range b {
		if had[l] {
			kept++
		}
	}
	if n := max(len(a), len(b)) - kept; n > 0 || len(b) == 0 {
		return n
	}
	return 1 // only the order differs
}

// Base is the tables as they were read from disk or saved last, which the edits
// are counted from; nil until loaded.
func (d *Desk) Base() *tables.Set { return d.saved }

// CanUndo reports whether there is an edit to take back, and CanRedo whether
// there is one to do again.
func (d *Desk) CanUndo() bool { return len(d.undo) > 0 }

// CanRedo is about the edits that were taken back.
func (d *Desk) CanRedo() bool { return len(d.redo) > 0 }

// SetTyped notes which row is being written for the first time; the zero value
// is none.
func (d *Desk) SetTyped(at Place) { d.typed = at }

// Typed reports whether a row is being written for the first time.
func (d *Desk) Typed() bool { return d.typed.Line > 0 }

// Edit changes one table and remembers the way back.
func (d *Desk) Edit(at Place, edit func(*tables.File) error) error {
	next, err := d.set.Edit(at.Kind, edit)
	if err != nil {
		return err
	}
	d.Put(at, next)
	return nil
}

// Put makes another set the edited one: one step back, however many tables it
// changes. Nothing happens, and the answer is false, when no line is another
// one.
func (d *Desk) Put(at Place, next *tables.Set) bool {
	if sameLines(d.set, next) {
		return false
	}
	d.undo = append(d.undo, step{set: d.set, from: at, to: at})
	d.redo = nil
	d.set = next
	return true
}

// Landed notes where the row of the last edit is after it, for who does it
// again.
func (d *Desk) Landed(line int) { d.undo[len(d.undo)-1].to.Line = line }

// sameLines reports whether two sets consist of the same lines.
func sameLines(a, b *tables.Set) bool {
	for _, k := range tables.Kinds() {
		if f, g := a.File(k), b.File(k); f != g && !slices.Equal(f.Lines, g.Lines) {
			return false
		}
	}
	return true
}

// Undo takes the last edit back and says where it was.
func (d *Desk) Undo() (Place, bool) {
	last, ok := d.travel(&d.undo, &d.redo)
	return last.from, ok
}

// Redo does the edit again that was taken back last, and says where it leads.
func (d *Desk) Redo() (Place, bool) {
	last, ok := d.travel(&d.redo, &d.undo)
	return last.to, ok
}

func (d *Desk) travel(from, to *[]step) (step, bool) {
	if len(*from) == 0 {
		return step{}, false
	}
	last := (*from)[len(*from)-1]
	*from = (*from)[:len(*from)-1]
	*to = append(*to, step{set: d.set, from: last.from, to: last.to})
	d.set = last.set
	return last, true
}

// Load asks for the tables on disk.
func (d *Desk) Load(c *Calls) tea.Cmd { return c.Load(&d.loading) }

// TakeLoaded takes the tables from disk; what was edited is gone.
func (d *Desk) TakeLoaded(m LoadedMsg) bool {
	if !d.loading.Done(m.N) {
		return false
	}
	d.problems = m.Problems
	if m.Err != nil {
		d.problems = append(d.problems, tables.Problem{File: "tables", Cell: -1, Severity: tables.Error, Text: m.Err.Error()})
	}
	d.set, d.saved, d.undo, d.redo = m.Set, m.Set, nil, nil
	d.config, d.checked = nil, nil
	d.InStep()
	return true
}

// Loading reports whether the tables are still being read.
func (d *Desk) Loading() bool { return d.loading.Busy() }

// Check asks for the problems of the tables as edited, unless they are known
// or asked for.
func (d *Desk) Check(c *Calls) tea.Cmd {
	if d.set == nil || d.checked == d.set || d.check.Busy() {
		return nil
	}
	return c.Check(&d.check, d.set)
}

// TakeChecked takes the answer of a check. When the tables were edited
// meanwhile, the next check is due.
func (d *Desk) TakeChecked(m CheckedMsg) bool {
	if !d.check.Done(m.N) {
		return false
	}
	d.checked, d.config, d.problems = m.Set, m.Config, m.Problems
	if m.Err != nil {
		d.problems = append(d.problems, tables.Problem{File: "tables", Cell: -1, Severity: tables.Error, Text: m.Err.Error()})
	}
	return true
}

// Save asks to write the tables.
func (d *Desk) Save(c *Calls) tea.Cmd { return c.Save(&d.saving, d.set) }

// TakeSaved takes the answer of a save.
func (d *Desk) TakeSaved(m SavedMsg) bool {
	if !d.saving.Done(m.N) {
		return false
	}
	if m.Err == nil {
		d.Saved(m.Set)
	}
	return true
}

// TakeCompiled takes the problems that a compile found, which are those of the
// check and those that only the compiler sees; unless the tables were edited
// since.
func (d *Desk) TakeCompiled(set *tables.Set, problems tables.Problems) {
	if d.set == set && d.checked == set {
		d.problems = problems
	}
}

// Saved notes that a set was written to disk.
func (d *Desk) Saved(set *tables.Set) {
	d.saved = set
	d.InStep()
}

// ProblemsAt lists the known problems of one line.
func (d *Desk) ProblemsAt(k tables.Kind, line int) tables.Problems {
	var list tables.Problems
	for _, p := range d.known() {
		if p.Line == line && p.File == k.String() {
			list = append(list, p)
		}
	}
	return list
}

// PlaceOf is the cell that a problem is about; false when it is about none.
func PlaceOf(problem tables.Problem) (Place, bool) {
	for _, k := range tables.Kinds() {
		if k.String() == problem.File {
			return Place{Kind: k, Line: problem.Line, Cell: problem.Cell}, true
		}
	}
	return Place{}, false
}
