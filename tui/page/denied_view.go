package page

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/find"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// The columns of the denied packets.
const (
	deniedLastCol = iota
	deniedByCol
	deniedPathCol
	deniedProtoCol
	deniedSourceCol
	deniedDestCol
	deniedCountCol
	deniedRateCol
	deniedNameCol
)

func newDeniedTable() *widget.Table[deniedKey] {
	t := widget.NewTable[deniedKey](
		widget.Column{Title: "LAST", Width: 5, Right: true},
		widget.Column{Title: "BY", Width: 16, Rank: 2, Bare: true},
		widget.Column{Title: "PATH", Width: 7, Rank: 3, Bare: true},
		widget.Column{Title: "P", Width: 4, Bare: true},
		widget.Column{Title: "SOURCE", Width: 12, Grow: 2, Middle: true, Bare: true},
		widget.Column{Title: "DESTINATION", Width: 16, Grow: 3, Middle: true, Bare: true},
		widget.Column{Title: "COUNT", Width: 6, Right: true, Down: true, Bare: true},
		widget.Column{Title: "/S", Width: 4, Right: true, Down: true, Rank: 4, Bare: true},
		widget.Column{Title: "NAMES", Width: 16, Grow: 1, Rank: 5, Unsorted: true, Bare: true},
	)
	t.SortBy = deniedLastCol
	return t
}

func (d *deniedList) source() widget.Source[deniedKey] {
	list := d.snap.List
	return widget.Source[deniedKey]{
		Len:     len(list),
		Key:     func(i int) deniedKey { return keyOfDenied(&list[i]) },
		Cell:    func(i, col int) (widget.Safe, style.Style) { return d.cell(&list[i], col), style.Style{} },
		Compare: func(i, j, col int) int { return compareDenied(&list[i], &list[j], col) },
	}
}

func (d *deniedList) cell(one *engine.DeniedPackets, col int) widget.Safe {
	switch col {
	case deniedLastCol:
		return widget.Clean(age(d.snap.At.Sub(one.Last)))
	case deniedByCol:
		return widget.Clean(one.By)
	case deniedPathCol:
		return widget.Clean(one.From + ">" + one.To)
	case deniedProtoCol:
		return widget.Clean(deniedProto(one))
	case deniedSourceCol:
		return widget.Clean(one.Src.String())
	case deniedDestCol:
		return widget.Clean(deniedTarget(one))
	case deniedCountCol:
		return widget.Clean(short(float64(one.Count)))
	case deniedRateCol:
		return widget.Clean(shortRate(one.Rate))
	}
	return d.nameOf(one)
}

func compareDenied(a, b *engine.DeniedPackets, col int) int {
	switch col {
	case deniedByCol:
		return cmp.Compare(a.By, b.By)
	case deniedPathCol:
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	case deniedProtoCol:
		return cmp.Compare(a.Proto, b.Proto)
	case deniedSourceCol:
		return a.Src.Compare(b.Src)
	case deniedDestCol:
		return cmp.Or(a.Dst.Compare(b.Dst), cmp.Compare(a.DstPort, b.DstPort), cmp.Compare(a.Type, b.Type))
	case deniedCountCol:
		return cmp.Compare(a.Count, b.Count)
	case deniedRateCol:
		return cmp.Compare(a.Rate, b.Rate)
	}
	return b.Last.Compare(a.Last)
}

func deniedProto(one *engine.DeniedPackets) string {
	return words.Protocol(&engine.Flow{Proto: one.Proto})
}

// deniedTarget is the destination with its port, or the type of ICMP.
func deniedTarget(one *engine.DeniedPackets) string {
	switch {
	case hasPortsProto(one.Proto):
		return netip.AddrPortFrom(one.Dst, one.DstPort).String()
	case one.Proto == ruleset.ICMP, one.Proto == ruleset.ICMPv6:
		return fmt.Sprintf("%s type %d", one.Dst, one.Type)
	}
	return one.Dst.String()
}

// nameOf is what the tables call the ends, and the port.
func (d *deniedList) nameOf(one *engine.DeniedPackets) widget.Safe {
	name := widget.Clean(one.DstName)
	if hasPortsProto(one.Proto) {
		if service := d.names.service(d.Desk.Config(), one.Proto, one.DstPort); service != "" {
			name += ":" + service
		}
	}
	if one.SrcName == "" {
		return name
	}
	return widget.Clean(one.SrcName) + " > " + name
}

// deniedLanguage is what the filter of the denied packets may ask.
var deniedLanguage = []query.Key{
	query.Src, query.Dst, query.IP, query.Zone, query.Port, query.DPort, query.Proto, query.Rule, query.Iface, query.Family,
}

// deniedRecord is a group of packets as the filter sees it.
type deniedRecord struct{ *engine.DeniedPackets }

// Addrs appends the address of a side.
func (r *deniedRecord) Addrs(k query.Key, to []query.Span) []query.Span {
	if k == query.Src {
		return find.AppendAddrs(to, r.Src, r.Src)
	}
	return find.AppendAddrs(to, r.Dst, r.Dst)
}

