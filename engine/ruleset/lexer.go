package ruleset

import "strings"

// word is one word of a line, as iptables-save separates them. A quoted word
// is never an option.
type word struct {
	text       string
	start, end int // in the line, with the quotes
	quoted     bool
}

// lexer cuts the words out of a text. iptables-save quotes free text only
// (comments, prefixes, patterns) and escapes quotes and backslashes inside;
// names of chains, interfaces and sets it prints bare, even when they start
// with a quote. A quoted word may hold line feeds.
type lexer struct {
	text  string
	words []word
	// unclosed is set when a search for a closing quote ran into the end of
	// the text: no later one can succeed, and the lexer stays linear.
	unclosed bool
}

// line cuts the line that starts at pos into l.words and returns where the
// next line starts. A quoted line feed does not end the line.
func (l *lexer) line(pos int) (next int) {
	l.words = l.words[:0]
	s := l.text
	bare := false // the word before takes a name that is never quoted
	for pos < len(s) && s[pos] != '\n' {
		if s[pos] == ' ' || s[pos] == '\r' && (pos+1 == len(s) || s[pos+1] == '\n') {
			pos++
			continue
		}
		w := word{start: pos}
		if s[pos] == '"' && !bare && !l.unclosed {
			w.text, pos, w.quoted = l.quoted(pos)
		}
		if !w.quoted {
			pos = wordEnd(s, pos)
			w.text = s[w.start:pos]
		}
		w.end = pos
		l.words = append(l.words, w)
		bare = !w.quoted && takesName(w.text)
	}
	return min(pos+1, len(s))
}

func wordEnd(s string, pos int) int {
	for pos < len(s) && s[pos] != ' ' && s[pos] != '\n' {
		pos++
	}
	if s[pos-1] == '\r' && (pos == len(s) || s[pos] == '\n') {
		pos--
	}
	return pos
}

// quoted reads the quoted word that starts at pos. ok is false when the quote
// is never closed.
func (l *lexer) quoted(pos int) (text string, end int, ok bool) {
	s := l.text
	escaped := false
	for i := pos + 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			escaped = true
			i++
		case '"':
			text = s[pos+1 : i]
			if escaped {
				text = unescape(text)
			}
			return text, i + 1, true
		}
	}
	l.unclosed = true
	return "", pos, false
}

func unescape(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// takesName lists the options whose value iptables-save never quotes,
// whatever bytes it has.
func takesName(option string) bool {
	switch option {
	case "-A", "-i", "-o", "-j", "-g", "--match-set":
		return true
	}
	return false
}

// appendQuoted writes a word so that the lexer reads it back.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		if s[i] == '"' || s[i] == '\\' || s[i] == '\'' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}

// appendWord writes a word, with quotes where the lexer needs them.
func appendWord(b []byte, s string) []byte {
	if s == "" || strings.ContainsAny(s, " \n\r\"'\\") {
		return appendQuoted(b, s)
	}
	return append(b, s...)
}
