package ruleset

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseTables reads what iptables-save or ip6tables-save printed, with or
// without counters, from either back end. Comment lines are skipped, so are
// warnings that the tools print as comments.
//
// No rule is an error and none is lost. What the package does not understand
// is kept:
//
//   - An extension that it does not know, or a known one with an option that
//     it does not know, becomes an UnknownMatch or UnknownTarget.
//   - Everything else (-f, a mask with holes, a protocol name that is not in
//     Debian's list, a word that belongs to nothing, a second -s) sets
//     Rule.Raw to all words of the rule; the typed fields hold the rest.
//   - An empty comment is no comment.
//   - A line that starts like no line of the format continues the rule before
//     it, which becomes Raw: a name may contain a line feed.
//
// An error means that the text is not such a dump, or not a whole one: it
// ends inside a table, or has text where a table should be.
//
// The rules of one call share memory and refer to one copy of data. The values
// in Matches and Target are shared between rules and must not be changed.
func ParseTables(f Family, data []byte) (Tables, error) {
	p := newParser(f, string(data))
	if err := p.parse(); err != nil {
		return nil, err
	}
	return p.tables, nil
}

// ParseRule reads the words of one rule, those that follow "-A CHAIN" in
// iptables-save. A bare target that is not an extension is taken for a chain.
// Unknown extensions are kept as in ParseTables; the error is for a rule that
// would be Raw.
func ParseRule(f Family, text string) (*Rule, error) {
	p := newParser(f, text)
	p.lex.line(0)
	r := p.rule(p.lex.words)
	if r.Raw != nil {
		return r, fmt.Errorf("rule %q is not understood", text)
	}
	return r, nil
}

// parser holds what the lines of one dump share.
type parser struct {
	family Family
	lex    lexer
	tables Tables
	table  *Table
	chains map[string]*Chain // of the table; chainsOf has those of all
	last   *Rule             // the rule of the line before
	filled *Chain            // the chain of that rule

	// irregular says that a rule or a chain is not a line of its own, or not
	// where the tools print it: the chains of a table first, then their rules in
	// the same order.
	irregular bool

	chainsOf map[string]map[string]*Chain // by the name of the table

	knownLines map[string]map[string]knownLine // of an earlier dump, by the name of the table
	known      map[string]knownLine            // those of the table
	// doubtful says that a known line may mean something else in this text.
	doubtful bool

	// Equal words make equal values: each is made once and shared. Targets
	// are only kept for one table, since a bare name may be its chain.
	matches map[string][]Match
	targets map[string]Target

	rules []Rule  // memory for rules to come
	asked []Match // memory for their matches

	scratch []Match
}

func newParser(f Family, text string) *parser {
	return &parser{
		family:   f,
		lex:      lexer{text: text},
		chainsOf: make(map[string]map[string]*Chain),
		matches:  make(map[string][]Match),
		targets:  make(map[string]Target),
	}
}

// parse takes the whole text.
func (p *parser) parse() error {
	for pos, line := 0, 1; pos < len(p.lex.text); {
		if next, known := p.again(pos); known {
			pos = next
			line++
			continue
		}
		next := p.lex.line(pos)
		if err := p.line(p.lex.text[pos:next]); err != nil {
			return fmt.Errorf("line %d of the %s tables: %w", line, p.family, err)
		}
		lines := strings.Count(p.lex.text[pos:next], "\n")
		p.irregular = p.irregular || lines > 1
		line += lines
		pos = next
	}
	if p.table != nil {
		return fmt.Errorf("the %s tables end inside table %s, without COMMIT", p.family, p.table.Name)
	}
	return nil
}

// line takes one line, of which p.lex holds the words.
func (p *parser) line(text string) error {
	words := p.lex.words
	if len(words) == 0 {
		return nil
	}
	switch first := words[0].text; { // never empty: a line does not start with a quote
	case first[0] == '#':
		return nil
	case p.table == nil:
		if len(first) < 2 || first[0] != '*' || len(words) > 1 {
			return fmt.Errorf("%q is not the start of a table", shorten(text))
		}
		p.startTable(first[1:])
		return nil
	case first == "COMMIT" && len(words) == 1:
		p.table, p.known = nil, nil
		return nil
	case first[0] == ':' && p.chain(words):
		return nil
	case p.append(words):
		return nil
	case p.last == nil:
		return fmt.Errorf("%q is neither a chain nor a rule", shorten(text))
	}
	p.continueRule(words)
	return nil
}

