package tables

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
)

// The limits of a table.
const (
	maxSize = 1 << 20 // bytes of a file
	maxRows = 20000   // active rows of a file
	maxLine = 4096    // bytes of a line
)

// Set is one directory of tables: a File for each Kind. An absent optional
// table is an empty File. A Set does not change: an edit makes another one,
// so that keeping the old one is all that an undo takes.
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
	// Services finds the port of a service name such as "ssh" for "tcp" or
	// "udp", as /etc/services does; nil: only the built-in names are known.
	Services func(name, proto string) (port uint16, ok bool)
}

// NewSet puts files together; a table without a file is empty. Of two files
// of one kind the later one counts.
func NewSet(files ...*File) *Set {
	s := &Set{}
	for _, k := range Kinds() {
		s.files[k] = &File{Kind: k}
	}
	for _, f := range files {
		s.files[f.Kind] = f
	}
	return s
}

// File returns one table.
func (s *Set) File(k Kind) *File { return s.files[k] }

// With is the set with one file replaced.
func (s *Set) With(f *File) *Set {
	c := *s
	c.files[f.Kind] = f
	return &c
}

// Edit is the set after an edit of one table. The set itself stays as it was,
// also when the edit fails:
//
//	next, err := set.Edit(tables.Rules, func(f *tables.File) error { return f.DeleteRow(12) })
func (s *Set) Edit(k Kind, edit func(*File) error) (*Set, error) {
	f := s.files[k].Clone()
	if err := edit(f); err != nil {
		return nil, err
	}
	return s.With(f), nil
}

// Changed lists the tables whose bytes are not those of another set.
func (s *Set) Changed(since *Set) []Kind {
	var kinds []Kind
	for _, k := range Kinds() {
		if a, b := s.files[k], since.files[k]; a != b && !a.Equal(b) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// Load reads the tables from the root of fsys. The problems are those of
// reading: an absent or unreadable file, a directory in its place, a file over
// the size limit. A Set is always returned, with an empty File for each table
// that could not be read; such a File refuses edits, and Check of the Set
// gives the same problem again.
func Load(fsys fs.FS) (*Set, Problems) {
	var problems Problems
	set := NewSet()
	for _, k := range Kinds() {
		data, err := read(fsys, k)
		if err != nil {
			set.files[k] = &File{Kind: k, unread: err.Error()}
			problems = append(problems, unreadProblem(set.files[k]))
			continue
		}
		set.files[k] = Parse(k, data)
	}
	return set, problems
}

func unreadProblem(f *File) Problem {
	return Problem{File: f.Kind.String(), Cell: -1, Severity: Error, Text: f.unread}
}

// read reads one table. The file is looked at before it is opened, because
// opening a pipe would wait for a writer.
func read(fsys fs.FS, k Kind) ([]byte, error) {
	info, err := fs.Stat(fsys, k.String())
	switch {
	case errors.Is(err, fs.ErrNotExist) && k.Optional():
		return nil, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("cannot read the table: no such file; create it, it may be empty")
	case err != nil:
		return nil, fmt.Errorf("cannot read the table: %w", cause(err))
	case info.IsDir():
		return nil, fmt.Errorf("is a directory; a table is a file")
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("is not a regular file; a table is a file")
	case info.Size() > maxSize:
		return nil, tooBig(info.Size())
	}
	file, err := fsys.Open(k.String())
	if err != nil {
		return nil, fmt.Errorf("cannot read the table: %w", cause(err))
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot read the table: %w", cause(err))
	case len(data) > maxSize:
		return nil, tooBig(int64(len(data)))
	}
	return data, nil
}

func tooBig(size int64) error {
	return fmt.Errorf("%.1f MB; the limit is 1 MB", math.Ceil(10*float64(size)/maxSize)/10)
}

// cause is an error of the file system without its path, which the file name
// of the problem says already.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