// Ports appends the destination port; the packets have many source ports.
func (r *deniedRecord) Ports(k query.Key, to []query.Ports) []query.Ports {
	if k == query.SPort || !hasPortsProto(r.Proto) {
		return to
	}
	return append(to, query.Ports{Lo: r.DstPort, Hi: r.DstPort})
}

// Words appends zones, interfaces, row, protocol, family and names.
func (r *deniedRecord) Words(k query.Key, to []string) []string {
	switch k {
	case query.Zone:
		return append(to, r.From, r.To)
	case query.Iface:
		return append(to, r.In, r.Out)
	case query.Rule:
		return append(to, r.By)
	case query.Src:
		return append(to, r.SrcName)
	case query.Dst:
		return append(to, r.DstName)
	case query.Family:
		return append(to, ruleset.OfAddr(r.DeniedPackets.Src).String())
	case query.Proto:
		to = append(to, deniedProto(r.DeniedPackets), strconv.Itoa(int(r.Proto)))
		if name := words.OtherProtocol(r.Proto); name != "" {
			to = append(to, name)
		}
	}
	return to
}

// Text appends what the columns show.
func (r *deniedRecord) Text(to []byte) []byte {
	for _, s := range []string{r.By, r.From + ">" + r.To, deniedProto(r.DeniedPackets), r.Src.String(), deniedTarget(r.DeniedPackets), r.SrcName, r.DstName} {
		to = append(append(to, s...), ' ')
	}
	return to
}

// values are the terms of the selected group.
func (d *deniedList) values() []string {
	one := d.selected()
	if one == nil {
		return nil
	}
	terms := []string{query.Term(query.Src, one.Src.String()), query.Term(query.Dst, one.Dst.String())}
	if hasPortsProto(one.Proto) {
		terms = append(terms, query.Term(query.DPort, strconv.Itoa(int(one.DstPort))))
	}
	return append(terms, query.Term(query.Zone, one.From+">"+one.To), query.Term(query.Rule, one.By), query.Term(query.Proto, deniedProto(one)))
}

// render draws the tab under its head.
func (d *deniedList) render(width, height int) View {
	lines, cursor := d.filter.lines(d.Shared, width, "")
	foot := append(d.detail(width), d.state(width))
	if room := height - len(lines) - len(foot); d.table.Shown() > 0 {
		lines = append(lines, d.table.Render(width, room, d.Styles)...)
	} else {
		for _, text := range d.noneText() {
			for _, part := range text.Wrap(width - 2) {
				lines = append(lines, d.line(width).Text(" "+part).String())
			}
		}
	}
	return View{Lines: widget.Fit(slices.Concat(widget.Fit(lines, height-len(foot)), foot), height), Cursor: cursor}
}

// detail says everything about the selected group.
func (d *deniedList) detail(width int) []string {
	one := d.selected()
	if one == nil {
		return nil
	}
	head := d.line(width).Text(widget.Format(" %s %s > %s", deniedProto(one), one.Src, deniedTarget(one)))
	if name := d.nameOf(one); name != "" {
		head.Put(d.Styles.Dim, "  names ").Text(name)
	}
	by := d.line(width).Put(d.Styles.Dim, " by ").Text(widget.Clean(deniedBy(one)))
	seen := d.line(width).Put(d.Styles.Dim, " in ").Text(widget.Clean(cmp.Or(one.In, "-"))).Put(d.Styles.Dim, " out ").Text(widget.Clean(cmp.Or(one.Out, "-"))).
		Text(widget.Format("  %s logged in %s; the kernel logs at a limited rate", words.Plural(int(one.Count), "packet"), age(one.Last.Sub(one.First))))
	return []string{d.rule(width), head.String(), by.String(), seen.String()}
}

// deniedBy is what denied a group of packets, with the cells of its row.
func deniedBy(one *engine.DeniedPackets) string {
	if one.Ref.Line == 0 && one.Ref.Name == "reject" {
		return one.By + ": no row decided"
	}
	return one.By + "  " + one.Text
}

// state is the line under the list: paused or live, and what the list lacks.
func (d *deniedList) state(width int) string {
	l := d.line(width).Text(" ")
	switch {
	case d.paused.on:
		l.Put(d.Styles.Warn, widget.Format("PAUSED %s (%s resumes; %s changed)", age(d.Now().Sub(d.paused.since)), d.keyName(FlowsScreen, "p"), words.Plural(d.moved, "line")))
	case d.err != nil:
		l.Put(d.Styles.Bad, "not read")
		if d.table.Shown() > 0 {
			l.Put(d.Styles.Bad, widget.Format(": %v", d.err))
		}
	default:
		l.Put(d.Styles.Good, "live")
	}
	if n := d.latest.Overruns; n > 0 {
		l.Put(d.Styles.Warn, widget.Format("   %d overruns: some packets are not counted", n))
	}
	if n := d.latest.Forgotten; n > 0 {
		l.Put(d.Styles.Warn, widget.Format("   %d older lines forgotten", n))
	}
	return l.String()
}
