package widget

import "github.com/mfwtui/mfwtui/tui/style"

// Tabs draws labels in one line; the active one stands in brackets, so that it
// is seen without colour. When the line is too narrow, neighbours share the blank
// between them; then the line starts so that the active one is visible.
func Tabs(labels []Safe, active, width int, st *style.Styles) string {
	l := NewLine(width, st.Glyphs)
	for i, at := range placeTabs(labels, active, width) {
		if at < 0 {
			continue
		}
		l.To(at)
		if i == active {
			l.Put(st.Strong, "["+labels[i]+"]")
			continue
		}
		if l.Used() == at { // else it is the bracket of the one before
			l.Text(" ")
		}
		l.Text(labels[i])
	}
	return l.String()
}

// placeTabs is the column of each label with the cell before it; -1 for those
// that are left out on the left.
func placeTabs(labels []Safe, active, width int) []int {
	gap := 2
	if tabsWidth(labels, gap) > width {
		gap = 1
	}
	first := 0
	for first < active && tabsWidth(labels[first:active+1], gap) > width {
		first++
	}
	places := make([]int, len(labels))
	at := 0
	for i, label := range labels {
		if places[i] = -1; i >= first {
			places[i] = at
			at += label.Width() + gap
		}
	}
	return places
}

// tabsWidth is the width of labels with so many cells between them, and one at
// either end.
func tabsWidth(labels []Safe, gap int) int {
	n := 2 - gap
	for _, s := range labels {
		n += s.Width() + gap
	}
	return n
}
