package desk

import (
	"strings"

	"github.com/mfwtui/mfwtui/engine"
)

// RestoreLine is a line of a restore text; a heading has the mark '@'.
type RestoreLine struct {
	Mark byte
	Text string
}

// restoreLines cuts restore texts into lines and marks what each one does: + adds,
// - takes away, ~ puts something in the place of another.
func restoreLines(texts []engine.RestoreText) []RestoreLine {
	var lines []RestoreLine
	for _, t := range texts {
		lines = append(lines, RestoreLine{'@', t.Title})
		for text := range strings.Lines(t.Text) {
			text = strings.TrimSuffix(text, "\n")
			lines = append(lines, RestoreLine{restoreMark(text), text})
		}
	}
	return lines
}

func restoreMark(text string) byte {
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
