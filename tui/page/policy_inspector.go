package page

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// inspector is what the page knows of the rows beside their text, and what it
// asked the engine for that.
type inspector struct {
	known     figures
	used      knownUses
	compiling desk.Request
	tried     *tables.Set // that was compiled last, with or without success
	failed    error       // why that gave nothing
	hits      hitsReading
	// seen says that the page was shown: before, nothing needs compiling.
	seen bool
}

// hitsReading is the reading of the counters.
type hitsReading struct {
	ask   desk.Request
	since time.Time // when it was asked for
	next  time.Time // when the next one is due
	err   error
}

// compile asks for the kernel rules of the tables as edited, once they were
// checked without errors. One compile is under way at a time; what was edited
// meanwhile is compiled when it is done.
func (p *Policy) compile() tea.Cmd {
	set := p.Desk.Set()
	if !p.seen || set == nil || p.tried == set || p.compiling.Busy() || !p.Desk.Checked() || p.Desk.Problems().HasErrors() {
		return nil
	}
	p.tried = set
	return p.Calls.Compile(&p.compiling, set)
}

// takeCompiled takes what the tables compile to. When they do not, what was
// known before is kept: it is still true of the rows that were not touched.
func (p *Policy) takeCompiled(m desk.CompiledMsg) Effect {
	if !p.compiling.Done(m.N) {
		return Effect{}
	}
	p.failed = m.Err
	if m.Err == nil {
		p.Desk.TakeCompiled(m.Set, m.Problems)
	}
	if m.Rows != nil {
		p.known.compiled = m.Rows
	}
	p.refresh()
	return Effect{Cmd: p.compile()}
}

// Reading the counters of a large ruleset is work for the host, so a reading is
// followed by a pause: hitsEvery, and longer after a slow one.
const (
	hitsEvery = 5 * time.Second
	hitsPause = 10 // times what a reading took
)

// readHits asks what the rows counted, when it is time to.
func (p *Policy) readHits() tea.Cmd {
	now := p.Now()
	if p.hits.ask.Busy() || now.Before(p.hits.next) {
		return nil
	}
	p.hits.since = now
	return p.Calls.Hits(&p.hits.ask, p.known.hits)
}

func (p *Policy) takeHits(m desk.HitsMsg) {
	if !p.hits.ask.Done(m.N) {
		return
	}
	now := p.Now()
	p.hits.next = now.Add(max(hitsEvery, hitsPause*now.Sub(p.hits.since)))
	if p.hits.err = m.Err; m.Err == nil {
		p.known.hits = m.Value
		p.refresh()
	}
}

// flowsColumn is where the flows stand behind the hits: texts that shift make the
// renderer delete characters, which a vt100 cannot.
const flowsColumn = 56

// summary says in two lines what is known of the selected row.
func (p *Policy) Summary(width int) []string {
	at, ok := p.place()
	if !ok {
		return nil
	}
	st := p.Styles
	if compiles(at.Kind) {
		line := p.Desk.Set().File(at.Kind).Line(at.Line)
		first := p.line(width).Put(st.Dim, " compiles to  ")
		if row := p.known.compiled.Of(line); row == nil || line.Disabled {
			first.Text(p.unknown(line))
		} else {
			v4, v6 := p.compilesTo(line, row, ruleset.V4), p.compilesTo(line, row, ruleset.V6)
			if v4 == v6 {
				first.Text("v4 and v6 each: " + v4)
			} else {
				first.Text("v4: " + v4 + "   v6: " + v6)
			}
		}
		hits := p.line(width).Put(st.Dim, " hits         ").Text(p.hitsOf(line))
		if flows, ok := p.flowsOf(line); ok {
			hits.To(flowsColumn).Text("   now " + flows)
		}
		return []string{first.String(), hits.String()}
	}
	return p.summaryOfObject(width, at)
}

// summaryOfObject says what the selected row defines, and who uses it.
func (p *Policy) summaryOfObject(width int, at desk.Place) []string {
	st := p.Styles
	if cells := p.Desk.Set().File(at.Kind).Line(at.Line).Cells; at.Kind == tables.Options && len(cells) > 1 {
		var lines []string
		for _, text := range p.optionHelp(cells[1].Text).Wrap(width - 2) {
			lines = append(lines, p.line(width).Text(" "+text).String())
		}
		return lines
	}
	o, lines := p.rowObject(at), []string{}
	if what := p.meaning(o); what != "" {
		lines = append(lines, p.line(width).Put(st.Dim, " resolves to  ").Text(what).String())
	}
	if o != (object{}) {
		by := p.usedBy(o)
		l := p.line(width).Put(st.Dim, " used by      ").Text(by)
		if by != unused {
			l.End(st.Dim, widget.Format("%s lists it ", p.keyName(PolicyScreen, "v")))
		}
		lines = append(lines, l.String())
	}
	return lines
}

// rowObject is what the row of a table of objects is about: what it defines; of
// an interface its zone, since that is what rules name.
func (p *Policy) rowObject(at desk.Place) object {
	at.Cell = 0
	switch at.Kind {
	case tables.Interfaces:
		at.Cell = 1
	case tables.Addresses, tables.Services:
	default:
		return object{}
	}
	return objectAt(p.Desk.Set(), at)
}

