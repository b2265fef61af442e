package page

import (
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// pane is the inspector beside the table: what the selected row compiles to,
// rule by rule, what that counted, and who uses what the row defines.
type pane struct {
	*Shared
	width, height int
	lines         []string
	left          int // lines that had no room
}

// pane draws the inspector into width by height cells.
func (p *Policy) pane(width, height int) []string {
	at, ok := p.place()
	if !ok || height <= 0 {
		return nil
	}
	out := &pane{Shared: p.Shared, width: width, height: height}
	line := p.Desk.Set().File(at.Kind).Line(at.Line)
	out.title(widget.Clean(at.String()), p.rows().signs.Changed(line))
	if compiles(at.Kind) {
		p.paneOfRule(out, line)
	} else if o := p.rowObject(at); o != (object{}) {
		p.paneOfObject(out, o)
	} else if len(line.Cells) > 1 {
		out.text(p.Styles.Text, " ", p.optionHelp(line.Cells[1].Text))
	}
	p.paneOfProblems(out, at)
	return out.fit()
}

// optionHelp says what an option is for.
func (p *Policy) optionHelp(name string) widget.Safe {
	for _, c := range tables.Complete(p.Desk.Set(), tables.Options, 1, name) {
		if c.Text == name {
			return widget.Clean(c.Help)
		}
	}
	return ""
}

// paneOfProblems lists the problems of the row in full; under the table there
// is room for one.
func (p *Policy) paneOfProblems(out *pane, at desk.Place) {
	list := p.Desk.ProblemsAt(at.Kind, at.Line)
	if len(list) == 0 {
		return
	}
	out.head("PROBLEMS", "")
	for _, problem := range list {
		how, mark := p.Styles.Warn, "W "
		if problem.Severity == tables.Error {
			how, mark = p.Styles.Bad, "E "
		}
		out.text(how, " ", widget.Clean(mark+problem.Text))
	}
}

func (p *Policy) paneOfRule(out *pane, line *tables.Line) {
	if row := p.known.compiled.Of(line); row == nil || line.Disabled {
		out.head("COMPILES TO", "")
		out.text(p.Styles.Text, " ", p.unknown(line))
	} else {
		for _, f := range ruleset.Families() {
			out.head(widget.Clean(familyName(f)), p.compilesTo(line, row, f))
			out.rules(row.Family(f), f)
		}
		if p.known.compiled.Set != p.Desk.Set() && p.Desk.Problems().HasErrors() {
			out.text(p.Styles.Dim, " ", "as compiled before the errors")
		}
	}
	out.head("HITS", p.hitsOf(line))
	if flows, ok := p.flowsOf(line); ok {
		out.head("NOW", flows)
	}
}

func (p *Policy) paneOfObject(out *pane, o object) {
	out.head(widget.Clean(o.class.String()), widget.Clean(o.name))
	if cfg := p.Desk.Config(); cfg != nil {
		a, s := cfg.Addresses[o.name], cfg.Services[o.name]
		switch o.class {
		case tables.AddressObject:
			values(out, "IPv4", p.known.compiled.Resolve(a.V4, ruleset.V4))
			values(out, "IPv6", p.known.compiled.Resolve(a.V6, ruleset.V6))
		case tables.ServiceObject:
			values(out, "TCP", s.TCP)
			values(out, "UDP", s.UDP)
		case tables.ZoneObject:
			out.zone(cfg.InZone(o.name))
		}
	}
	uses := p.usesOf(o)
	_, used, off := countUses(uses)
	out.head("USED BY", widget.Clean(words.Plural(used+off, "cell")))
	for i, u := range uses {
		if out.full() {
			out.left += len(uses) - i
			break
		}
		if !u.Defines {
			how := p.Styles.Text
			if u.Disabled {
				how = p.Styles.Dim
			}
			out.text(how, " ", widget.Format("%s  %s", desk.Place{Kind: u.Kind, Line: u.Num}, rowText(p.Desk.Set(), u)))
		}
	}
}

// title is the first line: the row, and whether it is on disk like this.
func (o *pane) title(name, sign widget.Safe) {
	l := o.line(o.width).Put(o.Styles.Strong, name)
	switch sign {
	case "+":
		l.Put(o.Styles.Changed, "  new, not saved")
	case "~":
		l.Put(o.Styles.Changed, "  changed, not saved")
	}
	o.put(l.String())
}

// head starts a part.
func (o *pane) head(what, text widget.Safe) {
	if len(o.lines) > 1 {
		o.put("")
	}
	for i, part := range (what + "  " + text).Wrap(o.width) {
		l := o.line(o.width)
		if i == 0 {
			l.Put(o.Styles.Strong, what).Text(part[min(len(what), len(part)):])
		} else {
			l.Text("  " + part)
		}
		o.put(l.String())
	}
}

// text puts a text into as many lines as it takes, those after the first one
// indented.
func (o *pane) text(how style.Style, indent, text widget.Safe) {
	for i, part := range text.Wrap(o.width - indent.Width() - 2) {
		if i > 0 {
			part = "  " + part
		}
		o.put(o.line(o.width).Text(indent).Put(how, part).String())
	}
}

func (o *pane) put(line string) {
	if o.full() {
		o.left++
		return
	}
	o.lines = append(o.lines, line)
}

// full reports whether there is no room left; more is then counted, not drawn.
func (o *pane) full() bool { return len(o.lines) == o.height }

// rules writes the kernel rules of one family, chain by chain.
func (o *pane) rules(list *desk.FamilyRules, f ruleset.Family) {
	chain := ""
	for i, r := range list.Rules {
		if o.full() {
			o.left += len(list.Rules) - i
			return
		}
		if r.Chain != chain && len(list.Chains) > 1 {
			chain = r.Chain
			o.put(o.line(o.width).Put(o.Styles.Dim, widget.Clean(" "+chain)).String())
		}
		o.text(o.Styles.Text, " ", widget.Clean(bareSpec(r.Rule, f)))
	}
}

// bareSpec is a rule without the comment that names its row.
func bareSpec(r *ruleset.Rule, f ruleset.Family) string {
	bare := *r
	bare.ID = ""
	return bare.Spec(f)
}

// values writes the members of a cell.
func values[T interface{ String() string }](o *pane, what widget.Safe, list []T) {
	if len(list) == 0 {
		o.head(what, "none")
		return
	}
	o.head(what, "")
	for _, v := range list {
		o.text(o.Styles.Text, " ", widget.Clean(v.String()))
	}
}

func (o *pane) zone(interfaces []tables.Interface) {
	o.head("INTERFACES", "")
	for _, i := range interfaces {
		text := widget.Clean(i.Name)
		for _, p := range i.Protocols {
			text += widget.Format("  %s (%d)", p.Text, p.Num)
		}
		o.text(o.Styles.Text, " ", text)
	}
}

// fit is the pane; its last line counts what had no room.
func (o *pane) fit() []string {
	if o.left > 0 {
		o.lines[len(o.lines)-1] = o.line(o.width).Put(o.Styles.Dim, widget.Format("and %s more", words.Plural(o.left+1, "line"))).String()
	}
	return o.lines
}
