package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// help explains the keys of every screen, the filter and the signs of the
// lists. It is made from the key maps, and what is typed searches it.
type help struct {
	sections []helpSection
	search   *widget.Editor
	top      int
	lines    int // so many were drawn, and so many have room
	page     int
	moves    widget.Movement
	close    widget.Binding
	keymap   keymap
}

// helpSection is a heading and what stands under it.
type helpSection struct {
	title widget.Safe
	items []helpItem
}

// helpItem is a key, a sign or an example, and what it does or means.
type helpItem struct {
	label, does, why widget.Safe
	keys             []string // what a search for a key finds it by
}

func newHelp(m *model) *help {
	h := &help{search: widget.NewEditor(""), moves: widget.Moves(), close: helpClose(), keymap: m.keymap}
	h.addPage(m.at, m.page())
	h.add("in every list", m.keymap.shown(m.at, append(h.moves.List(), page.ListKeys()...)))
	h.add("in every list, signs", page.ListLegend())
	for _, mode := range page.ListModes() {
		h.add(mode.Name, mode.Bindings)
	}
	h.addFilter()
	h.add("everywhere", m.keymap.shown(page.Stay, m.keys.list(m.pending != "")))
	h.add("in the list of commands (:)", paletteBindings())
	h.add("in this help", []widget.Binding{h.close, widget.Bind("letters", "search by word, or a key such as d or ^d")})
	for _, at := range append(screens[:], page.TrialScreen) {
		if at != m.at {
			h.addPage(at, m.pages[at])
		}
	}
	return h
}

func helpClose() widget.Binding { return widget.Bind("Esc/?", "close", "esc", "?") }

// modesOf are the modes of a page, with one that has no others too.
func modesOf(p page.Page) []page.Mode {
	if all, ok := p.(page.Moder); ok {
		return all.Modes()
	}
	return []page.Mode{{Name: p.Title(), Bindings: p.Bindings(), Use: page.Commands}}
}

// addPage adds the keys of all modes of a page, and its signs.
func (h *help) addPage(at page.Screen, p page.Page) {
	for _, mode := range modesOf(p) {
		bindings := without(mode.Bindings, page.ListKeys())
		if mode.Use == page.Commands {
			bindings = h.keymap.shown(at, bindings)
		}
		h.add(mode.Name, bindings)
	}
	if l, ok := p.(page.Legender); ok {
		h.add(p.Title()+", signs", l.Legend())
	}
}

// without leaves out bindings that are explained elsewhere.
func without(list, known []widget.Binding) []widget.Binding {
	var rest []widget.Binding
	for _, b := range list {
		if !slices.ContainsFunc(known, func(k widget.Binding) bool { return k.Help() == b.Help() }) {
			rest = append(rest, b)
		}
	}
	return rest
}

func (h *help) add(title widget.Safe, bindings []widget.Binding) {
	var items []helpItem
	for _, b := range bindings {
		items = append(items, helpItem{label: widget.Clean(b.Help().Key), does: widget.Clean(b.Help().Desc), why: b.Why, keys: b.Keys()})
	}
	h.addItems(title, items)
}

func (h *help) addItems(title widget.Safe, items []helpItem) {
	if len(items) > 0 {
		h.sections = append(h.sections, helpSection{title, items})
	}
}

// addFilter explains the filter language.
func (h *help) addFilter() {
	var items []helpItem
	for _, s := range query.Syntax() {
		items = append(items, helpItem{label: widget.Clean(s[0]), does: widget.Clean(s[1])})
	}
	for _, k := range query.Keys() {
		items = append(items, helpItem{label: widget.Clean(k.Example()), does: widget.Clean(k.Help()), keys: []string{k.Name() + ":"}})
	}
	h.addItems("filter (/): words and terms, all of which must hold", items)
}

// key searches, scrolls or closes; false when the help is to be closed.
func (h *help) key(k tea.KeyPressMsg) bool {
	if h.close.Is(k) {
		return false
	}
	if k.Text == "" {
		if top, ok := h.moves.Step(k, h.top, max(h.lines-h.page, 0)+1, h.page); ok {
			h.top = top
			return true
		}
	}
	before := h.search.Text()
	if h.search.Key(k); h.search.Text() != before {
		h.top = 0
	}
	return true
}