// unknown says why it is not known what a row compiles to.
func (p *Policy) unknown(line *tables.Line) widget.Safe {
	switch {
	case line.Disabled:
		return "nothing: the row is switched off"
	case p.failed != nil:
		return widget.Format("not known: %v", p.failed)
	case p.Desk.Typed():
		return "not known before the row is complete"
	case p.Desk.Problems().HasErrors():
		return widget.Format("not known while the tables have errors (%s lists them)", p.problemsKey())
	}
	return "compiling ..."
}

// compilesTo says how many rules a row makes in a family, and where; when it
// makes none, why.
func (p *Policy) compilesTo(line *tables.Line, row *desk.CompiledRow, f ruleset.Family) widget.Safe {
	rules := row.Family(f)
	if len(rules.Rules) == 0 {
		return "0 - " + p.whyNone(line, f)
	}
	const named = 2
	where := strings.Join(rules.Chains[:min(len(rules.Chains), named)], ", ")
	if more := len(rules.Chains) - named; more > 0 {
		return widget.Format("%s in %s and %s", words.Plural(len(rules.Rules), "rule"), where, words.Plural(more, "more chain"))
	}
	return widget.Format("%s in %s", words.Plural(len(rules.Rules), "rule"), where)
}

// whyNone says why a row makes no rule in a family: an object of it has no
// address there, or the compiler said something about the row.
func (p *Policy) whyNone(line *tables.Line, f ruleset.Family) widget.Safe {
	cfg := p.Desk.Config()
	for cell, column := range p.kind.Columns() {
		if cfg == nil || column.Object != tables.AddressObject || cell >= len(line.Cells) {
			continue
		}
		name := line.Cells[cell].Text
		if strings.HasPrefix(name, tables.GeoPrefix) {
			return widget.Format("%s has no %s network", name, familyName(f))
		}
		if a, ok := cfg.Addresses[name]; ok && len(addressValues(a, f)) == 0 {
			return widget.Format("%s has no %s address", name, familyName(f))
		}
	}
	if at, ok := p.place(); ok {
		for _, problem := range p.Desk.ProblemsAt(at.Kind, at.Line) {
			return widget.Clean(problem.Text)
		}
	}
	return widget.Format("nothing here concerns %s", familyName(f))
}

func familyName(f ruleset.Family) string {
	if f == ruleset.V6 {
		return "IPv6"
	}
	return "IPv4"
}

func addressValues(a tables.Address, f ruleset.Family) []tables.AddrValue {
	if f == ruleset.V6 {
		return a.V6
	}
	return a.V4
}

// hitsOf says what a row counted.
func (p *Policy) hitsOf(line *tables.Line) widget.Safe {
	switch hits, ok := p.known.of(line); {
	case line.Disabled:
		return "none: the row is switched off"
	case p.hits.err != nil:
		return widget.Format("not known: %v", p.hits.err)
	case p.known.hits == nil || p.known.compiled.Of(line) == nil:
		return "not known"
	case !ok:
		return "none: the firewall does not run this row yet"
	default:
		text := widget.Format("v4 %s   v6 %s   %s", short(float64(hits.V4.Packets)), short(float64(hits.V6.Packets)), perSecond(hits.Rate))
		if !hits.Last.IsZero() {
			text += widget.Format("   last %s ago", age(p.Now().Sub(hits.Last)))
		}
		return text
	}
}

// flowsOf says how many flows of now are those of a row; false when that is not
// known.
func (p *Policy) flowsOf(line *tables.Line) (widget.Safe, bool) {
	hits, ok := p.known.of(line)
	if !ok || line.Disabled || p.hits.err != nil || hits.Flows < 0 {
		return "", false
	}
	return widget.Clean(words.Plural(hits.Flows, "flow")), true
}

// meaning is what a name stands for as the tables define it; empty for none.
func (p *Policy) meaning(o object) widget.Safe {
	cfg := p.Desk.Config()
	if cfg == nil {
		return ""
	}
	switch o.class {
	case tables.AddressObject:
		if a, ok := cfg.Addresses[o.name]; ok {
			return widget.Format("v4: %s   v6: %s",
				listOf(p.known.compiled.Resolve(a.V4, ruleset.V4)), listOf(p.known.compiled.Resolve(a.V6, ruleset.V6)))
		}
	case tables.ServiceObject:
		if s, ok := cfg.Services[o.name]; ok {
			return widget.Format("tcp: %s   udp: %s", listOf(s.TCP), listOf(s.UDP))
		}
	case tables.ZoneObject:
		var names []string
		for _, i := range cfg.InZone(o.name) {
			names = append(names, i.Name)
		}
		if len(names) > 0 {
			return widget.Format("zone %s: %s", o.name, strings.Join(names, ", "))
		}
	}
	return ""
}

// listOf joins the values of a cell; "none" for an empty one.
func listOf[T interface{ String() string }](values []T) string {
	if len(values) == 0 {
		return "none"
	}
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = v.String()
	}
	return strings.Join(words, ", ")
}

// unused is what an object is used by that no cell names.
const unused = widget.Safe("nothing")

// usedBy counts the uses of an object and names the first ones.
func (p *Policy) usedBy(o object) widget.Safe {
	uses := p.usesOf(o)
	_, used, off := countUses(uses)
	if used+off == 0 {
		return unused
	}
	var names []string
	for _, u := range uses {
		if !u.Defines && len(names) < 4 {
			names = append(names, desk.Place{Kind: u.Kind, Line: u.Num}.String())
		}
	}
	text := widget.Format("%s: %s", words.Plural(used+off, "cell"), strings.Join(names, ", "))
	if len(names) < used+off {
		text += ", ..."
	}
	return text
}
