package style

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// Style is what is written around a piece of text. The zero value writes the
// text alone.
type Style struct{ open, close string }

// Render returns the text in this style. The text must be one line without
// escape sequences.
func (s Style) Render(text string) string {
	if s.open == "" || text == "" {
		return text
	}
	return s.open + text + s.close
}

// Write appends the text in this style.
func (s Style) Write(b *strings.Builder, text string) {
	if s.open == "" || text == "" {
		b.WriteString(text)
		return
	}
	b.WriteString(s.open)
	b.WriteString(text)
	b.WriteString(s.close)
}

// compile works out what Lip Gloss writes around a text.
func compile(l lipgloss.Style) Style {
	const text = "x"
	before, after, _ := strings.Cut(l.Render(text), text)
	return Style{open: before, close: after}
}

// Styles are the styles of the console by what they mean.
type Styles struct {
	Text   Style
	Strong Style // headings, the active tab
	Dim    Style // what may be overlooked
	Rule   Style // separator lines
	Key    Style // a key in a hint

	Selected Style // the selected row
	Cell     Style // the cell under the cursor of the selected row
	Input    Style // text being typed

	Good Style
	Warn Style
	Bad  Style
	// Alarm is for what must not be overlooked: a trial that runs.
	Alarm Style

	Added   Style
	Removed Style
	Changed Style

	Glyphs Glyphs
}

// New makes the styles of a theme.
func New(t Theme, g Glyphs) *Styles {
	plain := lipgloss.NewStyle()
	colour := func(c Colour) lipgloss.Style {
		if c == "" {
			return plain
		}
		return plain.Foreground(lipgloss.Color(string(c)))
	}
	return &Styles{
		Strong:   compile(plain.Bold(true)),
		Dim:      compile(plain.Faint(true)),
		Rule:     compile(plain.Faint(true)),
		Key:      compile(colour(t.Accent).Bold(true)),
		Selected: compile(plain.Reverse(true)),
		Cell:     compile(plain.Reverse(true).Bold(true).Underline(true)),
		Input:    compile(plain.Underline(true)),
		Good:     compile(colour(t.Good)),
		Warn:     compile(colour(t.Warn).Bold(true)),
		Bad:      compile(colour(t.Bad).Bold(true)),
		Alarm:    compile(colour(t.Bad).Bold(true).Reverse(true)),
		Added:    compile(colour(t.Good)),
		Removed:  compile(colour(t.Bad)),
		Changed:  compile(colour(t.Warn)),
		Glyphs:   g,
	}
}
