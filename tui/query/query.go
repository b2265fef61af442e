package query

import (
	"bytes"
	"strings"
)

// Record is a row of a list as a query sees it. Each method appends what the
// row has to a slice that is used again for the next row; nothing for what it
// does not have.
type Record interface {
	// Addrs appends the addresses of Src or Dst.
	Addrs(k Key, to []Span) []Span
	// Ports appends the ports of SPort or DPort.
	Ports(k Key, to []Ports) []Ports
	// Words appends the values of any other key. For Src, Dst, SPort and
	// DPort they are the names in the cells; for Zone the source and the
	// destination, exactly two, either of which may be EveryZone; for Rule
	// table rows such as rules:32.
	Words(k Key, to []string) []string
	// Text appends what words without a key are looked for in.
	Text(to []byte) []byte
}

// EveryZone is the side of a row that applies to every zone. Who asks for a zone
// wants to know what happens to its packets, so such a row is one of each; asked
// for by its own name it is found alone.
const EveryZone = "ALL"

// Query is a filter that was read. The zero value keeps every row.
type Query struct {
	terms []term
	bad   bool
}

// Empty reports whether the query keeps every row.
func (q Query) Empty() bool { return len(q.terms) == 0 && !q.bad }

// how is the way a word is compared.
type how uint8

const (
	exact  how = iota // all of it
	begins            // still being typed
	inside            // anywhere
)

// term is one condition.
type term struct {
	key  Key
	not  bool
	how  how
	word string // lower case
	text []byte // the word, for Text
	// folds says that the word has other letters than ASCII ones.
	folds bool
	// spans and ports are set when the value was understood.
	spans []Span
	ports []Ports
	pair  *[2]term // from and to; a term without word asks nothing
}

// Matcher asks a query about rows, one after the other.
type Matcher struct {
	query Query
	spans []Span
	ports []Ports
	words []string
	text  []byte
}

// Matcher makes a matcher.
func (q Query) Matcher() *Matcher { return &Matcher{query: q} }

// Keep reports whether a row meets all terms. A query that could not be read
// keeps none.
func (m *Matcher) Keep(r Record) bool {
	if m.query.bad {
		return false
	}
	for i := range m.query.terms {
		t := &m.query.terms[i]
		if m.holds(t, r) == t.not {
			return false
		}
	}
	return true
}

func (m *Matcher) holds(t *term, r Record) bool {
	switch keys[t.key].form {
	case addressForm:
		return t.key != Dst && m.address(t, Src, r) || t.key != Src && m.address(t, Dst, r)
	case portForm:
		return t.key != SPort && m.port(t, DPort, r) || t.key != DPort && m.port(t, SPort, r)
	case pairForm:
		return m.zones(t, r)
	}
	if t.key == Text {
		m.text = r.Text(m.text[:0])
		return bytes.Contains(lower(m.text, t.folds), t.text)
	}
	return m.word(t, t.key, r)
}

// lower makes a text lower case: ASCII letters in place, others only when it is
// asked for, since that takes new memory.
func lower(b []byte, others bool) []byte {
	if others {
		return bytes.ToLower(b)
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return b
}

func (m *Matcher) word(t *term, k Key, r Record) bool {
	m.words = r.Words(k, m.words[:0])
	for _, w := range m.words {
		if t.compare(w) {
			return true
		}
	}
	return false
}

func (t *term) compare(w string) bool {
	switch t.how {
	case exact:
		return strings.EqualFold(w, t.word)
	case begins:
		return len(w) >= len(t.word) && strings.EqualFold(w[:len(t.word)], t.word)
	}
	for i := 0; i+len(t.word) <= len(w); i++ {
		if strings.EqualFold(w[i:i+len(t.word)], t.word) {
			return true
		}
	}
	return false
}

// address compares with the names in the cells, and with the addresses.
func (m *Matcher) address(t *term, k Key, r Record) bool {
	if t.word != "" && m.word(t, k, r) {
		return true
	}
	if len(t.spans) == 0 && t.how == exact {
		return false
	}
	m.spans = r.Addrs(k, m.spans[:0])
	for _, s := range m.spans {
		if meets(t.spans, s) {
			return true
		}
		if t.how == begins {
			if m.text = s.Lo.AppendTo(m.text[:0]); hasPrefix(m.text, t.word) {
				return true
			}
		}
	}
	return false
}

func hasPrefix(text []byte, word string) bool {
	return len(text) >= len(word) && string(text[:len(word)]) == word
}

func (m *Matcher) port(t *term, k Key, r Record) bool {
	if t.word != "" && m.word(t, k, r) {
		return true
	}
	if len(t.ports) == 0 {
		return false
	}
	m.ports = r.Ports(k, m.ports[:0])
	for _, p := range m.ports {
		for _, want := range t.ports {
			if want.overlaps(p) {
				return true
			}
		}
	}
	return false
}

// zones compares a pair, or one name with both sides.
func (m *Matcher) zones(t *term, r Record) bool {
	m.words = r.Words(Zone, m.words[:0])
	if len(m.words) < 2 {
		return false
	}
	from, to := m.words[0], m.words[1]
	if t.pair == nil {
		return t.zone(from) || t.zone(to)
	}
	return (t.pair[0].word == "" || t.pair[0].zone(from)) && (t.pair[1].word == "" || t.pair[1].zone(to))
}

// zone compares with a side of a row; one that is empty is not known.
func (t *term) zone(side string) bool { return side == EveryZone || side != "" && t.compare(side) }
