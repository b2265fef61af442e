package page

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// attentionItem is something that somebody should look at.
type attentionItem struct {
	how  style.Style
	mark widget.Safe
	text widget.Safe
	// mend opens where it can be put right.
	mend Effect
}

// attentionList is a list of items with a selection that stays with its item.
type attentionList struct {
	items []attentionItem
	at    int
	held  bool // somebody moved: the selection stays with its item
	top   int
	page  int
}

func (l *attentionList) set(items []attentionItem) {
	was := l.selected()
	l.items = items
	if !l.held {
		return
	}
	for i := range items {
		if string(items[i].text) == was {
			l.at = i
			return
		}
	}
	l.at = max(min(l.at, len(items)-1), 0)
}

func (l *attentionList) move(k tea.KeyPressMsg, moves widget.Movement) {
	if at, ok := moves.Step(k, l.at, len(l.items), max(l.page, 1)); ok {
		l.at = max(at, 0)
		l.held = !moves.Top.Is(k)
	}
}

func (l *attentionList) open() Effect {
	if l.at >= len(l.items) {
		return Effect{}
	}
	return l.items[l.at].mend
}

func (l *attentionList) selected() string {
	if l.at >= len(l.items) {
		return ""
	}
	return string(l.items[l.at].text)
}

// lines draws the items around the selection, which is marked by ">".
func (l *attentionList) lines(s *Shared, width, room int) []string {
	l.page = max(room, 1)
	l.top = max(min(l.top, len(l.items)-l.page), 0)
	if l.at < l.top {
		l.top = l.at
	}
	if l.at >= l.top+l.page {
		l.top = l.at - l.page + 1
	}
	var out []string
	for i := l.top; i < len(l.items) && len(out) < room; i++ {
		it := &l.items[i]
		line := s.line(width)
		if i == l.at {
			line.Put(s.Styles.Selected, ">").Put(s.Styles.Selected, it.mark+" "+it.text)
		} else {
			line.Text(" ").Put(it.how, it.mark).Text(" " + it.text)
		}
		out = append(out, line.String())
	}
	return out
}

// attention lists what somebody should look at, the worst first.
func (o *Overview) attention() []attentionItem {
	items := o.problemItems(tables.Error)
	if text := o.unapplied(); text != "" && len(items) == 0 {
		items = append(items, attentionItem{o.Styles.Warn, "!", text, Effect{Go: ReviewScreen}})
	}
	items = append(items, o.hostItems()...)
	items = append(items, o.trafficItems()...)
	items = append(items, o.docker.items(o.Styles)...)
	return append(items, o.problemItems(tables.Warning)...)
}

// unapplied says what the firewall does not run yet of the tables here, and
// which key leads on; empty when it runs them, and while that is not known.
func (o *Overview) unapplied() widget.Safe {
	key := o.keyName(OverviewScreen, "A")
	staged := o.Desk.Staged()
	switch {
	case !o.known || o.statusErr != nil || o.Desk.Set() == nil, o.status.Trial != nil: // what is on trial runs
		return ""
	case o.status.Current == nil:
		return widget.Format("nothing is applied yet: %s shows what an apply would change, and applies it", key)
	case staged > 0:
		return widget.Format("%s not applied: %s shows what that changes, and applies it", o.Desk.StagedLines(), key)
	case len(o.status.Unapplied) > 0:
		var names []string
		for _, k := range o.status.Unapplied {
			names = append(names, k.String())
		}
		return widget.Format("saved, not applied: %s. %s shows what that changes, and applies it", strings.Join(names, ", "), key)
	}
	return ""
}

// maxProblemItems bounds the problems in the list; the list of problems (w)
// has them all.
const maxProblemItems = 100

// problemItems are the problems of a severity: an error blocks an apply, a
// warning tells of a shadowed row, of a row without IPv6, and the like.
func (o *Overview) problemItems(sev tables.Severity) []attentionItem {
	how, mark := o.Styles.Warn, widget.Safe("!")
	if sev == tables.Error {
		how, mark = o.Styles.Bad, "E"
	}
	var items []attentionItem
	for _, p := range o.Desk.Problems() {
		if p.Severity != sev || len(items) == maxProblemItems {
			continue
		}
		items = append(items, attentionItem{how, mark, widget.Clean(p.Error()), toPlace(&p)})
	}
	return items
}

