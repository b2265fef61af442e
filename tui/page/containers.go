package page

import (
	"net/netip"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// containerList is the tab of the Overview with the containers: a line for each
// published port, with who reaches it, and one for a container that publishes
// none.
type containerList struct {
	*Shared
	keys   containerKeys
	table  *widget.Table[containerKey]
	filter finder
	rows   []containerRow
	top    int // the line of the page where the list begins
	counts engine.CounterSnapshot
}

type containerKeys struct{ Flows, Explain, Row, Rules, Sort, Reverse widget.Binding }

// containerRow is a line of the list.
type containerRow struct {
	*engine.ContainerState
	port *engine.PublishedPort // nil: the container publishes none
}

// containerKey is what a line is known by over time.
type containerKey struct {
	id, name string
	host     netip.AddrPort
	proto    uint8
}

func (r *containerRow) key() containerKey {
	k := containerKey{id: r.ID, name: r.Name}
	if r.port != nil {
		k.host, k.proto = r.port.Host, r.port.Proto
	}
	return k
}

// addresses are those that the container has in its networks.
func (r *containerRow) addresses() []netip.Addr {
	var list []netip.Addr
	for i := range r.Networks {
		for _, a := range []netip.Addr{r.Networks[i].V4, r.Networks[i].V6} {
			if a.IsValid() {
				list = append(list, a)
			}
		}
	}
	return list
}

func newContainerList(s *Shared) *containerList {
	live := newLiveKeys()
	l := &containerList{
		Shared: s, table: newContainerTable(),
		keys: containerKeys{
			Flows:   widget.Bind("Enter", "its flows", "enter"),
			Explain: widget.Bind("e", "explain", "e"),
			Row:     widget.Bind("v", "go to the row", "v"),
			Rules:   widget.Bind("c", "its rules by chain", "c"),
			Sort:    live.Sort, Reverse: live.Reverse,
		},
	}
	l.filter = newFinder(s.Desk, l.values)
	l.filter.ownEsc = true
	l.filter.names.Speak(containerLanguage, map[query.Key][]string{query.State: containerStates, query.Iface: nil})
	return l
}

func (l *containerList) bindings() []widget.Binding {
	var none, packet, row, rules widget.Safe
	switch r := l.selected(); {
	case r == nil:
		none = "there is no container here"
		packet, row, rules = none, none, none
	default:
		if len(l.rulesOf(r)) == 0 {
			rules = "Docker wrote no rule about it"
		}
		if r.port == nil || !r.port.Sample.Src.IsValid() {
			packet = "nobody outside can send a packet to it by a published port"
		}
		if _, ok := l.admittingRow(r); !ok {
			row = "no row lets anybody reach it"
		}
	}
	k := l.keys
	return append([]widget.Binding{
		k.Flows.Off(none), k.Explain.Off(packet), k.Row.Off(row), k.Rules.Off(rules), l.filter.keys.Filter, k.Sort, k.Reverse,
	}, l.filter.bindings()[1:]...)
}

func (l *containerList) key(k tea.KeyPressMsg) Effect {
	if handled, again := l.filter.key(k, l.table); handled {
		if again {
			l.show()
		}
		return Effect{}
	}
	keys, r := &l.keys, l.selected()
	switch {
	case l.table.Key(k), sortKey(l.table, &liveKeys{Sort: keys.Sort, Reverse: keys.Reverse}, k), r == nil:
	case keys.Flows.Is(k):
		return l.flows(r)
	case keys.Explain.Is(k) && r.port != nil:
		return Effect{Go: ExplainScreen, Tell: ShowPacket{Packet: r.port.Sample}}
	case keys.Row.Is(k):
		return l.toRow(r)
	case keys.Rules.Is(k):
		return Effect{Go: CountersScreen, Tell: ShowChains{Text: query.Term(query.Text, r.Name), Table: l.nativeTable(r)}}
	}
	return Effect{}
}

// escape drops the filter; false when there is none.
func (l *containerList) escape() bool {
	if l.filter.Text() == "" {
		return false
	}
	l.filter.Clear()
	l.show()
	return true
}

func (l *containerList) paste(text string) {
	l.filter.Paste(text)
	l.show()
}

// take makes the lines of a view.
func (l *containerList) take(v *engine.ContainerView) {
	l.rows = nil
	for i := range v.Containers {
		c := &v.Containers[i]
		if len(c.Published) == 0 {
			l.rows = append(l.rows, containerRow{ContainerState: c})
		}
		for j := range c.Published {
			l.rows = append(l.rows, containerRow{c, &c.Published[j]})
		}
	}
	l.show()
}

// show gives the list the lines.
func (l *containerList) show() {
	rows := l.rows
	record := &containerRecord{}
	src := l.source()
	src.Keep, src.Mark = l.filter.ask(func(i int) query.Record {
		record.containerRow = &rows[i]
		return record
	})
	l.table.Set(src)
}

// copied is the selected container, as far as the list shows it.
func (l *containerList) copied() string {
	r := l.selected()
	if r == nil {
		return ""
	}
	return string((&containerRecord{r}).Text(nil)) + "\n"
}

// selected is the selected line; nil for none.
func (l *containerList) selected() *containerRow {
	if i, ok := l.table.Selected(); ok && i < len(l.rows) {
		return &l.rows[i]
	}
	return nil
}

// flows shows the flows from and to a container, on whichever of its addresses.
func (l *containerList) flows(r *containerRow) Effect {
	var addrs []string
	for _, a := range r.addresses() {
		addrs = append(addrs, a.String())
	}
	if len(addrs) == 0 {
		return say(Info, "%s has no address of its own, so its flows cannot be told from others", r.Name)
	}
	return Effect{Go: FlowsScreen, Tell: ShowFilter{Text: query.Term(query.IP, strings.Join(addrs, ","))}}
}

// admittingRow is the first row that lets somebody reach the port.
func (l *containerList) admittingRow(r *containerRow) (desk.Place, bool) {
	if r.port == nil {
		return desk.Place{}, false
	}
	for _, from := range r.port.From {
		if at, ok := placeNamed(from.By); ok {
			return at, true
		}
	}
	return desk.Place{}, false
}

// placeNamed is the place of a row such as "rules:31".
func placeNamed(name string) (desk.Place, bool) {
	table, num, _ := strings.Cut(name, ":")
	line, err := strconv.Atoi(num)
	at, ok := desk.PlaceOf(tables.Problem{File: table, Line: line})
	return at, ok && err == nil
}

// toRow goes to the row that lets somebody in. What runs may stand on another
// line in the tables as edited.
func (l *containerList) toRow(r *containerRow) Effect {
	at, ok := l.admittingRow(r)
	if !ok {
		return Effect{}
	}
	for i := range l.counts.Rows {
		if row := &l.counts.Rows[i]; row.Row.Kind == at.Kind && row.Row.Line == at.Line {
			at = l.Desk.PlaceNow(at, row.Text)
			break
		}
	}
	return Effect{Go: PolicyScreen, Tell: ShowPlace{at}}
}
