package query

import (
	"fmt"
	"strings"
	"unicode"
)

// Names are the words that may stand for values in a list.
type Names interface {
	// Address resolves the name of an address object; without addresses for
	// a word that stands for no particular ones, such as ALL.
	Address(name string) ([]Span, bool)
	// Service resolves the name of a service.
	Service(name string) ([]Ports, bool)
	// Values lists what a key may have; nil when it may have anything.
	Values(k Key) []string
}

// Language is what a list understands.
type Language struct {
	// Keys are the keys the list has, in the order in which they are offered.
	// Text is in every list.
	Keys  []Key
	Names Names
}

// has reports whether the list has a key.
func (l Language) has(k Key) bool {
	for _, own := range l.Keys {
		if own == k {
			return true
		}
	}
	return k == Text
}

// Problem is a term that could not be read.
type Problem struct {
	Word string // the term as it was typed
	Text string // what is wrong with it
}

func (p Problem) Error() string { return p.Word + ": " + p.Text }

// Parse reads a query.
func (l Language) Parse(text string) (Query, []Problem) {
	var q Query
	var problems []Problem
	for _, tok := range tokens(text) {
		t, ok, err := l.term(tok)
		switch {
		case err != nil:
			problems = append(problems, Problem{tok.raw, err.Error()})
		case ok:
			t.not = tok.not
			q.terms = append(q.terms, t)
		}
	}
	q.bad = len(problems) > 0
	return q, problems
}

// token is a term before it is understood.
type token struct {
	raw    string // as typed, without the sign of negation
	key    string // before the first colon outside quotes
	value  string // behind it, or the whole word; without quotes
	not    bool
	quoted bool // some of it stood in quotes
	at     int  // where raw begins
}

// tokens splits a text at blanks outside quotes. A quote that is still open
// reaches to the end.
func tokens(text string) []token {
	var list []token
	for i := 0; i < len(text); {
		if text[i] == ' ' {
			i++
			continue
		}
		tok := token{}
		for i < len(text) && text[i] == '!' {
			tok.not = !tok.not
			i++
		}
		tok.at = i
		i = tok.read(text)
		if tok.value != "" || tok.key != "" {
			list = append(list, tok)
		}
	}
	return list
}

// read takes the token that begins at t.at and says where it ends.
func (t *token) read(text string) int {
	var value strings.Builder
	open, i := false, t.at
	for ; i < len(text) && (open || text[i] != ' '); i++ {
		switch {
		case text[i] == '"':
			open, t.quoted = !open, true
		case text[i] == ':' && !t.quoted && t.key == "" && value.Len() > 0 && isKey(value.String()):
			t.key = value.String()
			value.Reset()
		default:
			value.WriteByte(text[i])
		}
	}
	t.raw, t.value = text[t.at:i], value.String()
	if t.key != "" && colonText(t.raw) {
		t.key, t.value = "", t.raw
	}
	return i
}

