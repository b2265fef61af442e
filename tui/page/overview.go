package page

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Overview ties the screens together: how the tables and the firewall stand,
// what moves, and what wants attention.
type Overview struct {
	*Shared
	status    engine.Status
	statusErr error
	known     bool

	askCounters, askFlows Request
	counters              engine.CounterSnapshot
	flows                 engine.FlowSnapshot
	liveErr               error
	history               map[string]*zoneRates
	open                  widget.Binding
}

// zoneRates is what a zone did in the last minute, in packets per second.
type zoneRates struct {
	accepted, denied float64
	line             []float64
}

// historyLen is how many readings a sparkline remembers.
const historyLen = 60

// NewOverview makes the page.
func NewOverview(s *Shared) *Overview {
	return &Overview{
		Shared: s, history: make(map[string]*zoneRates),
		open: widget.Bind("Enter", "edit the policy", "enter"),
	}
}

// Title is the name in the tabs.
func (o *Overview) Title() widget.Safe { return "Overview" }

// Typing is never true.
func (o *Overview) Typing() bool { return false }

// Bindings are the keys of the page.
func (o *Overview) Bindings() []widget.Binding { return []widget.Binding{o.open} }

// Key handles a key.
func (o *Overview) Key(k tea.KeyPressMsg) Effect {
	if o.open.Is(k) {
		return Effect{Go: PolicyScreen}
	}
	return Effect{}
}

// Handle takes messages.
func (o *Overview) Handle(msg tea.Msg) Effect {
	switch msg := msg.(type) {
	case Shown, Tick:
		return Effect{Cmd: o.refresh()}
	case StatusMsg:
		o.known, o.statusErr = true, msg.Err
		if msg.Err == nil {
			o.status = msg.Value
		}
	case CountersMsg:
		if o.askCounters.Done(msg.N) {
			if o.liveErr = msg.Err; msg.Err == nil {
				o.counters = msg.Value
				o.remember()
			}
		}
	case FlowsMsg:
		if o.askFlows.Done(msg.N) && msg.Err == nil {
			o.flows = msg.Value
		}
	}
	return Effect{}
}

func (o *Overview) refresh() tea.Cmd {
	var cmds []tea.Cmd
	if !o.askCounters.Busy() {
		cmds = append(cmds, o.Calls.Counters(&o.askCounters))
	}
	if !o.askFlows.Busy() {
		cmds = append(cmds, o.Calls.Flows(&o.askFlows))
	}
	return tea.Batch(cmds...)
}

// remember adds up the rates of the table rows by source zone.
func (o *Overview) remember() {
	now := make(map[string]*zoneRates)
	for i := range o.counters.Rows {
		r := &o.counters.Rows[i]
		zone, verb := rowZone(r)
		if zone == "" {
			continue
		}
		if now[zone] == nil {
			now[zone] = &zoneRates{}
		}
		if strings.HasPrefix(verb, tables.Accept.String()) {
			now[zone].accepted += r.Rate
		} else {
			now[zone].denied += r.Rate
		}
	}
	for zone, z := range now {
		if old := o.history[zone]; old != nil {
			z.line = old.line
		}
		z.line = append(z.line, z.accepted+z.denied)
		z.line = z.line[max(len(z.line)-historyLen, 0):]
	}
	o.history = now
}

// rowZone is the source zone and the action of a rule or virtual that counted.
func rowZone(r *engine.RowCounter) (zone, verb string) {
	cells := strings.Fields(r.Text)
	if r.Row.Line == 0 || len(cells) == 0 {
		return "", ""
	}
	switch r.Row.Kind {
	case tables.Rules:
		return cells[0], cells[len(cells)-1]
	case tables.Virtuals:
		return cells[0], tables.Accept.String()
	}
	return "", ""
}

// Render draws the page.
func (o *Overview) Render(width, height int) View {
	lines := o.heads(width)
	lines = append(lines, o.rule(width))
	rest := height - len(lines)
	attention := o.attention(width, max(rest, 4))
	zones := o.zones(width)
	flows := o.topFlows(width, max(rest-len(zones)-len(attention)-1, 4))
	// When it does not all fit, what wants attention stays, and then zones.
	for _, block := range [][]string{zones, flows} {
		if room := height - len(lines) - min(len(attention), 4); len(block) > room {
			block = block[:max(room, 0)]
		}
		lines = append(lines, block...)
	}
	return View{Lines: widget.Fit(append(lines, attention...), height)}
}

// heads are the policy on the left and the live ruleset on the right.
func (o *Overview) heads(width int) []string {
	left, right := o.policyLines(), o.liveLines()
	half := width / 2
	var lines []string
	for i := range max(len(left), len(right)) {
		l := o.line(width)
		if i < len(left) {
			l.Cell(left[i].how, " "+left[i].text, half-1)
		}
		l.To(half-1).Glyph(o.Styles.Rule, o.Styles.Glyphs.Vertical)
		if i < len(right) {
			l.Put(right[i].how, " "+right[i].text)
		}
		lines = append(lines, l.String())
	}
	return lines
}

