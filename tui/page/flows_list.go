package page

import (
	"cmp"
	"math"
	"net/netip"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// The columns of the list. The ones behind the age are for wide screens. Zones
// have room for those of containers and the outside, DOCKER>ext.
const (
	protoCol = iota
	sourceCol
	destCol
	stateCol
	zoneCol
	ruleCol
	natCol
	rateCol
	bytesCol
	ageCol
	packetsCol
	leftCol
	nameCol
)

func newFlowTable() *widget.Table[flowKey] {
	t := widget.NewTable[flowKey](
		widget.Column{Title: "P", Width: 5},
		widget.Column{Title: "SOURCE", Width: 19, Grow: 3, Middle: true, Bare: true},
		widget.Column{Title: "DESTINATION", Width: 18, Grow: 3, Middle: true, Bare: true},
		widget.Column{Title: "STATE", Width: 6, Rank: 4, Bare: true},
		widget.Column{Title: "ZONES", Width: 9, Rank: 2, Bare: true},
		widget.Column{Title: "RULE", Width: 11, Rank: 3, Bare: true},
		widget.Column{Title: "NAT", Width: 4, Rank: 6, Bare: true},
		widget.Column{Title: "B/S", Width: 4, Right: true, Down: true, Bare: true},
		widget.Column{Title: "BYTES", Width: 6, Right: true, Down: true, Rank: 5, Bare: true},
		widget.Column{Title: "AGE", Width: 4, Right: true, Down: true, Rank: 1, Bare: true},
		widget.Column{Title: "PKTS", Width: 5, Right: true, Down: true, Rank: 8, Bare: true},
		widget.Column{Title: "LEFT", Width: 4, Right: true, Rank: 9, Bare: true},
		widget.Column{Title: "NAMES", Width: 16, Rank: 7, Bare: true, Unsorted: true},
	)
	t.SortBy = rateCol
	return t
}

// titles names the columns of rates by their unit.
func (f *Flows) titles() {
	unit := widget.Safe("B/S")
	if f.Bits {
		unit = "BIT"
	}
	f.table.Columns[rateCol].Title, f.groups.Columns[groupRateCol].Title = unit, unit
}

// manyFlows is from how many flows on they are filtered, put in order and grouped
// beside the console, so that no key waits for it.
const manyFlows = 5000

// siftedMsg is what becomes of a snapshot: the flows that the filter keeps, or
// their groups, sorted when order says so.
type siftedMsg struct {
	n       uint64
	snap    engine.LiveFlows
	by      grouping
	order   bool
	ordered bool    // kept is what is to be shown, in that order
	kept    []int32 // flows; when ordered and grouped, groups
	marked  []bool
	list    []flowGroup
	// containers are names by address.
	containers map[netip.Addr]string
}

// show gives the list the flows; with order it sorts them anew.
func (f *Flows) show(order bool) Effect {
	f.titles()
	order = f.defaultSort() || order
	m := siftedMsg{snap: f.latest, by: f.by, order: order, containers: f.names.containers}
	if f.paused.on {
		m.snap = f.snap
	}
	record := f.record()
	keep, mark := f.filter.ask(func(i int) query.Record { return record.Take(&m.snap, i) })
	if m.snap.Flows.Len() < manyFlows {
		f.sift.Drop()
		m.sift(keep, mark)
		f.lay(m)
		return Effect{}
	}
	if f.sift.Busy() {
		f.again, f.reorder = true, f.reorder || order
		return Effect{}
	}
	m.n = f.Calls.Number(&f.sift)
	flows, groups, names := arrangement(f.table, order), arrangement(f.groups, order), f.groupNames()
	return Effect{Cmd: func() tea.Msg {
		m.sift(keep, mark)
		if m.by == ungrouped {
			m.kept = flows(flowSource(&m.snap), m.kept)
		} else {
			m.kept = groups(groupSource(m.list, names), nil)
		}
		m.ordered = true
		return m
	}}
}

// arrangement puts the rows of a source in the order of a table, without touching
// it: sorted anew, or as they are shown. Kept are the rows that are to be shown,
// nil for all.
func arrangement[K comparable](t *widget.Table[K], order bool) func(src widget.Source[K], kept []int32) []int32 {
	column, down := t.Sorting()
	old, shown := t.Order()
	return func(src widget.Source[K], kept []int32) []int32 {
		if kept == nil {
			kept = make([]int32, src.Len)
			for i := range kept {
				kept[i] = int32(i)
			}
		}
		var room widget.Room // kept, it would take more than it leaves for collection
		if order {
			widget.Sort(src, kept, column, down, &room)
		} else {
			widget.Settle(old, shown, src, kept, &room)
		}
		return kept
	}
}

// sift filters, or marks what the filter finds, and groups.
func (m *siftedMsg) sift(keep, mark func(i int) bool) {
	if keep != nil {
		m.kept = make([]int32, 0, m.snap.Flows.Len())
		for i := range m.snap.Flows.Len() {
			if keep(i) {
				m.kept = append(m.kept, int32(i))
			}
		}
	}
	if mark != nil {
		m.marked = make([]bool, m.snap.Flows.Len())
		for i := range m.marked {
			m.marked[i] = mark(i)
		}
	}
	if m.by != ungrouped {
		m.list = groupFlows(&m.snap, m.kept, m.by, m.containers)
	}
}

func (f *Flows) takeSifted(m siftedMsg) Effect {
	if !f.sift.Done(m.n) {
		return Effect{}
	}
	if m.by == f.by { // shown even when it is old: a slow machine would never show any
		f.lay(m)
	}
	if !f.again {
		return Effect{}
	}
	order := f.reorder
	f.again, f.reorder = false, false
	return f.show(order)
}

// lay puts what was sifted into the list that is shown.
func (f *Flows) lay(m siftedMsg) {
	f.snap, f.list = m.snap, m.list
	if m.order {
		f.sorted = f.Now()
	}
	if f.by != ungrouped {
		f.table.Set(widget.Source[flowKey]{}) // or it would hold an old snapshot; the selection stays
		src := groupSource(m.list, f.groupNames())
		src.Cell = f.groupCell
		if m.ordered {
			src.Kept, src.Sorted = m.kept, true
		}
		give(f.groups, src, m.order || m.ordered)
	} else {
		src := flowSource(&m.snap)
		src.Cell = f.cell
		src.Kept, src.Sorted = m.kept, m.ordered
		if marked := m.marked; marked != nil {
			src.Mark = func(i int) bool { return marked[i] }
		}
		give(f.table, src, m.order || m.ordered)
	}
	f.follow()
}

// flowSource is the source of a list of flows without its cells.
func flowSource(snap *engine.LiveFlows) widget.Source[flowKey] {
	flows, verdicts := snap.Flows, snap.Verdicts
	return widget.Source[flowKey]{
		Len: flows.Len(),
		Key: func(i int) flowKey { return keyAt(flows, i) },
		Compare: func(i, j, col int) int {
			switch col {
			case zoneCol:
				return cmp.Compare(zonesOf(verdicts, i), zonesOf(verdicts, j))
			case ruleCol:
				return cmp.Compare(ruleOf(verdicts, i), ruleOf(verdicts, j))
			}
			a, b := flows.At(i), flows.At(j)
			return compareFlows(&a, &b, col)
		},
		Rank: func(i, col int) (hi, lo uint64) {
			switch col {
			case zoneCol:
				return 0, rankText(zonesOf(verdicts, i))
			case ruleCol:
				return rankText(ruleOf(verdicts, i)), 0
			}
			w := flows.At(i)
			return rankFlow(&w, col)
		},
	}
}

// zonesOf is where a flow comes from and goes to; empty when it is not known.
func zonesOf(verdicts []*engine.FlowVerdict, i int) string {
	if i >= len(verdicts) || verdicts[i] == nil {
		return ""
	}
	return verdicts[i].From + ">" + verdicts[i].To
}

// ruleOf is the row that would admit a flow today; empty when it is not known.
func ruleOf(verdicts []*engine.FlowVerdict, i int) string {
	if i >= len(verdicts) || verdicts[i] == nil {
		return ""
	}
	return verdicts[i].By
}

func (f *Flows) cell(i, col int) (widget.Safe, style.Style) {
	plain := style.Style{}
	flow := f.snap.Flows.At(i)
	w := &flow
	switch col {
	case zoneCol:
		return widget.Clean(zonesOf(f.snap.Verdicts, i)), plain
	case ruleCol:
		return widget.Clean(ruleOf(f.snap.Verdicts, i)), plain
	case protoCol:
		if f.marks[keyOf(w)] {
			return widget.Clean(words.Protocol(w) + "*"), f.Styles.Strong
		}
		return widget.Clean(words.Protocol(w)), plain
	case sourceCol:
		return words.Endpoint(w.Orig.Src, w.Orig.SrcPort, words.HasPorts(w)), plain
	case destCol:
		return words.Endpoint(w.Orig.Dst, w.Orig.DstPort, words.HasPorts(w)), plain
	case stateCol:
		return widget.Clean(shortState(w.State)), plain
	case natCol:
		return natMark(w), plain
	case rateCol:
		return f.rate(w.Rate), plain
	case bytesCol:
		return widget.Clean(short(float64(flowBytes(w)))), plain
	case packetsCol:
		return widget.Clean(short(float64(w.OrigCount.Packets + w.ReplyCount.Packets))), plain
	case leftCol:
		return widget.Clean(age(w.Timeout)), plain
	case nameCol:
		return f.pairName(w), plain
	}
	return widget.Clean(age(f.snap.At.Sub(bornAt(w)))), plain
}

// rate is a rate in the unit that was chosen.
func (f *Flows) rate(bytes float64) widget.Safe {
	return widget.Clean(shortRate(f.inUnit(bytes)))
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
	case packetsCol:
		return cmp.Compare(a.OrigCount.Packets+a.ReplyCount.Packets, b.OrigCount.Packets+b.ReplyCount.Packets)
	case leftCol:
		return cmp.Compare(a.Timeout, b.Timeout)
	}
	return -bornAt(a).Compare(bornAt(b))
}

