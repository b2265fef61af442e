package widget

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Safe is text that may be sent to a terminal: one line of printable
// characters. A constant in the source is Safe; everything that comes from
// outside (names, comments, file content, errors, labels) becomes Safe through
// Clean or Format, and through nothing else.
type Safe string

// Clean makes a text safe. Control characters, escape sequences, invalid
// bytes, bidirectional and zero-width characters, and everything else that
// would be invisible or act on the terminal, are shown as visible escapes such
// as \x1b or \u202e.
func Clean(s string) Safe {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return clean(s)
		}
	}
	return Safe(s)
}

// maxMarks is how many combining marks one character may carry: real scripts
// need two or three, a stack of fifty would paint over the lines around it.
const maxMarks = 3

func clean(s string) Safe {
	var b strings.Builder
	marks := maxMarks // a mark without a character before it has nothing to stand on
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
			marks = maxMarks
		case unicode.IsPrint(r) && runeWidth(r) > 0 && !hidden(r) && !joins(b.String(), r):
			b.WriteRune(r)
			marks = 0
		case unicode.Is(unicode.Mn, r) && runeWidth(r) == 0 && !hidden(r) && marks < maxMarks:
			b.WriteRune(r)
			marks++
		default:
			writeEscape(&b, r)
			marks = maxMarks
		}
		i += n
	}
	return Safe(b.String())
}

// joins reports whether a character with a width of its own would make one
// grapheme with what is before it, or with what may come after: a skin tone, half
// a flag, a consonant after a virama, Thai sara am, conjoining Hangul. One measure
// of width adds up the parts, another one takes the whole, and terminals follow
// either, so that no column behind it would stand where it should. Combining
// marks have no width and are not meant.
func joins(before string, r rune) bool {
	if r < 0x300 {
		return false
	}
	s := string(r)
	const letter = "a"
	return inOne(lastOf(before)+s) || inOne(letter+s) || inOne(s+letter) || ansi.StringWidth(s) != ansi.StringWidthWc(s)
}

// inOne reports whether a text of several characters is one grapheme.
func inOne(s string) bool {
	cluster, _ := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	return len(cluster) == len(s) && utf8.RuneCountInString(s) > 1
}

// lastOf is the last character of a text with the marks on it.
func lastOf(s string) string {
	for i := len(s); i > 0; {
		r, n := utf8.DecodeLastRuneInString(s[:i])
		if i -= n; !unicode.Is(unicode.Mn, r) {
			return s[i:]
		}
	}
	return s
}

// hidden reports the characters that Unicode counts as printable although
// nothing is seen of them (fillers, the blank braille pattern, variation
// selectors, the grapheme joiner), and marks with a width of their own, about
// which terminals disagree.
func hidden(r rune) bool {
	switch r {
	case 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x2800, 0x3164, 0xffa0:
		return true
	}
	return unicode.Is(unicode.Variation_Selector, r) || unicode.In(r, unicode.Mc, unicode.Me)
}

// runeWidth is how many cells a character takes.
func runeWidth(r rune) int {
	if r >= 0x20 && r < 0x7f {
		return 1
	}
	return ansi.StringWidthWc(string(r))
}

func writeEscape(b *strings.Builder, r rune) {
	switch {
	case r == '\t':
		b.WriteString(`\t`)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r < 0x100:
		fmt.Fprintf(b, `\x%02x`, r)
	case r < 0x10000:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}

// Format is fmt.Sprintf made safe as a whole.
func Format(format string, args ...any) Safe { return Clean(fmt.Sprintf(format, args...)) }

// Width is the number of cells that the text takes.
func (s Safe) Width() int {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return ansi.StringWidthWc(string(s))
		}
	}
	return len(s)
}

// Cut shortens the text to at most width cells, with the mark (one cell) in
// the place of what was cut.
func (s Safe) Cut(width int, mark string) Safe {
	if width <= 0 {
		return ""
	}
	if s.Width() <= width {
		return s
	}
	return s[:s.fits(width-len([]rune(mark)))] + Safe(mark)
}

// fits is how many bytes of the text fit into a number of cells, marks with
// the character that they stand on.
func (s Safe) fits(cells int) int {
	for i, r := range s {
		if cells -= runeWidth(r); cells < 0 {
			return i
		}
	}
	return len(s)
}

// CutMiddle shortens from the middle, so that both ends stay readable: for
// addresses, whose ends tell them apart.
func (s Safe) CutMiddle(width int, mark string) Safe {
	if s.Width() <= width {
		return s
	}
	if width < 5 || !s.ascii() {
		return s.Cut(width, mark)
	}
	head := (width - 1) / 2
	return s[:head] + Safe(mark) + s[len(s)-(width-1-head):]
}

func (s Safe) ascii() bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// Wrap breaks the text at blanks into lines of at most width cells. A word
// that is longer than a line is broken.
func (s Safe) Wrap(width int) []Safe {
	if width <= 0 {
		return nil
	}
	var lines []Safe
	for s = trim(s); s != ""; s = trim(s) {
		end := s.fits(width)
		if end < len(s) && s[end] != ' ' {
			if blank := strings.LastIndexByte(string(s[:end]), ' '); blank > 0 {
				end = blank
			}
		}
		if end == 0 { // a wide character that no line has room for
			return append(lines, "")
		}
		lines = append(lines, s[:end])
		s = s[end:]
	}
	return lines
}

func trim(s Safe) Safe { return Safe(strings.TrimLeft(string(s), " ")) }
