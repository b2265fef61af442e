package page

import (
	"cmp"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Counters shows what the rules counted: by table row, and by chain with the
// ones that are not ours.
type Counters struct {
	*Shared
	keys    liveKeys
	tabKey  widget.Binding
	backKey widget.Binding
	byChain bool
	rows    *widget.Table[string]
	chains  *widget.Table[chainRule]
	filter  finder
	ask     Request
	snap    engine.CounterSnapshot
	latest  engine.CounterSnapshot
	joined  []chainRow // the rules of snap, both families beside each other
	paused  pause
	sorted  time.Time
	err     error
}

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
	index       int
	v4, v6      *engine.ChainCounter
}

// The columns of both tables; the first two differ.
const (
	whereCol = iota
	whatCol
	v4Col
	v6Col
	sumCol
	hitRateCol
	ownerCol // by chain only
)

// NewCounters makes the page.
func NewCounters(s *Shared) *Counters {
	numbers := []widget.Column{
		{Title: "V4", Width: 5, Right: true, Down: true, Rank: 2, Bare: true},
		{Title: "V6", Width: 5, Right: true, Down: true, Rank: 1, Bare: true},
		{Title: "SUM", Width: 5, Right: true, Down: true, Bare: true},
		{Title: "PKT/S", Width: 5, Right: true, Down: true, Bare: true},
	}
	c := &Counters{
		Shared: s, keys: newLiveKeys(),
		tabKey:  widget.Bind("Tab", "by row, by chain", "tab"),
		backKey: widget.Bind("S-Tab", "back", "shift+tab").Hidden(),
		rows: widget.NewTable[string](append([]widget.Column{
			{Title: "ROW", Width: 13}, {Title: "RULE", Width: 20, Grow: 1, Bare: true}}, numbers...)...),
		chains: widget.NewTable[chainRule](append([]widget.Column{
			{Title: "CHAIN", Width: 20, Grow: 1}, {Title: "RULE", Width: 16, Grow: 3, Bare: true}}, append(numbers,
			widget.Column{Title: "OWNER", Width: 8, Rank: 3, Bare: true})...)...),
	}
	c.filter = newFinder(s.Desk, c.values)
	c.speakOf()
	return c
}

// Title is the name in the tabs.
func (c *Counters) Title() widget.Safe { return "Counters" }

// Typing reports whether the filter takes the keys.
func (c *Counters) Typing() bool { return c.filter.Typing() }

// Bindings are the keys of the page.
func (c *Counters) Bindings() []widget.Binding {
	if c.filter.Typing() {
		return c.filter.busy()
	}
	k := c.keys
	return append([]widget.Binding{c.tabKey, c.filter.keys.Filter, k.Sort, k.Pause, k.Reverse, k.Refresh, c.backKey}, c.filter.bindings()[1:]...)
}

// Key handles a key.
func (c *Counters) Key(k tea.KeyPressMsg) Effect {
	if handled, again := c.filter.key(k, c.list()); handled {
		if again {
			c.show(true)
		}
		return Effect{}
	}
	switch {
	case c.moved(k):
	case c.tabKey.Is(k), c.backKey.Is(k):
		c.byChain = !c.byChain
		c.speakOf()
		c.show(true)
	case c.keys.Pause.Is(k):
		c.paused = pause{on: !c.paused.on, since: c.Now()}
		if !c.paused.on {
			c.snap = c.latest
			c.show(true)
		}
	case c.keys.Refresh.Is(k):
		return c.refresh()
	}
	return Effect{}
}

// matched is the list that is shown, as the finder sees it.
type matched interface {
	found
	counts
}

func (c *Counters) list() matched {
	if c.byChain {
		return c.chains
	}
	return c.rows
}

// moved gives movement and sorting to the table that is shown.
func (c *Counters) moved(k tea.KeyPressMsg) bool {
	if c.byChain {
		return c.chains.Key(k) || sortKey(c.chains, &c.keys, k)
	}
	return c.rows.Key(k) || sortKey(c.rows, &c.keys, k)
}

func sortKey[K comparable](t *widget.Table[K], keys *liveKeys, k tea.KeyPressMsg) bool {
	switch {
	case keys.Sort.Is(k):
		t.SortNext()
	case keys.Reverse.Is(k):
		t.Reverse()
	default:
		return false
	}
	return true
}

func (c *Counters) refresh() Effect {
	if c.ask.Busy() {
		return Effect{}
	}
	return Effect{Cmd: c.Calls.Counters(&c.ask)}
}

// Handle takes messages.
func (c *Counters) Handle(msg tea.Msg) Effect {
	switch msg := msg.(type) {
	case Shown, Tick:
		return c.refresh()
	case ShowFilter:
		c.filter.Set(msg.Text)
		c.show(true)
	case tea.PasteMsg:
		c.filter.Paste(msg.Content)
		c.show(true)
	case CountersMsg:
		if !c.ask.Done(msg.N) {
			break
		}
		if c.err = msg.Err; msg.Err != nil {
			break
		}
		c.latest = msg.Value
		if !c.paused.on {
			c.snap = msg.Value
			c.show(c.Now().Sub(c.sorted) >= sortEvery)
		}
	}
	return Effect{}
}

