package page

// Clicker is a page on which a click means something. Wheel and hints need
// nothing of a page.
type Clicker interface {
	// Click handles a click on a cell of what Render drew last.
	Click(x, y int) Effect
}

// Click selects the flow or the group under it. The denied packets are left to
// the keys.
func (f *Flows) Click(_, y int) Effect {
	switch {
	case f.refused:
	case f.by != ungrouped:
		f.groups.RowAt(y - f.top)
	default:
		f.table.RowAt(y - f.top)
	}
	return Effect{}
}

// Click selects the row under it. The tree of the chains is left to the keys.
func (c *Counters) Click(_, y int) Effect {
	if c.tab != byChain {
		c.rows[c.tab].RowAt(y - c.top)
	}
	return Effect{}
}

// Click selects the container under it.
func (o *Overview) Click(_, y int) Effect {
	if o.inside {
		o.containers.table.RowAt(y - o.containers.top)
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
