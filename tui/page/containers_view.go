package page

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// The columns of the containers.
const (
	containerCol = iota
	containerStateCol
	containerNetworkCol
	containerAddressCol
	publishedCol
	containerPortCol
	exposureCol
	reachCol
)

func newContainerTable() *widget.Table[containerKey] {
	return widget.NewTable[containerKey](
		widget.Column{Title: "CONTAINER", Width: 11, Grow: 1},
		widget.Column{Title: "STATE", Width: 8, Rank: 2, Bare: true},
		widget.Column{Title: "NETWORK", Width: 11, Rank: 3, Bare: true},
		widget.Column{Title: "ADDRESS", Width: 15, Rank: 1, Middle: true, Bare: true},
		widget.Column{Title: "PUBLISHED", Width: 14, Middle: true, Bare: true},
		widget.Column{Title: "PORT", Width: 9, Bare: true},
		widget.Column{Title: "", Width: 1, Unsorted: true, Bare: true},
		widget.Column{Title: "REACHABLE FROM, BY", Width: 21, Grow: 4, Bare: true},
	)
}

func (l *containerList) source() widget.Source[containerKey] {
	rows := l.rows
	return widget.Source[containerKey]{
		Len:     len(rows),
		Key:     func(i int) containerKey { return rows[i].key() },
		Cell:    func(i, col int) (widget.Safe, style.Style) { return l.cell(&rows[i], col) },
		Compare: func(i, j, col int) int { return compareContainers(&rows[i], &rows[j], col) },
	}
}

func (l *containerList) cell(r *containerRow, col int) (widget.Safe, style.Style) {
	switch col {
	case containerCol:
		return widget.Clean(r.Name), l.Styles.Text
	case containerStateCol:
		return widget.Clean(r.State), l.Styles.Dim
	case containerNetworkCol:
		return widget.Clean(r.networkWords()), l.Styles.Text
	case containerAddressCol:
		return widget.Clean(r.addressWords()), l.Styles.Text
	}
	switch {
	case r.port != nil:
	case col == reachCol && r.State != "running":
		return "the container does not run", l.Styles.Dim
	case col == reachCol:
		return "publishes no port", l.Styles.Dim
	case col == exposureCol:
		return "", l.Styles.Dim
	default:
		return "-", l.Styles.Dim
	}
	mark, how := l.exposure(r.port.Exposure)
	switch col {
	case publishedCol:
		return widget.Clean(r.port.Host.String()), l.Styles.Text
	case containerPortCol:
		return widget.Clean(r.portWords()), l.Styles.Text
	case exposureCol:
		return mark, how
	}
	return widget.Clean(strings.TrimPrefix(r.port.String(), reachableFrom)), how
}

// reachableFrom begins the verdict on a port that a row lets some reach; the
// column has it as its title.
const reachableFrom = "reachable from: "

// The signs of the ports that want attention.
const (
	unfilteredSign  = "!"
	unreachableSign = "x"
)

// exposure is the sign of an exposure, and its style.
func (l *containerList) exposure(e engine.Exposure) (widget.Safe, style.Style) {
	switch e {
	case engine.Unfiltered:
		return unfilteredSign, l.Styles.Bad
	case engine.Unreachable:
		return unreachableSign, l.Styles.Warn
	case engine.Reachable:
		return " ", l.Styles.Text
	}
	return " ", l.Styles.Dim
}

// networkWords are the networks of a container, or what it has instead.
func (r *containerRow) networkWords() string {
	var names []string
	for i := range r.Networks {
		names = append(names, r.Networks[i].Name)
	}
	return cmp.Or(r.Mode, strings.Join(names, " "), "-")
}

// addressWords is the address to which the port leads, and how many others the
// container has.
func (r *containerRow) addressWords() string {
	list := r.addresses()
	if len(list) == 0 {
		return "-"
	}
	at := 0
	if r.port != nil {
		at = max(slices.IndexFunc(list, func(a netip.Addr) bool { return a.Is4() == r.port.Host.Addr().Is4() }), 0)
	}
	if len(list) == 1 {
		return list[at].String()
	}
	return fmt.Sprintf("%s +%d", list[at], len(list)-1)
}

