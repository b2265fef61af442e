package page

import (
	"fmt"

	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

var counterTabs = [countTabs]widget.Safe{"by policy line", "by chain", "unused", "v4/v6 parity"}

// Render draws the page.
func (c *Counters) Render(width, height int) View {
	count := c.count()
	tabs := widget.Tabs(counterTabs[:], int(c.tab), max(width-count.Width()-1, 1), c.Styles)
	lines := []string{widget.Join(tabs, c.line(width).End(c.Styles.Strong, count).String())}
	found, cursor := c.filter.lines(c.Shared, width, "")
	if cursor != nil {
		cursor.Y = len(lines)
	}
	lines = append(lines, found...)
	foot := []string{c.rule(width), c.detail(width), c.state(width), c.baseline(width), c.meaning(width)}
	if height < 16 {
		foot = foot[:3]
	}
	room := height - len(lines) - len(foot)
	c.top = len(lines)
	if c.tab == byChain {
		lines = append(lines, c.renderChains(width, room)...)
	} else {
		lines = append(lines, c.rows[c.tab].Render(width, room, c.Styles)...)
	}
	return View{Lines: widget.Fit(append(widget.Fit(lines, height-len(foot)), foot...), height), Cursor: cursor}
}

// count says how much the list shows.
func (c *Counters) count() widget.Safe {
	if c.tab == byChain {
		return widget.Format("%s, %s", c.chains.table, words.Plural(len(c.chains.nodes), "chain"))
	}
	return c.filter.count(c.list(), "row")
}

// renderChains draws the tree and the rules of the selected chain side by side.
func (c *Counters) renderChains(width, height int) []string {
	p := &c.chains
	left := max(min(width/3, 40), 20)
	p.divider = left
	right := width - left - 1
	head := c.line(right)
	if n, ok := p.chain(); ok {
		mark := widget.Safe(" ")
		if p.inRules { // the keys move here
			mark = ">"
		}
		head.Put(c.Styles.Strong, mark+widget.Clean(n.name))
		switch {
		case n.policy != "":
			head.Put(c.Styles.Dim, widget.Clean("  policy "+n.policy))
		case n.owner == "docker":
			head.Put(c.Styles.Dim, "  written by dockerd, only read here")
		case n.owner != "ours":
			head.Put(c.Styles.Dim, "  not ours, only read here")
		}
	} else {
		head.Put(c.Styles.Dim, " "+c.noChain())
	}
	tree := p.tree.Render(left, height, c.Styles)
	rules := append([]string{head.String()}, p.rules.Render(right, height-1, c.Styles)...)
	divider := c.line(1).Glyph(c.Styles.Rule, c.Styles.Glyphs.Vertical).String()
	for i := range tree {
		tree[i] = widget.Pad(tree[i], left) + divider + rules[i]
	}
	return tree
}

// detail is the selected row: what it is, and its last minute.
func (c *Counters) detail(width int) string {
	l := c.line(width).Text(" ")
	var past counterPast
	var rate float64
	if c.tab == byChain {
		r, ok := c.chains.selected()
		if !ok {
			return l.String()
		}
		past = c.chains.past.of(r.chainRule)
		_, _, rate = r.figures()
		l.Put(c.Styles.Strong, widget.Format("%s %s %d", r.table, r.chain, r.index))
		c.spark(l, past, rate)
		return l.Text("  " + widget.Clean(c.chains.label(r))).String()
	}
	i, ok := c.rows[c.tab].Selected()
	if !ok || i >= len(c.snap.Rows) {
		return l.Put(c.Styles.Dim, c.noRow()).String()
	}
	r := &c.snap.Rows[i]
	l.Put(c.Styles.Strong, widget.Clean(words.CounterName(r)))
	c.spark(l, c.past.of(r.ID), r.Rate)
	return l.Text("  " + widget.Clean(r.Text)).String()
}

// noChain says why a table shows no chains.
func (c *Counters) noChain() widget.Safe {
	if c.filter.Text() != "" {
		return "the filter keeps no chain; Esc drops it"
	}
	return "no chains"
}

// noRow says why a view by row is empty; nothing before the first reading.
func (c *Counters) noRow() widget.Safe {
	switch {
	case c.snap.At.IsZero() || c.err != nil:
		return ""
	case len(c.snap.Rows) == 0:
		return "no rule of ours runs: nothing is applied"
	case c.filter.Text() != "":
		return "the filter keeps no row; Esc drops it"
	case c.tab == unusedRows:
		return "every row has counted"
	}
	return "every row makes rules for both families"
}

// spark draws the last minute of a counter and when it last counted.
func (c *Counters) spark(l *widget.Line, past counterPast, rate float64) {
	room := min(len(past.rates), sparkSeconds, max(l.Left()-40, 0))
	l.Text(widget.Format("  %s  ", perSecond(rate))).Text(widget.Spark(past.rates, room, c.Styles.Glyphs))
	switch {
	case past.seen.IsZero():
	case past.hit.IsZero():
		l.Put(c.Styles.Dim, "  no hit since this console looks")
	default:
		l.Put(c.Styles.Dim, widget.Format("  last hit %s ago", age(past.seen.Sub(past.hit))))
	}
}

// state says whether the list moves.
func (c *Counters) state(width int) string {
	l := c.line(width).Text(" ")
	switch {
	case c.err != nil:
		l.Put(c.Styles.Bad, widget.Format("%v", c.err))
	case c.paused.on:
		l.Put(c.Styles.Warn, widget.Format("PAUSED %s (%s resumes; %s changed)", age(c.Now().Sub(c.paused.since)), c.keyName(CountersScreen, "p"), words.Plural(c.moved, "row")))
	default:
		l.Put(c.Styles.Good, "live")
	}
	if c.tab == byChain {
		return l.String()
	}
	if i, ok := c.rows[c.tab].Selected(); ok && i < len(c.snap.Rows) {
		r := &c.snap.Rows[i]
		l.Text(widget.Format("   v4 %s %sB   v6 %s %sB", shortPlural(r.V4.Packets, "packet"), short(float64(r.V4.Bytes)),
			shortPlural(r.V6.Packets, "packet"), short(float64(r.V6.Bytes))))
	}
	return l.String()
}

// baseline says since when the counters count, as far as is known: they
// survive an apply, so the last one is the latest moment that it can be.
func (c *Counters) baseline(width int) string {
	words := " counting since the first apply; counters survive the later ones"
	if base := c.snap.Since; base != nil {
		words = fmt.Sprintf(" counting since %s (%s ago), which z set; the kernel's counters go on", base.At.Format("2006-01-02 15:04:05"), age(c.Now().Sub(base.At)))
	} else if c.since == nil {
		words = " counting since the rules were loaded; mfwtui has applied nothing yet"
	} else if when := c.since.When; !when.IsZero() {
		words = fmt.Sprintf(" counting since the apply of %s (%s ago), or longer", when.Format("2006-01-02 15:04"), age(c.Now().Sub(when)))
	}
	return c.line(width).Put(c.Styles.Dim, widget.Clean(words)).String()
}

// meaning says what the figures of a view do not say.
func (c *Counters) meaning(width int) string {
	if base := c.snap.Since; base != nil && c.tab == unusedRows {
		return c.line(width).Put(c.Styles.Dim, widget.Format(" 0 hits since %s do not prove that a row is unused", base.At.Format("2006-01-02 15:04"))).String()
	}
	return c.line(width).Put(c.Styles.Dim, [countTabs]widget.Safe{
		byRow:      " 0 on a drop row is good, 0 on an accept row proves nothing",
		byChain:    " chains of others are shown as they are, and never written",
		unusedRows: " 0 hits do not prove that a row is unused (quarterly jobs, failover)",
		parity:     " a row of one family is no fault when its addresses have only that one",
	}[c.tab]).String()
}

// Copied is the selected row or rule with its figures.
func (c *Counters) Copied() string {
	if c.tab == byChain {
		r, ok := c.chains.selected()
		if !ok {
			return ""
		}
		v4, v6, _ := r.figures()
		return fmt.Sprintf("%s %s %d\t%s\tv4 %.0f\tv6 %.0f packets\n", r.table, r.chain, r.index, c.chains.label(r), figure(v4, nil, 0, v4Col), figure(nil, v6, 0, v6Col))
	}
	i, ok := c.rows[c.tab].Selected()
	if !ok || i >= len(c.snap.Rows) {
		return ""
	}
	r := &c.snap.Rows[i]
	return fmt.Sprintf("%s\t%s\tv4 %d packets %d bytes\tv6 %d packets %d bytes\n", words.CounterName(r), r.Text, r.V4.Packets, r.V4.Bytes, r.V6.Packets, r.V6.Bytes)
}
