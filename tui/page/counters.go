package page

import (
	"cmp"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Counters shows what the rules counted: by table row, by chain with the chains
// that are not ours, the rows that never counted, and those that count in one
// family only.
type Counters struct {
	*Shared
	keys   counterBindings
	tab    counterTab
	rows   [countTabs]*widget.Table[string] // nil for the chains
	chains chainPanes
	filter finder
	ask    desk.Request
	snap   engine.CounterSnapshot
	latest engine.CounterSnapshot
	paused pause
	moved  int // rows that changed since the pause began
	top    int // the line of the page where the list begins
	sorted time.Time
	err    error
	past   history[string]
	since  *engine.Generation // the last apply; nil while none is known

	counting desk.Request
}

// counterTab is a way to look at the counters.
type counterTab int

const (
	byRow counterTab = iota
	byChain
	unusedRows
	parity
	countTabs
)

type counterBindings struct {
	liveKeys
	Tab, BackTab, Go, Since, Table, Left, Right, Back widget.Binding
}

// NewCounters makes the page.
func NewCounters(s *Shared) *Counters {
	c := &Counters{
		Shared: s,
		keys: counterBindings{
			liveKeys: newLiveKeys(),
			Tab:      widget.Bind("Tab", "next view", "tab"),
			BackTab:  widget.Bind("S-Tab", "view before", "shift+tab").Hidden(),
			Go:       widget.Bind("Enter/v", "go to the row", "enter", "v"),
			Since:    widget.Bind("z", "count from now", "z"),
			Table:    widget.Bind("t", "filter, nat, mangle, raw", "t"),
			Left:     widget.Bind("h/l", "fold; chains, rules", "left", "h").Hidden(),
			Right:    widget.Bind("l", "rules", "right", "l").Hidden(),
			Back:     widget.Bind("Esc", "drop the filter, back to the chains", "esc").Hidden(),
		},
		chains: newChainPanes(),
	}
	for _, tab := range []counterTab{byRow, unusedRows, parity} {
		c.rows[tab] = newCounterTable(tab)
	}
	c.filter = newFinder(s.Desk, c.values)
	c.filter.ownEsc = true
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
	var row, chains widget.Safe
	to := k.Go
	if _, ok := c.selectedRow(); !ok {
		row = "this comes from no table row"
	}
	switch {
	case c.tab != byChain:
		chains = "only the view by chain has tables"
	case !c.chains.inRules:
		to, row = widget.Bind("Enter/v", "its rules", "enter", "v"), ""
	}
	return append([]widget.Binding{
		k.Tab, to.Off(row), k.Table.Off(chains), c.filter.keys.Filter, k.Sort, k.Pause, k.Since,
		k.Reverse, k.Refresh, k.BackTab, k.Left.Off(chains), k.Right.Off(chains), k.Back,
	}, c.filter.bindings()[1:]...)
}

// Key handles a key.
func (c *Counters) Key(k tea.KeyPressMsg) Effect {
	if handled, again := c.filter.key(k, c.list()); handled {
		if again {
			c.show(true)
		}
		return Effect{}
	}
	keys := &c.keys
	switch {
	case c.moveKey(k):
	case keys.Tab.Is(k):
		c.turn(1)
	case keys.BackTab.Is(k):
		c.turn(-1)
	case keys.Go.Is(k):
		return c.enter()
	case keys.Since.Is(k):
		return c.countFrom()
	case keys.Table.Is(k):
		c.chains.nextTable(&c.snap)
		c.show(true)
	case keys.Left.Is(k):
		c.left()
	case keys.Right.Is(k):
		c.chains.inRules = true
	case keys.Pause.Is(k):
		c.togglePause()
	case keys.Refresh.Is(k):
		return c.refresh()
	case keys.Back.Is(k):
		c.escape()
	}
	return Effect{}
}

// left leaves the rules, and in the chains folds those below the selected one.
func (c *Counters) left() {
	if n, ok := c.chains.chain(); ok && c.tab == byChain && !c.chains.inRules {
		c.chains.fold(n)
		c.show(true)
	}
	c.chains.inRules = false
}

// moveKey gives movement and sorting to the list that is shown.
func (c *Counters) moveKey(k tea.KeyPressMsg) bool {
	if c.tab != byChain {
		t := c.rows[c.tab]
		return t.Key(k) || sortKey(t, &c.keys.liveKeys, k)
	}
	if c.chains.inRules {
		return c.chains.rules.Key(k) || sortKey(c.chains.rules, &c.keys.liveKeys, k)
	}
	if c.chains.tree.Key(k) {
		c.show(true) // the rules of another chain
		return true
	}
	return false
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

// list is the list that is shown, as the finder sees it.
func (c *Counters) list() matched {
	if c.tab == byChain {
		return c.chains.rules
	}
	return c.rows[c.tab]
}

func (c *Counters) turn(by counterTab) {
	c.tab = (c.tab + by + countTabs) % countTabs
	c.speakOf()
	c.show(true)
}

func (c *Counters) escape() {
	switch {
	case c.filter.Text() != "":
		c.filter.Clear()
		c.show(true)
	case c.tab == byChain:
		c.chains.inRules = false
	}
}

// enter goes from the chains into the rules of one, and from a rule or a row to
// its line of the tables.
func (c *Counters) enter() Effect {
	if c.tab == byChain && !c.chains.inRules {
		c.chains.inRules = true
		return Effect{}
	}
	r, ok := c.selectedRow()
	if !ok {
		return Effect{}
	}
	return Effect{Go: PolicyScreen, Tell: ShowPlace{c.Desk.PlaceNow(desk.Place{Kind: r.Row.Kind, Line: r.Row.Line}, r.Text)}}
}

func (c *Counters) togglePause() {
	c.paused, c.moved = pause{on: !c.paused.on, since: c.Now()}, 0
	if !c.paused.on {
		c.snap = c.latest.FromBaseline()
		c.show(true)
	}
}

// rest says that a moment has passed without a key.
func (c *Counters) rest() {
	for _, t := range c.rows {
		if t != nil {
			t.Rest()
		}
	}
	c.chains.tree.Rest()
	c.chains.rules.Rest()
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
	case Shown:
		return c.refresh()
	case Tick:
		c.rest()
		return c.refresh()
	case ShowFilter:
		c.filter.Set(msg.Text)
		c.show(true)
	case ShowChains:
		c.tab, c.chains.table = byChain, cmp.Or(msg.Table, c.chains.table)
		c.speakOf()
		c.filter.Set(msg.Text)
		c.show(true)
	case tea.PasteMsg:
		c.filter.Paste(msg.Content)
		c.show(true)
	case desk.StatusMsg:
		if msg.Err == nil {
			c.since = msg.Value.Current
		}
	case desk.CountersMsg:
		if c.ask.Done(msg.N) {
			c.take(msg)
			if c.err == nil && c.latest.Dropped != "" {
				return say(Warn, "%s", c.latest.Dropped)
			}
		}
	case desk.CountingMsg:
		if c.counting.Done(msg.N) {
			return c.counted(msg)
		}
	}
	return Effect{}
}

func (c *Counters) take(m desk.CountersMsg) {
	if c.err = m.Err; m.Err != nil {
		return
	}
	c.latest = m.Value
	for i := range c.latest.Rows {
		r := &c.latest.Rows[i]
		c.past.note(c.latest.At, r.ID, r.V4.Packets+r.V6.Packets, r.Rate)
	}
	c.past.settle(c.latest.At)
	if c.paused.on {
		c.moved = changedRows(c.snap.Rows, c.latest.FromBaseline().Rows)
		return
	}
	c.snap = c.latest.FromBaseline()
	c.show(c.Now().Sub(c.sorted) >= sortEvery)
}

// show gives the visible list the counters.
func (c *Counters) show(order bool) {
	if order {
		c.sorted = c.Now()
	}
	if c.tab == byChain {
		c.chains.show(c, order)
		return
	}
	give(c.rows[c.tab], c.rowSource(), order)
}

func give[K comparable](t *widget.Table[K], src widget.Source[K], order bool) {
	if order {
		t.Set(src)
	} else {
		t.Refresh(src)
	}
}

// selectedRow is the table row under the selection; false for a part that comes
// from no row.
func (c *Counters) selectedRow() (*engine.RowCounter, bool) {
	if c.tab == byChain {
		r, ok := c.chains.selected()
		if !ok || !c.chains.inRules {
			return nil, false
		}
		row := c.chains.rowOf[r.id()]
		return row, row != nil && row.Row.Line > 0
	}
	i, ok := c.rows[c.tab].Selected()
	if !ok || i >= len(c.snap.Rows) {
		return nil, false
	}
	return &c.snap.Rows[i], c.snap.Rows[i].Row.Line > 0
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

// families says for each id in which families it has rules.
func families(chains []engine.ChainCounter) map[string][2]bool {
	has := make(map[string][2]bool)
	for i := range chains {
		if id := chains[i].ID; id != "" {
			in := has[id]
			if chains[i].Family == ruleset.V6 {
				in[1] = true
			} else {
				in[0] = true
			}
			has[id] = in
		}
	}
	return has
}