// found are the sections with only what the search finds in them.
func (h *help) found() []helpSection {
	words := strings.Fields(h.search.Text())
	if len(words) == 0 {
		return h.sections
	}
	var list []helpSection
	for _, s := range h.sections {
		kept := helpSection{title: s.title}
		for _, item := range s.items {
			if item.holds(words) {
				kept.items = append(kept.items, item)
			}
		}
		if len(kept.items) > 0 {
			list = append(list, kept)
		}
	}
	return list
}

// holds reports whether all words are found: a single character only as a key.
func (i *helpItem) holds(words []string) bool {
	text := strings.ToLower(string(i.does + " " + i.why))
	for _, w := range words {
		asKey := slices.Contains(i.keys, w) || slices.Contains(strings.FieldsFunc(string(i.label), func(r rune) bool { return r == '/' || r == ' ' }), w)
		if len(w) == 1 {
			if !asKey {
				return false
			}
			continue
		}
		low := strings.ToLower(w)
		if !asKey && !strings.Contains(text, low) && !strings.Contains(strings.ToLower(string(i.label)), low) {
			return false
		}
	}
	return true
}

// twoColumns is the width from which the help has two columns.
const twoColumns = 110

func (h *help) render(width, height int, st *style.Styles) []string {
	inner := min(width-4, 76)
	columns := 1
	if width >= twoColumns {
		inner, columns = min(width-4, 136), 2
	}
	rows := height - 4 // frame, search, foot
	if inner < 20 || rows < 1 {
		return nil
	}
	column := (inner - 2*(columns-1)) / columns
	lines, found := h.draw(column, st), true
	if lines == nil {
		lines, found = h.nothing(column, st), false
	}
	h.lines, h.page = len(lines), rows*columns
	h.top = max(min(h.top, len(lines)-h.page), 0)
	text, _ := h.search.View(inner - 12)
	body := []string{widget.NewLine(inner, st.Glyphs).Put(st.Dim, "search: ").Put(st.Input, text).Put(st.Input, "_").String()}
	for row := range rows { // the size stays while the search narrows it
		line := ""
		for c := range columns {
			if at := h.top + c*rows + row; at < len(lines) {
				line = widget.PutAt(line, lines[at], c*(column+2))
			}
		}
		body = append(body, line)
	}
	body = append(body, widget.NewLine(inner, st.Glyphs).Put(st.Dim, h.foot(found)).String())
	return widget.Box("Help", body, inner, st)
}

// foot says which lines are shown, and what the keys do.
func (h *help) foot(found bool) widget.Safe {
	if !found {
		return "nothing found   ^w deletes the last word   Esc closes"
	}
	last := min(h.top+h.page, h.lines)
	return widget.Format("%d-%d of %d   up, down, ^d, ^u move   letters search   Esc closes", min(h.top+1, last), last, h.lines)
}

// nothing says that the search found nothing, and how to go on.
func (h *help) nothing(width int, st *style.Styles) []string {
	lines := []string{widget.NewLine(width, st.Glyphs).Put(st.Warn, widget.Format("nothing found for %s", h.search.Text())).String(), ""}
	palette := h.keymap.name(page.Stay, ":")
	for _, text := range []widget.Safe{
		"All words must be found in what a key does, or be a key such as d or ^d; one letter alone is always a key.",
		widget.Format("Tables, objects, rows and problems are not searched here: Esc, then %s finds them.", palette),
	} {
		for _, part := range text.Wrap(width) {
			lines = append(lines, widget.NewLine(width, st.Glyphs).Text(part).String())
		}
	}
	return lines
}

// draw writes what the search finds into lines of a width; nil for nothing.
func (h *help) draw(width int, st *style.Styles) []string {
	var lines []string
	for _, s := range h.found() {
		lines = append(lines, widget.NewLine(width, st.Glyphs).Put(st.Strong, s.title).String())
		label := 0
		for _, item := range s.items {
			label = max(label, item.label.Width())
		}
		label = min(max(label, 6), 18)
		for _, item := range s.items {
			lines = append(lines, item.draw(label, width, st)...)
		}
	}
	return lines
}

func (i *helpItem) draw(label, width int, st *style.Styles) []string {
	var lines []string
	text := i.does
	if i.why != "" {
		text += "  (" + i.why + ")"
	}
	for n, part := range text.Wrap(width - label - 4) {
		l := widget.NewLine(width, st.Glyphs).Text("  ")
		if n == 0 {
			l.Cell(st.Key, i.label, label)
		}
		lines = append(lines, l.To(label+4).Text(part).String())
	}
	return lines
}
