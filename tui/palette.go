package tui

import (
	"cmp"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/sahilm/fuzzy"

	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// palette finds everything that can be done or shown by a few of its letters.
// Nothing happens before Enter, and then exactly what the key beside the entry
// does.
type palette struct {
	all    []command
	fixed  int   // so many of all are always there; behind them a row by its number
	found  []int // into all, the best first
	at     int
	top    int
	page   int
	edit   *widget.Editor
	keys   paletteKeys
	opened time.Time
	rowOf  func(text string) (command, bool)
}

// command is an entry of the palette.
type command struct {
	text widget.Safe
	key  widget.Safe // what does the same; empty for a place to go to
	why  widget.Safe // why it does nothing now
	run  func() tea.Cmd
}

type paletteKeys struct{ Run, Up, Down, PageUp, PageDown, Close widget.Binding }

func newPaletteKeys() paletteKeys {
	return paletteKeys{
		Run:      widget.Bind("Enter", "do it", "enter"),
		Down:     widget.Bind("down/^n", "next", "down", "ctrl+n", "tab"),
		Up:       widget.Bind("up/^p", "the one before", "up", "ctrl+p", "shift+tab"),
		PageDown: widget.Bind("^d", "page down", "ctrl+d", "pgdown"),
		PageUp:   widget.Bind("^u", "page up", "ctrl+u", "pgup"),
		Close:    widget.Bind("Esc", "close", "esc"),
	}
}

func paletteBindings() []widget.Binding {
	k := newPaletteKeys()
	return []widget.Binding{k.Run, k.Close, k.Down, k.Up, k.PageDown, k.PageUp}
}

func newPalette(m *model) *palette {
	list := commands(m)
	p := &palette{all: list, fixed: len(list), edit: widget.NewEditor(""), keys: newPaletteKeys(), opened: m.shared.Now(), rowOf: m.rowCommand}
	p.find()
	return p
}

// String is what an entry is found by.
func (p *palette) String(i int) string { return string(p.all[i].text) }

// Len is the number of entries that are searched.
func (p *palette) Len() int { return p.fixed }

// find looks for the text: entries that hold it as it is come before those
// that only have its letters in order.
func (p *palette) find() {
	p.all, p.found, p.at, p.top = p.all[:p.fixed], p.found[:0], 0, 0
	text := p.edit.Text()
	if strings.TrimSpace(text) == "" {
		for i := range p.all {
			p.found = append(p.found, i)
		}
		return
	}
	if row, ok := p.rowOf(strings.TrimSpace(text)); ok {
		p.all = append(p.all, row)
		p.found = append(p.found, p.fixed)
	}
	low := strings.ToLower(strings.TrimSpace(text))
	var hits []hit
	for _, m := range fuzzy.FindFromNoSort(strings.ReplaceAll(text, " ", ""), p) {
		hits = append(hits, hit{m.Index, classOf(m, low), m.Score})
	}
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(b.score, a.score), cmp.Compare(a.index, b.index))
	})
	for _, h := range hits {
		if h.class == scattered && hits[0].class != scattered {
			break
		}
		p.found = append(p.found, h.index)
	}
}

// hit is an entry that holds the text, and how well.
type hit struct{ index, class, score int }

// How well an entry holds the text. Scattered ones are noise beside better
// ones.
const (
	wholeText = iota
	byParts
	scattered
)

// classOf says how well an entry holds a text: as it is, in parts that begin
// words or are longer than a letter, or scattered.
func classOf(m fuzzy.Match, low string) int {
	text := strings.ToLower(m.Str)
	if strings.Contains(text, low) {
		return wholeText
	}
	for n, i := range m.MatchedIndexes {
		joined := n > 0 && m.MatchedIndexes[n-1] == i-1 || n+1 < len(m.MatchedIndexes) && m.MatchedIndexes[n+1] == i+1
		if !joined && i > 0 && text[i-1] != ' ' && text[i-1] != ':' {
			return scattered
		}
	}
	return byParts
}

// key handles a key. Run is what was chosen; done says that the palette closes.
func (p *palette) key(k tea.KeyPressMsg, now time.Time) (run *command, done bool) {
	switch {
	case p.keys.Close.Is(k):
		return nil, true
	case p.keys.Run.Is(k):
		// An Enter that was typed before the list was drawn chooses nothing.
		if k.IsRepeat || now.Sub(p.opened) < widget.Grace || len(p.found) == 0 {
			return nil, false
		}
		return &p.all[p.found[p.at]], true
	case p.keys.Down.Is(k):
		p.move(1)
	case p.keys.Up.Is(k):
		p.move(-1)
	case p.keys.PageDown.Is(k):
		p.move(max(p.page/2, 1))
	case p.keys.PageUp.Is(k):
		p.move(-max(p.page/2, 1))
	default:
		before := p.edit.Text()
		if p.edit.Key(k); p.edit.Text() != before {
			p.find()
		}
	}
	return nil, false
}

// paste puts a text into the search.
func (p *palette) paste(text string) {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	p.edit.Insert(text)
	p.find()
}

func (p *palette) move(by int) { p.at = max(min(p.at+by, len(p.found)-1), 0) }

// paletteRows is how many entries are shown at most.
const paletteRows = 16

func (p *palette) render(width, height int, st *style.Styles) []string {
	inner := min(width-4, 90)
	p.page = min(height-4, paletteRows)
	if inner < 20 || p.page < 1 {
		return nil
	}
	if p.at < p.top {
		p.top = p.at
	}
	p.top = max(p.top, p.at-p.page+1)
	text, _ := p.edit.View(inner - 4)
	body := []string{widget.NewLine(inner, st.Glyphs).Put(st.Key, ": ").Put(st.Input, text).Put(st.Input, "_").String()}
	for i := range p.page {
		line := ""
		if at := p.top + i; at < len(p.found) {
			line = p.line(at, inner, st)
		}
		body = append(body, line)
	}
	return widget.Box("Commands", append(body, p.foot(inner, st)), inner, st)
}

func (p *palette) line(at, inner int, st *style.Styles) string {
	c := &p.all[p.found[at]]
	l, how := widget.NewLine(inner, st.Glyphs), st.Text
	if c.why != "" {
		how = st.Dim
	}
	mark := widget.Safe(" ")
	if at == p.at {
		mark, how = ">", st.Selected
	}
	keyWidth := c.key.Width() + 1
	l.Put(how, mark).Cell(how, c.text, inner-1-keyWidth)
	return l.End(st.Key, c.key).String()
}

// foot says how many there are, or why the selected one does nothing now.
func (p *palette) foot(inner int, st *style.Styles) string {
	l := widget.NewLine(inner, st.Glyphs)
	if len(p.found) == 0 {
		return l.Put(st.Warn, "nothing is called like this").String()
	}
	if c := &p.all[p.found[p.at]]; c.why != "" {
		return l.Put(st.Warn, "not now: "+c.why).String()
	}
	return l.Put(st.Dim, widget.Format("%d of %d   Enter does it   Esc closes", len(p.found), p.fixed)).String()
}