// rankFlow is the rank of a flow for the same columns.
func rankFlow(w *engine.Flow, col int) (hi, lo uint64) {
	switch col {
	case protoCol:
		return 0, uint64(w.Proto)
	case sourceCol:
		return widget.RankAddr(w.Orig.Src)
	case destCol:
		return widget.RankAddr(w.Orig.Dst)
	case stateCol:
		return 0, rankText(w.State)
	case natCol:
		return 0, rankText(string(natMark(w)))
	case rateCol:
		return 0, uint64(math.Float32bits(float32(max(w.Rate, 0)))) // the bits of what is not negative order as it does
	case bytesCol:
		return 0, flowBytes(w)
	case packetsCol:
		return 0, w.OrigCount.Packets + w.ReplyCount.Packets
	case leftCol:
		return 0, uint64(max(w.Timeout, 0))
	}
	return 0, math.MaxInt64 - uint64(max(bornAt(w).UnixNano(), 0))
}

// rankText is the beginning of a text as a number.
func rankText(s string) (n uint64) {
	for i := range 8 {
		n <<= 8
		if i < len(s) {
			n |= uint64(s[i])
		}
	}
	return n
}

// matched is a list as the finder sees it.
type matched interface {
	found
	counts
}

// shown is the list that is shown.
func (f *Flows) shown() matched {
	if f.by != ungrouped {
		return f.groups
	}
	return f.table
}
