package tables

import (
	"cmp"
	"slices"
	"strings"
)

// RowChange is what differs between two sets of tables about one row. A row
// that is new has no Before, one that is gone no After.
type RowChange struct {
	Kind Kind
	// Was and Now are the line numbers, from 1; 0 where there is no row.
	Was, Now      int
	Before, After *Line
	// Moved says that the row changed its place among the others, in a table
	// whose order decides.
	Moved bool
}

// CellChange is a cell that differs.
type CellChange struct {
	Column   Column
	Was, Now string
}

// Cells are the cells of a row that was edited; none for one that is new or
// gone.
func (c *RowChange) Cells() []CellChange {
	if c.Before == nil || c.After == nil {
		return nil
	}
	var cells []CellChange
	for i := range max(len(c.Before.Cells), len(c.After.Cells)) {
		was, now := c.Before.text(i), c.After.text(i)
		if was != now {
			cells = append(cells, CellChange{Column: c.Kind.column(i), Was: was, Now: now})
		}
	}
	return cells
}

// SwitchedOff reports whether an active row became a disabled one.
func (c *RowChange) SwitchedOff() bool { return c.switched() && c.After.Disabled }

// SwitchedOn reports whether a disabled row became an active one.
func (c *RowChange) SwitchedOn() bool { return c.switched() && c.Before.Disabled }

func (c *RowChange) switched() bool {
	return c.Before != nil && c.After != nil && c.Before.Disabled != c.After.Disabled
}

// text is a cell, empty when the row is shorter.
func (l *Line) text(cell int) string {
	if cell >= len(l.Cells) {
		return ""
	}
	return l.Cells[cell].Text
}

// CompareRows lists the rows that differ between two sets, in the order of the
// tables and of their lines. White space, comments and the place of a row in a
// table whose order decides nothing do not count.
func CompareRows(before, after *Set) []RowChange {
	var changes []RowChange
	for _, k := range Kinds() {
		if a, b := before.files[k], after.files[k]; a != b {
			changes = append(changes, compareFiles(k, a, b)...)
		}
	}
	return changes
}

// numbered is a row with its line number.
type numbered struct {
	num int
	row *Line
}

func rowsOf(f *File) []numbered {
	var rows []numbered
	for i, l := range f.Lines {
		if len(l.Cells) > 0 {
			rows = append(rows, numbered{i + 1, l})
		}
	}
	return rows
}

// words tells rows apart: their cells, and whether they are switched off.
func (n numbered) words() string {
	if n.row.Disabled {
		return disabledMark + strings.Join(n.row.Texts(), " ")
	}
	return strings.Join(n.row.Texts(), " ")
}

// ordered reports whether the order of the rows of a table decides.
func ordered(k Kind) bool { return k == Rules || k == Virtuals }

// compareFiles finds first the rows that stay as they are, then among the rest
// those that are the same row edited.
func compareFiles(k Kind, a, b *File) []RowChange {
	before, after := rowsOf(a), rowsOf(b)
	partner := samePlaces(before, after)
	stays := rising(partner)
	var changes []RowChange
	taken := make([]bool, len(after))
	for i, j := range partner {
		if j < 0 {
			continue
		}
		taken[j] = true
		if ordered(k) && !stays[i] {
			changes = append(changes, changeOf(k, &before[i], &after[j], true))
		}
	}
	pairEdited(k, before, after, partner, taken, stays, func(i, j int) {
		changes = append(changes, changeOf(k, &before[i], &after[j], false))
		partner[i], taken[j] = j, true
	})
	for i := range before {
		if partner[i] < 0 {
			changes = append(changes, changeOf(k, &before[i], nil, false))
		}
	}
	for j := range after {
		if !taken[j] {
			changes = append(changes, changeOf(k, nil, &after[j], false))
		}
	}
	slices.SortFunc(changes, func(x, y RowChange) int {
		return cmp.Or(cmp.Compare(cmp.Or(x.Now, x.Was), cmp.Or(y.Now, y.Was)), cmp.Compare(x.Now, y.Now))
	})
	return changes
}

func changeOf(k Kind, before, after *numbered, moved bool) RowChange {
	c := RowChange{Kind: k, Moved: moved}
	if before != nil {
		c.Was, c.Before = before.num, before.row
	}
	if after != nil {
		c.Now, c.After = after.num, after.row
	}
	return c
}

// samePlaces finds for each row before the same row after, -1 for none. Rows
// at the common beginning and end are each other's; of those between, the n-th
// with the same words is.
func samePlaces(before, after []numbered) []int {
	partner := make([]int, len(before))
	lo, hi := 0, 0
	for lo < min(len(before), len(after)) && before[lo].words() == after[lo].words() {
		partner[lo] = lo
		lo++
	}
	for hi < min(len(before), len(after))-lo && before[len(before)-1-hi].words() == after[len(after)-1-hi].words() {
		partner[len(before)-1-hi] = len(after) - 1 - hi
		hi++
	}
	places := make(map[string][]int)
	for j := lo; j < len(after)-hi; j++ {
		w := after[j].words()
		places[w] = append(places[w], j)
	}
	for i := lo; i < len(before)-hi; i++ {
		w := before[i].words()
		if partner[i] = -1; len(places[w]) > 0 {
			partner[i], places[w] = places[w][0], places[w][1:]
		}
	}
	return partner
}

