package page

import "github.com/mfwtui/mfwtui/tui/widget"

// Clicker is a page on which a click means something. Wheel and hints need
// nothing of a page.
type Clicker interface {
	// Click selects what is under a cell of what Render drew last. What was
	// selected before is opened by another click, as by Enter.
	Click(x, y int) widget.Hit
}

// Which pages are.
var (
	_ Clicker = (*Overview)(nil)
	_ Clicker = (*Policy)(nil)
	_ Clicker = (*Review)(nil)
	_ Clicker = (*Flows)(nil)
	_ Clicker = (*Counters)(nil)
	_ Clicker = (*History)(nil)
)

// Click selects the flow or the group under it. The denied packets are left to
// the keys.
func (f *Flows) Click(_, y int) widget.Hit {
	switch {
	case f.refused:
		return widget.Missed
	case f.by != ungrouped:
		return f.groups.Hit(y - f.top)
	}
	return f.table.Hit(y - f.top)
}

// Click selects the row, the chain or the rule under it; on the chain that is
// selected it folds those below.
func (c *Counters) Click(x, y int) widget.Hit {
	p, line := &c.chains, y-c.top
	switch {
	case c.tab != byChain:
		return c.rows[c.tab].Hit(line)
	case x > p.divider:
		found := p.rules.Hit(line - 1) // below the name of the chain
		p.inRules = found != widget.Missed || p.inRules
		return found
	case x < p.divider:
		return c.clickTree(line)
	}
	return widget.Missed
}

func (c *Counters) clickTree(line int) widget.Hit {
	p := &c.chains
	was, _ := p.chain()
	if !p.tree.RowAt(line) {
		return widget.Missed
	}
	if is, _ := p.chain(); is.name == was.name && !p.inRules {
		p.fold(is)
	}
	p.inRules = false
	c.show(true) // the rules of another chain
	return widget.Chosen
}

// Click selects the cell, the use or the problem under it.
func (p *Policy) Click(x, y int) widget.Hit {
	const top = 1 // the tabs, or the title of the uses
	switch {
	case p.list != nil:
		return p.list.table.Hit(y - p.list.top)
	case p.Desk.Set() == nil || p.panel != nil || p.Typing():
		return widget.Missed
	case p.uses != nil:
		return p.uses.table.Hit(y - top)
	case p.filter.Text() != "":
		return p.rows().click(x, y-top-1)
	}
	return p.rows().click(x, y-top)
}

// click selects the cell under a place in the table.
func (t *rowTable) click(x, y int) widget.Hit {
	hit, was := t.Hit(y), t.Cursor
	if c, ok := t.ColumnAt(x); ok && hit != widget.Missed && c >= ownColumns && c < len(t.cells) {
		t.Cursor = c
	}
	if hit == widget.Again && t.Cursor != was {
		return widget.Chosen
	}
	return hit
}

// Click selects the container, or what wants attention, under it.
func (o *Overview) Click(_, y int) widget.Hit {
	if o.inside {
		return o.containers.table.Hit(y - o.containers.top)
	}
	l := &o.list
	i := l.top + y - o.listTop
	if y < o.listTop || i >= min(l.top+l.page, len(l.items)) {
		return widget.Missed
	}
	again := l.held && l.at == i
	l.at, l.held = i, true
	return hit(again)
}

func hit(again bool) widget.Hit {
	if again {
		return widget.Again
	}
	return widget.Chosen
}

// Click selects the event under it, or what its difference shows there.
func (h *History) Click(x, y int) widget.Hit {
	if h.detail != nil {
		h.detail.comparison.click(x, y-h.top)
		return widget.Missed // there is nothing to open
	}
	return h.table.Hit(y - h.top)
}

// Click selects the row or the consequence under it, or its tab.
func (r *Review) Click(x, y int) widget.Hit {
	if r.raw != nil || r.comparison.of == nil {
		return widget.Missed
	}
	return r.comparison.click(x, y-r.top)
}

// area is a part of a comparison as it was drawn last: what begins in a cell,
// and how far it reaches. Without lines it is the heading that opens the part.
type area struct {
	tab                 comparisonTab
	x, y, width, height int
}

// click selects what is under a cell; on a heading the part that it opens.
func (c *comparison) click(x, y int) widget.Hit {
	for _, a := range c.areas {
		if x < a.x || x >= a.x+a.width || y < a.y || y >= a.y+max(a.height, 1) {
			continue
		}
		again := c.tab == a.tab
		if c.tab = a.tab; a.height == 0 {
			return widget.Missed
		}
		switch a.tab {
		case rowsTab:
			if again, ok := c.rows.choose(y - a.y); ok {
				c.light()
				return hit(again)
			}
		case impactTab:
			if same, ok := c.impact.chooseAt(y - a.y); ok {
				return hit(same && again)
			}
		}
		return widget.Missed
	}
	return widget.Missed
}