func (r *containerRow) portWords() string {
	return fmt.Sprintf("%d/%s", r.port.Container, words.Protocol(&engine.Flow{Proto: r.port.Proto}))
}

// exposureOrder puts first what somebody should look at.
var exposureOrder = []engine.Exposure{engine.Unfiltered, engine.Unreachable, engine.Reachable, engine.HostOnly, engine.NotRunning}

func compareContainers(a, b *containerRow, col int) int {
	switch col {
	case containerStateCol:
		return cmp.Compare(a.State, b.State)
	case containerNetworkCol:
		return cmp.Compare(a.networkWords(), b.networkWords())
	case containerAddressCol:
		return slices.CompareFunc(a.addresses(), b.addresses(), netip.Addr.Compare)
	case containerCol:
		return cmp.Compare(a.Name, b.Name)
	}
	switch { // those without a port come last
	case a.port == nil && b.port == nil:
		return 0
	case a.port == nil:
		return 1
	case b.port == nil:
		return -1
	}
	switch col {
	case publishedCol:
		return cmp.Or(cmp.Compare(a.port.Host.Port(), b.port.Host.Port()), a.port.Host.Compare(b.port.Host))
	case containerPortCol:
		return cmp.Or(cmp.Compare(a.port.Container, b.port.Container), cmp.Compare(a.port.Proto, b.port.Proto))
	}
	return cmp.Or(cmp.Compare(slices.Index(exposureOrder, a.port.Exposure), slices.Index(exposureOrder, b.port.Exposure)),
		cmp.Compare(a.port.String(), b.port.String()))
}

// render draws the list under its heads, and below it the selected container.
func (l *containerList) render(heads []string, width, height int) View {
	lines := heads
	found, cursor := l.filter.lines(l.Shared, width, l.filter.count(l.table, "line"))
	if cursor != nil {
		cursor.Y = len(lines)
	}
	lines = append(lines, found...)
	l.top = len(lines)
	detail := l.detail(width)
	detail = detail[:min(len(detail), max((height-len(lines))/2, 0))]
	lines = append(lines, l.table.Render(width, height-len(lines)-len(detail), l.Styles)...)
	return View{Lines: widget.Fit(append(lines, detail...), height), Cursor: cursor}
}

// detail is the selected container: the port and who reaches it, the networks,
// and the rules that Docker wrote for it.
func (l *containerList) detail(width int) []string {
	r := l.selected()
	if r == nil {
		return nil
	}
	head := l.line(width).Text(" ").Put(l.Styles.Strong, widget.Clean(r.Name)).Text(widget.Clean("  " + r.State))
	if r.ID != "" {
		head.Put(l.Styles.Dim, widget.Format("  %.12s", r.ID))
	}
	if r.Mode != "" {
		head.Text(widget.Format("  network mode %s", r.Mode))
	}
	lines := []string{l.rule(width), head.String()}
	if r.port != nil {
		_, how := l.exposure(r.port.Exposure)
		text := widget.Format("port %s > %s  %s", r.port.Host, r.portWords(), r.port)
		for _, part := range text.Wrap(width - 2) {
			lines = append(lines, l.line(width).Text(" ").Put(how, part).String())
		}
	}
	for i := range r.Networks {
		lines = append(lines, l.line(width).Text(" ").Text(networkText(&r.Networks[i])).String())
	}
	return append(lines, l.ruleLines(r, width)...)
}

// networkText is the place of a container in a network.
func networkText(n *engine.ContainerNetwork) widget.Safe {
	var addrs []string
	for _, a := range []netip.Addr{n.V4, n.V6} {
		if a.IsValid() {
			addrs = append(addrs, a.String())
		}
	}
	where := "the rules of this host do not see it"
	switch {
	case n.Bridge != "" && n.Zone != "":
		where = "bridge " + n.Bridge + ", zone " + n.Zone
	case n.Bridge != "":
		where = "bridge " + n.Bridge + ", in no zone"
	}
	return widget.Format("network %s  %s  %s", n.Name, strings.Join(addrs, " "), where)
}