// show gives the visible table the counters.
func (c *Counters) show(order bool) {
	if order {
		c.sorted = c.Now()
	}
	if c.byChain {
		c.joined = joinFamilies(c.snap.Chains)
		give(c.chains, c.chainSource(), order)
		return
	}
	give(c.rows, c.rowSource(), order)
}

func give[K comparable](t *widget.Table[K], src widget.Source[K], order bool) {
	if order {
		t.Set(src)
	} else {
		t.Refresh(src)
	}
}

func (c *Counters) rowSource() widget.Source[string] {
	rows := c.snap.Rows
	keep, mark := c.rowAsk()
	return widget.Source[string]{
		Len: len(rows),
		Key: func(i int) string { return rows[i].ID },
		Cell: func(i, col int) (widget.Safe, style.Style) {
			r := &rows[i]
			switch col {
			case whereCol:
				return widget.Clean(counterName(r)), c.Styles.Text
			case whatCol:
				return widget.Clean(r.Text), c.Styles.Text
			}
			return c.number(&r.V4, &r.V6, r.Rate, col)
		},
		Compare: func(i, j, col int) int {
			a, b := &rows[i], &rows[j]
			switch col {
			case whereCol:
				return cmp.Or(cmp.Compare(a.Row.Kind, b.Row.Kind), cmp.Compare(a.Row.Line, b.Row.Line), cmp.Compare(a.ID, b.ID))
			case whatCol:
				return cmp.Compare(a.Text, b.Text)
			}
			return cmp.Compare(figure(&a.V4, &a.V6, a.Rate, col), figure(&b.V4, &b.V6, b.Rate, col))
		},
		Keep: keep, Mark: mark,
	}
}

// counterName is the table row of a counter, or the name of a built-in part.
func counterName(r *engine.RowCounter) string {
	if r.Row.Line > 0 {
		return r.Row.Kind.String() + ":" + strconv.Itoa(r.Row.Line)
	}
	return r.Row.Name
}

func (c *Counters) chainSource() widget.Source[chainRule] {
	rows := c.joined
	keep, mark := c.chainAsk()
	return widget.Source[chainRule]{
		Len: len(rows),
		Key: func(i int) chainRule { return rows[i].chainRule },
		Cell: func(i, col int) (widget.Safe, style.Style) {
			r := &rows[i]
			switch col {
			case whereCol:
				return widget.Format("%s %s %d", r.table, r.chain, r.index), c.owner(r.owner)
			case whatCol:
				return widget.Clean(r.text), c.Styles.Text
			case ownerCol:
				return widget.Clean(r.owner), c.owner(r.owner)
			}
			v4, v6, rate := r.figures()
			return c.number(v4, v6, rate, col)
		},
		Compare: func(i, j, col int) int {
			a, b := &rows[i], &rows[j]
			switch col {
			case whereCol:
				return cmp.Or(cmp.Compare(a.table, b.table), cmp.Compare(a.chain, b.chain), cmp.Compare(a.index, b.index))
			case whatCol:
				return cmp.Compare(a.text, b.text)
			case ownerCol:
				return cmp.Compare(a.owner, b.owner)
			}
			a4, a6, ar := a.figures()
			b4, b6, br := b.figures()
			return cmp.Compare(figure(a4, a6, ar, col), figure(b4, b6, br, col))
		},
		Keep: keep, Mark: mark,
	}
}

// owner is the style of a chain: ours stands out.
func (c *Counters) owner(owner string) style.Style {
	if owner == "ours" {
		return c.Styles.Text
	}
	return c.Styles.Dim
}

// figures are the counts of both families; nil for a family that does not have
// the rule.
func (r *chainRow) figures() (v4, v6 *ruleset.Counters, rate float64) {
	if r.v4 != nil {
		v4, rate = &r.v4.Count, rate+r.v4.Rate
	}
	if r.v6 != nil {
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
		key := chainRule{table: c.Table, chain: c.Chain, what: cmp.Or(c.ID, c.Text)}
		nth := seen[c.Family][key]
		seen[c.Family][key] = nth + 1
		key.nth = nth
		row := known[key]
		if row == nil {
			row = &chainRow{chainRule: key, owner: c.Owner, text: c.Text, index: c.Index}
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

// number is a cell of the columns that both tables have.
func (c *Counters) number(v4, v6 *ruleset.Counters, rate float64, col int) (widget.Safe, style.Style) {
	switch {
	case col == v4Col && v4 == nil, col == v6Col && v6 == nil:
		return "-", c.Styles.Dim
	case col == hitRateCol:
		return widget.Clean(shortRate(rate)), c.Styles.Text
	}
	n := figure(v4, v6, rate, col)
	if n == 0 {
		return "0", c.Styles.Dim
	}
	return widget.Clean(short(n)), c.Styles.Text
}

func figure(v4, v6 *ruleset.Counters, rate float64, col int) float64 {
	var n float64
	if col == hitRateCol {
		return rate
	}
	if v4 != nil && col != v6Col {
		n += float64(v4.Packets)
	}
	if v6 != nil && col != v4Col {
		n += float64(v6.Packets)
	}
	return n
}
