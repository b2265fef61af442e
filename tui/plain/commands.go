package plain

import (
	"strings"

	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// command is a word that a person may type.
type command struct {
	number string // of the menu; empty for what the menu does not show
	words  []string
	args   string
	does   widget.Safe
	run    func(s *session, args []string) error
}

// commands are all of them, in the order of menu and help.
func commands() []command {
	return []command{
		{"1", []string{"overview"}, "", "how the tables and the firewall stand, and what moves", (*session).overview},
		{"2", []string{"tables"}, "", "the tables and how many rows they have", noArgs((*session).tables)},
		{"3", []string{"problems"}, "[FILTER]", "what is wrong with the tables", (*session).problems},
		{"4", []string{"review"}, "", "what an apply would change in the kernel", (*session).review},
		{"5", []string{"apply"}, "", "apply the tables: they come into force on trial", (*session).apply},
		{"6", []string{"flows"}, "[FILTER]", "the busiest connections that the filter of the console keeps, such as port:22 !lan", (*session).flows},
		{"7", []string{"counters"}, "[FILTER]", "what each row has counted", (*session).counters},
		{"8", []string{"explain"}, "SRC DST PROTO/PORT", "the way of a packet through the saved tables", (*session).explain},
		{"9", []string{"history"}, "[FILTER]", "every apply, refusal and boot", (*session).history},
		{"0", []string{"quit", "exit"}, "", "leave", (*session).quit},

		{"", []string{"list"}, "TABLE [FILTER]", "the rows of a table, all or those that a filter keeps", (*session).list},
		{"", []string{"show"}, "TABLE ROW", "one row, a cell on each line", (*session).show},
		{"", []string{"edit"}, "TABLE ROW [CELL [TEXT]]", "change a cell", (*session).edit},
		{"", []string{"insert"}, "TABLE ROW [CELL...]", "make a new row, which then has this number; cells that are not given are asked for", (*session).insert},
		{"", []string{"delete"}, "TABLE ROW", "remove a row", (*session).remove},
		{"", []string{"move"}, "TABLE ROW ROW", "move a row, which then has the second number", (*session).move},
		{"", []string{"disable"}, "TABLE ROW", "turn a row into a comment", (*session).disable},
		{"", []string{"enable"}, "TABLE ROW", "turn it back", (*session).enable},
		{"", []string{"undo"}, "", "take the last edit back", (*session).undo},
		{"", []string{"redo"}, "", "do it again", (*session).redo},
		{"", []string{"save"}, "", "write the tables to disk", (*session).save},
		{"", []string{"reload"}, "", "read the tables from disk, and drop what was not saved", (*session).reload},
		{"", []string{"more"}, "", "the rest of a long list", (*session).more},

		{"", []string{"time"}, "", "how long the trial has left", (*session).time},
		{"", []string{"proof"}, "", "what came through since the new rules are in force", (*session).proof},
		{"", []string{"confirm"}, "CODE", "keep the new rules; the code alone does too", (*session).confirm},
		{"", []string{"reject"}, "", "bring the old rules back now", (*session).reject},
		{"", []string{"extend"}, "[SECONDS]", "give the trial more time, 60 seconds", (*session).extend},

		{"", []string{"menu"}, "", "the numbers and words", noArgs((*session).menu)},
		{"", []string{"help"}, "[WORD]", "every command, or one", (*session).help},
	}
}

func noArgs(f func(*session)) func(*session, []string) error {
	return func(s *session, _ []string) error {
		f(s)
		return nil
	}
}

// do runs one line. While a trial runs its code, alone on the line, keeps the
// rules.
func (s *session) do(line string) error {
	words := strings.Fields(line)
	if len(words) == 0 {
		return nil
	}
	if s.isCode(line) {
		return s.confirm(words)
	}
	if c := lookUp(words[0]); c != nil {
		return c.run(s, words[1:])
	}
	if s.trial.pending() {
		s.say("%s is not the code, and no command. Nothing was confirmed. The code is %s.", words[0], spelled(s.trial.status.Code))
		return nil
	}
	s.say("There is no command %s. menu lists them.", words[0])
	return nil
}

// lookUp looks a word or a number up; the beginning of a word is enough when
// only one begins so.
func lookUp(word string) *command {
	word = strings.ToLower(word)
	all := commands()
	var found []*command
	for i := range all {
		c := &all[i]
		if c.number == word && word != "" {
			return c
		}
		for _, w := range c.words {
			if w == word {
				return c
			}
			if strings.HasPrefix(w, word) && len(word) >= 2 {
				found = append(found, c)
			}
		}
	}
	// The beginning of a word never starts what cannot be undone.
	if len(found) == 1 && !danger(found[0]) {
		return found[0]
	}
	return nil
}

// danger marks what must be typed in full.
func danger(c *command) bool {
	switch c.words[0] {
	case "apply", "confirm", "reject", "reload", "quit":
		return true
	}
	return false
}

func (s *session) menu() {
	for _, c := range commands() {
		if c.number != "" {
			s.say("%s %s: %s.", c.number, c.words[0], c.does)
		}
	}
	s.say("To edit: list, show, edit, insert, delete, move, disable, enable, undo, redo, save, reload. help explains each.")
}

func (s *session) help(args []string) error {
	if len(args) > 0 {
		c := lookUp(args[0])
		if c == nil {
			s.say("There is no command %s.", args[0])
			return nil
		}
		s.say("%s", usage(c))
		return nil
	}
	var lines []widget.Safe
	for _, c := range commands() {
		lines = append(lines, widget.Clean(usage(&c)))
	}
	s.page(lines)
	return nil
}

// usage is one line about a command.
func usage(c *command) string {
	name := strings.Join(c.words, " or ")
	if c.number != "" {
		name = c.number + " or " + name
	}
	if c.args != "" {
		name += " " + c.args
	}
	return name + ": " + string(c.does) + "."
}

// pageLines is how many lines a person gets at once.
const pageLines = 20

// page says a list; a person gets the beginning and asks for more.
func (s *session) page(lines []widget.Safe) {
	s.rest = nil
	if s.Interactive && len(lines) > pageLines {
		lines, s.rest = lines[:pageLines], lines[pageLines:]
	}
	for _, l := range lines {
		s.line(l)
	}
	s.sayRest()
}

func (s *session) sayRest() {
	if len(s.rest) > 0 {
		s.say("%s follow: type more.", words.Plural(len(s.rest), "line"))
	}
}

func (s *session) more([]string) error {
	if len(s.rest) == 0 {
		s.say("There is no more.")
		return nil
	}
	s.page(s.rest)
	return nil
}

// yes asks a question that only the word yes answers with yes.
func (s *session) yes(format string, args ...any) (bool, error) {
	s.say(format, args...)
	line, err := s.next("yes or no")
	return strings.EqualFold(line, "yes"), err
}

func (s *session) quit([]string) error {
	if s.trial.pending() {
		if ok, err := s.yes("Rules are on trial, and the old ones come back in %s. Leave all the same? Type yes.", seconds(s.left())); err != nil || !ok {
			if err == nil {
				s.say("Staying.")
			}
			return err
		}
	}
	if len(s.desk.Dirty()) > 0 {
		s.say("Not saved: %s.", words.Plural(s.desk.Staged(), "changed line"))
		s.say("Type save to write them first, yes to drop them, or anything else to stay.")
		line, err := s.next("save, yes or no")
		switch {
		case err != nil:
			return err
		case strings.EqualFold(line, "save"):
			if !s.saved() {
				return nil
			}
		case !strings.EqualFold(line, "yes"):
			s.say("Staying.")
			return nil
		}
	}
	return errQuit
}
