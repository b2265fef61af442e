package widget

import "github.com/mfwtui/mfwtui/tui/style"

// Beside puts lines to the right of others that are width cells wide, with a
// separator between. The right ones are cut to the number of the left ones.
func Beside(left, right []string, width int, st *style.Styles) []string {
	edge := " " + st.Rule.Render(st.Glyphs.Vertical) + " "
	both := make([]string, len(left))
	for i, line := range left {
		both[i] = padTo(line, width) + edge
		if i < len(right) {
			both[i] += right[i]
		}
	}
	return both
}
