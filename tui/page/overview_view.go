package page

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// wideOverview is the width from which the heads stand in three columns.
const wideOverview = 110

// Render draws the page.
func (o *Overview) Render(width, height int) View {
	if o.inside {
		return o.renderContainers(width, height)
	}
	lines := append(o.heads(width), o.rule(width))
	zones := o.zoneLines(width)
	room := height - len(lines)
	// What wants attention keeps a heading and three lines, then come the
	// zones, then the flows; what is left over is for attention again.
	attention := min(len(o.list.items)+1, 4)
	zones = zones[:max(min(len(zones), room-attention), 0)]
	flows := o.flowLines(width)
	most := room - attention - len(zones)
	if width >= wideOverview { // there is height as a rule
		most = min(most, room/2)
	}
	flows = flows[:max(min(len(flows), most), 0)]
	if heading := len(flows) - 1; heading >= 0 && heading == o.flowHeading(width) { // without a flow it says nothing
		flows = flows[:heading]
	}
	lines = append(append(lines, zones...), flows...)
	if len(zones)+len(flows) > 0 && height-len(lines) > attention {
		lines = append(lines, o.rule(width))
	}
	o.listTop = len(lines) + 1
	lines = append(lines, o.attentionLines(width, height-len(lines))...)
	return View{Lines: widget.Fit(lines, height)}
}

// renderContainers draws the tab of the containers.
func (o *Overview) renderContainers(width, height int) View {
	heads := o.docker.heads(o.Shared, width)
	if o.docker.viewErr != nil || o.docker.view.At.IsZero() || o.docker.view.Absent != "" {
		return View{Lines: widget.Fit(heads, height)}
	}
	return o.containers.render(heads, width, height)
}

// heads are the policy, the live ruleset and, where there is room, conntrack,
// side by side.
func (o *Overview) heads(width int) []string {
	columns := [][]item{o.policyLines(), o.liveLines()}
	if width >= wideOverview {
		columns = append(columns, append(o.conntrackLines(), o.docker.line(o.Styles)...))
	}
	rows := 0
	for _, c := range columns {
		rows = max(rows, len(c))
	}
	part := width / len(columns)
	lines := make([]string, 0, rows)
	for i := range rows {
		l := o.line(width)
		for n, column := range columns {
			if n > 0 {
				l.To(n*part-1).Glyph(o.Styles.Rule, o.Styles.Glyphs.Vertical)
			}
			switch {
			case i >= len(column):
			case n < len(columns)-1:
				l.Cell(column[i].how, " "+column[i].text, part-1)
			default:
				l.Put(column[i].how, " "+column[i].text)
			}
		}
		lines = append(lines, l.String())
	}
	return lines
}

// zoneLines are what each zone does.
func (o *Overview) zoneLines(width int) []string {
	cfg := o.Desk.Config()
	if cfg == nil {
		return nil
	}
	const rates = 4 * 7 // the columns of the rates
	names := max(min(width/4, 30), 14)
	spark := max(min(width-10-names-rates-3, historyLen), 0)
	in, out := "IN/s", "OUT/s"
	if o.Bits {
		in, out = "INb/s", "OUTb/s"
	}
	head := o.line(width).Put(o.Styles.Dim, widget.Format(" %-9s%-*s%7s%7s%7s%7s", "ZONE", names, "INTERFACES", in, out, "NEW/s", "DROP/s"))
	if spark >= 10 {
		head.Put(o.Styles.Dim, widget.Format("  last %d s (in)", spark))
	}
	lines := []string{head.String()}
	denied := deniedByZone(o.counters.Rows)
	for _, z := range desk.ZoneRates(cfg, &o.traffic) {
		l := o.line(width).Text(" ").Cell(o.Styles.Strong, widget.Clean(z.Zone), 8).Text(" ").
			Cell(o.Styles.Text, widget.Clean(z.Interfaces), names-1).Text(" ").
			Right(o.Styles.Text, o.byteRate(z.In), 7).Right(o.Styles.Text, o.byteRate(z.Out), 7).
			Right(o.Styles.Text, widget.Clean(shortRate(z.New)), 7).
			Right(o.Styles.Warn, widget.Clean(shortRate(denied[z.Zone])), 7)
		if spark >= 10 {
			l.Text("  ").Text(widget.Spark(o.zones[z.Zone], spark, o.Styles.Glyphs))
		}
		lines = append(lines, l.String())
	}
	return append(lines, o.rule(width))
}

