package tables

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNameTaken says that a rename would make two objects one.
var ErrNameTaken = errors.New("the name is already in use")

// ErrReserved says that a name has a meaning of its own in the tables.
var ErrReserved = errors.New("the name is reserved")

// ErrNoObject says that no row defines or uses the name.
var ErrNoObject = errors.New("no such object")

// Use is a cell that holds the name of an object.
type Use struct {
	Kind    Kind
	Num     int // line number, from 1
	Cell    int
	Defines bool // the row defines the object
	// Disabled says that the row is switched off.
	Disabled bool
}

// WhereUsed lists every cell that holds the name of an object, in the order
// of the tables. Rows that are switched off are included.
func (s *Set) WhereUsed(class Object, name string) []Use {
	var uses []Use
	for _, k := range Kinds() {
		for cell, column := range schema[k].Columns {
			if column.Object != class || keyword(k, cell, name) {
				continue
			}
			for i, line := range s.files[k].Lines {
				if cell < len(line.Cells) && line.Cells[cell].Text == name {
					uses = append(uses, Use{k, i + 1, cell, column.Defines, line.Disabled})
				}
			}
		}
	}
	return uses
}

// Rename is the set with an object renamed wherever it stands, rows that are
// switched off included, and how many cells that took.
func (s *Set) Rename(class Object, from, to string) (*Set, int, error) {
	if reserved(class, from) || reserved(class, to) {
		return nil, 0, fmt.Errorf("rename %s %s to %s: %w", class, quote(from), quote(to), ErrReserved)
	}
	uses := s.WhereUsed(class, from)
	if len(uses) == 0 {
		return nil, 0, fmt.Errorf("rename %s %s: %w", class, quote(from), ErrNoObject)
	}
	if from != to && len(s.WhereUsed(class, to)) > 0 {
		return nil, 0, fmt.Errorf("rename %s %s to %s: %w", class, quote(from), quote(to), ErrNameTaken)
	}
	renamed := *s
	for _, use := range uses {
		f := renamed.files[use.Kind]
		if f == s.files[use.Kind] {
			f = f.Clone()
			renamed.files[use.Kind] = f
		}
		if err := f.SetCell(use.Num, use.Cell, to); err != nil {
			return nil, 0, fmt.Errorf("rename %s %s: %w", class, quote(from), err)
		}
	}
	return &renamed, len(uses), nil
}

// reserved reports whether a name cannot be that of an object, because it has
// a meaning of its own where objects of the class stand.
func reserved(class Object, name string) bool {
	switch class {
	case AddressObject:
		return name == All || name == FW || name == Docker || strings.HasPrefix(name, GeoPrefix)
	case ServiceObject:
		return name == All
	case ZoneObject:
		return name == All || name == FW
	}
	return false
}

// keyword reports whether a text has a meaning of its own in a cell, so that
// no object is looked up.
func keyword(k Kind, cell int, text string) bool {
	switch k {
	case Rules:
		switch cell {
		case 1:
			return text == All || text == FW
		case 2:
			return text == All || strings.HasPrefix(text, GeoPrefix)
		case 3, 4:
			return text == All
		}
	case Virtuals:
		switch cell {
		case 2:
			return text == All || text == Docker
		case 1, 3, 4:
			return text == All
		}
	}
	return false
}
