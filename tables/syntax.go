package tables

// File is the lossless syntax of one table. Change it through the edit
// methods only; they keep the promise of the package.
type File struct {
	Kind  Kind
	Lines []*Line
}

// Line is one line of a table. A row has Cells; any other line has its bytes
// in Tail.
type Line struct {
	Cells []Cell
	// Tail is what follows the last cell up to the line end, or the whole
	// line for a comment or a blank line.
	Tail string
	// EOL is the line end: "\n", "\r\n", "\r" or "" at the end of the file.
	EOL string
	// Disabled marks a row that is switched off: in the file it is a comment
	// of our own form, here its Cells are filled and Gap of the first cell
	// holds the mark.
	Disabled bool
}

// Cell is one word of a row with the exact bytes of the white space before
// it.
type Cell struct {
	Gap  string
	Text string
}

// IsRow reports whether the line holds an active row.
func (l *Line) IsRow() bool { return len(l.Cells) > 0 && !l.Disabled }