// flowLines are the state of conntrack and the busiest flows.
func (o *Overview) flowLines(width int) []string {
	var lines []string
	if width < wideOverview {
		l := o.line(width).Text(" ").Put(o.Styles.Strong, "CONNTRACK ")
		for i, it := range o.conntrackLines()[1:] {
			if i > 0 {
				l.Text("   ")
			}
			l.Put(it.how, it.text)
		}
		for _, it := range o.docker.short(o.Styles) {
			l.Text("   ").Put(it.how, it.text)
		}
		lines = append(lines, l.String())
	}
	flow := width - 1 - 5 - pathWidth - ruleWidth - 6
	lines = append(lines, o.line(width).Put(o.Styles.Dim, widget.Format(" %-*s%-*s%-*s%6s", 5+flow, "TOP FLOWS BY RATE", pathWidth, "PATH", ruleWidth, "RULE", "RATE")).String())
	if len(o.traffic.Top) == 0 {
		return append(lines, o.line(width).Put(o.Styles.Dim, " "+o.noFlows()).String())
	}
	for i := range o.traffic.Top {
		lines = append(lines, o.flowLine(&o.traffic.Top[i], width, flow))
	}
	return lines
}

// flowHeading is which of the lines about flows is the heading of the list: on a
// narrow screen the state of conntrack comes first.
func (o *Overview) flowHeading(width int) int {
	if width < wideOverview {
		return 1
	}
	return 0
}

func (o *Overview) noFlows() widget.Safe {
	switch {
	case o.traffic.At.IsZero():
		return "reading ..."
	case o.traffic.FlowsErr != nil:
		return "not known"
	case !o.traffic.Accounting:
		return "not known: conntrack counts no bytes"
	}
	return "nothing moves"
}

// The columns of a path, two zones of some length, and of the row that admits
// a flow.
const (
	pathWidth = 12
	ruleWidth = 12
)

// flowLine is a flow with its zones; the administrator's own session is
// marked, not only by its colour.
func (o *Overview) flowLine(p *engine.FlowPath, width, room int) string {
	mark := widget.Safe("")
	if p.You {
		mark = " YOU"
	}
	each := (room - len(" > ") - mark.Width() - 1) / 2
	ends := func(text widget.Safe) widget.Safe { return text.CutMiddle(each, o.Styles.Glyphs.Ellipsis) }
	l := o.line(width).Text(" ").Cell(o.Styles.Text, widget.Clean(words.Protocol(&p.Flow)), 5)
	l.Text(ends(words.Endpoint(p.Orig.Src, p.Orig.SrcPort, words.HasPorts(&p.Flow)))+" > "+ends(words.Endpoint(p.Orig.Dst, p.Orig.DstPort, words.HasPorts(&p.Flow)))).
		Put(o.Styles.Strong, mark).To(1+5+room).
		Cell(o.Styles.Text, widget.Format("%s>%s", p.From, p.To), pathWidth-1).Text(" ").
		Cell(o.Styles.Text, widget.Clean(p.By), ruleWidth-1).Text(" ").
		Right(o.Styles.Strong, o.byteRate(p.Rate), 6)
	return l.String()
}

// attentionLines are the list with its heading.
func (o *Overview) attentionLines(width, room int) []string {
	head := o.line(width).Text(" ").Put(o.Styles.Strong, "ATTENTION")
	n := len(o.list.items)
	if n == 0 {
		return []string{head.Put(o.Styles.Good, "  nothing").String()}
	}
	head.Text(widget.Format("  %d of %d", o.list.at+1, n)).End(o.Styles.Dim, "j/k  Enter opens where it can be mended ")
	return append([]string{head.String()}, o.list.lines(o.Shared, width, room-1)...)
}

