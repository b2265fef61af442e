package tables

import (
	"strings"
	"unicode/utf8"
)

// bom is the UTF-8 byte-order mark. MicroFW reads it as part of the first
// word; here it is no data.
const bom = "\ufeff"

// disabledMark starts a row that is switched off. It is gettext's mark for an
// obsolete entry; MicroFW sees a comment.
const disabledMark = "#~ "

// Parse reads one table. It always gives a file, and Bytes of that file is
// data again; what is wrong with the content is for Set.Check to say.
//
// Lines end where Python's universal newlines end them, which is how MicroFW
// reads: at "\n", "\r\n" and a lone "\r", and nowhere else.
func Parse(kind Kind, data []byte) *File {
	text := string(data)
	f := &File{Kind: kind}
	text, f.BOM = strings.CutPrefix(text, bom)
	f.Lines = make([]*Line, 0, strings.Count(text, "\n")+1)
	for text != "" {
		var body, eol string
		body, eol, text = cutLine(text)
		line := parseLine(body, len(schema[kind].Columns))
		line.EOL = eol
		f.Lines = append(f.Lines, line)
	}
	return f
}

// cutLine splits the first line from a text.
func cutLine(text string) (body, eol, rest string) {
	i := strings.IndexAny(text, "\r\n")
	if i < 0 {
		return text, "", ""
	}
	end := i + 1
	if text[i] == '\r' && end < len(text) && text[end] == '\n' {
		end++
	}
	return text[:i], text[i:end], text[end:]
}

// parseLine reads a line without its end. The hint is how many cells are
// likely.
func parseLine(body string, hint int) *Line {
	words, disabled := body, false
	if strings.HasPrefix(body, "#") {
		if words, disabled = strings.CutPrefix(body, disabledMark); !disabled {
			return &Line{Tail: body}
		}
	}
	cells, tail := splitCells(words, hint)
	if len(cells) == 0 {
		return &Line{Tail: body}
	}
	if disabled {
		cells[0].Gap = disabledMark + cells[0].Gap
	}
	return &Line{Cells: cells, Tail: tail, Disabled: disabled}
}

// splitCells cuts text into words, each with the white space before it, and
// what follows the last word.
func splitCells(text string, hint int) (cells []Cell, tail string) {
	for {
		gap := spaces(text)
		if gap == len(text) {
			return cells, text
		}
		if cells == nil {
			cells = make([]Cell, 0, hint)
		}
		end := gap + word(text[gap:])
		cells = append(cells, Cell{Gap: text[:gap], Text: text[gap:end]})
		text = text[end:]
	}
}

// spaces is the length in bytes of the white space that text starts with.
func spaces(text string) int {
	n := 0
	for n < len(text) {
		width := 1
		if text[n] != ' ' {
			width = spaceAt(text[n:])
		}
		if width == 0 {
			break
		}
		n += width
	}
	return n
}

// word is the length in bytes of the word that text starts with.
func word(text string) int {
	n := 0
	for n < len(text) && (text[n] > ' ' && text[n] < utf8.RuneSelf || spaceAt(text[n:]) == 0) {
		n++
	}
	return n
}

// spaceAt is the length in bytes of the white space character that text
// starts with, 0 for any other character. A byte in the middle of a character
// is none.
func spaceAt(text string) int {
	if c := text[0]; c < utf8.RuneSelf {
		if isSpace(rune(c)) {
			return 1
		}
		return 0
	}
	if r, width := utf8.DecodeRuneInString(text); isSpace(r) {
		return width
	}
	return 0
}

// isSpace is white space as Python's str.split sees it, which is what MicroFW
// splits with. It is unicode.IsSpace and four ASCII separators more.
func isSpace(r rune) bool {
	switch {
	case r <= ' ':
		return r == ' ' || r >= '\t' && r <= '\r' || r >= 0x1c && r <= 0x1f
	case r < 0x80:
		return false
	case r < 0x1680:
		return r == 0x85 || r == 0xa0
	case r >= 0x2000 && r <= 0x200a:
		return true
	}
	switch r {
	case 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000:
		return true
	}
	return false
}
