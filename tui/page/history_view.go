package page

import (
	"fmt"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// The columns of the list.
const (
	whenCol = iota
	endCol
	whoCol
	rowsCol
	rulesCol
	tookCol
	whyCol
)

func newHistoryTable() *widget.Table[string] {
	return widget.NewTable[string](
		widget.Column{Title: "WHEN", Width: 16},
		widget.Column{Title: "END", Width: 12, Bare: true},
		widget.Column{Title: "WHO", Width: 18, Grow: 2, Rank: 1, Bare: true},
		widget.Column{Title: "ROWS", Width: 4, Right: true, Rank: 2, Bare: true},
		widget.Column{Title: "RULES", Width: 11, Rank: 3, Bare: true},
		widget.Column{Title: "TOOK", Width: 5, Right: true, Rank: 4, Bare: true},
		widget.Column{Title: "WHY", Width: 20, Grow: 3, Rank: 5, Bare: true},
	)
}

func (h *History) source() widget.Source[string] {
	return widget.Source[string]{
		Len: len(h.entries),
		Key: func(i int) string { return h.entries[i].ID },
		Cell: func(i, col int) (widget.Safe, style.Style) {
			return h.cell(&h.entries[i], col)
		},
	}
}

func (h *History) cell(g *engine.Generation, col int) (widget.Safe, style.Style) {
	st := h.Styles
	switch col {
	case whenCol:
		return words.PastWhen(g), st.Text
	case endCol:
		return h.end(g), h.endStyle(g)
	case whoCol:
		return widget.Clean(g.Who), st.Text
	case tookCol:
		if g.Took == 0 {
			return "-", st.Dim
		}
		return lasted(g.Took), st.Text
	case whyCol:
		return h.why(g), st.Dim
	}
	if g.Changes == nil {
		return "-", st.Dim
	}
	if col == rowsCol {
		return widget.Format("%d", g.Changes.Rows), st.Text
	}
	return widget.Format("+%d -%d", g.Changes.Added, g.Changes.Gone), st.Text
}

func (h *History) end(g *engine.Generation) widget.Safe { return words.PastEnd(g, h.running) }

func (h *History) endStyle(g *engine.Generation) style.Style {
	switch {
	case g.Damaged != nil, g.Result == engine.Failed:
		return h.Styles.Bad
	case g.Result == engine.RolledBack, g.Result == "":
		return h.Styles.Warn
	}
	return h.Styles.Good
}

// why is the reason of the end, and what is not there any more.
func (h *History) why(g *engine.Generation) widget.Safe {
	var parts []string
	if g.Damaged != nil {
		parts = append(parts, g.Damaged.Error())
	}
	if g.By != "" && g.By != g.Who && g.Result == engine.Confirmed {
		parts = append(parts, "by "+g.By)
	}
	if g.Reason != "" {
		parts = append(parts, g.Reason)
	}
	if g.Pruned && g.Event == engine.Applied {
		parts = append(parts, "(rules and tables not kept any more)")
	}
	return widget.Clean(strings.Join(parts, " "))
}

// Render draws the page.
func (h *History) Render(width, height int) View {
	if h.detail != nil {
		return View{Lines: h.renderDetail(width, height)}
	}
	lines, cursor := h.head(width)
	h.top = len(lines)
	foot := h.foot(width)
	if height < 12 {
		foot = nil
	}
	switch {
	case h.err != nil:
		lines = append(lines, h.line(width).Put(h.Styles.Bad, widget.Format(" the history cannot be read: %v", h.err)).String())
	case !h.read:
		lines = append(lines, " reading ...")
	case len(h.entries) == 0:
		lines = append(lines, " nothing was applied yet")
	default:
		lines = append(lines, h.table.Render(width, height-len(lines)-len(foot), h.Styles)...)
		lines = append(lines, foot...)
	}
	return View{Lines: widget.Fit(lines, height), Cursor: cursor}
}

// head is the line of the filter.
func (h *History) head(width int) ([]string, *Point) {
	count := widget.Format("%s ", words.Plural(h.table.Shown(), "event"))
	if h.table.Shown() != h.table.Len() {
		count = widget.Format("%d of %d events ", h.table.Shown(), h.table.Len())
	}
	found, cursor := h.filter.lines(h.Shared, width, count)
	if len(found) == 0 {
		l := h.line(width).Text(" every apply, refusal and boot, newest first")
		found = []string{l.End(h.Styles.Dim, count).String()}
	}
	return append(found, h.rule(width)), cursor
}

// foot is the selected entry in full.
func (h *History) foot(width int) []string {
	g := h.selected()
	if g == nil {
		return nil
	}
	return widget.Fit(append([]string{h.rule(width)}, h.about(g, width, 2)...), 4)
}

// about says in words what became of an entry, with the reason in at most so
// many lines.
func (h *History) about(g *engine.Generation, width, most int) []string {
	l := h.line(width).Text(" ").Put(h.Styles.Strong, words.PastWhen(g)).Text("  ").Text(widget.Clean(g.Who)).Text("  ").
		Put(h.endStyle(g), h.end(g))
	if g.Event == engine.Applied && g.Took > 0 {
		l.Text(", took " + lasted(g.Took))
	}
	if g.Changes != nil {
		l.Text(widget.Format("   +%d -%d rules", g.Changes.Added, g.Changes.Gone))
	}
	lines := []string{l.End(h.Styles.Dim, widget.Format("%s ", shortID(g.ID))).String()}
	why := h.why(g).Wrap(width - 2)
	for _, text := range why[:min(len(why), most)] {
		lines = append(lines, h.line(width).Text(" ").Text(text).String())
	}
	return lines
}

// lasted is how long an apply took until its end: one that confirms itself takes
// milliseconds.
func lasted(d time.Duration) widget.Safe {
	if d < time.Second {
		return widget.Format("%dms", max(d.Milliseconds(), 1))
	}
	return widget.Clean(age(d.Round(time.Second)))
}

// shortID is the end of an identifier, which tells those of one day apart.
func shortID(id string) string {
	const length = 8
	if len(id) <= length {
		return id
	}
	return fmt.Sprintf("..%s", id[len(id)-length:])
}
