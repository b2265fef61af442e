package tables

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// maxProblems is how many problems are reported; what is beyond is counted.
const maxProblems = 200

// Check reads the meaning of the tables: the typed view of all rows that can
// be understood and every problem of all tables, sorted. The view may be
// compiled when the list has no errors. Of more than 200 problems the rest is
// counted in one line at the end, warnings first.
func (s *Set) Check(facts Facts) (*Config, Problems) {
	c := newChecker(s, facts)
	for _, f := range s.files {
		c.checkFile(f)
	}
	c.checkAddresses()
	c.checkServices()
	c.checkInterfaces()
	c.checkOptions()
	c.checkRules()
	c.checkVirtuals()
	c.lint()
	return c.cfg, c.problems.limited()
}

// checker holds what is known while the tables are checked, one after the
// other.
type checker struct {
	set      *Set
	facts    Facts
	cfg      *Config
	problems Problems
	errors   int
	// unread are the tables whose rows are not known; names that they would
	// define are not missed.
	unread [kindCount]bool
	// defined has the names of each class in file order, with the line that
	// counts: the last one.
	defined [len(objectNames)]names
	// garbled are the lines with bytes that no table holds: one problem says
	// so, and what their cells then fail to be is not worth another.
	garbled map[*Line]bool
}

// names are the objects of one class.
type names struct {
	list []string
	line map[string]int
	// folded finds a name by its lower-case form.
	folded map[string]string
}

func newChecker(s *Set, facts Facts) *checker {
	c := &checker{set: s, facts: facts, cfg: &Config{
		Addresses: make(map[string]Address),
		Services:  make(map[string]Service),
		Options:   DefaultOptions(),
	}, garbled: make(map[*Line]bool)}
	for i := range c.defined {
		c.defined[i] = names{line: make(map[string]int), folded: make(map[string]string)}
	}
	return c
}

// rows gives the active rows of a table that have the right number of cells.
func (c *checker) rows(k Kind) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		if c.unread[k] {
			return
		}
		for i, line := range c.set.files[k].Lines {
			if line.IsRow() && len(line.Cells) == len(schema[k].Columns) && !yield(Row{k, i + 1, line}) {
				return
			}
		}
	}
}

// cell is the text of a cell.
func (r Row) cell(i int) string { return r.Line.Cells[i].Text }

// report adds a problem of a cell, or of the whole line when cell is -1.
func (c *checker) report(row Row, cell int, f finding) {
	if cell >= 0 && c.garbled[row.Line] {
		return
	}
	p := Problem{
		File: row.Kind.String(), Line: row.Num, Col: 1, Cell: cell,
		Severity: f.severity, Text: f.text, Suggest: f.suggest,
	}
	if cell >= 0 {
		p.Col = row.Line.Col(cell)
	}
	c.add(p)
}

func (c *checker) add(p Problem) {
	if p.Severity == Error {
		c.errors++
	}
	c.problems = append(c.problems, p)
}

// reportAll adds the findings about one cell and says whether none is an
// error.
func (c *checker) reportAll(row Row, cell int, findings []finding) bool {
	ok := true
	for _, f := range findings {
		c.report(row, cell, f)
		ok = ok && f.severity != Error
	}
	return ok
}

// define notes a name and says where the same name stood before, 0 for
// nowhere.
func (c *checker) define(class Object, name string, num int) (before int) {
	n := &c.defined[class]
	before = n.line[name]
	if before == 0 {
		n.list = append(n.list, name)
	}
	n.line[name] = num
	return before
}

// knows reports whether a name is defined, or cannot be known to be missing.
func (c *checker) knows(class Object, name string) bool {
	if _, ok := c.defined[class].line[name]; ok {
		return true
	}
	switch class {
	case AddressObject:
		return c.unread[Addresses]
	case ServiceObject:
		return c.unread[Services]
	}
	return c.unread[Interfaces]
}

// maxSuggestions is how many errors are looked at for a name that was meant:
// with ten thousand names each look takes a millisecond.
const maxSuggestions = 50

// suggestion finds the name that was likely meant.
func (c *checker) suggestion(text string, class Object, words ...string) string {
	if c.errors > maxSuggestions {
		return ""
	}
	return nearest(text, append(words, c.defined[class].list...))
}

// didYouMean adds a suggestion to a finding when there is one, and otherwise
// what else to do.
func didYouMean(f finding, meant, otherwise string) finding {
	if meant == "" {
		f.text += "; " + otherwise
		return f
	}
	f.text += fmt.Sprintf("; did you mean %s?", quote(meant))
	return f.instead(meant)
}

// list joins names for a sentence, the first dozen of them.
func list(names []string) string {
	const most = 12
	if len(names) == 0 {
		return "none"
	}
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// limited is the sorted list without what nobody would read: errors stay
// before warnings, and the last line counts the rest.
func (ps Problems) limited() Problems {
	ps.Sort()
	if len(ps) <= maxProblems {
		return ps
	}
	errors, _ := ps.Count()
	kept := make(Problems, 0, maxProblems+1)
	spare := max(0, maxProblems-errors) // room for warnings
	for _, p := range ps {
		switch {
		case len(kept) == maxProblems:
		case p.Severity == Error:
			kept = append(kept, p)
		case spare > 0:
			spare--
			kept = append(kept, p)
		}
	}
	last := Problem{File: "tables", Cell: -1, Text: fmt.Sprintf("%d more problems are not shown; correct these first", len(ps)-len(kept))}
	if errors > maxProblems {
		last.Severity = Error
	}
	return append(slices.Clip(kept), last)
}
