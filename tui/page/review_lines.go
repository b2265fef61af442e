package page

import (
	"fmt"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// summary counts what a difference holds.
func summary(d *plan.Diff) string {
	if d.Empty() {
		return "No rule of the kernel changes"
	}
	added, gone := ruleCounts(d)
	var parts []string
	if len(d.Chains) > 0 {
		parts = append(parts, fmt.Sprintf("%s: %s new, %d gone", plural(len(d.Chains), "chain"), plural(added, "rule"), gone))
	}
	if n := len(d.Sets); n > 0 {
		parts = append(parts, plural(n, "set"))
	}
	if n := len(d.Hooks); n > 0 {
		parts = append(parts, plural(n, "hook"))
	}
	return "Changes: " + strings.Join(parts, ", ")
}

func ruleCounts(d *plan.Diff) (added, gone int) {
	for _, c := range d.Chains {
		for _, l := range c.Lines {
			switch l.Op {
			case plan.Add:
				added++
			case plan.Remove:
				gone++
			}
		}
	}
	return added, gone
}

// changeLines writes a difference: a section for each chain, set and the
// hooks, unchanged lines far from a change left out.
func changeLines(p *engine.Preview) []widget.DiffLine {
	d := p.Diff
	if d == nil {
		return nil
	}
	var out []widget.DiffLine
	for _, h := range d.Hooks {
		out = append(out, widget.DiffLine{Mark: mark(h.Op), Text: widget.Format("hook %s %s %s > %s   %s", h.Family, h.Table, h.From, h.To, h.Why)})
	}
	for i := range d.Chains {
		c := &d.Chains[i]
		out = append(out, heading("%s  %s  %s%s", c.Family, c.Table, c.Chain, opText(c.Op)))
		out = append(out, folded(p.Compiled, c)...)
	}
	for _, s := range d.Sets {
		out = append(out, heading("set  %s%s", s.Name, opText(s.Op)))
		for _, m := range s.Gone {
			out = append(out, widget.DiffLine{Mark: '-', Text: memberText(m)})
		}
		for _, m := range s.Added {
			out = append(out, widget.DiffLine{Mark: '+', Text: memberText(m)})
		}
	}
	return out
}

func heading(format string, args ...any) widget.DiffLine {
	return widget.DiffLine{Mark: '@', Text: widget.Format(format, args...)}
}

func opText(op plan.Op) string {
	switch op {
	case plan.Add:
		return "  (new)"
	case plan.Remove:
		return "  (goes)"
	}
	return ""
}

func mark(op plan.Op) byte {
	switch op {
	case plan.Add:
		return '+'
	case plan.Remove:
		return '-'
	case plan.Change:
		return '~'
	}
	return ' '
}

// around is how many unchanged lines are shown beside a change.
const around = 2

// folded writes the rules of a chain, with long runs of unchanged ones in one
// line.
func folded(compiled *engine.Compiled, c *plan.ChainDiff) []widget.DiffLine {
	lines := c.Lines
	near := make([]bool, len(lines))
	for i, l := range lines {
		if l.Op != plan.Same {
			for j := max(i-around, 0); j <= min(i+around, len(lines)-1); j++ {
				near[j] = true
			}
		}
	}
	var out []widget.DiffLine
	for i := 0; i < len(lines); i++ {
		if near[i] {
			out = append(out, widget.DiffLine{Mark: mark(lines[i].Op), Text: ruleText(compiled, lines[i].Rule, c.Family)})
			continue
		}
		n := 0
		for i+n < len(lines) && !near[i+n] {
			n++
		}
		out = append(out, widget.DiffLine{Mark: ' ', Text: widget.Format("... %s unchanged", plural(n, "rule"))})
		i += n - 1
	}
	return out
}

func memberText(m ruleset.Member) widget.Safe {
	switch {
	case m.Prefix.IsValid():
		return widget.Clean(m.Prefix.String())
	case m.Port.Lo != m.Port.Hi:
		return widget.Format("%d-%d", m.Port.Lo, m.Port.Hi)
	case m.Port.Hi != 0:
		return widget.Format("%d", m.Port.Lo)
	}
	return widget.Clean(m.Text)
}

// compiledLines writes the compiled rules of a family, each with the table row
// that it comes from; what is not in the kernel yet is marked.
func compiledLines(p *engine.Preview, f ruleset.Family) []widget.DiffLine {
	if p.Compiled == nil {
		return nil
	}
	fresh := newRules(p.Diff, f)
	var out []widget.DiffLine
	for _, t := range *p.Compiled.Rules.Tables(f) {
		for _, c := range t.Chains {
			if c.Policy != "" && len(c.Rules) == 0 {
				continue
			}
			out = append(out, heading("%s  %s", t.Name, c.Name))
			for _, r := range c.Rules {
				m := byte(' ')
				if fresh[r] {
					m = '+'
				}
				out = append(out, widget.DiffLine{Mark: m, Text: ruleText(p.Compiled, r, f)})
			}
		}
	}
	return out
}

// newRules are the wanted rules that the kernel does not have.
func newRules(d *plan.Diff, f ruleset.Family) map[*ruleset.Rule]bool {
	fresh := make(map[*ruleset.Rule]bool)
	if d == nil {
		return fresh
	}
	for _, c := range d.Chains {
		for _, l := range c.Lines {
			if c.Family == f && l.Op == plan.Add {
				fresh[l.Rule] = true
			}
		}
	}
	return fresh
}

// rowName is the table row that a rule id stands for, or the name of the
// built-in part.
func rowName(c *engine.Compiled, id string) string {
	if c == nil {
		return id
	}
	ref, ok := c.Rows[id]
	switch {
	case !ok:
		return id
	case ref.Line > 0:
		return fmt.Sprintf("%s:%d", ref.Kind, ref.Line)
	}
	return ref.Name
}

// ruleText is a rule behind the table row that it comes from; the comment that
// carries the row is left out.
func ruleText(c *engine.Compiled, r *ruleset.Rule, f ruleset.Family) widget.Safe {
	bare := *r
	bare.ID = ""
	return widget.Format("%-12s %s", rowName(c, r.ID), bare.Spec(f))
}

// problemsText counts the problems for a line of text.
func problemsText(ps tables.Problems) string {
	errors, warnings := ps.Count()
	return fmt.Sprintf("%s, %s", plural(errors, "error"), plural(warnings, "warning"))
}
