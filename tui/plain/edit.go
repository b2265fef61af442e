package plain

import (
	"errors"
	"strconv"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// edit changes a cell. What the line does not say is asked for.
func (s *session) edit(args []string) error {
	at, line, ok := s.row(args)
	if !ok {
		return nil
	}
	args = args[2:]
	if len(args) == 0 {
		s.cells(at, line)
		word, err := s.next("number or name of the cell")
		if err != nil || word == "" {
			return err
		}
		args = []string{word}
	}
	at.Cell, ok = cellNamed(at.Kind, args[0], len(line.Cells))
	if !ok {
		s.say("There is no cell %s. show %s %d lists them.", args[0], at.Kind, at.Line)
		return nil
	}
	text := strings.Join(args[1:], "")
	if text == "" {
		c := at.Kind.Columns()[at.Cell]
		s.say("The %s is %s. Here may stand: %s.", c.Name, cellText(line, at.Cell), c.Help)
		var err error
		if text, err = s.nextText(at, "new text, empty to leave it, ? for what there is"); err != nil || text == "" {
			return err
		}
	}
	return s.setCell(at, text)
}

func cellText(line *tables.Line, cell int) string {
	if cell < len(line.Cells) {
		return line.Cells[cell].Text
	}
	return "empty"
}

// cellNamed finds a cell by number, or by the beginning of its name or title.
func cellNamed(k tables.Kind, word string, have int) (int, bool) {
	columns := k.Columns()
	if n, err := strconv.Atoi(word); err == nil {
		return n - 1, n >= 1 && n <= min(len(columns), have+1)
	}
	plainWord := func(s string) string { return strings.NewReplacer(" ", "", "-", "").Replace(strings.ToLower(s)) }
	for i, c := range columns {
		if strings.HasPrefix(plainWord(c.Name), plainWord(word)) || strings.HasPrefix(plainWord(c.Title), plainWord(word)) {
			return i, i <= have
		}
	}
	return 0, false
}

// setCell writes a cell, after a word about an error in it.
func (s *session) setCell(at desk.Place, text string) error {
	for {
		set := func(f *tables.File) error { return f.SetCell(at.Line, at.Cell, text) }
		f := s.cellFault(at, set)
		if f == nil {
			s.change(at, set)
			return nil
		}
		other, next, err := s.mend(f, text, "to leave the cell")
		switch {
		case err != nil:
			return err
		case next == giveUp:
			s.say("Nothing was changed.")
			return nil
		case next == keep:
			s.change(at, set)
			return nil
		}
		text = other
	}
}

// cellFault is what is wrong with a cell as an edit would make it; nil for
// nothing that an apply would be refused for.
func (s *session) cellFault(at desk.Place, edit func(*tables.File) error) *fault {
	all, f := s.draft(at, edit)
	for _, p := range all {
		if p.Severity == tables.Error && p.Cell == at.Cell {
			return &fault{Problem: p}
		}
	}
	return f
}

// fault is an error in a cell that is being written.
type fault struct {
	tables.Problem
	never bool // no table could hold this text
}

// draft checks the tables as an edit would make them, and gives the problems of
// the row. A text that cannot stand in a cell is a fault.
func (s *session) draft(at desk.Place, edit func(*tables.File) error) (tables.Problems, *fault) {
	set, err := s.desk.Set().Edit(at.Kind, edit)
	if err != nil {
		return nil, &fault{tables.Problem{File: at.Kind.String(), Line: at.Line, Cell: at.Cell, Severity: tables.Error, Text: err.Error()}, true}
	}
	var found tables.Problems
	for _, p := range answer[desk.CheckedMsg](s.calls.Check(&s.ask, set)).Problems {
		if p.File == at.Kind.String() && p.Line == at.Line {
			found = append(found, p)
		}
	}
	return found, nil
}

// decision is what a person wants when a cell is wrong.
type decision uint8

const (
	another decision = iota // text
	keep                    // the text, although it is wrong
	giveUp
)

// mend says what is wrong with the text of a cell and asks for a better one.
// Empty says what an empty line is for.
func (s *session) mend(f *fault, text, empty string) (string, decision, error) {
	s.say("%s", problemWords(&f.Problem))
	at, _ := desk.PlaceOf(f.Problem)
	ways := "another text"
	if f.Suggest != "" {
		ways = "yes to take " + f.Suggest + ", another text"
	}
	kind, lacks := missingObject(at, text)
	if lacks = lacks && !f.never; !f.never {
		ways += ", keep to keep " + text
	}
	if lacks {
		ways += ", new to make " + text + " in " + kind.String()
	}
	s.say("Type %s, ? for what may stand here, or an empty line %s.", ways, empty)
	line, err := s.nextText(at, "text")
	switch {
	case err != nil:
		return "", giveUp, err
	case line == "":
		return "", giveUp, nil
	case line == "yes" && f.Suggest != "":
		return f.Suggest, another, nil
	case line == "new" && lacks:
		return text, another, s.newObject(kind, text)
	case line == "keep" && !f.never:
		return text, keep, nil
	}
	return line, another, nil
}

// missingObject is the table in which a row could give a cell's text a meaning;
// false where none could.
func missingObject(at desk.Place, text string) (tables.Kind, bool) {
	if strings.ContainsAny(text, ",:") {
		return 0, false
	}
	column := at.Kind.Columns()[at.Cell]
	switch {
	case column.Defines:
	case column.Object == tables.AddressObject:
		return tables.Addresses, true
	case column.Object == tables.ServiceObject:
		return tables.Services, true
	}
	return 0, false
}

// mostOffers is how many texts for a cell are said.
const mostOffers = 20

// nextText waits for the text of a cell. With ? behind it, or alone, it asks
// what may stand there.
func (s *session) nextText(at desk.Place, prompt widget.Safe) (string, error) {
	for {
		line, err := s.next(prompt)
		typed, asks := strings.CutSuffix(line, "?")
		if err != nil || !asks {
			return line, err
		}
		s.sayOffers(at, typed)
	}
}

func (s *session) sayOffers(at desk.Place, typed string) {
	offers := tables.Complete(s.desk.Set(), at.Kind, at.Cell, typed)
	for _, o := range offers[:min(len(offers), mostOffers)] {
		if o.Help == "" {
			s.say("%s.", o.Text)
			continue
		}
		s.say("%s, %s.", o.Text, o.Help)
	}
	switch {
	case len(offers) > mostOffers:
		s.say("And %d more. A few letters with ? behind them say fewer.", len(offers)-mostOffers)
	case len(offers) == 0 && typed != "":
		s.say("Nothing is called like %s.", typed)
	case len(offers) == 0:
		s.say("Here may stand: %s.", at.Kind.Columns()[at.Cell].Help)
	}
}

// change edits a table and says what the row is then.
func (s *session) change(at desk.Place, edit func(*tables.File) error) bool {
	if err := s.desk.Edit(at, edit); err != nil {
		s.say("Not changed: %v.", err)
		return false
	}
	s.check()
	s.sayRow(at)
	return true
}

func (s *session) sayRow(at desk.Place) {
	if lines := s.desk.Set().File(at.Kind).Lines; at.Line <= len(lines) && len(lines[at.Line-1].Cells) > 0 {
		s.say("%s row %s", upperFirst(at.Kind.String()), s.rowWords(at.Kind, at.Line, lines[at.Line-1]))
	}
	s.sayCheck()
}

func (s *session) remove(args []string) error {
	at, line, ok := s.row(args)
	if !ok {
		return nil
	}
	if err := s.desk.Edit(at, func(f *tables.File) error { return f.DeleteRow(at.Line) }); err != nil {
		s.say("Not removed: %v.", err)
		return nil
	}
	s.check()
	s.say("Removed: %s. undo brings it back.", strings.Join(line.Texts(), " "))
	s.sayCheck()
	return nil
}

func (s *session) move(args []string) error {
	at, _, ok := s.row(args)
	if !ok {
		return nil
	}
	if len(args) < 3 {
		s.say("Which number shall it have?")
		return nil
	}
	to, err := strconv.Atoi(args[2])
	if err != nil {
		s.say("%s is no number.", args[2])
		return nil
	}
	if err := s.desk.Edit(at, func(f *tables.File) error { return f.MoveRow(at.Line, to) }); err != nil {
		s.say("Not moved: %v.", err)
		return nil
	}
	s.check()
	at.Line = to
	s.sayRow(at)
	return nil
}

func (s *session) disable(args []string) error {
	if at, _, ok := s.row(args); ok {
		s.change(at, func(f *tables.File) error { return f.Disable(at.Line) })
	}
	return nil
}

func (s *session) enable(args []string) error {
	if at, _, ok := s.row(args); ok {
		s.change(at, func(f *tables.File) error { return f.Enable(at.Line) })
	}
	return nil
}

func (s *session) undo([]string) error { return s.travel(s.desk.Undo, "undo", "Undone") }
func (s *session) redo([]string) error { return s.travel(s.desk.Redo, "redo", "Done again") }

func (s *session) travel(step func() (desk.Place, bool), what, done string) error {
	at, ok := step()
	if !ok {
		s.say("There is nothing to %s.", what)
		return nil
	}
	s.say("%s.", done)
	s.check()
	s.sayRow(at)
	return nil
}

func (s *session) save([]string) error {
	s.saved()
	return nil
}

// saved writes the tables and reports whether they are on disk.
func (s *session) saved() bool {
	if len(s.desk.Dirty()) == 0 {
		s.say("Nothing was changed.")
		return true
	}
	n := s.desk.Staged()
	m := answer[desk.SavedMsg](s.desk.Save(s.calls))
	s.desk.TakeSaved(m)
	var changed *engine.ErrChanged
	switch {
	case errors.As(m.Err, &changed):
		s.say("Not saved: somebody else changed %s on disk. Nothing was overwritten. reload reads it, and drops your changes.", strings.Join(changed.Files, ", "))
	case m.Err != nil:
		s.say("Not saved: %v.", m.Err)
	default:
		s.say("Saved: %s.", words.Plural(n, "changed line"))
	}
	return m.Err == nil
}

func (s *session) reload([]string) error {
	if n := s.desk.Staged(); len(s.desk.Dirty()) > 0 {
		if ok, err := s.yes("This drops %s.", words.Plural(n, "changed line")); err != nil || !ok {
			return err
		}
	}
	s.load()
	s.tables()
	return nil
}
