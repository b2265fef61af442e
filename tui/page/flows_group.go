package page

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// grouping is what flows are put together by.
type grouping uint8

const (
	ungrouped grouping = iota
	bySource
	byDestination
	byPort
	byProtocol
	byRule
	byZones
	byContainer
	groupings
)

var groupingNames = [groupings]string{"", "source", "destination", "destination port", "protocol", "rule", "zones", "container"}

// groupKey is what the flows of a group have in common; the rest is zero.
type groupKey struct {
	addr  netip.Addr
	proto uint8
	port  uint16
	rule  string
	zones string
	by    grouping
}

// flowGroup is the sum of some flows.
type flowGroup struct {
	groupKey
	flows int
	rate  float64
	bytes uint64
}

func groupOf(w *engine.Flow, by grouping) groupKey {
	key := groupKey{by: by}
	switch by {
	case bySource:
		key.addr = w.Orig.Src
	case byDestination:
		key.addr = w.Orig.Dst
	case byPort:
		if key.proto = w.Proto; words.HasPorts(w) {
			key.port = w.Orig.DstPort
		}
	case byProtocol:
		key.proto = w.Proto
	}
	return key
}

// groupFlows sums up flows; kept are those that count, nil for all. The names of
// containers are by address.
func groupFlows(snap *engine.LiveFlows, kept []int32, by grouping, containers map[netip.Addr]string) []flowGroup {
	var list []flowGroup
	at := make(map[groupKey]int)
	add := func(n int) {
		w := snap.Flows.At(n)
		key := groupOf(&w, by)
		switch by {
		case byRule:
			key.rule = ruleOf(snap.Verdicts, n)
		case byZones:
			if key.zones = zonesOf(snap.Verdicts, n); key.zones == ">" {
				key.zones = ""
			}
		case byContainer:
			key.addr = engine.ContainerEnd(&w, containers)
		}
		i, ok := at[key]
		if !ok {
			i = len(list)
			at[key] = i
			list = append(list, flowGroup{groupKey: key})
		}
		g := &list[i]
		g.flows, g.rate, g.bytes = g.flows+1, g.rate+w.Rate, g.bytes+flowBytes(&w)
	}
	if kept == nil {
		for i := range snap.Flows.Len() {
			add(i)
		}
		return list
	}
	for _, i := range kept {
		add(int(i))
	}
	return list
}

// name is the group as a person reads it.
func (g *groupKey) name() string {
	proto := words.Protocol(&engine.Flow{Proto: g.proto})
	switch {
	case g.by == byRule:
		return cmp.Or(g.rule, "no row of ours")
	case g.by == byZones:
		return cmp.Or(g.zones, "not known")
	case g.by == byContainer && !g.addr.IsValid():
		return "no container"
	case g.by == bySource, g.by == byDestination, g.by == byContainer:
		return g.addr.String()
	case g.by == byPort && g.port > 0:
		return proto + "/" + strconv.Itoa(int(g.port))
	}
	return proto
}

// filter is the filter that keeps just the flows of the group; empty for those
// that have nothing in common that a filter knows: no row, zone or container.
func (g *groupKey) filter() string {
	proto := query.Term(query.Proto, words.Protocol(&engine.Flow{Proto: g.proto}))
	switch {
	case g.by == byRule && g.rule == "", g.by == byZones && g.halfZones(), g.by == byContainer && !g.addr.IsValid():
		return ""
	case g.by == byZones:
		return query.Term(query.Zone, g.zones)
	case g.by == byContainer:
		return query.Term(query.IP, g.addr.String())
	case g.by == byRule:
		return query.Term(query.Rule, g.rule)
	case g.by == bySource:
		return query.Term(query.Src, g.addr.String())
	case g.by == byDestination:
		return query.Term(query.Dst, g.addr.String())
	case g.by == byPort && g.port > 0:
		return query.Term(query.DPort, strconv.Itoa(int(g.port))) + " " + proto
	}
	return proto
}

// halfZones reports whether a zone of the group is not known: a filter for the
// other one would keep more.
func (g *groupKey) halfZones() bool {
	from, to, _ := strings.Cut(g.zones, ">")
	return from == "" || to == ""
}

// The columns of the groups.
const (
	groupNameCol = iota
	groupFlowsCol
	groupRateCol
	groupBytesCol
	groupObjectCol
)

func newGroupTable() *widget.Table[groupKey] {
	t := widget.NewTable[groupKey](
		widget.Column{Title: "GROUP", Width: 24, Grow: 2, Middle: true},
		widget.Column{Title: "FLOWS", Width: 6, Right: true, Down: true, Bare: true},
		widget.Column{Title: "B/S", Width: 5, Right: true, Down: true, Bare: true},
		widget.Column{Title: "BYTES", Width: 6, Right: true, Down: true, Bare: true},
		widget.Column{Title: "NAME", Width: 14, Grow: 1, Rank: 1, Bare: true},
	)
	t.SortBy = groupFlowsCol
	return t
}

// groupSource is the source of a list of groups without its cells.
func groupSource(list []flowGroup, name func(*flowGroup) string) widget.Source[groupKey] {
	return widget.Source[groupKey]{
		Len: len(list),
		Key: func(i int) groupKey { return list[i].groupKey },
		Compare: func(i, j, col int) int {
			a, b := &list[i], &list[j]
			switch col {
			case groupFlowsCol:
				return cmp.Compare(a.flows, b.flows)
			case groupRateCol:
				return cmp.Compare(a.rate, b.rate)
			case groupBytesCol:
				return cmp.Compare(a.bytes, b.bytes)
			case groupObjectCol:
				return cmp.Compare(name(a), name(b))
			}
			return cmp.Or(a.addr.Compare(b.addr), cmp.Compare(a.proto, b.proto), cmp.Compare(a.port, b.port), cmp.Compare(a.rule, b.rule), cmp.Compare(a.zones, b.zones))
		},
	}
}

func (f *Flows) groupCell(i, col int) (widget.Safe, style.Style) {
	g := &f.list[i]
	switch col {
	case groupNameCol:
		return widget.Clean(g.name()), f.Styles.Text
	case groupFlowsCol:
		return widget.Clean(short(float64(g.flows))), f.Styles.Text
	case groupRateCol:
		return f.rate(g.rate), f.Styles.Text
	case groupBytesCol:
		return widget.Clean(short(float64(g.bytes))), f.Styles.Text
	}
	return f.groupName(g), f.Styles.Dim
}

// groupName is what the tables call the group.
func (f *Flows) groupName(g *flowGroup) widget.Safe { return widget.Clean(f.groupNames()(g)) }

// groupNames gives what the tables call a group, as it is known at this moment.
// It may be asked beside the console.
func (f *Flows) groupNames() func(*flowGroup) string {
	cfg := f.Desk.Config()
	address, service := f.names.known(cfg), f.names.ports(cfg)
	return func(g *flowGroup) string {
		switch {
		case g.addr.IsValid():
			return address(g.addr)
		case g.port > 0 && hasPortsProto(g.proto):
			return service(g.proto, g.port)
		case g.proto == ruleset.ICMPv6:
			return "IPv6"
		}
		return ""
	}
}

// selectedGroup is the group under the selection.
func (f *Flows) selectedGroup() (flowGroup, bool) {
	if i, ok := f.groups.Selected(); ok && i < len(f.list) {
		return f.list[i], true
	}
	return flowGroup{}, false
}
