package page

import (
	"strings"

	"github.com/mfwtui/mfwtui/engine"
)

// rawLine is a line of a restore text; a heading has the mark '@'.
type rawLine struct {
	mark byte
	text string
}

// rawLines cuts restore texts into lines and marks what each one does: + adds,
// - takes away, ~ puts something in the place of another.
func rawLines(texts []engine.RestoreText) []rawLine {
	var lines []rawLine
	for _, t := range texts {
		lines = append(lines, rawLine{'@', t.Title})
		for text := range strings.Lines(t.Text) {
			text = strings.TrimSuffix(text, "\n")
			lines = append(lines, rawLine{rawMark(text), text})
		}
	}
	return lines
}

func rawMark(text string) byte {
	if strings.HasPrefix(text, "[") { // the counters of a rule
		_, text, _ = strings.Cut(text, "] ")
	}
	word, _, _ := strings.Cut(text, " ")
	switch word {
	case "-A", "-I", "add", "create", "-N":
		return '+'
	case "-D", "-X", "-F", "del", "destroy", "flush":
		return '-'
	case "-R", "swap", "rename":
		return '~'
	}
	if strings.HasPrefix(word, ":") {
		return '+'
	}
	return ' '
}
