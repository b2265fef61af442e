package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// help is the list of the keys that work where it was opened, made from the
// key maps.
type help struct {
	title widget.Safe
	lines []helpLine
	top   int
	page  int
	moves widget.Movement
}

// helpLine is a heading, or a key with what it does.
type helpLine struct {
	heading, key, does, why widget.Safe
}

func newHelp(m *model) *help {
	h := &help{title: "Keys: " + m.page().Title(), moves: widget.Moves()}
	h.add("on this screen", m.page().Bindings())
	if p, ok := m.page().(page.Legender); ok {
		h.add("signs on this screen", p.Legend())
	}
	h.add("in lists", h.moves.List())
	h.add("everywhere", m.keys.list(m.pending != ""))
	return h
}

func (h *help) add(heading widget.Safe, bindings []widget.Binding) {
	h.lines = append(h.lines, helpLine{heading: heading})
	for _, b := range bindings {
		h.lines = append(h.lines, helpLine{key: widget.Clean(b.Help().Key), does: widget.Clean(b.Help().Desc), why: b.Why})
	}
}

// key scrolls; any other key closes the help.
func (h *help) key(k tea.KeyPressMsg) bool {
	top, ok := h.moves.Step(k, h.top, max(len(h.lines)-h.page, 0)+1, h.page)
	if ok {
		h.top = top
	}
	return ok
}

func (h *help) render(width, height int, st *style.Styles) []string {
	inner := min(width-4, 60)
	h.page = min(height-4, len(h.lines))
	if inner < 20 || h.page < 1 {
		return nil
	}
	var body []string
	for _, line := range h.lines[h.top:min(h.top+h.page, len(h.lines))] {
		l := widget.NewLine(inner, st.Glyphs)
		if line.heading != "" {
			l.Put(st.Strong, line.heading)
		} else {
			l.Text("  ").Cell(st.Key, line.key, 11).Text(" " + line.does)
			if line.why != "" {
				l.Put(st.Dim, "  ("+line.why+")")
			}
		}
		body = append(body, l.String())
	}
	foot := widget.NewLine(inner, st.Glyphs).Put(st.Dim, widget.Format("%d-%d of %d   j/k moves, any other key closes", h.top+1, h.top+len(body), len(h.lines)))
	return widget.Box(h.title, append(body, foot.String()), inner, st)
}
