package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// chainPanes are the chains of a table as a tree from the built-in ones on, and
// beside it the rules of the selected chain.
type chainPanes struct {
	table   string
	tree    *widget.Table[string]
	rules   *widget.Table[chainRule]
	inRules bool // the keys move in the rules
	divider int  // the column between the two, as they were drawn last
	folded  map[foldedChain]bool
	nodes   []chainNode
	rows    []chainRow                    // rules of the selected chain
	rowOf   map[string]*engine.RowCounter // by id
	past    history[chainRule]
}

// chainNode is a chain in the tree.
type chainNode struct {
	name, owner, policy string
	depth               int
	below               int // the chains below it
}

// foldedChain names a chain whose chains below are not shown.
type foldedChain struct{ table, chain string }

// chainRule is what a rule of a chain is known by: its row id, or its text when
// it has none, and which of those it is.
type chainRule struct {
	table, chain, what string
	nth                int
}

// chainRow is a rule of a chain in both families; nil for a family that does
// not have it.
type chainRow struct {
	chainRule
	owner, text string
	whose       string // the container or network that a rule of Docker's is about
	index       int
	v4, v6      *engine.ChainCounter
}

// id is the row id of the rule; empty for one that is not ours.
func (r *chainRow) id() string {
	if r.v4 != nil {
		return r.v4.ID
	}
	return r.v6.ID
}

// The columns of the rules that are not those of the rows.
const indexCol = whereCol

func newChainPanes() chainPanes {
	return chainPanes{
		table: ruleset.Filter,
		tree: widget.NewTable[string](
			widget.Column{Title: "CHAIN", Width: 12, Grow: 1},
			widget.Column{Title: "OWNER", Width: 8, Bare: true, Rank: 1}),
		rules: widget.NewTable[chainRule](
			widget.Column{Title: "#", Width: 3, Right: true},
			widget.Column{Title: "RULE", Width: 12, Grow: 1, Bare: true},
			widget.Column{Title: "V4", Width: 5, Right: true, Down: true, Rank: 2, Bare: true},
			widget.Column{Title: "V6", Width: 5, Right: true, Down: true, Rank: 1, Bare: true},
			widget.Column{Title: "SUM", Width: 5, Right: true, Down: true, Bare: true},
			widget.Column{Title: "PKT/S", Width: 5, Right: true, Down: true, Bare: true}),
	}
}

// nextTable shows another table: one of those of iptables, or one that stands
// beside them.
func (p *chainPanes) nextTable(snap *engine.CounterSnapshot) {
	order := []string{ruleset.Filter, ruleset.NAT, ruleset.Mangle, ruleset.Raw}
	if slices.ContainsFunc(snap.Chains, func(c engine.ChainCounter) bool { return c.Table == ruleset.DockerBridges }) {
		order = append(order, ruleset.DockerBridges)
	}
	p.table = order[(slices.Index(order, p.table)+1)%len(order)]
	p.inRules = false
}

// show takes the counters of a page. A filter leaves the chains that have a rule
// which it keeps.
func (p *chainPanes) show(c *Counters, order bool) {
	list := slices.DeleteFunc(slices.Clone(c.snap.Chains), func(one engine.ChainCounter) bool { return one.Table != p.table })
	p.rowOf = make(map[string]*engine.RowCounter, len(c.snap.Rows))
	for i := range c.snap.Rows {
		p.rowOf[c.snap.Rows[i].ID] = &c.snap.Rows[i]
	}
	p.nodes = chainTree(list)
	list = slices.DeleteFunc(list, func(one engine.ChainCounter) bool { return one.Index == 0 })
	if c.filter.Text() != "" {
		p.rows = joinFamilies(list)
		p.narrow(c.chainAsk())
	} else {
		p.hideFolded()
	}
	p.tree.Set(p.treeSource(c))
	p.rows = nil
	if at, ok := p.tree.Selected(); ok {
		name := p.nodes[at].name
		p.rows = joinFamilies(slices.DeleteFunc(list, func(one engine.ChainCounter) bool { return one.Chain != name }))
	}
	for i := range p.rows {
		r := &p.rows[i]
		v4, v6, rate := r.figures()
		p.past.note(c.snap.At, r.chainRule, uint64(figure(v4, v6, rate, sumCol)), rate)
	}
	give(p.rules, p.ruleSource(c), order)
}

