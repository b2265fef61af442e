package page

import (
	"cmp"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Flows shows the live connections, and on a second tab the packets that were
// denied.
type Flows struct {
	*Shared
	denied  *deniedList
	refused bool // the tab of the denied packets is shown
	keys    flowBindings
	table   *widget.Table[flowKey]
	groups  *widget.Table[groupKey]
	filter  finder
	by      grouping
	top     int // the line of the page where the list begins

	ask      desk.Request
	enable   desk.Request
	ending   desk.Request
	snap     engine.LiveFlows // that the list shows
	latest   engine.LiveFlows // newer than snap while paused, or while it is sifted
	paused   pause
	moved    int // flows that changed since the pause began
	counting desk.Request
	sorted   time.Time
	err      error

	sift    desk.Request // a filter or grouping under way
	again   bool         // another one is due
	reorder bool         // that one sorts anew
	list    []flowGroup  // groups of snap, when grouped
	marks   map[flowKey]bool
	// sortChosen says that the person chose the order.
	sortChosen bool
	track      flowTrack
	names      addressNames
	told       told
	docker     containerNames
}

type flowBindings struct {
	liveKeys
	Accounting, Explain, Group, Mark, Bits, Back widget.Binding
	End, EndShown, Rule, Tab, BackTab, Names     widget.Binding
}

// liveKeys are the keys of the lists that move by themselves.
type liveKeys struct{ Sort, Reverse, Pause, Refresh widget.Binding }

func newLiveKeys() liveKeys {
	return liveKeys{
		Sort:    widget.Bind("s/S", "sort", "s"),
		Reverse: widget.Bind("S", "turn the order", "S").Hidden(),
		Pause:   widget.Bind("p", "pause", "p"),
		Refresh: widget.Bind("R", "refresh now", "R").Hidden(),
	}
}

// sortEvery is how often a live list is put in order again: more often, and
// nobody can read it.
const sortEvery = 2 * time.Second

// pause is a live list that stands still.
type pause struct {
	on    bool
	since time.Time
}

// flowKey is what a flow is known by from one snapshot to the next.
type flowKey struct {
	id    uint32
	proto uint8
	port  uint16
}

func keyOf(f *engine.Flow) flowKey { return flowKey{f.ID, f.Proto, f.Orig.SrcPort} }

// keyAt is the key of the i-th flow of a list.
func keyAt(l engine.FlowList, i int) flowKey {
	id, proto, port := l.Ident(i)
	return flowKey{id, proto, port}
}

// NewFlows makes the page.
func NewFlows(s *Shared) *Flows {
	f := &Flows{
		Shared: s, marks: make(map[flowKey]bool),
		keys: flowBindings{
			liveKeys:   newLiveKeys(),
			Accounting: widget.Bind("a", "count bytes", "a"),
			Explain:    widget.Bind("Enter", "explain", "enter"),
			Group:      widget.Bind("o", "group", "o"),
			Mark:       widget.Bind("space", "mark", "space"),
			Bits:       widget.Bind("b", "bits, bytes", "b").Hidden(),
			Back:       widget.Bind("Esc", "drop the filter, the groups, the marks", "esc").Hidden(),
			Tab:        widget.Bind("Tab", "flows, denied", "tab"),
			BackTab:    widget.Bind("S-Tab", "the other list", "shift+tab").Hidden(),
			Names:      widget.Bind("h", "names from the resolver", "h").Hidden(),
			Rule:       newRuleKey(),
			End:        widget.Bind("X", "end ...", "X").Dangerous(),
			EndShown:   widget.Bind("^x", "end all shown ...", "ctrl+x").Dangerous().Hidden(),
		},
		table: newFlowTable(), groups: newGroupTable(), denied: newDeniedList(s),
	}
	f.filter = newFinder(s.Desk, f.values)
	f.filter.ownEsc = true
	f.filter.names.SpeakFlows()
	return f
}

// Title is the name in the tabs.
func (f *Flows) Title() widget.Safe { return "Flows" }

// Typing reports whether the filter takes the keys.
func (f *Flows) Typing() bool {
	if f.refused {
		return f.denied.filter.Typing()
	}
	return f.filter.Typing()
}

// Bindings are the keys of the tab.
func (f *Flows) Bindings() []widget.Binding {
	switch {
	case f.refused && f.Typing():
		return f.denied.bindings()
	case f.refused:
		return append(f.denied.bindings(), f.keys.Tab, f.keys.BackTab)
	}
	return f.flowBindings()
}

// flowBindings are the keys of the connections.
func (f *Flows) flowBindings() []widget.Binding {
	if f.filter.Typing() {
		return f.filter.busy()
	}
	var on, mark, none, rule widget.Safe
	if f.latest.Accounting || f.latest.At.IsZero() {
		on = "the kernel counts bytes already"
	}
	k := f.keys
	enter := k.Explain
	if f.by != ungrouped {
		enter, mark = widget.Bind("Enter", "open the group", "enter"), "a group cannot be marked"
		rule = widget.Format("Enter opens the group; then %s makes a rule for a flow", f.keyName(FlowsScreen, "r"))
	}
	if f.shown().Shown() == 0 {
		none = "there is no flow here"
		rule = cmp.Or(rule, none)
	}
	end, endShown := f.noEnd()
	return append([]widget.Binding{
		enter.Off(none), f.filter.keys.Filter, k.Sort, k.Group, k.Rule.Off(rule), k.Pause, k.End.Off(end), k.Accounting.Off(on), k.Mark.Off(mark),
		k.EndShown.Off(endShown), k.Tab, k.BackTab, k.Names, k.Bits, k.Reverse, k.Refresh, k.Back,
	}, f.filter.bindings()[1:]...)
}

// Key handles a key.
func (f *Flows) Key(k tea.KeyPressMsg) Effect {
	switch {
	case !f.Typing() && (f.keys.Tab.Is(k) || f.keys.BackTab.Is(k)):
		f.refused = !f.refused
		return f.refresh()
	case f.refused:
		return f.denied.key(k)
	}
	if handled, again := f.filter.key(k, f.shown()); handled {
		if again {
			return f.show(true)
		}
		f.follow()
		return Effect{}
	}
	keys := &f.keys
	switch {
	case f.moveKey(k):
		f.follow()
	case keys.Sort.Is(k), keys.Reverse.Is(k):
		return f.sort(keys.Reverse.Is(k))
	case keys.Explain.Is(k):
		return f.enter()
	case keys.Group.Is(k):
		f.by = (f.by + 1) % groupings
		return f.show(true)
	case keys.Mark.Is(k):
		f.mark()
	case keys.Bits.Is(k):
		f.Bits = !f.Bits
		f.titles()
	case keys.Pause.Is(k):
		return f.togglePause()
	case keys.Refresh.Is(k):
		return f.refresh()
	case keys.Accounting.Is(k):
		return Effect{Cmd: f.Calls.EnableAccounting(&f.enable)}
	case keys.Names.Is(k):
		return f.toggleNames()
	case keys.Rule.Is(k):
		return f.makeRule()
	case keys.End.Is(k):
		return f.askEnd()
	case keys.EndShown.Is(k):
		return f.askEndShown()
	case keys.Back.Is(k):
		return f.escape()
	}
	return Effect{}
}

// moveKey gives movement to the list that is shown.
func (f *Flows) moveKey(k tea.KeyPressMsg) bool {
	if f.by != ungrouped {
		return f.groups.Key(k)
	}
	return f.table.Key(k)
}

// sort sorts the flows or the groups by the next column, or turns the direction.
func (f *Flows) sort(turn bool) Effect {
	if f.by != ungrouped {
		sortAnother(f.groups, turn)
		return f.show(true)
	}
	f.sortChosen = true
	sortAnother(f.table, turn)
	return f.show(true)
}

// sortAnother says that the next column sorts, or turns the direction, from the
// next time on.
func sortAnother[K comparable](t *widget.Table[K], turn bool) {
	if turn {
		t.Flip = !t.Flip
	} else {
		t.NextColumn()
	}
}

// escape takes back one thing: the filter, else the grouping, else the marks.
func (f *Flows) escape() Effect {
	switch {
	case f.filter.Text() != "":
		f.filter.Clear()
	case f.by != ungrouped:
		f.by = ungrouped
	default:
		clear(f.marks)
		return Effect{}
	}
	return f.show(true)
}

// enter explains the selected flow, or opens the selected group.
func (f *Flows) enter() Effect {
	if f.by == ungrouped {
		return f.explain()
	}
	g, ok := f.selectedGroup()
	if !ok {
		return Effect{}
	}
	text := g.filter()
	if text == "" {
		return say(Info, "no filter finds just these flows")
	}
	if old := f.filter.Text(); old != "" {
		text = old + " " + text
	}
	f.by = ungrouped
	f.filter.Set(text)
	return f.show(true)
}

// mark marks the selected flow, or takes its mark back, and goes on to the next.
func (f *Flows) mark() {
	i, ok := f.table.Selected()
	if !ok {
		return
	}
	if key := keyAt(f.snap.Flows, i); f.marks[key] {
		delete(f.marks, key)
	} else {
		f.marks[key] = true
	}
	f.table.Down()
	f.follow()
}

func (f *Flows) togglePause() Effect {
	f.paused, f.moved = pause{on: !f.paused.on, since: f.Now()}, 0
	f.counting.Drop()
	if f.paused.on {
		return Effect{}
	}
	return f.show(true)
}

func (f *Flows) refresh() Effect {
	if f.refused {
		return f.denied.refresh()
	}
	if f.ask.Busy() {
		return Effect{}
	}
	return Effect{Cmd: f.Calls.LiveFlows(&f.ask)}
}

// Handle takes messages.
func (f *Flows) Handle(msg tea.Msg) Effect {
	switch msg := msg.(type) {
	case Shown:
		return f.refresh()
	case Tick:
		f.table.Rest()
		f.groups.Rest()
		f.denied.table.Rest()
		return Effect{Cmd: tea.Batch(f.refresh().Cmd, f.askNames().Cmd, f.askContainers())}
	case desk.ContainersMsg:
		f.takeContainers(msg)
	case desk.ToldMsg:
		return f.takeTold(msg)
	case ShowFilter:
		f.refused = false
		f.by = ungrouped
		f.filter.Set(msg.Text)
		return f.show(true)
	case PickPacket:
		if f.refused {
			return f.denied.explain()
		}
		return f.explain()
	case desk.DeniedMsg:
		f.denied.take(msg)
	case tea.PasteMsg:
		if f.refused {
			f.denied.paste(msg.Content)
			break
		}
		f.filter.Paste(msg.Content)
		return f.show(true)
	case siftedMsg:
		return f.takeSifted(msg)
	case movedMsg:
		if f.counting.Done(msg.n) {
			f.moved = msg.moved
		}
	case desk.LiveFlowsMsg:
		if f.ask.Done(msg.N) {
			return f.take(msg)
		}
	case desk.EndedMsg:
		return f.takeEnded(msg)
	case desk.AccountingMsg:
		if !f.enable.Done(msg.N) {
			break
		}
		if msg.Err != nil {
			return say(Bad, "%v", msg.Err)
		}
		return say(Good, "nf_conntrack_acct=1 until boot: counts flows that begin now; =0 takes it back")
	}
	return Effect{}
}

func (f *Flows) take(m desk.LiveFlowsMsg) Effect {
	if f.err = m.Err; m.Err != nil && m.Value.At.IsZero() {
		return Effect{}
	}
	f.latest = m.Value
	if f.paused.on {
		return f.countMoved()
	}
	return f.show(f.Now().Sub(f.sorted) >= sortEvery)
}

// movedMsg says how many flows changed.
type movedMsg struct {
	n     uint64
	moved int
}

// countMoved counts what changed while the list stands still: many flows beside
// the console.
func (f *Flows) countMoved() Effect {
	old, now := f.snap.Flows, f.latest.Flows
	if now.Len() < manyFlows {
		f.moved = changed(old, now)
		return Effect{}
	}
	if f.counting.Busy() {
		return Effect{}
	}
	n := f.Calls.Number(&f.counting)
	return Effect{Cmd: func() tea.Msg { return movedMsg{n, changed(old, now)} }}
}

// changed counts the flows that came, went or moved bytes between two
// snapshots.
func changed(old, now engine.FlowList) int {
	was := make(map[flowKey]uint64, old.Len())
	for i := range old.Len() {
		was[keyAt(old, i)] = old.Bytes(i)
	}
	n := 0
	for i := range now.Len() {
		key := keyAt(now, i)
		bytes, ok := was[key]
		if !ok || bytes != now.Bytes(i) {
			n++
		}
		delete(was, key)
	}
	return n + len(was)
}

// Copied are the marked flows, else the selected flow or group, or denied
// packet, in full.
func (f *Flows) Copied() string {
	if f.refused {
		return f.denied.copied()
	}
	if g, ok := f.selectedGroup(); ok && f.by != ungrouped {
		return fmt.Sprintf("%s\t%d flows\t%d bytes\n", g.name(), g.flows, g.bytes)
	}
	var text string
	for _, i := range f.marked() {
		w := f.snap.Flows.At(int(i))
		text += flowText(&w)
	}
	if w := f.selected(); text == "" && w != nil {
		return flowText(w)
	}
	return text
}
