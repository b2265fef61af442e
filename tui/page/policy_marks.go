package page

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// rowMarks are the rows of a table that the person marked: a command acts on
// all of them at once. A row is known by its line.
type rowMarks struct {
	lines map[*tables.Line]bool
	nums  []int // where they are, in order
	// hidden is how many of them the filter does not show.
	hidden int
}

func newRowMarks() rowMarks { return rowMarks{lines: make(map[*tables.Line]bool)} }

// take finds where the marked rows are; those that are gone are forgotten.
func (m *rowMarks) take(file *tables.File, rows []int, shown func(i int) bool) {
	m.nums, m.hidden = m.nums[:0], 0
	if len(m.lines) == 0 {
		return
	}
	for i, num := range rows {
		if m.lines[file.Line(num)] {
			m.nums = append(m.nums, num)
			if !shown(i) {
				m.hidden++
			}
		}
	}
	m.set(file, m.nums)
}

// set marks exactly the rows on these lines.
func (m *rowMarks) set(file *tables.File, nums []int) {
	clear(m.lines)
	for _, num := range nums {
		m.lines[file.Line(num)] = true
	}
}

// toggle marks a row, or takes its mark away.
func (m *rowMarks) toggle(line *tables.Line) {
	if m.lines[line] {
		delete(m.lines, line)
	} else {
		m.lines[line] = true
	}
}

// count says how many rows are marked.
func (m *rowMarks) count() widget.Safe {
	if m.hidden > 0 {
		return widget.Format("%d marked, %d hidden ", len(m.nums), m.hidden)
	}
	return widget.Format("%d marked ", len(m.nums))
}

func (m *rowMarks) sign(line *tables.Line) widget.Safe {
	if m.lines[line] {
		return "*"
	}
	return " "
}

// mark marks the selected row and goes on to the next one.
func (p *Policy) mark() Effect {
	t := p.rows()
	num, ok := t.selected()
	if !ok {
		return Effect{}
	}
	t.marks.toggle(p.Desk.Set().File(p.kind).Line(num))
	p.refresh()
	t.Down()
	return Effect{}
}

// unmark takes all marks of the table away.
func (p *Policy) unmark() {
	p.rows().marks = newRowMarks()
	p.refresh()
}

// editsRows reports whether a key changes rows.
func (keys *policyKeys) editsRows(k tea.KeyPressMsg) bool {
	for _, b := range []widget.Binding{keys.Delete, keys.Down, keys.Up, keys.Off, keys.Align, keys.Undo, keys.Redo} {
		if b.Is(k) {
			return true
		}
	}
	return false
}

// editRows changes the marked rows, or else the selected one, or takes that
// back.
func (p *Policy) editRows(k tea.KeyPressMsg) Effect {
	keys := &p.keys
	switch {
	case keys.Delete.Is(k):
		return p.remove()
	case keys.Down.Is(k):
		return p.act("", moveRows(1))
	case keys.Up.Is(k):
		return p.act("", moveRows(-1))
	case keys.Off.Is(k):
		return p.toggle()
	case keys.Align.Is(k):
		return p.align()
	case keys.Undo.Is(k):
		return p.travel("undone", p.Desk.Undo)
	}
	return p.travel("done again", p.Desk.Redo)
}

// chosen lists the lines that a command acts on: the marked rows, or else the
// selected one.
func (p *Policy) chosen() []int {
	if marked := p.rows().marks.nums; len(marked) > 0 {
		return slices.Clone(marked)
	}
	if num, ok := p.rows().selected(); ok {
		return []int{num}
	}
	return nil
}

// rowEdit changes rows of a table and says where they are then; none when they
// are gone.
type rowEdit func(f *tables.File, nums []int) ([]int, error)

// act changes the chosen rows in one step. The marks stay on them, and the
// selection on the row that it is on.
func (p *Policy) act(done string, edit rowEdit) Effect {
	at, ok := p.place()
	if !ok {
		return Effect{}
	}
	nums, before := p.chosen(), p.Desk.Set()
	var after []int
	err := p.Desk.Edit(at, func(f *tables.File) (err error) {
		after, err = edit(f, nums)
		return err
	})
	switch {
	case err != nil:
		return say(Bad, "%v", err)
	case p.Desk.Set() == before:
		return Effect{}
	}
	file := p.Desk.Set().File(p.kind)
	to := whereNow(before.File(p.kind), file, at.Line, nums, after)
	p.Desk.Landed(to)
	if marks := &p.rows().marks; len(marks.nums) > 0 {
		marks.set(file, after)
	}
	p.refresh()
	p.rows().goTo(desk.Place{Line: to, Cell: -1})
	e := Effect{Cmd: p.Desk.Check(p.Calls)}
	if done != "" {
		e.Say = &Note{Text: widget.Format("%s %s (%s takes it back)", rowNames(at.Kind, nums), done, p.undoKey())}
	}
	return e
}