// fold hides the chains below a chain, or shows them again.
func (p *chainPanes) fold(n chainNode) {
	if p.folded == nil {
		p.folded = make(map[foldedChain]bool)
	}
	at := foldedChain{p.table, n.name}
	p.folded[at] = !p.folded[at] && n.below > 0
}

// hideFolded leaves out the chains below folded ones.
func (p *chainPanes) hideFolded() {
	shown := p.nodes[:0]
	for i := 0; i < len(p.nodes); i++ {
		n := p.nodes[i]
		shown = append(shown, n)
		if p.folded[foldedChain{p.table, n.name}] {
			i += n.below
		}
	}
	p.nodes = shown
}

// narrow leaves out the chains without a rule that is kept.
func (p *chainPanes) narrow(keep, _ func(i int) bool) {
	if keep == nil {
		return
	}
	kept := make(map[string]bool)
	for i := range p.rows {
		if keep(i) {
			kept[p.rows[i].chain] = true
		}
	}
	p.nodes = slices.DeleteFunc(p.nodes, func(n chainNode) bool { return !kept[n.name] })
}

// chainTree puts the chains of one table in the order in which a packet meets
// them: each below the first rule that leads to it, those that nothing leads to
// at the end.
func chainTree(list []engine.ChainCounter) []chainNode {
	nodes := make(map[string]*chainNode)
	below := make(map[string][]string)
	var names []string
	for i := range list {
		one := &list[i]
		n := nodes[one.Chain]
		if n == nil {
			n = &chainNode{name: one.Chain, owner: one.Owner}
			nodes[one.Chain] = n
			names = append(names, one.Chain)
		}
		if one.Index == 0 {
			n.policy = strings.TrimPrefix(one.Words, "policy ")
		} else if to := leadsTo(one); to != "" {
			below[one.Chain] = append(below[one.Chain], to)
		}
	}
	var tree []chainNode
	placed := make(map[string]bool)
	var place func(name string, depth int)
	place = func(name string, depth int) {
		n := nodes[name]
		if n == nil || placed[name] {
			return
		}
		placed[name] = true
		n.depth = depth
		at := len(tree)
		tree = append(tree, *n)
		for _, to := range below[name] {
			place(to, depth+1)
		}
		tree[at].below = len(tree) - at - 1
	}
	for _, builtIn := range []bool{true, false} {
		for _, name := range names {
			if builtIn == (nodes[name].policy != "") {
				place(name, 0)
			}
		}
	}
	return tree
}

// leadsTo is the target of a rule, a chain or not; empty for none.
func leadsTo(c *engine.ChainCounter) string {
	if c.Rule != nil {
		return c.Rule.JumpsTo()
	}
	text := c.Words
	for _, option := range []string{"-j ", "-g "} {
		if at := strings.LastIndex(text, option); at == 0 || at > 0 && text[at-1] == ' ' {
			to, _, _ := strings.Cut(text[at+len(option):], " ")
			return to
		}
	}
	return ""
}

func (p *chainPanes) treeSource(c *Counters) widget.Source[string] {
	nodes := p.nodes
	return widget.Source[string]{
		Len: len(nodes),
		Key: func(i int) string { return nodes[i].name },
		Cell: func(i, col int) (widget.Safe, style.Style) {
			n := &nodes[i]
			if col == 0 {
				name := strings.Repeat(". ", n.depth) + n.name
				if p.folded[foldedChain{p.table, n.name}] && c.filter.Text() == "" {
					name = fmt.Sprintf("%s +%d", name, n.below)
				}
				return widget.Clean(name), c.owner(n.owner)
			}
			return widget.Clean(n.owner), c.owner(n.owner)
		},
	}
}

