package widget

import "strings"

// closing is a blank that nobody sees, and that no erasing of a line leaves.
const closing = "\x1b[8m \x1b[m"

// Closed ends each line in its last column with a concealed blank, unless
// something stands there. The renderer then only overwrites: where a line ends
// in plain blanks, it also moves what is behind a change, in insert mode or with
// DCH, whether the terminal knows these or not (ultraviolet of August 2026,
// measured with TERM=vt100).
func Closed(lines []string, width int) []string {
	closed := make([]string, len(lines))
	for i, line := range lines {
		closed[i] = line
		if text := strings.TrimRight(line, " "); lineWidth(text) < width {
			closed[i] = Pad(text, width-1) + closing
		}
	}
	return closed
}
