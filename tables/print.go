package tables

import "strings"

// Bytes prints the file. For a parsed file that was not edited it is exactly
// what was parsed.
func (f *File) Bytes() []byte {
	b := make([]byte, 0, f.size())
	if f.BOM {
		b = append(b, bom...)
	}
	for _, l := range f.Lines {
		for _, c := range l.Cells {
			b = append(b, c.Gap...)
			b = append(b, c.Text...)
		}
		b = append(b, l.Tail...)
		b = append(b, l.EOL...)
	}
	return b
}

// size is the length of the printed file in bytes.
func (f *File) size() int {
	n := 0
	if f.BOM {
		n = len(bom)
	}
	for _, l := range f.Lines {
		n += l.size() + len(l.EOL)
	}
	return n
}

// String prints the line without its end.
func (l *Line) String() string {
	if len(l.Cells) == 0 {
		return l.Tail
	}
	var b strings.Builder
	b.Grow(l.size())
	for _, c := range l.Cells {
		b.WriteString(c.Gap)
		b.WriteString(c.Text)
	}
	b.WriteString(l.Tail)
	return b.String()
}

// size is the length of the line without its end, in bytes.
func (l *Line) size() int {
	n := len(l.Tail)
	for _, c := range l.Cells {
		n += len(c.Gap) + len(c.Text)
	}
	return n
}
