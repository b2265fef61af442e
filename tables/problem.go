package tables

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity says whether a problem blocks a compile.
type Severity uint8

// A Warning is worth reading; an Error blocks.
const (
	Warning Severity = iota
	Error
)

// String is "warning" or "error".
func (s Severity) String() string {
	if s == Error {
		return "error"
	}
	return "warning"
}

// Problem is one finding about a table. Line and Col count from 1, Col in
// characters; a Line of 0 speaks of the whole file. Text says what is wrong
// and what to write instead. Suggest, when set, is the text that the cell at
// Cell (counting from 0, -1 for none) could hold instead.
type Problem struct {
	File     string
	Line     int
	Col      int
	Cell     int
	Severity Severity
	Text     string
	Suggest  string
}

// Error formats the problem as file:line:col: text, without the parts that
// are not known.
func (p Problem) Error() string {
	switch {
	case p.Line == 0:
		return fmt.Sprintf("%s: %s", p.File, p.Text)
	case p.Col == 0:
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Text)
}

// Problems is a list of findings.
type Problems []Problem

// HasErrors reports whether something blocks a compile.
func (ps Problems) HasErrors() bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return p.Severity == Error })
}

// Count returns how many errors and warnings there are.
func (ps Problems) Count() (errors, warnings int) {
	for _, p := range ps {
		if p.Severity == Error {
			errors++
		} else {
			warnings++
		}
	}
	return errors, warnings
}

// Sort orders by table, line and column, keeping the order of equals.
func (ps Problems) Sort() {
	rank := func(file string) int { return slices.Index(kindNames[:], file) }
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(rank(a.File), rank(b.File)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
}
