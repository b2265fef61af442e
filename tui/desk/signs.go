package desk

import (
	"slices"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Signs are the signs before the rows of a table: what was changed since the
// last save, and the worst problem.
type Signs struct {
	saved, now *tables.File // that changed was found for
	changed    map[*tables.Line]widget.Safe
	bad        map[int]rowProblem
}

// rowProblem is the worst problem of a row.
type rowProblem struct {
	severity tables.Severity
	cell     int
}

// Take finds the signs of a table as edited.
func (s *Signs) Take(d *Desk, k tables.Kind) {
	if saved, now := d.saved.File(k), d.set.File(k); s.saved != saved || s.now != now {
		s.saved, s.now = saved, now
		s.changed = changeSigns(saved.Lines, now.Lines)
	}
	s.bad = make(map[int]rowProblem)
	for _, p := range d.known() {
		if worst, ok := s.bad[p.Line]; p.File == k.String() && (!ok || p.Severity > worst.severity) {
			s.bad[p.Line] = rowProblem{p.Severity, p.Cell}
		}
	}
}

// Changed is "+" for a row that is not on disk, "~" for one that is there in
// another form or place; empty for one that is as it is on disk.
func (s *Signs) Changed(line *tables.Line) widget.Safe { return s.changed[line] }

// Worst is how bad the worst problem of a row is, and its cell; false for a row
// without one.
func (s *Signs) Worst(num int) (severity tables.Severity, cell int, ok bool) {
	p, ok := s.bad[num]
	return p.severity, p.cell, ok
}

// changeSigns finds the rows that are not on disk as they are now: "~" for one
// that took the place of another or that was moved, "+" for a new one. Lines that
// no edit touched are the same in both lists; between two of them, what is new is
// compared with what is gone.
func changeSigns(saved, now []*tables.Line) map[*tables.Line]widget.Safe {
	signs := make(map[*tables.Line]widget.Safe)
	if len(saved) == len(now) && len(saved) > 0 && &saved[0] == &now[0] {
		return signs
	}
	at := make(map[*tables.Line]int, len(saved))
	for i, l := range saved {
		at[l] = i
	}
	kept := make(map[*tables.Line]bool, len(now))
	for _, l := range now {
		kept[l] = true
	}
	for _, l := range movedLines(now, at) {
		if len(l.Cells) > 0 {
			signs[l] = "~"
		}
	}
	for i, behind := 0, -1; i < len(now); i++ {
		if place, ok := at[now[i]]; ok {
			behind = place
			continue
		}
		first := i
		for i+1 < len(now) {
			if _, ok := at[now[i+1]]; ok {
				break
			}
			i++
		}
		last := behind + 1
		for last < len(saved) && !kept[saved[last]] {
			last++
		}
		signChanges(signs, rowsOf(saved[behind+1:last]), rowsOf(now[first:i+1]))
	}
	return signs
}

// movedLines are the fewest of the lines that are in both lists whose moving
// makes the order of one that of the other: those outside a longest run of lines
// that ascend. at is where each was.
func movedLines(now []*tables.Line, at map[*tables.Line]int) []*tables.Line {
	var kept []*tables.Line
	for _, l := range now {
		if _, ok := at[l]; ok {
			kept = append(kept, l)
		}
	}
	var ends []int                   // of the best run of each length, its last line
	before := make([]int, len(kept)) // in the best run that ends with a line, the one before it
	for i, l := range kept {
		n, _ := slices.BinarySearchFunc(ends, at[l], func(end, place int) int { return at[kept[end]] - place })
		before[i] = -1
		if n > 0 {
			before[i] = ends[n-1]
		}
		if n == len(ends) {
			ends = append(ends, i)
		} else {
			ends[n] = i
		}
	}
	if len(ends) == len(kept) {
		return nil
	}
	stays := make([]bool, len(kept))
	for i := ends[len(ends)-1]; i >= 0; i = before[i] {
		stays[i] = true
	}
	var moved []*tables.Line
	for i, l := range kept {
		if !stays[i] {
			moved = append(moved, l)
		}
	}
	return moved
}

func rowsOf(lines []*tables.Line) []*tables.Line {
	var rows []*tables.Line
	for _, l := range lines {
		if len(l.Cells) > 0 {
			rows = append(rows, l)
		}
	}
	return rows
}

// maxPairs is how many pairs of rows are compared to find which took whose
// place.
const maxPairs = 10_000

// signChanges signs the new rows of one place in the table, where others are
// gone.
func signChanges(signs map[*tables.Line]widget.Safe, gone, fresh []*tables.Line) {
	for _, l := range fresh {
		signs[l] = "+"
	}
	if len(gone) == len(fresh) || len(gone)*len(fresh) > maxPairs {
		for i := range min(len(gone), len(fresh)) {
			signs[fresh[i]] = "~"
		}
		return
	}
	for _, l := range gone {
		best, most := -1, 0
		for i, f := range fresh {
			if n := cellsAlike(l, f); n > most && 2*n >= len(l.Cells) {
				best, most = i, n
			}
		}
		if best >= 0 {
			signs[fresh[best]] = "~"
			fresh = fresh[best+1:]
		}
	}
}

// cellsAlike counts the cells that two rows have in common.
func cellsAlike(a, b *tables.Line) int {
	n := 0
	for i := range min(len(a.Cells), len(b.Cells)) {
		if a.Cells[i].Text == b.Cells[i].Text {
			n++
		}
	}
	return n
}
