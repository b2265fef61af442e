package tables

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// checkFile finds what is wrong with a table as a text: its size, its
// characters, its line ends and the number of cells in each row.
func (c *checker) checkFile(f *File) {
	k := f.Kind
	rows := f.Rows()
	switch size := f.size(); {
	case f.unread != "":
		c.add(unreadProblem(f))
	case size > maxSize:
		c.fileProblem(k, Error, tooBig(int64(size)).Error())
	case rows > maxRows:
		c.fileProblem(k, Error, fmt.Sprintf("%d rows; the limit is %d", rows, maxRows))
	default:
		c.checkBytes(f)
		for i, line := range f.Lines {
			row := Row{k, i + 1, line}
			c.checkLine(row)
			c.checkCount(row)
		}
		if rows == 0 {
			c.checkEmpty(k)
		}
		return
	}
	c.unread[k] = true
}

func (c *checker) fileProblem(k Kind, severity Severity, text string) {
	c.add(Problem{File: k.String(), Cell: -1, Severity: severity, Text: text})
}

// checkBytes looks at the start of the file and at the line ends.
func (c *checker) checkBytes(f *File) {
	if f.BOM {
		c.fileProblem(f.Kind, Warning, "starts with a byte-order mark, which MicroFW takes for data; save the file as UTF-8 without one")
	}
	crlf, cr := false, false
	for i, line := range f.Lines {
		switch {
		case line.EOL == "\r\n" && !crlf:
			crlf = true
			c.fileProblem(f.Kind, Warning, "has Windows line ends (CR LF); they are kept, but other tools may not expect them")
		case line.EOL == "\r" && !cr:
			cr = true
			c.report(Row{f.Kind, i + 1, line}, -1, note("a carriage return alone ends this line; use a newline"))
		case line.EOL == "":
			c.report(Row{f.Kind, i + 1, line}, -1, note("last line has no line end; check that the file is complete"))
		}
	}
}

// checkEmpty says what a table without rows means.
func (c *checker) checkEmpty(k Kind) {
	switch k {
	case Rules:
		c.fileProblem(k, Warning, "no rule; everything inbound to the firewall will be rejected, also SSH")
	case Interfaces:
		c.fileProblem(k, Error, "no interface; write one row for each network interface and its zone")
	}
}

// checkCount reports a row with the wrong number of cells, and one that was
// likely meant as a comment.
func (c *checker) checkCount(row Row) {
	cells, want := row.Line.Cells, len(schema[row.Kind].Columns)
	if !row.Line.IsRow() {
		return
	}
	count := fmt.Sprintf("expected %d columns", want)
	switch {
	case len(cells) == want && cells[0].Text[0] == '#' && !row.Kind.column(0).Defines:
		c.report(row, 0, note("looks like an indented comment, but is a row; a comment has # as the first character of its line"))
	case len(cells) == want:
	case cells[0].Text[0] == '#':
		c.report(row, 0, fault("looks like an indented comment; a comment has # as the first character of its line"))
	case len(cells) < want:
		c.report(row, -1, fault("%s (%s), found %d", count, row.Kind.columnNames(), len(cells)))
	case cells[want].Text[0] == '#':
		c.report(row, want, fault("found %s as column %d; comments must be on their own line", quote(cells[want].Text), want+1))
	case len(cells) == want+1:
		c.report(row, want, fault("%s, found %d; the extra one is %s", count, len(cells), quote(cells[want].Text)))
	default:
		c.report(row, want, fault("%s (%s), found %d; the first one too many is %s",
			count, row.Kind.columnNames(), len(cells), quote(cells[want].Text)))
	}
}

// checkLine reports characters that do not belong in a table, the first of
// each sort.
func (c *checker) checkLine(row Row) {
	if size := row.Line.size(); size > maxLine {
		c.report(row, -1, fault("line is %d bytes; the limit is %d", size, maxLine))
	}
	if row.Line.plain() {
		return
	}
	col, seen := 0, make(map[charSort]bool)
	text := row.Line.String()
	for i, r := range text {
		col++
		sort := sortOf(r, text[i:])
		if sort == ordinary || seen[sort] || sort == oddSpace && !row.Line.IsRow() {
			continue
		}
		seen[sort] = true
		f := sort.finding(r, text[i], col)
		if row.Line.IsRow() && sort == control && !isSpace(r) {
			f.severity = Error
		}
		if sort == nul || sort == invalid {
			c.garbled[row.Line] = true
		}
		c.add(Problem{File: row.Kind.String(), Line: row.Num, Col: col, Cell: -1, Severity: f.severity, Text: f.text})
	}
}

// plain reports whether the line has printable ASCII and tabs only.
func (l *Line) plain() bool {
	for _, c := range l.Cells {
		if !plainASCII(c.Text) || strings.Trim(c.Gap, " \t") != "" && c.Gap[0] != '#' {
			return false
		}
	}
	return strings.Trim(l.Tail, " \t") == "" || plainASCII(l.Tail)
}

// charSort is why a character does not belong in a table.
type charSort uint8

const (
	ordinary charSort = iota
	nul
	invalid
	control
	hiding
	oddSpace
)

// sortOf judges a character. The text that starts with it tells an invalid
// byte from a replacement character.
func sortOf(r rune, text string) charSort {
	switch {
	case r == 0:
		return nul
	case r == utf8.RuneError && !strings.HasPrefix(text, string(utf8.RuneError)):
		return invalid
	case r == ' ', r == '\t':
		return ordinary
	case unicode.IsControl(r):
		return control
	case bidiControl(r) != "":
		return hiding
	case isSpace(r):
		return oddSpace
	}
	return ordinary
}

func (s charSort) finding(r rune, b byte, col int) finding {
	switch s {
	case nul:
		return fault("byte 0x00 in column %d; not a text file?", col)
	case invalid:
		return fault("not valid UTF-8 (byte 0x%02x at column %d)", b, col)
	case control:
		return note("control character U+%04X at column %d; remove it", r, col)
	case hiding:
		return note("U+%04X (%s) at column %d can hide text; remove it", r, bidiControl(r), col)
	}
	name := ""
	if r == 0xa0 {
		name = " (no-break space)"
	}
	return note("U+%04X%s at column %d; use a normal space or tab", r, name, col)
}

// bidiControl names the characters that change the direction of text.
func bidiControl(r rune) string {
	switch r {
	case 0x061c, 0x200e, 0x200f:
		return "direction mark"
	case 0x202a, 0x202b:
		return "direction embedding"
	case 0x202c, 0x2069:
		return "end of a direction change"
	case 0x202d:
		return "left-to-right override"
	case 0x202e:
		return "right-to-left override"
	case 0x2066, 0x2067, 0x2068:
		return "direction isolate"
	}
	return ""
}
