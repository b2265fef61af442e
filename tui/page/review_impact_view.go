package page

import (
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// lay gives the list its parts. Their lines are made when they are drawn.
func (p *impact) lay() {
	p.parts = nil
	if n := p.groups.Len(); n > 0 {
		p.parts = append(p.parts, impactPart{p.flowHead, n, p.flowLine})
	}
	if p.Policy != nil {
		p.layPolicy()
	}
	p.size = 0
	for _, part := range p.parts {
		p.size += part.size
	}
	p.at = max(min(p.at, p.size-1), 0)
	p.view.Set(p.source())
}

// layPolicy adds the sets of packets, and what could not be judged.
func (p *impact) layPolicy() {
	kinds := words.SetKinds(p.Policy)
	if n := len(kinds[0].Sets) + len(kinds[1].Sets) + len(kinds[2].Sets); n > 0 {
		p.parts = append(p.parts, impactPart{p.setHead, n, func(i int) widget.DiffLine { return setLine(kinds, i) }})
	}
	if doubts := p.Policy.Doubts; len(doubts) > 0 {
		head := func() widget.Safe { return " NOT JUDGED: these rules depend on what no packet shows" }
		line := func(i int) widget.DiffLine { return widget.DiffLine{Mark: '!', Text: widget.Clean(doubts[i])} }
		p.parts = append(p.parts, impactPart{head, len(doubts), line})
	}
}

// source is the list for its view.
func (p *impact) source() widget.DiffSource {
	src := widget.DiffSource{Line: p.entry}
	for _, part := range p.parts {
		src.Heads = append(src.Heads, src.Len)
		src.Len += part.size + 1
	}
	return src
}

// entry is a line of the list: a heading or an entry.
func (p *impact) entry(i int) widget.DiffLine {
	first := 0
	for _, part := range p.parts {
		if i == 0 {
			return widget.DiffLine{Mark: '@', Text: part.head()}
		}
		if i--; i < part.size {
			l := part.line(i)
			l.Lit = first+i == p.at
			return l
		}
		i, first = i-part.size, first+part.size
	}
	return widget.DiffLine{Mark: ' '}
}

// impactWide is from which width on a flow shows its zones and what it is
// today.
const impactWide = 100

// fateWords are the words for a fate.
var fateWords = map[engine.Fate]string{engine.Cut: "CUT", engine.Grandfathered: "GRAND", engine.Opens: "OPENS"}

func (p *impact) flowHead() widget.Safe {
	if p.width < impactWide {
		return widget.Format("  %-5s %-4s %-*s %s", "WHAT", "P", p.endsWidth(), "FLOW", "AFTER, AS NEW")
	}
	return widget.Format("  %-5s %-4s %-*s %-12s %-16s %s", "WHAT", "P", p.endsWidth(), "FLOW", "PATH", "TODAY", "AFTER, AS NEW")
}

// endsWidth is the room for the ends of a flow.
func (p *impact) endsWidth() int {
	if p.width < impactWide {
		return max(p.width*46/80, 20)
	}
	return 43 + (p.width-impactWide)/4
}

func (p *impact) flowLine(i int) widget.DiffLine {
	t := p.groups.At(i)
	ends := widget.Clean(words.TouchedPath(&t)).CutMiddle(p.endsWidth(), p.Styles.Glyphs.Ellipsis)
	l := widget.DiffLine{Mark: fateMark(t.Fate)}
	if p.width < impactWide {
		l.Text = widget.Format("%-5s %-4s %-*s %s", fateWords[t.Fate], words.Protocol(&t.Flow), p.endsWidth(), string(ends), shortVerdict(t.After))
		return l
	}
	l.Text = widget.Format("%-5s %-4s %-*s %-12s %-16s %s", fateWords[t.Fate], words.Protocol(&t.Flow), p.endsWidth(), string(ends), t.From+">"+t.To, shortVerdict(t.Before), t.After)
	return l
}

// shortVerdict is a verdict where there is little room.
func shortVerdict(words string) string {
	for _, short := range [...][2]string{{"accept by ", "acc "}, {"reject by ", "rej "}, {"drop by ", "drop "}} {
		if by, ok := strings.CutPrefix(words, short[0]); ok {
			return short[1] + strings.TrimPrefix(by, "the ")
		}
	}
	return words
}

func (p *impact) setHead() widget.Safe {
	if p.Policy.More {
		return "  NEW CONNECTIONS, every one that changes (the list was cut)"
	}
	return "  NEW CONNECTIONS, every one that changes"
}

func setLine(kinds []words.SetKind, i int) widget.DiffLine {
	for _, k := range kinds {
		if i < len(k.Sets) {
			s := &k.Sets[i]
			return widget.DiffLine{Mark: k.Mark, Text: widget.Format("%-13s %-5s %s", k.Name, words.Families(s), s)}
		}
		i -= len(k.Sets)
	}
	return widget.DiffLine{Mark: ' '}
}

// title is what the tab is called.
func (p *impact) title() widget.Safe {
	if p.Flows == nil {
		return "impact"
	}
	return widget.Format("impact %d", p.Flows.Touched.Len())
}

// place says which entry is selected.
func (p *impact) place() widget.Safe {
	if p.size == 0 {
		return ""
	}
	return widget.Format("%d of %d", p.at+1, p.size)
}

// verdictWords name what becomes of new connections: allowed, denied, redirected.
type verdictWords [3]widget.Safe

// verdictNames are the same in ever fewer cells; the last are the signs of the
// list of the impact.
var verdictNames = [...]verdictWords{
	{"%d newly allowed", " %d newly denied", " %d redirected"},
	{"%d allowed", " %d denied", " %d redirected"},
	{"new +%d", " -%d", " ~%d"},
}

// summary is the line that every tab of Review has, in the longest words that
// fit; empty when nothing changes.
func (p *impact) Summary(width int) []string {
	if !p.known() {
		return nil
	}
	var l *widget.Line
	for _, words := range verdictNames {
		l = p.line(width).Put(p.Styles.Strong, " IMPACT   ")
		p.flowSummary(l)
		l.Put(p.Styles.Dim, " | ")
		p.policySummary(l, words)
		if l.Left() > 0 {
			break
		}
	}
	return []string{l.String()}
}

func (p *impact) flowSummary(l *widget.Line) {
	switch {
	case p.FlowErr != nil:
		l.Put(p.Styles.Bad, widget.Format("flows not judged: %v", p.FlowErr))
	case p.Flows == nil:
		l.Put(p.Styles.Dim, "judging the flows ...")
	default:
		p.putCount(l, p.Styles.Bad, p.counts[engine.Cut], "%d cut ")
		p.putCount(l, p.Styles.Warn, p.counts[engine.Grandfathered], "%d grandfathered ")
		p.putCount(l, p.Styles.Good, p.counts[engine.Opens], "%d open")
	}
}

func (p *impact) policySummary(l *widget.Line, words verdictWords) {
	switch {
	case p.PolicyErr != nil:
		l.Put(p.Styles.Bad, widget.Format("new connections not judged: %v", p.PolicyErr))
	case p.Policy == nil:
		l.Put(p.Styles.Dim, "judging new connections ...")
	case p.Policy.Empty():
		l.Text("no new connection gets another verdict")
	default:
		p.putCount(l, p.Styles.Warn, len(p.Policy.Allowed), words[0])
		p.putCount(l, p.Styles.Warn, len(p.Policy.Denied), words[1])
		if n := len(p.Policy.Redirected); n > 0 {
			l.Text(widget.Format(string(words[2]), n))
		}
	}
}

// putCount writes a number in its words, plain when it is none.
func (p *impact) putCount(l *widget.Line, how style.Style, n int, words widget.Safe) {
	if n == 0 {
		how = style.Style{}
	}
	l.Put(how, widget.Format(string(words), n))
}

// render draws the head, the list, what is selected, and the choice about the
// grandfathered flows.
func (p *impact) render(width, height int) []string {
	if !p.known() {
		return widget.Fit([]string{p.line(width).Text(" nothing changes, so there are no consequences").String()}, height)
	}
	lines := p.head(width)
	foot := p.foot(width)
	if height < 12 {
		foot = foot[len(foot)-1:]
	}
	room := max(height-len(lines)-len(foot), 0)
	p.width, p.page, p.top = width, max(room, 1), len(lines)
	if p.size > 0 {
		lines = append(lines, p.view.Render(width, room, p.Styles)...)
	} else {
		lines = append(lines, widget.Fit(nil, room)...)
	}
	return widget.Fit(append(lines, foot...), height)
}

// head says how many flows were judged, and what becomes of one's own.
func (p *impact) head(width int) []string {
	l := p.line(width).Text(" ")
	switch {
	case p.FlowErr != nil, p.Flows == nil:
		p.flowSummary(l)
		return []string{l.String()}
	}
	p.putCount(l, p.Styles.Bad, p.counts[engine.Cut], "%d cut     ")
	p.putCount(l, p.Styles.Warn, p.counts[engine.Grandfathered], "%d grandfathered     ")
	p.putCount(l, p.Styles.Good, p.counts[engine.Opens], "%d newly open     ")
	lines := []string{l.Text(widget.Format("of %s", words.Plural(p.Flows.Judged, "flow"))).String()}
	o := p.Flows.Own
	if o == nil {
		return append(lines, p.line(width).Put(p.Styles.Dim, " your own connection is not known").String())
	}
	how := p.Styles.Good
	if !o.GoesOn || !o.Reopens {
		how = p.Styles.Bad
	}
	return append(lines,
		p.line(width).Text(" ").Put(how, widget.Format("your SSH %s: %s; %s: %s", words.GoesOn(o), o.Open, words.Reopens(o), o.New)).String(),
		p.line(width).Text(widget.Format(" SSH %s", o.OtherFamily)).String())
}

// foot is what the selected entry is in full, and the choice.
func (p *impact) foot(width int) []string {
	lines := []string{p.rule(width)}
	switch t, set := p.selected(); {
	case t != nil:
		lines = append(lines,
			p.line(width).Text(widget.Format(" %s %s  %s > %s", words.Protocol(&t.Flow), words.TouchedPath(t), t.From, t.To)).String(),
			p.line(width).Text(widget.Format(" today %s; afterwards, as new: %s", t.Before, t.After)).String())
	case set != nil:
		lines = append(lines,
			p.line(width).Text(widget.Format(" %s %s", words.Families(set), set)).String(),
			p.line(width).Text(widget.Format(" was %s; then %s", set.Before, set.After)).String())
	}
	return append(lines, p.line(width).Text(" ").Text(p.choice()).String())
}

// choice is the line about the grandfathered flows.
func (p *impact) choice() widget.Safe {
	box := "[ ]"
	if p.end {
		box = "[x]"
	}
	n := p.counts[engine.Grandfathered]
	switch {
	case len(p.ending) == 0:
		return "GRAND: goes on only because it is open. None can be ended after the confirm"
	case len(p.ending) < n:
		return widget.Format("%s x  after the confirm end %d of the %d grandfathered flows too", box, len(p.ending), n)
	}
	return widget.Format("%s x  after the confirm end the %s too", box, words.Plural(n, "grandfathered flow"))
}

// fateMark is the sign of a fate.
func fateMark(f engine.Fate) byte {
	switch f {
	case engine.Cut:
		return '-'
	case engine.Opens:
		return '+'
	}
	return '~'
}
