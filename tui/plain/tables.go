package plain

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/find"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// load reads the tables and checks them.
func (s *session) load() {
	s.desk.TakeLoaded(answer[desk.LoadedMsg](s.desk.Load(s.calls)))
	s.check()
}

// check checks the tables as edited.
func (s *session) check() {
	if call := s.desk.Check(s.calls); call != nil {
		s.desk.TakeChecked(answer[desk.CheckedMsg](call))
	}
}

// tables says what there is.
func (s *session) tables() {
	set := s.desk.Set()
	if set == nil {
		s.say("The tables cannot be read.")
	} else {
		var counts []string
		for _, k := range tables.Kinds() {
			counts = append(counts, fmt.Sprintf("%s %d", k, set.File(k).Rows()))
		}
		s.say("Rows: %s.", strings.Join(counts, ", "))
	}
	s.sayCheck()
	if n := s.desk.Staged(); set != nil && n > 0 {
		s.say("Not saved: %s.", words.Plural(n, "changed line"))
	}
}

func (s *session) sayCheck() {
	errs, warnings := s.desk.Problems().Count()
	s.say("Check: %s, %s.", words.Plural(errs, "error"), words.Plural(warnings, "warning"))
}

func (s *session) problems(words []string) error {
	all := s.desk.Problems()
	say := func(i int) string { return problemWords(&all[i]) }
	lines, ok := s.kept(find.Problems(s.desk, all, strings.Join(words, " "), say), len(all), say)
	if !ok {
		return nil
	}
	s.sayCheck()
	if len(words) > 0 {
		s.say("%s.", countOf(len(lines), len(all), "problem"))
	}
	s.page(lines)
	return nil
}

// problemWords is a problem as a sentence.
func problemWords(p *tables.Problem) string {
	where := p.File
	if p.Line > 0 {
		where += fmt.Sprintf(" row %d", p.Line) + cellWords(p)
	}
	text := fmt.Sprintf("%s, %s: %s", upperFirst(p.Severity.String()), where, p.Text)
	if strings.HasSuffix(text, "?") || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

// cellWords are the cell that a problem is about, by number, and by name where
// the text of the problem does not say it; empty for the row as a whole.
func cellWords(p *tables.Problem) string {
	at, ok := desk.PlaceOf(*p)
	if !ok || at.Cell < 0 || at.Cell >= len(at.Kind.Columns()) {
		return ""
	}
	text := fmt.Sprintf(", cell %d", at.Cell+1)
	if name := at.Kind.Columns()[at.Cell].Name; !strings.Contains(p.Text, name) {
		text += ", " + name
	}
	return text
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// kindNamed finds a table by the beginning of its name.
func (s *session) kindNamed(args []string) (tables.Kind, bool) {
	if s.desk.Set() == nil {
		s.say("The tables cannot be read. problems says why.")
		return 0, false
	}
	if len(args) == 0 {
		s.say("Which table? addresses, services, interfaces, rules, virtuals or options.")
		return 0, false
	}
	for _, k := range tables.Kinds() {
		if strings.HasPrefix(k.String(), strings.ToLower(args[0])) {
			return k, true
		}
	}
	s.say("There is no table %s. There are addresses, services, interfaces, rules, virtuals and options.", args[0])
	return 0, false
}

// row finds a row by table and number.
func (s *session) row(args []string) (desk.Place, *tables.Line, bool) {
	k, ok := s.kindNamed(args)
	if !ok {
		return desk.Place{}, nil, false
	}
	if len(args) < 2 {
		s.say("Which row? list %s gives the numbers.", k)
		return desk.Place{}, nil, false
	}
	num, err := strconv.Atoi(args[1])
	file := s.desk.Set().File(k)
	if err != nil || num < 1 || num > len(file.Lines) || len(file.Lines[num-1].Cells) == 0 {
		s.say("%s has no row %s. list %s gives the numbers.", upperFirst(k.String()), args[1], k)
		return desk.Place{}, nil, false
	}
	return desk.Place{Kind: k, Line: num}, file.Lines[num-1], true
}

// list says the rows of a table.
func (s *session) list(args []string) error {
	k, ok := s.kindNamed(args)
	if !ok {
		return nil
	}
	var nums []int
	file := s.desk.Set().File(k)
	for i, l := range file.Lines {
		if len(l.Cells) > 0 {
			nums = append(nums, i+1)
		}
	}
	say := func(i int) string { return s.rowWords(k, nums[i], file.Line(nums[i])) }
	s.sifted(find.Rows(s.desk, k, nums, strings.Join(args[1:], " "), say), len(nums), upperFirst(k.String()), "row", say)
	return nil
}

// sifted says how many of n rows a filter keeps, and their lines. What is the
// name of one of them.
func (s *session) sifted(sieve find.Sieve, n int, title, what string, line func(i int) string) {
	if lines, ok := s.kept(sieve, n, line); ok {
		s.say("%s: %s.", title, countOf(len(lines), n, what))
		s.page(lines)
	}
}

// kept are the lines of the rows that a filter keeps; false when the filter
// cannot be read, which was said then.
func (s *session) kept(sieve find.Sieve, n int, line func(i int) string) (lines []widget.Safe, ok bool) {
	if s.sayUnread(sieve) {
		return nil, false
	}
	for i := range n {
		if sieve.Keep(i) {
			lines = append(lines, widget.Clean(line(i)))
		}
	}
	return lines, true
}

// sayUnread says what in a filter cannot be read; false when all can.
func (s *session) sayUnread(sieve find.Sieve) bool {
	for _, p := range sieve.Problems {
		s.say("The filter cannot be read: %v.", p)
	}
	return len(sieve.Problems) > 0
}

// rowWords is a row as a line: number, cells, and what is special about it.
func (s *session) rowWords(k tables.Kind, num int, l *tables.Line) string {
	text := fmt.Sprintf("%d: %s", num, strings.Join(l.Texts(), " "))
	if l.Disabled {
		text += ", disabled"
	}
	for _, p := range s.desk.Problems() {
		if p.File == k.String() && p.Line == num {
			return text + ", with a problem: " + p.Text
		}
	}
	return text
}

// show says every cell of a row.
func (s *session) show(args []string) error {
	at, line, ok := s.row(args)
	if !ok {
		return nil
	}
	if line.Disabled {
		s.say("This row is disabled.")
	}
	s.cells(at, line)
	for _, p := range s.desk.Problems() {
		if p.File == at.Kind.String() && p.Line == at.Line {
			s.say("%s", problemWords(&p))
		}
	}
	return nil
}

func (s *session) cells(at desk.Place, line *tables.Line) {
	columns := at.Kind.Columns()
	for i, text := range line.Texts() {
		name := "surplus"
		if i < len(columns) {
			name = columns[i].Name
		}
		s.say("Cell %d, %s: %s.", i+1, name, text)
	}
}