// ruleLines are the rules in Docker's chains that are about a container, each
// with its counters.
func (l *containerList) ruleLines(r *containerRow, width int) []string {
	rules := joinFamilies(l.rulesOf(r))
	if len(rules) == 0 {
		return nil
	}
	lines := []string{l.line(width).Put(l.Styles.Dim, " Docker's rules for it, only read here").End(l.Styles.Dim, "V4    V6 ").String()}
	for i := range rules {
		c := &rules[i]
		line := l.line(width).Put(l.Styles.Dim, widget.Format(" %s %s %d  ", c.table, c.chain, c.index))
		text, counts := widget.Clean(shortRule(c.text)), ruleCountWords(c)
		lines = append(lines, line.Text(text.Cut(line.Left()-counts.Width()-1, l.Styles.Glyphs.Ellipsis)).End(l.Styles.Text, counts).String())
	}
	return lines
}

// rulesOf are the rules in Docker's chains that are about a container.
func (l *containerList) rulesOf(r *containerRow) []engine.ChainCounter {
	var of []engine.ChainCounter
	for i := range l.counts.Chains {
		if c := &l.counts.Chains[i]; c.Container == r.Name {
			of = append(of, *c)
		}
	}
	return of
}

// nativeTable is the table of nftables that Docker's rules about a container are
// in; empty where it writes iptables, whose tables share them.
func (l *containerList) nativeTable(r *containerRow) string {
	if slices.ContainsFunc(l.rulesOf(r), func(c engine.ChainCounter) bool { return c.Table == ruleset.DockerBridges }) {
		return ruleset.DockerBridges
	}
	return ""
}

// ruleCountWords are the packets of a rule in both families; a dash for one that
// does not have it.
func ruleCountWords(r *chainRow) widget.Safe {
	one := func(c *engine.ChainCounter) string {
		if c == nil || c.Uncounted() {
			return "-"
		}
		return short(float64(c.Count.Packets))
	}
	return widget.Format("%5s %5s ", one(r.v4), one(r.v6))
}

// hookLines say where the hooks of the forward chain stand, and what is wrong
// with any hook.
func (w *containerWatch) hookLines(s *Shared, width int) []string {
	var places []string
	var wrong []string
	for _, h := range w.view.Hooks {
		switch {
		case h.Why != "":
			wrong = append(wrong, s.line(width).Put(s.Styles.Bad, widget.Clean(" ! "+h.String())).End(s.Styles.Key, "H puts it right ").String())
		case h.Table == ruleset.Filter && h.To == ruleset.RootForward:
			places = append(places, fmt.Sprintf("%s in %s, first", h.Family, h.From))
		}
	}
	switch {
	case len(w.view.Hooks) == 0:
		places = []string{"none known"} // nothing was applied, or a warning says more
	case len(places) == 0:
		return wrong
	}
	return append([]string{s.line(width).Put(s.Styles.Dim, " our hook  ").Text(widget.Clean(strings.Join(places, "   "))).String()}, wrong...)
}

// heads are the lines above the list of containers; without Docker they are all
// there is.
func (w *containerWatch) heads(s *Shared, width int) []string {
	v := &w.view
	switch {
	case w.viewErr != nil:
		return []string{s.line(width).Put(s.Styles.Bad, widget.Format(" the containers cannot be read: %v", w.viewErr)).String()}
	case v.At.IsZero():
		return []string{s.line(width).Put(s.Styles.Dim, " asking Docker ...").String()}
	case v.Absent != "":
		return []string{s.line(width).Text(" " + widget.Clean(v.Absent)).String()}
	}
	head := s.line(width).Put(s.Styles.Strong, " CONTAINERS").
		Text(widget.Format("  %d, of Docker %s, which writes %s rules", len(v.Containers), v.Version, v.Firewall))
	return append([]string{head.String()}, w.hookLines(s, width)...)
}
