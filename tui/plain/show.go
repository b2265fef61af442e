package plain

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/find"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// overview says how things stand.
func (s *session) overview([]string) error {
	s.say("Host %s.", s.backend.Host())
	if s.trial.pending() {
		s.say("NEW RULES ARE ON TRIAL: %s until the old ones come back.", seconds(s.left()))
	}
	s.tables()
	s.sayStatus()
	s.sayTraffic()
	return nil
}

func (s *session) sayStatus() {
	m := answer[desk.StatusMsg](s.calls.Status(&s.ask))
	if m.Err != nil {
		s.say("The firewall cannot be read: %v.", m.Err)
		return
	}
	st := &m.Value
	s.say("Firewall: iptables %s, %s.", st.Version, st.Backend)
	switch {
	case st.Current == nil:
		s.say("Nothing was applied yet.")
		return
	case s.trial.pending(): // the difference is the trial
	case st.Drift == nil || st.Drift.Empty():
		s.say("The kernel runs what was applied last.")
	default:
		s.say("Attention: the kernel does not run what was applied last. review says what differs from the tables.")
	}
	s.say("Last apply: %s by %s.", st.Current.When.Format("2006-01-02 15:04"), st.Current.Who)
	if f := answer[desk.ForeignMsg](s.calls.ForeignDrift(&s.ask)); f.Err == nil {
		s.sayForeign("Docker", f.Value.Docker)
		s.sayForeign("Others", f.Value.Foreign)
	}
	for _, w := range st.Warnings {
		s.say("Attention: %s.", w)
	}
}

func (s *session) sayForeign(who string, c engine.RuleChange) {
	if c.Added+c.Gone > 0 {
		s.say("Attention: since then %s added %s and removed %d.", who, words.Plural(c.Added, "rule"), c.Gone)
	}
}

func (s *session) sayTraffic() {
	m := answer[desk.TrafficMsg](s.calls.Traffic(&s.ask))
	if m.Err != nil {
		s.say("The interfaces cannot be read: %v.", m.Err)
		return
	}
	t := &m.Value
	if cfg := s.desk.Config(); cfg != nil {
		s.sayZones(cfg, t)
	}
	switch {
	case t.FlowsErr != nil:
		s.say("The connections cannot be read: %v.", t.FlowsErr)
	default:
		s.say("Connections: %d of %d.", t.Flows, t.Max)
		if !t.Accounting {
			s.say("Attention: the kernel does not count the bytes of connections.")
		}
	}
}

func (s *session) sayZones(cfg *tables.Config, t *engine.TrafficSnapshot) {
	if !t.Rated {
		s.say("Rates are known from the second look on.")
	}
	for _, z := range desk.ZoneRates(cfg, t) {
		if !t.Rated {
			s.say("Zone %s, interfaces %s.", z.Zone, z.Interfaces)
			continue
		}
		s.say("Zone %s, interfaces %s: in %s, out %s per second, %.1f new connections per second.", z.Zone, z.Interfaces, size(z.In), size(z.Out), z.New)
	}
}

// size is a number of bytes in words.
func size(n float64) string {
	units := []string{"bytes", "kilobytes", "megabytes", "gigabytes", "terabytes"}
	u := 0
	for n >= 1000 && u < len(units)-1 {
		n /= 1000
		u++
	}
	if u == 0 {
		return fmt.Sprintf("%.0f %s", n, units[u])
	}
	return fmt.Sprintf("%.1f %s", n, units[u])
}

// maxFlows is how many connections a list says.
const maxFlows = 100

// flows says the busiest connections.
func (s *session) flows(words []string) error {
	m := answer[desk.LiveFlowsMsg](s.calls.LiveFlows(&s.ask))
	if m.Err != nil && m.Value.At.IsZero() {
		s.say("The connections cannot be read: %v.", m.Err)
		return nil
	}
	if m.Err != nil {
		s.say("Which rows admit the connections is not known: %v.", m.Err)
	}
	flows := m.Value.Flows
	sieve := find.Flows(s.desk, &m.Value, strings.Join(words, " "), func(i int) string {
		f := flows.At(i)
		return flowWords(&f)
	})
	if s.sayUnread(sieve) {
		return nil
	}
	var kept []int
	for i := range flows.Len() {
		if sieve.Keep(i) {
			kept = append(kept, i)
		}
	}
	slices.SortStableFunc(kept, func(a, b int) int { return cmp.Compare(flows.Rate(b), flows.Rate(a)) })
	s.say("%s, the busiest first.", countOf(len(kept), flows.Len(), "connection"))
	if !m.Value.Accounting {
		s.say("The kernel does not count their bytes, so their order says nothing.")
	}
	var lines []widget.Safe
	for _, i := range kept[:min(len(kept), maxFlows)] {
		f := flows.At(i)
		lines = append(lines, widget.Clean(flowWords(&f)))
	}
	s.rest = nil
	if len(lines) > pageLines {
		lines, s.rest = lines[:pageLines], lines[pageLines:]
	}
	for _, l := range lines {
		s.line(l)
	}
	s.sayRest()
	return nil
}

