package page

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/find"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// finder is what every list is searched with: the filter, what it means here,
// and whether it hides the rows that it does not keep or only marks the ones
// that it does.
type finder struct {
	widget.Filter
	keys     findKeys
	names    find.Names
	marks    bool
	problems []query.Problem
	// values are the terms of the selected row, the best first, each of
	// which may become a part of the filter.
	values func() []string
	// offers are the values while one of them is chosen; nil otherwise.
	offers []string
	negate bool
	// ownEsc says that Esc means more than the filter on this page, which
	// handles it.
	ownEsc bool
}

type findKeys struct{ Filter, Next, Prev, Marks, Value, Clear widget.Binding }

func newFindKeys() findKeys {
	return findKeys{
		Filter: widget.Bind("/", "filter", "/"),
		Next:   widget.Bind("n/N", "next match, the one before", "n").Hidden(),
		Prev:   widget.Bind("N", "match before", "N").Hidden(),
		Marks:  widget.Bind("*", "mark the matches, or hide the rest", "*").Hidden(),
		Value:  widget.Bind(".", "filter by a value of this row", ".").Hidden(),
		Clear:  widget.Bind("Esc", "drop the filter", "esc").Hidden(),
	}
}

// newFinder makes the finder of a list that has certain keys. Values gives the
// terms of the selected row.
func newFinder(d *desk.Desk, values func() []string, keys ...query.Key) finder {
	return finder{keys: newFindKeys(), values: values, names: find.NewNames(d, keys...)}
}

// Typing reports whether the finder takes every key.
func (f *finder) Typing() bool { return f.Filter.Typing() || f.offers != nil }

// ask reads the filter anew and says which rows to keep and which to mark; nil
// for all and none. It is asked when the rows or the filter change, never when
// the screen is drawn.
func (f *finder) ask(record func(i int) query.Record) (keep, mark func(i int) bool) {
	keep, f.problems = f.names.Ask(f.Text(), record)
	if f.marks {
		return nil, keep
	}
	return keep, nil
}

// found is a list in which the selection goes from match to match.
type found interface{ NextMatch(forward bool) bool }

// key handles the keys of the finder. Again says that the list must be shown
// anew.
func (f *finder) key(k tea.KeyPressMsg, list found) (handled, again bool) {
	switch {
	case f.offers != nil:
		return true, f.choose(k)
	case f.Filter.Typing():
		return true, f.typed(k)
	case f.keys.Filter.Is(k):
		f.Open()
	case f.keys.Value.Is(k):
		f.negate, f.offers = false, f.values()
	case f.keys.Next.Is(k):
		list.NextMatch(true)
	case f.keys.Prev.Is(k):
		list.NextMatch(false)
	case f.keys.Marks.Is(k):
		f.marks = !f.marks
		return true, true
	case f.keys.Clear.Is(k) && f.Text() != "" && !f.ownEsc:
		f.Clear()
		return true, true
	default:
		return false, false
	}
	return true, false
}

// typed handles a key while the filter is typed.
func (f *finder) typed(k tea.KeyPressMsg) (again bool) {
	switch k.String() {
	case "tab":
		return f.Complete(f.completions, true)
	case "shift+tab":
		return f.Complete(f.completions, false)
	}
	return f.Key(k)
}

func (f *finder) completions(text string) []string {
	var texts []string
	for _, c := range f.names.Language().Complete(text) {
		texts = append(texts, c.Text)
	}
	return texts
}

// maxOffers is how many values have a digit of their own.
const maxOffers = 9

// choose handles a key while a value of the row is chosen.
func (f *finder) choose(k tea.KeyPressMsg) (again bool) {
	pick := -1
	switch key := k.String(); {
	case key == "!":
		f.negate = !f.negate
		return false
	case key == "esc":
		f.offers = nil
		return false
	case key == "enter", key == ".":
		pick = 0
	case len(key) == 1 && key[0] >= '1' && key[0] <= '0'+maxOffers:
		pick = int(key[0] - '1')
	}
	if pick < 0 || pick >= len(f.offers) {
		return false
	}
	term := f.offers[pick]
	if f.negate {
		term = "!" + term
	}
	f.offers = nil
	f.Set(strings.TrimSpace(f.Text() + " " + term))
	return true
}

// bindings are the keys of the finder while it takes none itself.
func (f *finder) bindings() []widget.Binding {
	var none widget.Safe
	if f.Text() == "" {
		none = "there is no filter; / makes one"
	}
	k := f.keys
	list := []widget.Binding{k.Filter, k.Next.Off(none), k.Prev.Off(none), k.Marks.Off(none), k.Value.Off(f.noValue())}
	if none == "" && !f.ownEsc { // without a filter the key belongs to the page
		list = append(list, k.Clear)
	}
	return list
}

func (f *finder) noValue() widget.Safe {
	if len(f.values()) == 0 {
		return "there is no row to take a value of"
	}
	return ""
}

// busy are the keys of the finder while it takes all of them.
func (f *finder) busy() []widget.Binding {
	if f.offers == nil {
		return filterBindings()
	}
	list := valueBindings()
	var own []widget.Binding
	for i, o := range f.offers[:min(len(f.offers), maxOffers)] {
		label := string(rune('1' + i))
		own = append(own, widget.Bind(label, o, label))
	}
	return append(own, list[1:]...)
}

// filterBindings are the keys while a filter is typed.
func filterBindings() []widget.Binding {
	return []widget.Binding{
		widget.Bind("Enter", "keep the filter", "enter"),
		widget.Bind("Esc", "drop it", "esc"),
		widget.Bind("Tab", "complete", "tab"),
		widget.Bind("S-Tab", "complete backwards", "shift+tab").Hidden(),
	}
}

// valueBindings are the keys while a value of a row is chosen.
func valueBindings() []widget.Binding {
	return []widget.Binding{
		widget.Bind("1..9", "filter by this value", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
		widget.Bind("Enter", "by the first one", "enter", "."),
		widget.Bind("!", "by all but this value", "!"),
		widget.Bind("Esc", "none", "esc"),
	}
}