func (p *parser) startTable(name string) {
	p.table = p.tables.Ensure(name)
	p.last, p.filled = nil, nil
	p.irregular = p.irregular || len(p.table.Chains) > 0
	clear(p.targets)
	p.chains = p.chainsOf[name]
	if p.chains == nil {
		p.chains = make(map[string]*Chain)
		p.chainsOf[name] = p.chains
	}
	p.known = p.knownLines[name]
}

// ensure is Table.Ensure with a map for the misses.
func (p *parser) ensure(name string) *Chain {
	c, ok := p.chains[name]
	if !ok {
		c = p.table.add(name)
		p.chains[name] = c
		p.doubtful = p.doubtful || isTargetName(name)
	}
	return c
}

// chain takes ":NAME POLICY [packets:bytes]".
func (p *parser) chain(words []word) bool {
	name := words[0].text[1:]
	if name == "" || len(words) > 3 || len(words) < 2 || words[1].text == "" {
		return false
	}
	var counters Counters
	if len(words) == 3 {
		var ok bool
		if counters, ok = parseCounters(words[2].text); !ok {
			return false
		}
	}
	_, again := p.chains[name]
	p.irregular = p.irregular || again
	c := p.ensure(name)
	c.Counters = counters
	if policy := words[1].text; policy != "-" {
		c.Policy = policy
	}
	return true
}

// append takes "[packets:bytes] -A NAME words".
func (p *parser) append(words []word) bool {
	var counters Counters
	if c, ok := parseCounters(words[0].text); ok {
		counters, words = c, words[1:]
	}
	if len(words) < 2 || words[0].text != "-A" || words[0].quoted {
		return false
	}
	chain := p.ensure(words[1].text)
	p.put(chain, p.rule(words[2:]), counters)
	return true
}

// put appends a rule to a chain.
func (p *parser) put(c *Chain, r *Rule, counters Counters) {
	if c != p.filled {
		p.fill(c)
	}
	r.Counters = counters
	c.Rules = append(c.Rules, r)
	p.last = r
}

// fill goes on with the rules of another chain.
func (p *parser) fill(c *Chain) {
	p.irregular = p.irregular || p.filled != nil && p.table.index[c.Name] < p.table.index[p.filled.Name]
	p.filled = c
}

// continueRule adds a line to the rule before it. The line feed stays, before
// the word that it was in or behind.
func (p *parser) continueRule(words []word) {
	p.irregular = true
	if p.last.Raw == nil {
		l := lexer{text: p.last.Text(p.family)}
		l.line(0)
		p.last.Raw = l.verbatims(l.words)
	}
	more := p.lex.verbatims(words)
	more[0] = "\n" + more[0]
	p.last.Raw = append(p.last.Raw, more...)
}

func parseCounters(s string) (Counters, bool) {
	if len(s) < 5 || s[0] != '[' || s[len(s)-1] != ']' {
		return Counters{}, false
	}
	packets, bytes, ok := strings.Cut(s[1:len(s)-1], ":")
	if !ok {
		return Counters{}, false
	}
	p, perr := strconv.ParseUint(packets, 10, 64)
	b, berr := strconv.ParseUint(bytes, 10, 64)
	return Counters{p, b}, perr == nil && berr == nil
}

// shorten keeps a foreign line readable inside an error.
func shorten(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

// newRule takes a rule from memory that is allocated for many.
func (p *parser) newRule() *Rule {
	if len(p.rules) == 0 {
		p.rules = make([]Rule, 64)
	}
	r := &p.rules[0]
	p.rules = p.rules[1:]
	return r
}

// keep copies the matches of a rule into memory that is allocated for many.
func (p *parser) keep(matches []Match) []Match {
	if len(matches) == 0 {
		return nil
	}
	if len(p.asked) < len(matches) {
		p.asked = make([]Match, 256+len(matches))
	}
	n := copy(p.asked, matches)
	kept := p.asked[:n:n]
	p.asked = p.asked[n:]
	return kept
}
