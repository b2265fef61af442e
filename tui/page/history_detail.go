package page

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// pastDetail is an entry with its difference.
type pastDetail struct {
	gen        engine.Generation
	comparison comparison
	against    engine.Against
	ask        desk.Request
	base       *engine.Generation
	err        error
}

// open shows the selected entry with its difference.
func (h *History) open() Effect {
	g := h.selected()
	h.detail = &pastDetail{gen: *g, comparison: newComparison(h.Shared)}
	return h.recall()
}

// recall asks for the difference.
func (h *History) recall() Effect {
	d := h.detail
	if d.gen.Event != engine.Applied || d.gen.Pruned {
		return Effect{}
	}
	return Effect{Cmd: h.Calls.Recall(&d.ask, d.gen.ID, d.against)}
}

func (d *pastDetail) take(m desk.RecalledMsg) {
	if d == nil || !d.ask.Done(m.N) {
		return
	}
	if d.err = m.Err; m.Err != nil {
		d.comparison.set(nil)
		return
	}
	d.base = m.Value.Base
	d.comparison.set(m.Compared)
}

func (h *History) detailKey(k tea.KeyPressMsg) Effect {
	d := h.detail
	switch {
	case h.keys.Back.Is(k):
		h.detail = nil
	case h.keys.Against.Is(k):
		if d.against++; d.against > engine.Now {
			d.against = engine.Predecessor
		}
		return h.recall()
	default:
		d.comparison.key(k)
	}
	return Effect{}
}

// renderDetail draws what the entry changed.
func (h *History) renderDetail(width, height int) []string {
	d := h.detail
	lines := h.about(&d.gen, width, 2)
	note, bad := h.against()
	how := h.Styles.Text
	if bad {
		how = h.Styles.Warn
	}
	for _, text := range note.Wrap(width - 2) {
		lines = append(lines, h.line(width).Text(" ").Put(how, text).String())
	}
	h.top = len(lines)
	if d.comparison.of != nil {
		lines = append(lines, d.comparison.render(width, height-len(lines))...)
	}
	return widget.Fit(lines, height)
}

// against says what the entry is compared with, or why it is not.
func (h *History) against() (note widget.Safe, bad bool) {
	d := h.detail
	switch {
	case d.gen.Event != engine.Applied:
		return "nothing was changed: there is no difference to show", false
	case d.gen.Pruned:
		return "its rules and tables are not kept any more: the newest 20 applies are", true
	case d.err != nil:
		return widget.Format("no difference to show: %v   (%s compares with another one)", d.err, h.keyName(HistoryScreen, "d")), true
	case d.ask.Busy() && d.comparison.of == nil:
		return "comparing ...", false
	case d.against == engine.Now && d.base == nil:
		return "against now: nothing is confirmed; every row comes", false
	case d.against == engine.Now:
		return widget.Format("against NOW, confirmed %s: what a restore would change", string(words.PastWhen(d.base))), false
	case d.base == nil:
		return "the first apply: every row was new", false
	}
	return widget.Format("against its PREDECESSOR of %s, %s", string(words.PastWhen(d.base)), d.base.Who), false
}
