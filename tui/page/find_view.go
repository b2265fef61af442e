package page

import (
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// counts is what a list says about its rows.
type counts interface {
	Shown() int
	Len() int
	Marked() (n, selected int)
}

// count says how many rows the filter keeps or marks.
func (f *finder) count(list counts, what string) widget.Safe {
	if f.marks && f.Text() != "" {
		n, at := list.Marked()
		if at > 0 {
			return widget.Format("match %d of %d in %s", at, n, words.Plural(list.Len(), what))
		}
		return widget.Format("%d found in %s", n, words.Plural(list.Len(), what))
	}
	return widget.Format("%d of %s", list.Shown(), words.Plural(list.Len(), what))
}

// lines draws the filter: nothing without one, a line for one that is kept, and
// a second one with help while it is typed or when it cannot be read. The
// cursor is nil unless something is typed.
func (f *finder) lines(s *Shared, width int, count widget.Safe) ([]string, *Point) {
	switch {
	case f.offers != nil:
		return []string{f.offerLine(s, width)}, nil
	case !f.Typing() && f.Text() == "":
		return nil, nil
	}
	var cursor *Point
	l := s.line(width - count.Width() - 1).Text(" ")
	f.Sign = "/"
	if f.marks {
		f.Sign = "*"
	}
	if x := f.Put(l, s.Styles); x >= 0 {
		cursor = &Point{X: x}
	}
	lines := []string{widget.Join(l.String(), s.line(width).End(s.Styles.Strong, count).String())}
	if help := f.help(s, width); help != "" {
		lines = append(lines, help)
	}
	return lines, cursor
}

// offerLine shows the values of the selected row to choose from.
func (f *finder) offerLine(s *Shared, width int) string {
	l := s.line(width).Put(s.Styles.Dim, " filter by")
	not := widget.Safe("")
	if f.negate {
		not = "!"
	}
	for i, o := range f.offers[:min(len(f.offers), maxOffers)] {
		l.Text("  ").Put(s.Styles.Key, widget.Format("%d", i+1)).Text(" " + not + widget.Clean(o))
	}
	return l.String()
}

// help is what is wrong with the filter, or while it is typed what the term at
// its end could become.
func (f *finder) help(s *Shared, width int) string {
	if len(f.problems) > 0 {
		return s.line(width).Put(s.Styles.Bad, widget.Clean(" E "+f.problems[0].Error())).String()
	}
	if !f.Filter.Typing() {
		return ""
	}
	l := s.line(width).Put(s.Styles.Key, " Tab ")
	text := f.Text()
	list := f.names.Language().Complete(text)
	if len(list) == 0 {
		return s.line(width).Put(s.Styles.Dim, `     !term is not   "as text"   words and terms must all hold`).String()
	}
	for _, c := range list {
		if l.Left() < len(c.Label)+1 {
			break
		}
		l.Put(s.Styles.Dim, widget.Clean(c.Label)+" ")
	}
	return l.String()
}