// toPlace leads to the cell that a problem is about.
func toPlace(p *tables.Problem) Effect {
	for _, k := range tables.Kinds() {
		if k.String() == p.File && p.Line > 0 {
			return Effect{Go: PolicyScreen, Tell: ShowPlace{desk.Place{Kind: k, Line: p.Line, Cell: max(p.Cell, 0)}}}
		}
	}
	return Effect{Go: PolicyScreen}
}

// hostItems are what the firewall has to say.
func (o *Overview) hostItems() []attentionItem {
	var items []attentionItem
	add := func(how style.Style, mend Effect, format string, args ...any) {
		items = append(items, attentionItem{how, "!", widget.Format(format, args...), mend})
	}
	if o.statusErr != nil {
		add(o.Styles.Bad, say(Warn, "%s reads again; mfwtui doctor looks for what is wrong", o.keyName(OverviewScreen, "R")), "the firewall cannot be read: %v", o.statusErr)
	}
	if c := o.status.Current; c != nil && c.Damaged != nil {
		add(o.Styles.Bad, Effect{Go: ReviewScreen}, "the next boot cannot load the confirmed rules: %v; an apply writes them anew", c.Damaged)
	}
	if d := o.status.Drift; d != nil && !d.Empty() {
		add(o.Styles.Warn, Effect{Go: ReviewScreen}, "the kernel does not run what was applied last: %s", lowerFirst(words.Difference(d)))
		for _, h := range d.Hooks {
			add(o.Styles.Bad, say(Info, "%s moves our hooks back to where they work", o.keyName(OverviewScreen, "H")), "the jump from %s to %s (%s) %s", h.From, h.To, h.Family, h.Why)
		}
	}
	for _, w := range o.status.Warnings {
		add(o.Styles.Warn, say(Info, "mfwtui doctor, at a shell prompt, says what to do about it"), "%s", w)
	}
	for _, who := range []struct {
		name        string
		added, gone int
	}{{"Docker", o.foreign.Docker.Added, o.foreign.Docker.Gone}, {"others", o.foreign.Foreign.Added, o.foreign.Foreign.Gone}} {
		if who.added+who.gone > 0 {
			add(o.Styles.Warn, Effect{Go: CountersScreen}, "%s changed rules beside ours since %s: %s", who.name, o.foreign.Since.Format("01-02 15:04"), changeText(who.added, who.gone))
		}
	}
	return items
}

// nearlyFull is the share of conntrack that leaves little room: when it is
// full, new connections are dropped.
const nearlyFull = 0.8

// trafficItems are what keeps the live screens from telling more.
func (o *Overview) trafficItems() []attentionItem {
	var items []attentionItem
	add := func(how style.Style, mend Effect, format string, args ...any) {
		items = append(items, attentionItem{how, "!", widget.Format(format, args...), mend})
	}
	t := &o.traffic
	switch {
	case o.trafficErr != nil:
		add(o.Styles.Bad, Effect{Go: FlowsScreen}, "the interfaces cannot be read: %v", o.trafficErr)
	case t.FlowsErr != nil:
		add(o.Styles.Bad, Effect{Go: FlowsScreen}, "the connections cannot be read: %v", t.FlowsErr)
	case t.Max > 0 && float64(t.Flows) > nearlyFull*float64(t.Max):
		add(o.Styles.Bad, Effect{Go: FlowsScreen}, "conntrack is nearly full: %d of %d; when it is, new connections are dropped", t.Flows, t.Max)
	}
	if o.countersErr != nil {
		add(o.Styles.Bad, Effect{Go: CountersScreen}, "the counters cannot be read: %v", o.countersErr)
	}
	if !t.At.IsZero() && t.FlowsErr == nil && !t.Accounting {
		add(o.Styles.Warn, Effect{Go: FlowsScreen}, "conntrack counts no bytes, so flows show no rates: %s, then %s, switches it on", o.keyName(Stay, "4"), o.keyName(FlowsScreen, "a"))
	}
	return items
}

// changeText is "+2", "-1" or "+2 -1".
func changeText(added, gone int) string {
	switch {
	case gone == 0:
		return fmt.Sprintf("+%d", added)
	case added == 0:
		return fmt.Sprintf("-%d", gone)
	}
	return fmt.Sprintf("+%d -%d", added, gone)
}

// lowerFirst is a sentence in the middle of another one.
func lowerFirst(s string) string {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return s
	}
	return string(s[0]+'a'-'A') + s[1:]
}
