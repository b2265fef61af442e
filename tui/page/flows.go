package page

import (
	"cmp"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Flows shows the live connections.
type Flows struct {
	*Shared
	keys   liveKeys
	acct   widget.Binding
	table  *widget.Table[flowKey]
	filter finder

	ask    Request
	enable Request
	snap   engine.LiveFlows
	latest engine.LiveFlows // newer than snap while paused
	paused pause
	sorted time.Time
	err    error
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

// The columns of the page.
const (
	protoCol = iota
	sourceCol
	destCol
	stateCol
	natCol
	rateCol
	bytesCol
	ageCol
)

// NewFlows makes the page.
func NewFlows(s *Shared) *Flows {
	f := &Flows{Shared: s, keys: newLiveKeys(), acct: widget.Bind("a", "count bytes", "a"), table: widget.NewTable[flowKey](
		widget.Column{Title: "P", Width: 4},
		widget.Column{Title: "SOURCE", Width: 19, Grow: 3, Middle: true},
		widget.Column{Title: "DESTINATION", Width: 19, Grow: 3, Middle: true, Bare: true},
		widget.Column{Title: "STATE", Width: 6, Rank: 2, Bare: true},
		widget.Column{Title: "NAT", Width: 4, Rank: 4, Bare: true},
		widget.Column{Title: "B/s", Width: 5, Right: true, Down: true, Bare: true},
		widget.Column{Title: "BYTES", Width: 6, Right: true, Down: true, Rank: 1, Bare: true},
		widget.Column{Title: "AGE", Width: 4, Right: true, Down: true, Rank: 3, Bare: true},
	)}
	f.table.SortBy = rateCol
	f.filter = newFinder(s.Desk, f.values)
	f.filter.speak(s.Desk, flowKeys, map[query.Key][]string{query.State: flowStates})
	return f
}

// Title is the name in the tabs.
func (f *Flows) Title() widget.Safe { return "Flows" }

// Typing reports whether the filter takes the keys.
func (f *Flows) Typing() bool { return f.filter.Typing() }

// Bindings are the keys of the page.
func (f *Flows) Bindings() []widget.Binding {
	if f.filter.Typing() {
		return f.filter.busy()
	}
	var on widget.Safe
	if f.latest.Accounting || f.latest.At.IsZero() {
		on = "the kernel counts bytes already"
	}
	k := f.keys
	return append([]widget.Binding{f.filter.keys.Filter, k.Sort, k.Pause, f.acct.Off(on), k.Reverse, k.Refresh}, f.filter.bindings()[1:]...)
}

// Key handles a key.
func (f *Flows) Key(k tea.KeyPressMsg) Effect {
	if handled, again := f.filter.key(k, f.table); handled {
		if again {
			f.show(true)
		}
		return Effect{}
	}
	switch {
	case f.table.Key(k):
	case f.keys.Sort.Is(k):
		f.table.SortNext()
	case f.keys.Reverse.Is(k):
		f.table.Reverse()
	case f.keys.Pause.Is(k):
		f.togglePause()
	case f.keys.Refresh.Is(k):
		return f.refresh()
	case f.acct.Is(k):
		return Effect{Cmd: f.Calls.EnableAccounting(&f.enable)}
	}
	return Effect{}
}

func (f *Flows) togglePause() {
	f.paused = pause{on: !f.paused.on, since: f.Now()}
	if !f.paused.on {
		f.snap = f.latest
		f.show(true)
	}
}

func (f *Flows) refresh() Effect {
	if f.ask.Busy() {
		return Effect{}
	}
	return Effect{Cmd: f.Calls.LiveFlows(&f.ask)}
}

// Handle takes messages.
func (f *Flows) Handle(msg tea.Msg) Effect {
	switch msg := msg.(type) {
	case Shown, Tick:
		return f.refresh()
	case ShowFilter:
		f.filter.Set(msg.Text)
		f.show(true)
	case tea.PasteMsg:
		f.filter.Paste(msg.Content)
		f.show(true)
	case LiveFlowsMsg:
		if f.ask.Done(msg.N) {
			f.take(msg)
		}
	case AccountingMsg:
		if !f.enable.Done(msg.N) {
			break
		}
		if msg.Err != nil {
			return say(Bad, "%v", msg.Err)
		}
		return say(Good, "the kernel counts bytes from now on; flows that exist already start at zero")
	}
	return Effect{}
}

func (f *Flows) take(m LiveFlowsMsg) {
	if f.err = m.Err; m.Err != nil && m.Value.At.IsZero() {
		return
	}
	f.latest = m.Value
	if f.paused.on {
		return
	}
	f.snap = m.Value
	f.show(f.Now().Sub(f.sorted) >= sortEvery)
}

// show gives the table the flows; with order it sorts them anew.
func (f *Flows) show(order bool) {
	f.table.Columns[rateCol].Title = f.perSecond()
	flows, record := f.snap.Flows, &flowRecord{}
	src := widget.Source[flowKey]{
		Len:     len(flows),
		Key:     func(i int) flowKey { return keyOf(&flows[i]) },
		Cell:    func(i, col int) (widget.Safe, style.Style) { return f.cell(&flows[i], col) },
		Compare: func(i, j, col int) int { return compareFlows(&flows[i], &flows[j], col) },
	}
	src.Keep, src.Mark = f.filter.ask(func(i int) query.Record {
		return record.take(&f.snap, i)
	})
	if !order {
		f.table.Refresh(src)
		return
	}
	f.sorted = f.Now()
	f.table.Set(src)
}

func (f *Flows) cell(w *engine.Flow, col int) (widget.Safe, style.Style) {
	plain := style.Style{}
	switch col {
	case protoCol:
		return widget.Clean(protoName(w)), plain
	case sourceCol:
		return endpoint(w.Orig.Src, w.Orig.SrcPort, hasPorts(w)), plain
	case destCol:
		return endpoint(w.Orig.Dst, w.Orig.DstPort, hasPorts(w)), plain
	case stateCol:
		return widget.Clean(shortState(w.State)), plain
	case natCol:
		return natMark(w), plain
	case rateCol:
		return widget.Clean(shortRate(f.unit(w.Rate))), plain
	case bytesCol:
		return widget.Clean(short(float64(flowBytes(w)))), plain
	}
	return widget.Clean(age(f.snap.At.Sub(bornAt(w)))), plain
}

func compareFlows(a, b *engine.Flow, col int) int {
	switch col {
	case protoCol:
		return cmp.Compare(a.Proto, b.Proto)
	case sourceCol:
		return cmp.Or(a.Orig.Src.Compare(b.Orig.Src), cmp.Compare(a.Orig.SrcPort, b.Orig.SrcPort))
	case destCol:
		return cmp.Or(a.Orig.Dst.Compare(b.Orig.Dst), cmp.Compare(a.Orig.DstPort, b.Orig.DstPort))
	case stateCol:
		return cmp.Compare(a.State, b.State)
	case natCol:
		return cmp.Compare(natMark(a), natMark(b))
	case rateCol:
		return cmp.Compare(a.Rate, b.Rate)
	case bytesCol:
		return cmp.Compare(flowBytes(a), flowBytes(b))
	}
	return -bornAt(a).Compare(bornAt(b))
}

// changed counts the flows that came, went or moved bytes between two
// snapshots.
func changed(old, now []engine.Flow) int {
	was := make(map[flowKey]uint64, len(old))
	for i := range old {
		was[keyOf(&old[i])] = flowBytes(&old[i])
	}
	n := 0
	for i := range now {
		bytes, ok := was[keyOf(&now[i])]
		if !ok || bytes != flowBytes(&now[i]) {
			n++
		}
		delete(was, keyOf(&now[i]))
	}
	return n + len(was)
}
