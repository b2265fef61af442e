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

// Click selects the row, the chain or the rule under it; on the chain that is
// selected it folds those below.
func (c *Counters) Click(x, y int) Effect {
	p := &c.chains
	switch line := y - c.top; {
	case c.tab != byChain:
		c.rows[c.tab].RowAt(line)
	case x > p.divider:
		p.inRules = p.rules.RowAt(line-1) || p.inRules // below the name of the chain
	case x < p.divider:
		was, _ := p.chain()
		if !p.tree.RowAt(line) {
			break
		}
		if is, _ := p.chain(); is.name == was.name && !p.inRules {
			p.fold(is)
		}
		p.inRules = false
		c.show(true) // the rules of another chain
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
