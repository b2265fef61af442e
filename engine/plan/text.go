package plan

import (
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// sheet is the text for one family, with one transaction for each table that
// has something in it.
type sheet struct {
	*ruleset.Printer
	table string // the table to come
	open  bool
}

func newSheet(f ruleset.Family) *sheet { return &sheet{Printer: ruleset.NewPrinter(f)} }

// in moves on to a table.
func (s *sheet) in(table string) {
	s.close()
	s.table = table
}

func (s *sheet) close() {
	if s.open {
		s.Commit()
		s.open = false
	}
}

func (s *sheet) start() *ruleset.Printer {
	if !s.open {
		s.Table(s.table)
		s.open = true
	}
	return s.Printer
}

func (s *sheet) declare(chain string) { s.start().Declare(chain) }
func (s *sheet) add(chain string, r *ruleset.Rule) {
	s.start().WriteRule(ruleset.Append, chain, r, true)
}
func (s *sheet) top(chain string, r *ruleset.Rule) {
	s.start().WriteRule(ruleset.Insert, chain, r, true)
}
func (s *sheet) put(chain string, at int, r *ruleset.Rule) { s.start().InsertAt(chain, at, r) }
func (s *sheet) cut(chain string, at int)                  { s.start().DeleteAt(chain, at) }
func (s *sheet) drop(chain string, r *ruleset.Rule) {
	s.start().WriteRule(ruleset.Delete, chain, r, false)
}

// remove deletes chains that lead to each other, but to which nothing else
// leads any more.
func (s *sheet) remove(chains []*ruleset.Chain) {
	for _, c := range chains {
		s.start().Flush(c.Name)
	}
	for _, c := range chains {
		s.start().DeleteChain(c.Name)
	}
}

func (s *sheet) text() (string, error) {
	s.close()
	return s.Text()
}

// payload makes a payload of the texts of both families.
func payload(sets string, write func(f ruleset.Family, s *sheet)) (Payload, error) {
	out := Payload{Sets: sets}
	for _, f := range ruleset.Families() {
		s := newSheet(f)
		write(f, s)
		text, err := s.text()
		if err != nil {
			return Payload{}, err
		}
		if f == ruleset.V6 {
			out.V6 = text
		} else {
			out.V4 = text
		}
	}
	return out, nil
}

// appendStep adds a payload unless it is empty.
func appendStep(steps Steps, p Payload) Steps {
	if p == (Payload{}) {
		return steps
	}
	return append(steps, p)
}