// isKey reports whether a word may be a key: letters only.
func isKey(word string) bool {
	for i := range len(word) {
		if c := word[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// term understands a token; false for one that asks nothing yet.
func (l Language) term(tok token) (term, bool, error) {
	if tok.key == "" {
		return l.plain(tok)
	}
	k, known := keyNamed(tok.key)
	if !known {
		if l.has(Rule) && l.isTable(tok.key) {
			return l.value(Rule, tok.key+":"+tok.value, tok.value == "")
		}
		return term{}, false, fmt.Errorf("no key %q here (%s); quote the word to look for it as text", tok.key, l.keyNames())
	}
	if !l.has(k) {
		return term{}, false, fmt.Errorf("this list has no %s (%s)", tok.key, l.keyNames())
	}
	return l.value(k, tok.value, tok.value == "")
}

// plain understands a word without a key.
func (l Language) plain(tok token) (term, bool, error) {
	word := strings.ToLower(tok.value)
	switch {
	case tok.quoted:
	case (word == "v4" || word == "v6") && l.has(Family):
		return term{key: Family, word: word}, true, nil
	case strings.Contains(word, "/") && l.has(IP):
		if span, ok := ParseSpan(word); ok {
			return term{key: IP, spans: []Span{span}}, true, nil
		}
	}
	folds := strings.ContainsFunc(tok.value, func(r rune) bool { return r > unicode.MaxASCII })
	return term{key: Text, text: lower([]byte(tok.value), folds), folds: folds}, true, nil
}

// value understands the value of a key; empty asks nothing yet.
func (l Language) value(k Key, value string, empty bool) (term, bool, error) {
	if empty {
		return term{}, false, nil
	}
	t := term{key: k, word: strings.ToLower(value)}
	var err error
	switch keys[k].form {
	case addressForm:
		err = l.address(&t, value)
	case portForm:
		err = l.port(&t, value)
	case pairForm:
		err = l.zones(&t, value)
	case rowForm:
		err = l.row(&t)
	default:
		t.how, err = l.known(k, value)
	}
	return t, err == nil, err
}

// address understands an address, a network, a range or an object, or several
// behind commas: any of them will do.
func (l Language) address(t *term, value string) error {
	if !strings.Contains(value, ",") {
		return l.oneAddress(t, value)
	}
	for member := range strings.SplitSeq(value, ",") {
		one := term{key: t.key, word: strings.ToLower(member)}
		if member == "" { // still being typed
			continue
		}
		if err := l.oneAddress(&one, member); err != nil {
			return err
		}
		t.spans = append(t.spans, one.spans...)
	}
	t.spans = joined(t.spans)
	return nil
}

func (l Language) oneAddress(t *term, value string) error {
	if span, ok := ParseSpan(value); ok {
		t.spans = []Span{span}
		return nil
	}
	if l.Names != nil {
		if spans, ok := l.Names.Address(l.spelled(t.key, value)); ok {
			t.spans = joined(spans)
			return nil
		}
	}
	t.how = begins
	names := l.begun(t.key, t.word)
	for _, name := range names {
		spans, _ := l.Names.Address(name)
		t.spans = append(t.spans, spans...)
	}
	if t.spans = joined(t.spans); beginsAddress(value) || len(names) > 0 {
		return nil
	}
	return fmt.Errorf("%q is no address, network or address object", value)
}

func (l Language) port(t *term, value string) error {
	if ports, ok := ParsePorts(value); ok {
		t.ports = []Ports{ports}
		return nil
	}
	if from, rest, ranged := strings.Cut(value, "-"); ranged {
		if lo, ok := ParsePorts(from); ok && rest == "" { // still being typed
			t.ports = []Ports{{lo.Lo, 65535}}
			return nil
		}
	}
	if l.Names != nil {
		if ports, ok := l.Names.Service(l.spelled(t.key, value)); ok {
			t.ports = ports
			return nil
		}
	}
	t.how = begins
	names := l.begun(t.key, t.word)
	for _, name := range names {
		ports, _ := l.Names.Service(name)
		t.ports = append(t.ports, ports...)
	}
	if len(names) > 0 {
		return nil
	}
	return fmt.Errorf("%q is no port from 0 to 65535, range or service", value)
}

// zones understands one zone, or a pair of which either side may be open.
func (l Language) zones(t *term, value string) error {
	from, to, pair := strings.Cut(value, ">")
	if !pair {
		var err error
		t.how, err = l.known(Zone, value)
		return err
	}
	t.pair = &[2]term{{word: strings.ToLower(from)}, {word: strings.ToLower(to)}}
	for i, name := range []string{from, to} {
		if name == "" {
			continue
		}
		var err error
		if t.pair[i].how, err = l.known(Zone, name); err != nil {
			return err
		}
	}
	return nil
}

// row understands 32, rules:32, or the name of a part that no row stands for.
func (l Language) row(t *term) error {
	if table, num, ok := strings.Cut(t.word, ":"); ok {
		if !l.isTable(table) {
			return fmt.Errorf("no table %q", table)
		}
		if t.how = exact; num == "" {
			t.how = begins
		} else if !isNumber(num, 1<<16-1) {
			return fmt.Errorf("%q is no line of %s", num, table)
		}
		return nil
	}
	if isNumber(t.word, 1<<16-1) {
		t.word = "rules:" + t.word
		return nil
	}
	t.how = begins
	return nil
}

func (l Language) isTable(name string) bool {
	if l.Names == nil {
		return false
	}
	for _, v := range l.Names.Values(Rule) {
		if strings.EqualFold(v, name) {
			return true
		}
	}
	return false
}

// known says how to compare with one of the words that a key may have.
func (l Language) known(k Key, value string) (how, error) {
	var values []string
	if l.Names != nil {
		values = l.Names.Values(k)
	}
	switch {
	case values == nil:
		return inside, nil
	case k == Proto && isNumber(value, 255):
		return exact, nil
	}
	part := false
	for _, v := range values {
		if strings.EqualFold(v, value) {
			return exact, nil
		}
		part = part || strings.Contains(strings.ToLower(v), strings.ToLower(value))
	}
	if part {
		return inside, nil
	}
	return exact, fmt.Errorf("no %s %q (%s)", keys[k].name, value, few(values))
}

// spelled is a name as it is defined: case does not matter in a query.
func (l Language) spelled(k Key, name string) string {
	found := name
	for _, v := range l.Names.Values(k) {
		if v == name {
			return name
		}
		if strings.EqualFold(v, name) {
			found = v
		}
	}
	return found
}

// begun are the known names that begin with a word: each may still be meant.
func (l Language) begun(k Key, word string) []string {
	if l.Names == nil {
		return nil
	}
	var names []string
	for _, v := range l.Names.Values(k) {
		if strings.HasPrefix(strings.ToLower(v), word) {
			names = append(names, v)
		}
	}
	return names
}

// keyNames lists the keys of the list for a message.
func (l Language) keyNames() string {
	var names []string
	for _, k := range l.Keys {
		if n := k.Name(); n != "" {
			names = append(names, n)
		}
	}
	return strings.Join(names, " ")
}

// few lists some of the values for a message.
func few(values []string) string {
	const most = 8
	if len(values) <= most {
		return strings.Join(values, " ")
	}
	return strings.Join(values[:most], " ") + " ..."
}
