package widget

import "github.com/mfwtui/mfwtui/tui/style"

// Tabs draws labels in one line; the active one stands in brackets, so that it
// is seen without colour. When the line is too narrow, it starts so that the
// active one is visible.
func Tabs(labels []Safe, active, width int, st *style.Styles) string {
	first := 0
	for first < active && tabsWidth(labels[first:active+1]) > width {
		first++
	}
	l := NewLine(width, st.Glyphs)
	for i := first; i < len(labels); i++ {
		if i == active {
			l.Put(st.Strong, "["+labels[i]+"]")
		} else {
			l.Text(" " + labels[i] + " ")
		}
	}
	return l.String()
}

func tabsWidth(labels []Safe) int {
	n := 0
	for _, s := range labels {
		n += s.Width() + 2
	}
	return n
}
