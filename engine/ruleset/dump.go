package ruleset

import (
	"bytes"
	"maps"
	"strings"
)

// Dump is what iptables-save or ip6tables-save printed, and its tables. It does
// not change and may be shared.
type Dump struct {
	text   string
	tables Tables
	// chains and rules are those of the tables in the order of the text. Both
	// are nil where the text has them in another order, or a line feed within a
	// line: such a dump is not counted again.
	chains []*Chain
	rules  []*Rule

	open bool // a quote was never closed: lines depend on those before them
	age  int  // of how many earlier dumps rules may be, and hold the text
}

// ParseDump is ParseTables for a text that is read again and again.
func ParseDump(f Family, data []byte) (*Dump, error) {
	return newParser(f, string(data)).dump()
}

// maxAge bounds how many texts a dump holds for rules that are in all of them:
// an apply changes what is read when it stages, when it confirms and when it
// sweeps up.
const maxAge = 3

// Next is ParseDump for a later dump of the same family. Lines of the earlier
// one are not parsed again: where a change is staged and put in force most are.
// The rules are copies with the Matches and Target of those of the earlier
// dump: for reading only.
func (d *Dump) Next(f Family, data []byte) (*Dump, error) {
	if d.age == maxAge || d.open {
		return ParseDump(f, data)
	}
	p := newParser(f, string(data))
	p.knownLines = d.lines()
	next, err := p.dump()
	if err != nil || p.doubtful {
		return ParseDump(f, data)
	}
	next.age = d.age + 1
	return next, nil
}

// knownLine is a rule that stood in a line of its own, in this chain.
type knownLine struct {
	chain string
	rule  *Rule
}

// lines are the rules by table and line, without their counters. A line whose
// meaning depends on which chains there are is left out.
func (d *Dump) lines() map[string]map[string]knownLine {
	lines, text := make(map[string]map[string]knownLine, len(d.tables)), d.text
	if d.chains == nil {
		return nil
	}
	for _, t := range d.tables {
		known := make(map[string]knownLine, t.rules())
		lines[t.Name] = known
		for _, c := range t.Chains {
			for _, r := range c.Rules {
				var line string
				for line == "" || line[0] != '[' {
					if text == "" {
						return nil // rules without counters
					}
					line, text, _ = strings.Cut(text, "\n")
				}
				if _, words, _ := strings.Cut(line, " "); lasting(r) {
					known[words] = knownLine{c.Name, r}
				}
			}
		}
	}
	return lines
}

// rules counts the rules of a table.
func (t *Table) rules() (n int) {
	for _, c := range t.Chains {
		n += len(c.Rules)
	}
	return n
}

// lasting reports whether a rule was understood and means the same in every
// table in which no chain has the name of a target.
func lasting(r *Rule) bool {
	if _, unknown := r.Target.(UnknownTarget); unknown || r.Raw != nil {
		return false
	}
	return !isTargetName(r.JumpsTo())
}

// again takes the line at pos if it is a known one.
func (p *parser) again(pos int) (next int, known bool) {
	if p.known == nil || p.lex.open || p.lex.text[pos] != '[' {
		return pos, false
	}
	line, _, whole := strings.Cut(p.lex.text[pos:], "\n")
	brackets, words, _ := strings.Cut(line, " ")
	old, known := p.known[words]
	counters, counted := parseCounters(brackets)
	if !known || !counted || !whole {
		return pos, false
	}
	r := p.newRule()
	*r = *old.rule
	p.put(p.ensure(old.chain), r, counters)
	return pos + len(line) + 1, true
}

// dump parses the whole text.
func (p *parser) dump() (*Dump, error) {
	if err := p.parse(); err != nil {
		return nil, err
	}
	d := &Dump{text: p.lex.text, tables: p.tables, open: p.lex.open}
	if p.irregular {
		return d, nil
	}
	for _, t := range p.tables {
		d.chains = append(d.chains, t.Chains...)
		for _, c := range t.Chains {
			d.rules = append(d.rules, c.Rules...)
		}
	}
	return d, nil
}

// Tables are the tables of the dump, for reading only.
func (d *Dump) Tables() Tables { return d.tables }

// Size is the length of the text in bytes.
func (d *Dump) Size() int { return len(d.text) }

// Again are the tables of a later dump that differs in its counters and in
// comment lines only; false for any other. A live view reads the same rules each
// second: to compare them takes a tenth of the time of parsing them.
//
// Rules that have not counted since are those of the earlier dump, others are
// copies with its Matches and Target: all are for reading only.
func (d *Dump) Again(data []byte) (Tables, bool) {
	if d.chains == nil {
		return nil, false
	}
	chains, rules := make([]Counters, 0, len(d.chains)), make([]Counters, 0, len(d.rules))
	for old := d.text; old != "" || len(data) > 0; {
		var was string
		var is []byte
		was, old, _ = strings.Cut(old, "\n")
		is, data, _ = bytes.Cut(data, newline)
		if was == "" || len(is) == 0 || was[0] != is[0] {
			if was == "" && len(is) == 0 {
				continue
			}
			return nil, false
		}
		switch was[0] {
		case '#':
		case '[':
			n, same := recount(was, is, 0)
			if !same {
				return nil, false
			}
			rules = append(rules, n)
		case ':':
			n, same := recount(was, is, strings.LastIndexByte(was, ' ')+1)
			if !same {
				return nil, false
			}
			chains = append(chains, n)
		default:
			if was != string(is) {
				return nil, false
			}
		}
	}
	if len(chains) != len(d.chains) || len(rules) != len(d.rules) {
		return nil, false // rules or chains without counters
	}
	return d.with(chains, rules), true
}

var newline = []byte{'\n'}

// recount compares two lines which have counters in brackets at a place, and
// gives those of the second; false when they differ in more.
func recount(was string, is []byte, at int) (Counters, bool) {
	if at >= len(is) || was[:at] != string(is[:at]) {
		return Counters{}, false
	}
	end, newEnd := strings.IndexByte(was[at:], ']'), bytes.IndexByte(is[at:], ']')
	if end < 0 || newEnd < 0 || was[at+end:] != string(is[at+newEnd:]) {
		return Counters{}, false
	}
	return parseCounters(string(is[at : at+newEnd+1]))
}

// counting are the rules of the dump with other counters.
func (d *Dump) counting(counters []Counters) []*Rule {
	changed := 0
	for i, r := range d.rules {
		if r.Counters != counters[i] {
			changed++
		}
	}
	list, room := make([]*Rule, len(counters)), make([]Rule, 0, changed)
	for i, r := range d.rules {
		if r.Counters != counters[i] {
			room = append(room, *r)
			r = &room[len(room)-1]
			r.Counters = counters[i]
		}
		list[i] = r
	}
	return list
}

// with copies the tables with other counters, which are in the order of the
// text.
func (d *Dump) with(chains, rules []Counters) Tables {
	out := make(Tables, 0, len(d.tables))
	roomChains, list := make([]Chain, len(chains)), d.counting(rules)
	for i, c := range d.chains {
		roomChains[i] = Chain{Name: c.Name, Policy: c.Policy, Counters: chains[i]}
		if n := len(c.Rules); n > 0 {
			roomChains[i].Rules, list = list[:n:n], list[n:]
		}
	}
	for _, t := range d.tables {
		copied := &Table{Name: t.Name, index: maps.Clone(t.index), Chains: make([]*Chain, len(t.Chains))}
		for i := range copied.Chains {
			copied.Chains[i] = &roomChains[i]
		}
		roomChains = roomChains[len(t.Chains):]
		out = append(out, copied)
	}
	return out
}
