package tui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// palette finds everything that can be done or shown by a few of its letters.
// Nothing happens before Enter, and then exactly what the key beside the entry
// does.
type palette struct {
	all    []command
	fixed  int // so many of all are always there; behind them a row by its number
	search *search
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
	p.search = newSearch(len(list), func(i int) string { return string(list[i].text) })
	p.find()
	return p
}

// find looks for the text. A row is found by its number too.
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
	for _, h := range p.search.find(text) {
		p.found = append(p.found, h.index)
	}
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
