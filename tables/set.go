package tables

import "io/fs"

// Set is one directory of tables: a File for each Kind. An absent optional
// table is an empty File.
type Set struct {
	files [kindCount]*File
}

// Facts are what a check may know about the world outside the files. The zero
// value knows nothing, and the checks that need a fact are then left out.
type Facts struct {
	// Interfaces are the network interfaces that exist now; nil: not known.
	Interfaces []string
	// Countries reports whether country data has entries for a code; nil: no
	// country data is loaded.
	Countries func(code string) bool
}

// File returns one table.
func (s *Set) File(k Kind) *File { return s.files[k] }

// Load reads the tables from the root of fsys. The problems are those of
// reading: an absent or unreadable file, a directory in its place, a file over
// the size limit. A Set is always returned, with an empty File for each table
// that could not be read.
func Load(fsys fs.FS) (*Set, Problems) { return nil, nil }

// Check reads the meaning of the tables: the typed view of all rows that can
// be understood and every problem of all tables, sorted. The view may be
// compiled when the list has no errors.
func (s *Set) Check(facts Facts) (*Config, Problems) { return nil, nil }
