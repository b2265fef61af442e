package page

// Clicker is a page on which a click means something. Wheel and hints need
// nothing of a page.
type Clicker interface {
	// Click handles a click on a cell of what Render drew last.
	Click(x, y int) Effect
}

// Click selects the flow under it.
func (f *Flows) Click(_, y int) Effect {
	f.table.RowAt(y - flowsTop)
	return Effect{}
}

// flowsTop is how many lines stand above the flows: the filter.
const flowsTop = 1

// Click selects the row under it.
func (c *Counters) Click(_, y int) Effect {
	top := 1 // the tabs
	if c.filter.Typing() || c.filter.Text() != "" {
		top++
	}
	if c.byChain {
		c.chains.RowAt(y - top)
	} else {
		c.rows.RowAt(y - top)
	}
	return Effect{}
}

// Click selects the row or the problem under it.
func (p *Policy) Click(_, y int) Effect {
	top := 1 // the tabs, or the title of the problems
	switch {
	case p.list != nil:
		p.list.table.RowAt(y - top)
	case p.Desk.Set() != nil && p.uses == nil && !p.Typing():
		if p.filter.Text() != "" {
			top++
		}
		p.rows().RowAt(y - top)
	}
	return Effect{}
}