func (p *chainPanes) ruleSource(c *Counters) widget.Source[chainRule] {
	rows := p.rows
	keep, mark := c.chainAsk()
	return widget.Source[chainRule]{
		Keep: keep, Mark: mark,
		Len: len(rows),
		Key: func(i int) chainRule { return rows[i].chainRule },
		Cell: func(i, col int) (widget.Safe, style.Style) {
			r := &rows[i]
			switch col {
			case indexCol:
				return widget.Format("%d", r.index), c.Styles.Dim
			case whatCol:
				return widget.Clean(p.label(r)), c.owner(r.owner)
			}
			v4, v6, rate := r.figures()
			return c.number(v4, v6, rate, col)
		},
		Compare: func(i, j, col int) int {
			a, b := &rows[i], &rows[j]
			switch col {
			case indexCol:
				return cmp.Compare(a.index, b.index)
			case whatCol:
				return cmp.Compare(p.label(a), p.label(b))
			}
			a4, a6, ar := a.figures()
			b4, b6, br := b.figures()
			return cmp.Compare(figure(a4, a6, ar, col), figure(b4, b6, br, col))
		},
	}
}

// label is the table row of a rule, or the container or network that it is
// about, and what it does; the whole rule when it comes from neither.
func (p *chainPanes) label(r *chainRow) string {
	if row := p.rowOf[r.id()]; row != nil && row.Row.Line > 0 {
		return words.CounterName(row) + " " + shortRule(r.text)
	}
	if r.whose != "" {
		return r.whose + ": " + shortRule(r.text)
	}
	return shortRule(r.text)
}

// selected is the rule under the selection.
func (p *chainPanes) selected() (*chainRow, bool) {
	i, ok := p.rules.Selected()
	if !ok || i >= len(p.rows) {
		return nil, false
	}
	return &p.rows[i], true
}

// chain is the selected chain.
func (p *chainPanes) chain() (chainNode, bool) {
	i, ok := p.tree.Selected()
	if !ok || i >= len(p.nodes) {
		return chainNode{}, false
	}
	return p.nodes[i], true
}

// owner is the style of a chain: ours stands out.
func (c *Counters) owner(owner string) style.Style {
	if owner == "ours" {
		return c.Styles.Text
	}
	return c.Styles.Dim
}

// figures are the counts of both families; nil for a family that does not have
// the rule, or does not count it.
func (r *chainRow) figures() (v4, v6 *ruleset.Counters, rate float64) {
	if r.v4 != nil && !r.v4.Uncounted() {
		v4, rate = &r.v4.Count, rate+r.v4.Rate
	}
	if r.v6 != nil && !r.v6.Uncounted() {
		v6, rate = &r.v6.Count, rate+r.v6.Rate
	}
	return v4, v6, rate
}

// joinFamilies puts the rules of both families beside each other, chain by
// chain in the order of the kernel. Rules belong together when they come from
// the same table row, or say the same.
func joinFamilies(list []engine.ChainCounter) []chainRow {
	type chain struct{ table, name string }
	var order []chain
	byChain := make(map[chain][]*chainRow)
	known := make(map[chainRule]*chainRow)
	seen := make(map[ruleset.Family]map[chainRule]int)
	for i := range list {
		c := &list[i]
		if seen[c.Family] == nil {
			seen[c.Family] = make(map[chainRule]int)
		}
		key := chainRule{table: c.Table, chain: c.Chain, what: c.ID}
		if c.ID == "" {
			key.what = c.Text()
		}
		nth := seen[c.Family][key]
		seen[c.Family][key] = nth + 1
		key.nth = nth
		row := known[key]
		if row == nil {
			row = &chainRow{chainRule: key, owner: c.Owner, text: c.Text(), whose: cmp.Or(c.Container, c.Network), index: c.Index}
			known[key] = row
			in := chain{c.Table, c.Chain}
			if byChain[in] == nil {
				order = append(order, in)
			}
			byChain[in] = append(byChain[in], row)
		}
		if c.Family == ruleset.V6 {
			row.v6 = c
		} else {
			row.v4 = c
		}
	}
	rows := make([]chainRow, 0, len(list))
	for _, in := range order {
		for _, row := range byChain[in] {
			rows = append(rows, *row)
		}
	}
	return rows
}
