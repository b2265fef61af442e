package tables

import (
	"errors"
	"fmt"
	"slices"
)

// ErrConflict says that two edits of the same lines differ, and that nobody has
// chosen between them yet.
var ErrConflict = errors.New("both changed the same lines")

// Origin says who changed the lines of a Hunk.
type Origin uint8

// The origins. ByBoth means that both made the same change.
const (
	Unchanged Origin = iota
	ByMine
	ByTheirs
	ByBoth
	Conflict
)

// Side is the answer to a conflict.
type Side uint8

// The sides. Both takes my lines and then theirs.
const (
	Undecided Side = iota
	Mine
	Theirs
	Both
)

// Hunk is a run of lines of a three-way comparison: how it was, how each side
// has it, and the number of its first line there.
type Hunk struct {
	Origin                      Origin
	Base, Mine, Theirs          []*Line
	BaseNum, MineNum, TheirsNum int
	// Take is the answer, for a Conflict only.
	Take Side
}

// Merge compares two edits of a table, line by line, with what both started
// from. Hunks cover the table in order.
type Merge struct {
	Kind  Kind
	Hunks []Hunk
	bom   bool
}

// Merge3 compares mine and theirs with the base that both were made from. Lines
// are the same when their bytes are. A table that could not be read cannot be
// compared.
func Merge3(base, mine, theirs *File) (*Merge, error) {
	for _, f := range [...]*File{base, mine, theirs} {
		if f.unread != "" {
			return nil, fmt.Errorf("%s: %w: %s", f.Kind, ErrUnread, f.unread)
		}
	}
	m := &Merge{Kind: mine.Kind, bom: theirs.BOM}
	if mine.BOM != base.BOM {
		m.bom = mine.BOM
	}
	inMine, inTheirs := matchLines(base.Lines, mine.Lines), matchLines(base.Lines, theirs.Lines)
	b, x, y := 0, 0, 0 // how far the hunks reach
	for i := 0; i <= len(base.Lines); i++ {
		to, at, there := i, len(mine.Lines), len(theirs.Lines)
		if i < len(base.Lines) {
			if at, there = inMine[i], inTheirs[i]; at < 0 || there < 0 {
				continue
			}
		}
		m.add(Hunk{
			Base: base.Lines[b:to], Mine: mine.Lines[x:at], Theirs: theirs.Lines[y:there],
			BaseNum: b + 1, MineNum: x + 1, TheirsNum: y + 1,
		})
		if i < len(base.Lines) {
			m.keep(base, i, at, there)
			b, x, y = i+1, at+1, there+1
		}
	}
	return m, nil
}

// add appends what is not the same everywhere.
func (m *Merge) add(h Hunk) {
	mine, theirs := sameLines(h.Base, h.Mine), sameLines(h.Base, h.Theirs)
	switch {
	case mine && theirs:
		return
	case theirs:
		h.Origin = ByMine
	case mine:
		h.Origin = ByTheirs
	case sameLines(h.Mine, h.Theirs):
		h.Origin = ByBoth
	case len(h.Base) > 1 && len(h.Base) == len(h.Mine) && len(h.Base) == len(h.Theirs):
		m.split(h)
		return
	default:
		h.Origin = Conflict
	}
	m.Hunks = append(m.Hunks, h)
}

// split compares line by line where nothing was inserted or deleted: rows that
// were edited in place are neighbours, not the same row.
func (m *Merge) split(h Hunk) {
	for i := range h.Base {
		one := Hunk{
			Base: h.Base[i : i+1], Mine: h.Mine[i : i+1], Theirs: h.Theirs[i : i+1],
			BaseNum: h.BaseNum + i, MineNum: h.MineNum + i, TheirsNum: h.TheirsNum + i,
		}
		if sameLines(one.Base, one.Mine) && sameLines(one.Base, one.Theirs) {
			one.Mine, one.Theirs = nil, nil
			m.Hunks = append(m.Hunks, one)
		} else {
			m.add(one)
		}
	}
}

// keep appends a line that all three have.
func (m *Merge) keep(base *File, i, at, there int) {
	if n := len(m.Hunks); n > 0 && m.Hunks[n-1].Origin == Unchanged {
		h := &m.Hunks[n-1]
		h.Base = base.Lines[h.BaseNum-1 : i+1]
		return
	}
	m.Hunks = append(m.Hunks, Hunk{Base: base.Lines[i : i+1], BaseNum: i + 1, MineNum: at + 1, TheirsNum: there + 1})
}

// Open counts the conflicts that nobody has decided.
func (m *Merge) Open() int {
	n := 0
	for _, h := range m.Hunks {
		if h.Origin == Conflict && h.Take == Undecided {
			n++
		}
	}
	return n
}

// File is the table with both edits in it, and ErrConflict while a conflict is
// open.
func (m *Merge) File() (*File, error) {
	f := &File{Kind: m.Kind, BOM: m.bom}
	for _, h := range m.Hunks {
		lines, ok := h.merged()
		if !ok {
			return nil, fmt.Errorf("%s:%d: %w", m.Kind, h.MineNum, ErrConflict)
		}
		f.Lines = append(f.Lines, lines...)
	}
	for i := range f.Lines {
		f.mendEnds(i) // the last line of one side may have come before another
	}
	return f, nil
}

// merged are the lines that a hunk becomes.
func (h *Hunk) merged() ([]*Line, bool) {
	switch h.Origin {
	case Unchanged:
		return h.Base, true
	case ByMine:
		return h.Mine, true
	case ByTheirs, ByBoth:
		return h.Theirs, true
	}
	switch h.Take {
	case Mine:
		return h.Mine, true
	case Theirs:
		return h.Theirs, true
	case Both:
		return slices.Concat(h.Mine, h.Theirs), true
	}
	return nil, false
}

// Sharing is the set with the lines of an older one wherever both have the
// same, so that a line that did not change is the same Line in both.
func (s *Set) Sharing(old *Set) *Set {
	c := *s
	for _, k := range Kinds() {
		f, was := s.files[k], old.files[k]
		if f == was || f.unread != "" {
			continue
		}
		shared := f.Clone()
		for i, at := range matchLines(was.Lines, f.Lines) {
			if at >= 0 {
				shared.Lines[at] = was.Lines[i]
			}
		}
		c.files[k] = shared
	}
	return &c
}

func sameLines(a, b []*Line) bool { return slices.EqualFunc(a, b, sameLine) }

func sameLine(a, b *Line) bool {
	return a == b || a.EOL == b.EOL && a.Tail == b.Tail && a.Disabled == b.Disabled && slices.Equal(a.Cells, b.Cells)
}
