package plain

import (
	"errors"
	"strconv"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/widget"
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
		if err != nil {
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
		if text, err = s.next("new text, empty to leave it"); err != nil || text == "" {
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
func (s *session) setCell(at page.Place, text string) error {
	for {
		set := func(f *tables.File) error { return f.SetCell(at.Line, at.Cell, text) }
		p := s.draft(at, set)
		if p == nil || p.Severity != tables.Error {
			s.change(at, set)
			return nil
		}
		s.say("%s", problemWords(p))
		if p.Suggest != "" {
			s.say("Did you mean %s? Type yes to take it, another text, keep to keep %s, or nothing to leave the cell.", p.Suggest, text)
		} else {
			s.say("Type another text, keep to keep %s, or nothing to leave the cell.", text)
		}
		line, err := s.next("text")
		switch {
		case err != nil:
			return err
		case line == "":
			s.say("Nothing was changed.")
			return nil
		case line == "yes" && p.Suggest != "":
			text = p.Suggest
		case line == "keep":
			s.change(at, set)
			return nil
		default:
			text = line
		}
	}
}

// draft checks the tables as an edit would make them, and gives the worst
// problem of the cell.
func (s *session) draft(at page.Place, edit func(*tables.File) error) *tables.Problem {
	set, err := s.desk.Set().Edit(at.Kind, edit)
	if err != nil {
		return &tables.Problem{File: at.Kind.String(), Line: at.Line, Severity: tables.Error, Text: err.Error()}
	}
	var worst *tables.Problem
	for _, p := range answer[page.CheckedMsg](s.calls.Check(&s.ask, set)).Problems {
		if p.File == at.Kind.String() && p.Line == at.Line && p.Cell == at.Cell && (worst == nil || p.Severity > worst.Severity) {
			worst = &p
		}
	}
	return worst
}

// change edits a table and says what the row is then.
func (s *session) change(at page.Place, edit func(*tables.File) error) bool {
	if err := s.desk.Edit(at, edit); err != nil {
		s.say("Not changed: %v.", err)
		return false
	}
	s.check()
	s.sayRow(at)
	return true
}

func (s *session) sayRow(at page.Place) {
	if lines := s.desk.Set().File(at.Kind).Lines; at.Line <= len(lines) && len(lines[at.Line-1].Cells) > 0 {
		s.say("%s row %s", upperFirst(at.Kind.String()), s.rowWords(at.Kind, at.Line, lines[at.Line-1]))
	}
	s.sayCheck()
}

// insert makes a row; cells that the line does not give are asked for.
func (s *session) insert(args []string) error {
	k, ok := s.kindNamed(args)
	if !ok {
		return nil
	}
	file := s.desk.Set().File(k)
	if len(args) < 2 {
		s.say("Which number shall the row have? The last line of %s is %d.", k, len(file.Lines))
		return nil
	}
	num, err := strconv.Atoi(args[1])
	if err != nil || num < 1 || num > len(file.Lines)+1 {
		s.say("The number must be between 1 and %d.", len(file.Lines)+1)
		return nil
	}
	cells := args[2:]
	for i, c := range k.Columns() {
		if i < len(cells) {
			continue
		}
		s.say("Cell %d, %s: %s.", i+1, c.Name, c.Help)
		text, err := s.next(widget.Clean(c.Name))
		if err != nil {
			return err
		}
		if text == "" {
			s.say("Nothing was inserted.")
			return nil
		}
		cells = append(cells, text)
	}
	s.change(page.Place{Kind: k, Line: num}, func(f *tables.File) error { return f.InsertRow(num, cells) })
	return nil
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

func (s *session) undo([]string) error { return s.travel(s.desk.Undo, "undo") }
func (s *session) redo([]string) error { return s.travel(s.desk.Redo, "redo") }

func (s *session) travel(step func() (page.Place, bool), what string) error {
	at, ok := step()
	if !ok {
		s.say("There is nothing to %s.", what)
		return nil
	}
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
	m := answer[page.SavedMsg](s.desk.Save(s.calls))
	s.desk.TakeSaved(m)
	var changed *engine.ErrChanged
	switch {
	case errors.As(m.Err, &changed):
		s.say("Not saved: somebody else changed %s on disk. Nothing was overwritten. reload reads it, and drops your changes.", strings.Join(changed.Files, ", "))
	case m.Err != nil:
		s.say("Not saved: %v.", m.Err)
	default:
		s.say("Saved: %s.", count(n, "changed line"))
	}
	return m.Err == nil
}

func (s *session) reload([]string) error {
	if n := s.desk.Staged(); len(s.desk.Dirty()) > 0 {
		if ok, err := s.yes("This drops %s.", count(n, "changed line")); err != nil || !ok {
			return err
		}
	}
	s.load()
	s.tables()
	return nil
}
