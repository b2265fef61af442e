package desk

import (
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// RuleLines are the compiled rules of one family that differ, by chain, with
// the unchanged ones around them, and what becomes of hooks and sets. A line is
// only put into words when it is drawn.
type RuleLines struct {
	family ruleset.Family
	diff   *plan.Diff
	review *engine.Review
	lines  []diffEntry
	heads  []int
	// first is the first line of a rule id.
	first       map[string]int
	Added, Gone int
}

// diffEntry is a line of them: what it is about, by index.
type diffEntry struct {
	what lineKind
	of   int32 // the chain, set, hook or name
	at   int32 // the rule or member; for a fold how many rules it stands for
}

type lineKind uint8

const (
	takenLine lineKind = iota
	hookLine
	chainHead
	ruleRow
	foldRow
	setHead
	memberGone
	memberAdded
)

// around is how many unchanged lines are shown beside a change.
const around = 2

func newRuleLines(f ruleset.Family, d *plan.Diff, review *engine.Review) *RuleLines {
	l := &RuleLines{family: f, diff: d, review: review, first: make(map[string]int)}
	if d == nil {
		return l
	}
	for i := range d.Taken {
		l.put(takenLine, i, 0)
	}
	for i, h := range d.Hooks {
		if h.Family == f {
			l.put(hookLine, i, 0)
		}
	}
	for i := range d.Chains {
		if d.Chains[i].Family == f {
			l.chain(i)
		}
	}
	for i := range d.Sets {
		l.set(i)
	}
	return l
}

func (l *RuleLines) put(what lineKind, of, at int) {
	if what == chainHead || what == setHead {
		l.heads = append(l.heads, len(l.lines))
	}
	l.lines = append(l.lines, diffEntry{what, int32(of), int32(at)})
}

// chain puts the rules of a chain, a long run of unchanged ones as one line.
func (l *RuleLines) chain(i int) {
	l.put(chainHead, i, 0)
	rules := l.diff.Chains[i].Lines
	for at := 0; at < len(rules); {
		same := 0
		for at+same < len(rules) && rules[at+same].Op == plan.Same {
			same++
		}
		if same == 0 {
			l.rule(i, at)
			at++
			continue
		}
		at += l.unchanged(i, at, same, len(rules))
	}
}

// unchanged puts a run of unchanged rules: those beside a change, and one line
// for the others.
func (l *RuleLines) unchanged(i, at, same, all int) int {
	before, behind := around, around
	if at == 0 {
		before = 0
	}
	if at+same == all {
		behind = 0
	}
	if same <= before+behind+1 {
		before, behind = same, 0
	}
	for n := range before {
		l.rule(i, at+n)
	}
	if folded := same - before - behind; folded > 0 {
		l.put(foldRow, i, folded)
	}
	for n := range behind {
		l.rule(i, at+same-behind+n)
	}
	return same
}

func (l *RuleLines) rule(i, at int) {
	line := &l.diff.Chains[i].Lines[at]
	switch line.Op {
	case plan.Add:
		l.Added++
	case plan.Remove:
		l.Gone++
	}
	l.note(line.Rule.ID, line.Op)
	l.put(ruleRow, i, at)
}

// note remembers the first line of a row that changes, or else the first one.
func (l *RuleLines) note(id string, op plan.Op) {
	if at, ok := l.first[id]; ok && (op == plan.Same || l.changed(at)) {
		return
	}
	l.first[id] = len(l.lines)
}

func (l *RuleLines) changed(at int) bool {
	line := l.lines[at]
	return line.what == ruleRow && l.diff.Chains[line.of].Lines[line.at].Op != plan.Same
}

// set puts what becomes of a set. One of ports serves both families and is
// written out for IPv4.
func (l *RuleLines) set(i int) {
	s := &l.diff.Sets[i]
	kind := s.After
	if kind == nil {
		kind = s.Before
	}
	if kind.Family == l.family {
		l.members(i)
		return
	}
	if kind.Family != ruleset.V4 && kind.Family != ruleset.V6 {
		if l.family == ruleset.V4 {
			l.members(i)
		} else {
			l.put(setHead, i, 1)
		}
	}
}

func (l *RuleLines) members(i int) {
	l.put(setHead, i, 0)
	for at := range l.diff.Sets[i].Gone {
		l.put(memberGone, i, at)
	}
	for at := range l.diff.Sets[i].Added {
		l.put(memberAdded, i, at)
	}
}

// Source gives the lines to a view. Narrow leaves out the row of a rule, which
// is lit instead when it is one of lit.
func (l *RuleLines) Source(narrow bool, lit map[string]bool) widget.DiffSource {
	return widget.DiffSource{Len: len(l.lines), Heads: l.heads, Line: func(i int) widget.DiffLine { return l.line(i, narrow, lit) }}
}

func (l *RuleLines) line(i int, narrow bool, lit map[string]bool) widget.DiffLine {
	line := l.lines[i]
	switch d := l.diff; line.what {
	case takenLine:
		return widget.DiffLine{Mark: '!', Text: widget.Clean(d.Taken[line.of].Error())}
	case hookLine:
		h := d.Hooks[line.of]
		return widget.DiffLine{Mark: mark(h.Op), Text: widget.Format("hook %s %s > %s   %s", h.Table, h.From, h.To, h.Why)}
	case chainHead:
		c := &d.Chains[line.of]
		return heading("%s  %s%s", c.Table, c.Chain, opText(c.Op))
	case foldRow:
		return widget.DiffLine{Mark: ' ', Text: widget.Format("... %s unchanged", words.Plural(int(line.at), "rule"))}
	case setHead:
		s := &d.Sets[line.of]
		shared := ""
		if line.at > 0 {
			shared = "   shared with v4"
		}
		return heading("set  %s%s%s", s.Name, opText(s.Op), shared)
	case memberGone:
		return widget.DiffLine{Mark: '-', Text: memberText(d.Sets[line.of].Gone[line.at])}
	case memberAdded:
		return widget.DiffLine{Mark: '+', Text: memberText(d.Sets[line.of].Added[line.at])}
	}
	rule := &l.diff.Chains[line.of].Lines[line.at]
	return widget.DiffLine{Mark: mark(rule.Op), Text: l.ruleText(rule.Rule, narrow), Lit: lit[rule.Rule.ID]}
}

// ruleText is a rule behind the table row that it comes from; the comment that
// carries the row is left out.
func (l *RuleLines) ruleText(r *ruleset.Rule, narrow bool) widget.Safe {
	bare := *r
	bare.ID = ""
	if narrow {
		return widget.Clean(inWords(bare.Spec(l.family)))
	}
	return widget.Format("%-12s %s", l.review.Row(r.ID), bare.Spec(l.family))
}

// shortWords are what the words of a rule are called where there is little
// room; the restore text has them in full.
var shortWords = map[string]string{
	"-s": "src", "-d": "dst", "-i": "in", "-o": "out", "-j": ">", "-g": ">", "-p": "",
	"--dport": "dport", "--sport": "sport", "--dports": "dports", "--sports": "sports", "--match-set": "set", "--ctstate": "state",
}

// inWords shortens a rule: the names of matches that their options tell anyway
// are left out.
func inWords(spec string) string {
	var words []string
	all := strings.Fields(spec)
	for i := 0; i < len(all); i++ {
		if all[i] == "-m" {
			i++
			continue
		}
		word, known := shortWords[all[i]]
		if !known {
			word = all[i]
		}
		if word != "" {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
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

// Find is the first line of some rule ids.
func (l *RuleLines) Find(ids map[string]bool) (int, bool) {
	best, found := 0, false
	for id := range ids {
		if at, ok := l.first[id]; ok && (!found || at < best) {
			best, found = at, true
		}
	}
	return best, found
}
