package widget

import "github.com/mfwtui/mfwtui/tui/style"

// Tabs draws labels in one line; the active one stands in brackets, so that it
// is seen without colour. When the line is too narrow, it starts so that the
// active one is visible.
func Tabs(labels []Safe, active, width int, st *style.Styles) string {
	l := NewLine(width, st.Glyphs)
	for i := firstTab(labels, active, width); i < len(labels); i++ {
		if i == active {
			l.Put(st.Strong, "["+labels[i]+"]")
		} else {
			l.Text(" " + labels[i] + " ")
		}
	}
	return l.String()
}

// firstTab is the first label that is drawn.
func firstTab(labels []Safe, active, width int) int {
	first := 0
	for first < active && tabsWidth(labels[first:active+1]) > width {
		first++
	}
	return first
}

func tabsWidth(labels []Safe) int {
	n := 0
	for _, s := range labels {
		n += s.Width() + 2
	}
	return n
}
