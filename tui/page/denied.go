package page

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// deniedList is the tab of the Flows page with the packets that rules logged.
type deniedList struct {
	*Shared
	keys   deniedBindings
	table  *widget.Table[deniedKey]
	filter finder
	ask    desk.Request
	snap   engine.DeniedSnapshot // that the list shows
	latest engine.DeniedSnapshot // newer than snap while paused
	paused pause
	moved  int // groups that came or grew since the pause began
	sorted time.Time
	since  time.Time // the first reading, when listening began
	err    error
	names  addressNames
}

type deniedBindings struct {
	liveKeys
	Explain, Rule widget.Binding
}

// deniedKey is what a group of packets is known by over time.
type deniedKey struct {
	row, in, out             string
	src, dst                 netip.Addr
	port                     uint16
	proto, flags, kind, code uint8
}

func keyOfDenied(d *engine.DeniedPackets) deniedKey {
	return deniedKey{d.Row, d.In, d.Out, d.Src, d.Dst, d.DstPort, d.Proto, d.Flags, d.Type, d.Code}
}

func newDeniedList(s *Shared) *deniedList {
	d := &deniedList{
		Shared: s, table: newDeniedTable(),
		keys: deniedBindings{liveKeys: newLiveKeys(), Explain: widget.Bind("Enter", "explain", "enter"), Rule: newRuleKey()},
	}
	d.filter = newFinder(s.Desk, d.values, deniedLanguage...)
	return d
}

func (d *deniedList) bindings() []widget.Binding {
	if d.filter.Typing() {
		return d.filter.busy()
	}
	k := d.keys
	var none widget.Safe
	if d.table.Shown() == 0 {
		none = "there is no denied packet here"
	}
	return append([]widget.Binding{
		k.Explain.Off(none), k.Rule.Off(none), d.filter.keys.Filter, k.Sort, k.Pause, k.Reverse, k.Refresh,
	}, d.filter.bindings()[1:]...)
}

func (d *deniedList) key(k tea.KeyPressMsg) Effect {
	if handled, again := d.filter.key(k, d.table); handled {
		if again {
			d.show(true)
		}
		return Effect{}
	}
	keys := &d.keys
	switch {
	case d.table.Key(k), sortKey(d.table, &keys.liveKeys, k):
	case keys.Explain.Is(k):
		return d.explain()
	case keys.Rule.Is(k):
		return d.rowFor()
	case keys.Pause.Is(k):
		d.togglePause()
	case keys.Refresh.Is(k):
		return d.refresh()
	}
	return Effect{}
}

func (d *deniedList) refresh() Effect {
	if d.ask.Busy() {
		return Effect{}
	}
	return Effect{Cmd: d.Calls.Denied(&d.ask)}
}

func (d *deniedList) paste(text string) {
	d.filter.Paste(text)
	d.show(true)
}

func (d *deniedList) take(m desk.DeniedMsg) {
	if !d.ask.Done(m.N) {
		return
	}
	if d.err = m.Err; m.Err != nil {
		return
	}
	if d.since.IsZero() {
		d.since = d.Now()
	}
	d.latest = m.Value
	if d.paused.on {
		d.moved = grownDenied(d.snap.List, d.latest.List)
		return
	}
	d.snap = d.latest
	d.show(d.Now().Sub(d.sorted) >= sortEvery)
}

// grownDenied counts the groups that came or grew between two snapshots.
func grownDenied(old, now []engine.DeniedPackets) int {
	was := make(map[deniedKey]uint64, len(old))
	for i := range old {
		was[keyOfDenied(&old[i])] = old[i].Count
	}
	n := 0
	for i := range now {
		if was[keyOfDenied(&now[i])] != now[i].Count {
			n++
		}
	}
	return n
}

func (d *deniedList) togglePause() {
	d.paused, d.moved = pause{on: !d.paused.on, since: d.Now()}, 0
	if !d.paused.on {
		d.snap = d.latest
		d.show(true)
	}
}

// show gives the list the packets; with order it sorts them anew.
func (d *deniedList) show(order bool) {
	if order {
		d.sorted = d.Now()
	}
	record := &deniedRecord{}
	list := d.snap.List
	src := d.source()
	src.Keep, src.Mark = d.filter.ask(func(i int) query.Record {
		record.DeniedPackets = &list[i]
		return record
	})
	give(d.table, src, order)
}

// selected is the selected group; nil for none.
func (d *deniedList) selected() *engine.DeniedPackets {
	if i, ok := d.table.Selected(); ok && i < len(d.snap.List) {
		return &d.snap.List[i]
	}
	return nil
}

// explain walks the selected packet on Explain.
func (d *deniedList) explain() Effect {
	one := d.selected()
	if one == nil {
		return Effect{}
	}
	p := ruleset.Packet{
		In: one.In, Src: one.Src, Dst: one.Dst, Proto: one.Proto, SrcPort: one.SrcPort, DstPort: one.DstPort,
		TCPFlags: one.Flags, ICMPType: one.Type, ICMPCode: one.Code, State: ruleset.StateNew,
	}
	if p.In == "" {
		p.In = tables.FW
	}
	return Effect{Go: ExplainScreen, Tell: ShowPacket{Packet: p}}
}

// rowFor makes a row that admits the selected packets, before the one that
// denies them.
func (d *deniedList) rowFor() Effect {
	one := d.selected()
	if one == nil {
		return Effect{}
	}
	w := tables.Wanted{From: one.From, To: one.To, Src: one.Src, Dst: one.Dst, Proto: one.Proto, Port: one.DstPort}
	if one.Ref.Kind == tables.Rules && one.Ref.Line > 0 {
		at := d.Desk.PlaceNow(desk.Place{Kind: tables.Rules, Line: one.Ref.Line}, one.Text)
		w.Before = denyingLine(d.Desk.Config(), at.Line, one.From)
	}
	return d.admit(w)
}

// copied is the selected group in full.
func (d *deniedList) copied() string {
	one := d.selected()
	if one == nil {
		return ""
	}
	text := fmt.Sprintf("%s  %s>%s  in %s out %s  %s %s > %s  %d packets logged from %s to %s\n", one.By, one.From, one.To, one.In, one.Out,
		deniedProto(one), one.Src, deniedTarget(one), one.Count, one.First.Format(time.RFC3339), one.Last.Format(time.RFC3339))
	if one.Text != "" {
		text += "  " + one.Text + "\n"
	}
	return text
}

// noneText says why there is nothing to show, and what to do about it.
func (d *deniedList) noneText() []widget.Safe {
	switch {
	case errors.Is(d.err, engine.ErrLogTaken):
		return []widget.Safe{widget.Clean(d.err.Error()) + ":", "the kernel gives it to one reader. Another mfwtui, or ulogd, has it; end that one, and it is read here."}
	case d.err != nil:
		return []widget.Safe{widget.Clean(d.err.Error())}
	case d.snap.At.IsZero():
		return []widget.Safe{"reading ..."}
	case !d.snap.Logging:
		return []widget.Safe{
			"Nothing is logged, so nothing can be shown.",
			"For what no row decides about: options, a row  *  log-denied  5/min",
			"For what a row denies: +log behind its action, as in drop+log or reject+log",
			"Then apply on 3 Review; packets are listed from then on.",
		}
	case d.table.Len() > 0:
		return []widget.Safe{"the filter keeps no packet; Esc drops it"}
	}
	return []widget.Safe{
		widget.Format("Listening since %s: nothing was logged since then.", d.since.Format("15:04:05")),
		widget.Format("What came before, and rows without +log: %s counts them.", d.screenName(CountersScreen, "Counters")),
	}
}