// flowWords is a connection as a line.
func flowWords(f *engine.Flow) string {
	proto := ruleset.ProtocolName(f.Proto)
	if _, err := strconv.Atoi(proto); err == nil {
		proto = "protocol " + proto
	}
	text := fmt.Sprintf("%s from %s to %s, %s", proto, endWords(f, f.Orig.Src, f.Orig.SrcPort), endWords(f, f.Orig.Dst, f.Orig.DstPort), strings.ToLower(f.State))
	if f.DstNAT {
		text += ", sent on to " + endWords(f, f.Reply.Src, f.Reply.SrcPort)
	}
	if f.Rate > 0 {
		text += ", " + size(f.Rate) + " per second"
	}
	return text
}

func endWords(f *engine.Flow, a netip.Addr, port uint16) string {
	if f.Proto != ruleset.TCP && f.Proto != ruleset.UDP {
		return a.String()
	}
	return fmt.Sprintf("%s port %d", a, port)
}

// counters says what each row has counted.
func (s *session) counters(words []string) error {
	m := answer[desk.CountersMsg](s.calls.Counters(&s.ask))
	if m.Err != nil {
		s.say("The counters cannot be read: %v.", m.Err)
		return nil
	}
	rows := m.Value.Rows
	say := func(i int) string { return counterWords(&rows[i]) }
	s.sifted(find.Counters(s.desk, rows, strings.Join(words, " "), say), len(rows), "Packets by row", "row", say)
	return nil
}

func counterWords(r *engine.RowCounter) string {
	name := r.Row.Name
	if r.Row.Line > 0 {
		name = fmt.Sprintf("%s row %d, %s", r.Row.Kind, r.Row.Line, r.Text)
	}
	return fmt.Sprintf("%s: %d in IPv4, %d in IPv6, %.1f per second", name, r.V4.Packets, r.V6.Packets, r.Rate)
}

// history says every apply, refusal and boot, the latest first.
func (s *session) history(words []string) error {
	m := answer[desk.HistoryMsg](s.calls.History(&s.ask))
	if m.Err != nil {
		s.say("The history cannot be read: %v.", m.Err)
		return nil
	}
	say := func(i int) string { return pastWords(&m.Value[i]) }
	s.sifted(find.Past(s.desk, m.Value, strings.Join(words, " "), say), len(m.Value), "History, the latest first", "event", say)
	return nil
}

// pastWords is an entry of the history in one line.
func pastWords(g *engine.Generation) string {
	text := g.When.Format("2006-01-02 15:04:05")
	switch g.Event {
	case engine.Booted:
		text += ": boot"
	case engine.Refused:
		text += fmt.Sprintf(" by %s: refused", g.Who)
	default:
		text += fmt.Sprintf(" by %s: %s after %s", g.Who, g.Result, words.Plural(int(g.Took.Round(time.Second).Seconds()), "second"))
	}
	if g.By != "" && g.By != g.Who {
		text += " by " + g.By
	}
	if g.Changes != nil {
		text += ", " + words.Plural(g.Changes.Rows, "row")
	}
	if g.Reason != "" {
		text += ", " + g.Reason
	}
	return text
}

// columns is what stands between the columns of a table; a screen reader says a
// comma.
var columns = regexp.MustCompile(` {2,}`)

// explain walks a packet through the tables on disk.
func (s *session) explain(words []string) error {
	switch {
	case s.Explain == nil:
		s.say("explain is not possible here.")
		return nil
	case len(words) == 0:
		s.say("Write from where, to where, and what, for example: explain 203.0.113.9 198.51.100.4 tcp/443. Words may follow as in mfwtui explain.")
		return nil
	}
	if len(s.desk.Dirty()) > 0 {
		s.say("What is not saved is not looked at.")
	}
	var out strings.Builder
	err := s.Explain(s.ctx, words, &out)
	for line := range strings.Lines(out.String()) {
		s.say("%s", columns.ReplaceAllString(strings.TrimSpace(line), ", "))
	}
	if err != nil {
		s.say("Not explained: %v.", err)
	}
	return nil
}