// policyLines say how the tables stand.
func (o *Overview) policyLines() []item {
	lines := []item{{o.Styles.Strong, "POLICY"}}
	set := o.Desk.Set()
	if set == nil {
		if o.Desk.Loading() {
			return append(lines, item{o.Styles.Dim, "reading the tables ..."})
		}
		return append(lines, item{o.Styles.Bad, "the tables cannot be read (see below)"})
	}
	var counts []string
	for _, k := range []tables.Kind{tables.Rules, tables.Addresses, tables.Services, tables.Interfaces, tables.Virtuals, tables.Options} {
		counts = append(counts, fmt.Sprintf("%s %d", k, set.File(k).Rows()))
	}
	for some := range slices.Chunk(counts, 3) {
		lines = append(lines, item{o.Styles.Text, widget.Clean(strings.Join(some, "  "))})
	}
	check := item{o.Styles.Good, widget.Format("check: %s  (%s)", problemsText(o.Desk.Problems()), o.problemsKey())}
	if e, w := o.Desk.Problems().Count(); e > 0 {
		check.how = o.Styles.Bad
	} else if w > 0 {
		check.how = o.Styles.Warn
	}
	return append(lines, check)
}

// liveLines say how the kernel stands.
func (o *Overview) liveLines() []item {
	lines := []item{{o.Styles.Strong, "LIVE RULESET"}}
	switch {
	case o.statusErr != nil:
		return append(lines, item{o.Styles.Bad, "cannot be read (see below)"})
	case !o.known:
		return append(lines, item{o.Styles.Dim, "reading the kernel ..."})
	}
	st := &o.status
	lines[0].text += widget.Format("  iptables %s (%s)", st.Version, st.Backend)
	if st.Current == nil {
		return append(lines, item{o.Styles.Warn, "nothing was applied yet"})
	}
	trial := ""
	if st.Current.Took > 0 {
		trial = fmt.Sprintf(", trial %s", st.Current.Took.Round(time.Second))
	}
	if st.Current.Damaged != nil {
		return append(lines,
			item{o.Styles.Text, widget.Format("last apply %s", st.Current.When.Format("2006-01-02 15:04"))},
			item{o.Styles.Bad, "damaged on disk (see below)"})
	}
	return append(lines,
		item{o.Styles.Text, widget.Format("last apply %s%s", st.Current.When.Format("2006-01-02 15:04"), trial)},
		item{o.Styles.Text, widget.Format("by %s", st.Current.Who)},
		o.driftLine())
}

// driftLine says what differs since the last apply: ours, Docker's, and what is
// of others.
func (o *Overview) driftLine() item {
	it := item{o.Styles.Good, "drift: none (ours)"}
	if d := o.status.Drift; d != nil && !d.Empty() {
		added, gone := words.RuleCounts(d)
		it = item{o.Styles.Warn, widget.Format("drift: %s rules (ours)", changeText(gone, added))}
		if added+gone == 0 {
			it.text = "drift: sets or hooks (ours)"
		}
	}
	if c := o.foreign.Docker; c.Added+c.Gone > 0 {
		it.text += widget.Format(", Docker %s", changeText(c.Added, c.Gone))
		it.how = o.Styles.Warn
	}
	if c := o.foreign.Foreign; c.Added+c.Gone > 0 {
		it.text += widget.Format(", foreign %s", changeText(c.Added, c.Gone))
		it.how = o.Styles.Warn
	}
	return it
}

// conntrackLines are a heading, how full conntrack is, and what it counts.
func (o *Overview) conntrackLines() []item {
	t := &o.traffic
	lines := []item{{o.Styles.Strong, "CONNTRACK"}}
	switch {
	case t.FlowsErr != nil:
		return append(lines, item{o.Styles.Bad, widget.Format("%v", t.FlowsErr)})
	case t.At.IsZero():
		return append(lines, item{o.Styles.Dim, "reading ..."})
	}
	fill := item{o.Styles.Text, widget.Format("%d flows", t.Flows)}
	if t.Max > 0 {
		fill.text = widget.Format("%d of %d (%.1f%%)", t.Flows, t.Max, 100*float64(t.Flows)/float64(t.Max))
		if float64(t.Flows) > nearlyFull*float64(t.Max) {
			fill.how = o.Styles.Bad
		}
	}
	acct, stamps := item{o.Styles.Text, "acct on"}, item{o.Styles.Text, "timestamps on"}
	if !t.Accounting {
		acct = item{o.Styles.Warn, "acct off"}
	}
	if !t.Timestamps {
		stamps = item{o.Styles.Dim, widget.Format("timestamps off (%s)", o.keyName(OverviewScreen, "t"))}
	}
	return append(lines, fill, acct, stamps)
}