func (o *Overview) zones(width int) []string {
	cfg := o.Desk.Config()
	if cfg == nil {
		return nil
	}
	zones := cfg.Zones()
	spark := max(min(width-60, historyLen), 10)
	lines := []string{o.line(width).Put(o.Styles.Dim, widget.Format(" %-10s %-24s %8s %8s  last %d s", "ZONE", "INTERFACES", "ACCEPT/S", "DENY/S", spark)).String()}
	for _, zone := range zones {
		z := o.history[zone]
		if z == nil {
			z = &zoneRates{}
		}
		var names []string
		for _, i := range cfg.InZone(zone) {
			names = append(names, i.Name)
		}
		lines = append(lines, o.line(width).Text(" ").Cell(o.Styles.Strong, widget.Clean(zone), 10).Text(" ").
			Cell(o.Styles.Text, widget.Clean(strings.Join(names, " ")), 24).Text(" ").
			Right(o.Styles.Good, widget.Clean(shortRate(z.accepted)), 8).Text(" ").
			Right(o.Styles.Warn, widget.Clean(shortRate(z.denied)), 8).Text("  ").
			Text(widget.Spark(z.line, spark, o.Styles.Glyphs)).String())
	}
	return append(lines, o.rule(width))
}

func (o *Overview) topFlows(width, room int) []string {
	title := o.line(width).Text(" ").Put(o.Styles.Strong, "CONNTRACK")
	if o.flows.Max > 0 {
		title.Text(widget.Format(" %d of %d (%.1f%%)", len(o.flows.Flows), o.flows.Max, 100*float64(len(o.flows.Flows))/float64(o.flows.Max)))
	}
	if o.liveErr != nil {
		title.Put(o.Styles.Bad, widget.Format("   %v", o.liveErr))
	}
	lines := []string{title.String()}
	if !o.flows.Accounting {
		return append(lines, o.rule(width))
	}
	for _, w := range topFlows(o.flows.Flows, max(min(room-2, 8), 0)) {
		lines = append(lines, o.line(width).Text(" ").Cell(o.Styles.Text, widget.Clean(protoName(&w)), 5).
			Text(endpoint(w.Orig.Src, w.Orig.SrcPort, hasPorts(&w))+" > "+endpoint(w.Orig.Dst, w.Orig.DstPort, hasPorts(&w))).
			End(o.Styles.Strong, widget.Format("%sB/s ", short(w.Rate))).String())
	}
	return append(lines, o.rule(width))
}

// attention lists what somebody should look at, the worst first, in at most so
// many lines.
func (o *Overview) attention(width, limit int) []string {
	items := o.problemItems(tables.Error, limit)
	items = append(items, o.hostItems()...)
	items = append(items, o.problemItems(tables.Warning, limit)...)
	items = items[:min(len(items), limit)]
	head := o.line(width).Text(" ").Put(o.Styles.Strong, "ATTENTION")
	if len(items) == 0 {
		return []string{head.Put(o.Styles.Good, "  nothing").String()}
	}
	lines := []string{head.String()}
	for _, it := range items {
		lines = append(lines, o.line(width).Put(it.how, " ! ").Text(it.text).String())
	}
	return lines
}

// problemItems are the first problems of a severity.
func (o *Overview) problemItems(sev tables.Severity, limit int) []item {
	var items []item
	for _, p := range o.Desk.Problems() {
		if p.Severity == sev && len(items) < limit {
			items = append(items, item{o.Styles.Warn, widget.Clean(p.Error())})
		}
	}
	return items
}

// hostItems are what the host has to say.
func (o *Overview) hostItems() []item {
	var items []item
	if o.statusErr != nil {
		items = append(items, item{o.Styles.Bad, widget.Format("the firewall cannot be read: %v", o.statusErr)})
	}
	for _, w := range o.status.Warnings {
		items = append(items, item{o.Styles.Warn, widget.Clean(w)})
	}
	if o.status.Drift != nil && !o.status.Drift.Empty() {
		items = append(items, item{o.Styles.Warn, "the kernel does not run what was applied last (3 shows the difference)"})
	}
	if !o.flows.At.IsZero() && !o.flows.Accounting {
		items = append(items, item{o.Styles.Warn, "conntrack does not count bytes (4, then a, switches it on)"})
	}
	return items
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
	for _, k := range tables.Kinds() {
		counts = append(counts, fmt.Sprintf("%s %d", k, set.File(k).Rows()))
	}
	for pair := range slices.Chunk(counts, 3) {
		lines = append(lines, item{o.Styles.Text, widget.Clean(strings.Join(pair, "  "))})
	}
	check := item{o.Styles.Good, widget.Clean("check: " + problemsText(o.Desk.Problems()))}
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
	lines = append(lines, item{o.Styles.Text, widget.Format("iptables %s (%s)", st.Version, st.Backend)})
	if st.Current == nil {
		return append(lines, item{o.Styles.Warn, "nothing was applied yet"})
	}
	lines = append(lines, item{o.Styles.Text, widget.Format("last apply %s  %s", st.Current.When.Format("2006-01-02 15:04"), st.Current.Who)})
	switch {
	case st.Drift == nil || st.Drift.Empty():
		return append(lines, item{o.Styles.Good, "no drift since then"})
	}
	added, gone := ruleCounts(st.Drift)
	return append(lines, item{o.Styles.Warn, widget.Format("drift since then: %d rules absent, %d unexpected", added, gone)})
}