// rising marks the longest choice of rows that stand in the same order on both
// sides; the other ones that have a partner moved.
func rising(partner []int) []bool {
	var tails []int // tails[n] is the row that ends the best choice of n+1
	back := make([]int, len(partner))
	for i, j := range partner {
		if j < 0 {
			continue
		}
		n, _ := slices.BinarySearchFunc(tails, j, func(t, j int) int { return cmp.Compare(partner[t], j) })
		if back[i] = -1; n > 0 {
			back[i] = tails[n-1]
		}
		if n == len(tails) {
			tails = append(tails, i)
		} else {
			tails[n] = i
		}
	}
	stays := make([]bool, len(partner))
	if len(tails) > 0 {
		for i := tails[len(tails)-1]; i >= 0; i = back[i] {
			stays[i] = true
		}
	}
	return stays
}

// pairEdited calls pair for rows that are one row edited: in a table of
// objects those of one name, in the others those between the same two rows
// that stay, the most alike first.
func pairEdited(k Kind, before, after []numbered, partner []int, taken, stays []bool, pair func(i, j int)) {
	if !ordered(k) {
		pairNamed(k, before, after, partner, taken, pair)
		return
	}
	i, j := 0, 0
	for i < len(before) || j < len(after) {
		var gone, come []int
		for ; i < len(before) && !stays[i]; i++ {
			if partner[i] < 0 {
				gone = append(gone, i)
			}
		}
		end := len(after)
		if i < len(before) {
			end = partner[i]
		}
		for ; j < end; j++ {
			if !taken[j] {
				come = append(come, j)
			}
		}
		pairAlike(before, after, gone, come, pair)
		i, j = i+1, end+1
	}
}

// pairNamed pairs the rows that define the same name.
func pairNamed(k Kind, before, after []numbered, partner []int, taken []bool, pair func(i, j int)) {
	name := func(n numbered) string {
		if k == Options {
			return n.row.text(0) + " " + n.row.text(1)
		}
		return n.row.text(0)
	}
	places := make(map[string][]int)
	for j := range after {
		if !taken[j] {
			places[name(after[j])] = append(places[name(after[j])], j)
		}
	}
	for i := range before {
		w := name(before[i])
		if at := places[w]; partner[i] < 0 && len(at) > 0 {
			places[w] = at[1:]
			pair(i, at[0])
		}
	}
}

// manyPairs is from how many possible pairs on the most alike ones are not
// looked for: the n-th row is then compared with the n-th only.
const manyPairs = 1 << 16

// pairAlike pairs rows that are likely to be one row edited, the most alike
// first.
func pairAlike(before, after []numbered, gone, come []int, pair func(i, j int)) {
	if len(gone)*len(come) > manyPairs {
		for n := range min(len(gone), len(come)) {
			if likely(before[gone[n]].row, after[come[n]].row) {
				pair(gone[n], come[n])
			}
		}
		return
	}
	type match struct{ alike, i, j int }
	var all []match
	for _, i := range gone {
		for _, j := range come {
			if a, b := before[i].row, after[j].row; likely(a, b) {
				all = append(all, match{alike(a, b), i, j})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y match) int { return cmp.Compare(y.alike, x.alike) })
	done, used := make(map[int]bool), make(map[int]bool)
	for _, m := range all {
		if !done[m.i] && !used[m.j] {
			done[m.i], used[m.j] = true, true
			pair(m.i, m.j)
		}
	}
}

// likely reports whether one row may be the other one edited: they have half of
// their cells in common.
func likely(a, b *Line) bool { return 2*alike(a, b) >= max(len(a.Cells), len(b.Cells)) }

// alike counts the cells that two rows have in common.
func alike(a, b *Line) int {
	n := 0
	for i := range min(len(a.Cells), len(b.Cells)) {
		if a.Cells[i].Text == b.Cells[i].Text {
			n++
		}
	}
	return n
}

// Sharing is the file with the lines that another one has too taken from there.
// What compares lines by identity then sees which ones changed.
func (f *File) Sharing(with *File) *File {
	same := make(map[string][]*Line)
	for _, l := range with.Lines {
		w := l.String() + l.EOL
		same[w] = append(same[w], l)
	}
	c := f.Clone()
	for i, l := range c.Lines {
		w := l.String() + l.EOL
		if at := same[w]; len(at) > 0 {
			c.Lines[i], same[w] = at[0], at[1:]
		}
	}
	return c
}
