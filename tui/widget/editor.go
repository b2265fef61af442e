package widget

import (
	"slices"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
)

// Editor is a line of text being typed, with a cursor.
type Editor struct {
	text []rune
	at   int // cursor, in runes
	// Solid refuses blanks: for the cell of a table.
	Solid bool
	// Standin says that the text stands for none: what is typed or pasted
	// first takes its place. Any other key of the editor keeps it.
	Standin bool
}

// NewEditor starts with a text and the cursor behind it.
func NewEditor(text string) *Editor {
	e := &Editor{}
	e.SetText(text)
	return e
}

// Text is what stands in the editor.
func (e *Editor) Text() string { return string(e.text) }

// SetText replaces the text and puts the cursor behind it.
func (e *Editor) SetText(s string) {
	e.text = []rune(s)
	e.at, e.Standin = len(e.text), false
}

// Key handles a key press; false when it is not one of the editor's.
func (e *Editor) Key(k tea.KeyPressMsg) bool {
	switch k.String() {
	case "left", "ctrl+b":
		e.at = max(e.at-1, 0)
	case "right", "ctrl+f":
		e.at = min(e.at+1, len(e.text))
	case "home", "ctrl+a":
		e.at = 0
	case "end", "ctrl+e":
		e.at = len(e.text)
	case "backspace", "ctrl+h":
		e.cut(e.at-1, e.at)
	case "delete", "ctrl+d":
		e.cut(e.at, e.at+1)
	case "ctrl+w":
		e.cut(e.wordStart(), e.at)
	case "ctrl+u":
		e.cut(0, e.at)
	case "ctrl+k":
		e.cut(e.at, len(e.text))
	default:
		if k.Text == "" {
			return false
		}
		e.Insert(k.Text)
	}
	e.Standin = false
	return true
}

// Insert puts text at the cursor. Characters that cannot stand in a line of
// text are left out.
func (e *Editor) Insert(s string) {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar || e.Solid && unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
	add := []rune(s)
	if e.Standin && len(add) > 0 {
		e.SetText("")
	}
	e.text = slices.Insert(e.text, e.at, add...)
	e.at += len(add)
}

func (e *Editor) cut(from, to int) {
	from, to = max(from, 0), min(to, len(e.text))
	if from < to {
		e.text = slices.Delete(e.text, from, to)
		e.at = from
	}
}

// wordStart is where the word before the cursor begins; a comma or plus ends a
// word as a blank does.
func (e *Editor) wordStart() int {
	i := e.at
	for i > 0 && separates(e.text[i-1]) {
		i--
	}
	for i > 0 && !separates(e.text[i-1]) {
		i--
	}
	return i
}

func separates(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",+:/", r) }

// View is the part of the text around the cursor that fits into width cells,
// and the cell of the cursor in it.
func (e *Editor) View(width int) (text Safe, cursor int) {
	if width <= 0 {
		return "", 0
	}
	before := Clean(string(e.text[:e.at]))
	for before.Width() >= width { // the cursor itself needs a cell
		r := []rune(string(before))
		before = Safe(r[1:])
	}
	return (before + Clean(string(e.text[e.at:]))).Cut(width, ""), before.Width()
}