// remove deletes the chosen rows, and warns when one defined what others name.
func (p *Policy) remove() Effect {
	var o object
	if at, ok := p.place(); ok {
		if nums := p.chosen(); len(nums) == 1 {
			o = p.rowObject(desk.Place{Kind: at.Kind, Line: nums[0]})
		}
	}
	e := p.act("deleted", deleteRows)
	if o == (object{}) || e.Say == nil || e.Say.Kind != Info {
		return e
	}
	if defined, used, _ := countUses(p.usesOf(o)); defined == 0 && used > 0 {
		e.Say = &Note{Text: e.Say.Text + widget.Format("; %s is still named in %s", o.name, words.Plural(used, "cell")), Kind: Warn}
	}
	return e
}

// rowNames is "rules:7" for one row and "3 rows of rules" for more.
func rowNames(k tables.Kind, nums []int) string {
	if len(nums) == 1 {
		return desk.Place{Kind: k, Line: nums[0]}.String()
	}
	return words.Plural(len(nums), "row") + " of " + k.String()
}

// whereNow is the line number that a row has after an edit that took the rows
// on some lines to others. For a row that is gone it is that of the one which
// took its place.
func whereNow(before, now *tables.File, num int, from, to []int) int {
	if i := slices.Index(from, num); i >= 0 && i < len(to) {
		return to[i]
	}
	if i := slices.Index(now.Lines, before.Line(num)); i >= 0 {
		return i + 1
	}
	for _, n := range from {
		if n < num {
			num--
		}
	}
	return num
}

// deleteRows removes rows.
func deleteRows(f *tables.File, nums []int) ([]int, error) {
	for _, num := range slices.Backward(nums) {
		if err := f.DeleteRow(num); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// moveRows moves rows by one row up (-1) or down (1). Rows that are at the end
// already stay, and so do those that these hold up.
func moveRows(by int) rowEdit {
	return func(f *tables.File, nums []int) ([]int, error) {
		after := slices.Clone(nums)
		held := 0 // the line of the row moved before this one
		for i := range nums {
			if by > 0 {
				i = len(nums) - 1 - i
			}
			to := nextRow(f, nums[i], by)
			if to > 0 && to != held {
				if err := f.MoveRow(nums[i], to); err != nil {
					return nil, err
				}
				after[i] = to
			}
			held = after[i]
		}
		return after, nil
	}
}

// nextRow is the line number of the row before (-1) or after (1) a line; 0 for
// none.
func nextRow(f *tables.File, num, by int) int {
	for num += by; num >= 1 && num <= len(f.Lines); num += by {
		if len(f.Line(num).Cells) > 0 {
			return num
		}
	}
	return 0
}

// toggle switches the chosen rows off, or on when all of them are off.
func (p *Policy) toggle() Effect {
	file, nums := p.Desk.Set().File(p.kind), p.chosen()
	allOff := !slices.ContainsFunc(nums, func(n int) bool { return !file.Line(n).Disabled })
	if allOff {
		return p.act("switched on", eachRow((*tables.File).Enable))
	}
	return p.act("switched off", eachRow((*tables.File).Disable))
}

// align puts the cells of the chosen rows' groups into common columns.
func (p *Policy) align() Effect {
	before := p.Desk.Set()
	e := p.act("and the rows around aligned", alignRows)
	if e.Say == nil && p.Desk.Set() == before {
		return say(Info, "the columns are aligned already")
	}
	return e
}

// alignRows aligns the group of each row once.
func alignRows(f *tables.File, nums []int) ([]int, error) {
	behind := 0 // the line behind the group that was aligned last
	for _, num := range nums {
		if num < behind {
			continue
		}
		if err := f.Align(num); err != nil {
			return nil, err
		}
		for behind = num; behind <= len(f.Lines) && !f.Line(behind).IsBlank(); behind++ {
		}
	}
	return nums, nil
}

// eachRow is an edit of one row done with each.
func eachRow(edit func(*tables.File, int) error) rowEdit {
	return func(f *tables.File, nums []int) ([]int, error) {
		for _, num := range nums {
			if err := edit(f, num); err != nil {
				return nil, err
			}
		}
		return nums, nil
	}
}
