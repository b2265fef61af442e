package page

import (
	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Render draws the page.
func (c *Counters) Render(width, height int) View {
	active, what := 0, "row"
	if c.byChain {
		active, what = 1, "rule"
	}
	tabs := widget.Tabs([]widget.Safe{"by table row", "by chain"}, active, width, c.Styles)
	count := c.filter.count(c.list(), what)
	lines := []string{widget.Join(tabs, c.line(width).End(c.Styles.Strong, count).String())}
	found, cursor := c.filter.lines(c.Shared, width, "")
	if cursor != nil {
		cursor.Y = len(lines)
	}
	lines = append(lines, found...)
	room := height - len(lines) - 3
	if c.byChain {
		lines = append(lines, c.chains.Render(width, room, c.Styles)...)
	} else {
		lines = append(lines, c.rows.Render(width, room, c.Styles)...)
	}
	lines = append(widget.Fit(lines, height-3), c.rule(width), c.detail(width), c.state(width))
	return View{Lines: widget.Fit(lines, height), Cursor: cursor}
}

// detail is the selected row in full.
func (c *Counters) detail(width int) string {
	l := c.line(width).Text(" ")
	if !c.byChain {
		if i, ok := c.rows.Selected(); ok && i < len(c.snap.Rows) {
			r := &c.snap.Rows[i]
			l.Put(c.Styles.Strong, widget.Clean(counterName(r))).Text("  "+widget.Clean(r.Text)).
				End(c.Styles.Text, widget.Format("%s packets, %sB ", short(float64(r.V4.Packets+r.V6.Packets)), short(float64(r.V4.Bytes+r.V6.Bytes))))
		}
		return l.String()
	}
	if i, ok := c.chains.Selected(); ok && i < len(c.joined) {
		r := &c.joined[i]
		l.Put(c.Styles.Strong, widget.Format("%s %s %d", r.table, r.chain, r.index)).Put(c.Styles.Dim, widget.Format(" %s  ", r.owner)).Text(widget.Clean(r.text))
	}
	return l.String()
}

// state is the line under the list.
func (c *Counters) state(width int) string {
	l := c.line(width).Text(" ")
	switch {
	case c.err != nil:
		l.Put(c.Styles.Bad, widget.Format("%v", c.err))
	case c.paused.on:
		l.Put(c.Styles.Warn, widget.Format("PAUSED %s (p resumes; %s changed)", age(c.Now().Sub(c.paused.since)), plural(changedRows(c.snap.Rows, c.latest.Rows), "row")))
	default:
		l.Put(c.Styles.Good, "live").Put(c.Styles.Dim, "   packets; 0 on a drop row is good, 0 on an accept row proves nothing")
	}
	return l.String()
}

// changedRows counts the rows whose count is another one.
func changedRows(old, now []engine.RowCounter) int {
	was := make(map[string]uint64, len(old))
	for i := range old {
		was[old[i].ID] = old[i].V4.Packets + old[i].V6.Packets
	}
	n := 0
	for i := range now {
		if before, ok := was[now[i].ID]; !ok || before != now[i].V4.Packets+now[i].V6.Packets {
			n++
		}
	}
	return n
}
