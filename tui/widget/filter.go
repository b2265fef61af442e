package widget

import (
	"cmp"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/style"
)

// Filter is the text behind "/": typed live, kept with Enter, dropped with
// Esc, completed with Tab.
type Filter struct {
	// Sign stands before the filter; empty for "/".
	Sign Safe

	edit   *Editor
	typing bool
	offers []string // what Tab goes through; nil before the first one
	pick   int
}

// Open starts typing.
func (f *Filter) Open() {
	if f.edit == nil {
		f.edit = NewEditor("")
	}
	f.typing = true
}

// Text is the filter; empty for none.
func (f *Filter) Text() string {
	if f.edit == nil {
		return ""
	}
	return f.edit.Text()
}

// Typing reports whether keys go into the filter.
func (f *Filter) Typing() bool { return f.typing }

// Clear drops the filter.
func (f *Filter) Clear() { *f = Filter{Sign: f.Sign} }

// Set makes a text the filter.
func (f *Filter) Set(text string) { *f = Filter{Sign: f.Sign, edit: NewEditor(text)} }

// Key handles a key while typing. It reports whether the text changed.
func (f *Filter) Key(k tea.KeyPressMsg) (changed bool) {
	before := f.Text()
	f.offers = nil
	switch k.String() {
	case "enter":
		f.typing = false
	case "esc":
		f.Clear()
	default:
		f.edit.Key(k)
	}
	return f.Text() != before
}

// Complete replaces the text by one of its completions: the first time by the
// first one or, backwards, the last one, then by the next. Texts is asked only
// the first time.
func (f *Filter) Complete(texts func(text string) []string, forward bool) (changed bool) {
	before := f.Text()
	if f.offers == nil {
		if f.offers = texts(before); len(f.offers) == 0 {
			return false
		}
		f.pick = -1
		if !forward {
			f.pick = 0
		}
	}
	step := 1
	if !forward {
		step = -1
	}
	n := len(f.offers)
	f.pick = (f.pick + step + n) % n
	f.edit.SetText(f.offers[f.pick])
	if n == 1 { // nothing else to go through: the next Tab completes what follows
		f.offers = nil
	}
	return f.Text() != before
}

// Put draws the filter behind its sign at the current end of a line and returns
// the cursor's column while typing, -1 otherwise.
func (f *Filter) Put(l *Line, st *style.Styles) int {
	l.Put(st.Key, cmp.Or(f.Sign, "/"))
	if !f.typing {
		l.Text(Clean(f.Text()))
		return -1
	}
	start := l.used
	text, at := f.edit.View(l.Left() - 1)
	l.Put(st.Input, text)
	return start + at
}

// Paste puts text into the filter.
func (f *Filter) Paste(text string) {
	if f.typing {
		f.offers = nil
		f.edit.Insert(text)
	}
}
