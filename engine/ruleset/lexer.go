package ruleset

import "strings"

// word is one word of a line, as iptables-save separates them.
type word struct {
	text       string
	start, end int // in the text, with the quotes
	quoted     bool
	open       bool // starts with a quote that is never closed
}

// bare reports whether the word is s, outside of quotes.
func (w word) bare(s string) bool { return !w.quoted && w.text == s }

// lexer cuts the words out of a text. iptables-save quotes free text only
// (comments, prefixes, patterns) and escapes quotes and backslashes inside;
// names of chains, interfaces and sets it prints bare, even when they start
// with a quote. A quoted word may hold line feeds.
type lexer struct {
	text  string
	words []word
	// open is set when a search for a closing quote ran into the end of the
	// text: no later one can succeed, and the lexer stays linear.
	open bool
}

// line cuts the line that starts at pos into l.words and returns where the
// next line starts. A quoted line feed does not end the line.
func (l *lexer) line(pos int) (next int) {
	l.words = l.words[:0]
	s := l.text
	quotes := false
	for pos < len(s) && s[pos] != '\n' {
		if s[pos] == ' ' {
			pos++
			continue
		}
		if len(l.words) == 0 {
			quotes = strings.IndexByte("-[!", s[pos]) >= 0 // other lines have no free text
		}
		w := word{start: pos}
		if s[pos] == '"' && quotes && !l.afterName() {
			w.text, w.end, w.quoted = l.quoted(pos)
			w.open = !w.quoted
		}
		if !w.quoted {
			w.end = wordEnd(s, pos)
			w.text = s[pos:w.end]
		}
		l.words = append(l.words, w)
		pos = w.end
	}
	return min(pos+1, len(s))
}

// afterName reports whether the word to come is a name, which iptables-save
// never quotes.
func (l *lexer) afterName() bool {
	if len(l.words) == 0 {
		return false
	}
	last := l.words[len(l.words)-1]
	return !last.quoted && takesName(last.text)
}

// takesName lists the options whose value is a name, whatever bytes it has.
func takesName(option string) bool {
	switch option {
	case "-A", "-i", "-o", "-j", "-g", "--match-set", "--in-interface", "--out-interface", "--jump", "--goto":
		return true
	}
	return false
}

// verbatim is a word as it was printed, with its quotes. A quote that was
// never closed gets quotes around it, so that no other text can close it.
func (l *lexer) verbatim(w word) string {
	if w.open {
		return string(appendQuoted(nil, w.text))
	}
	return l.text[w.start:w.end]
}

func (l *lexer) verbatims(words []word) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = l.verbatim(w)
	}
	return out
}

func wordEnd(s string, pos int) int {
	for pos < len(s) && s[pos] != ' ' && s[pos] != '\n' {
		pos++
	}
	return pos
}

// quoted reads the quoted word that starts at pos. ok is false when the quote
// is never closed.
func (l *lexer) quoted(pos int) (text string, end int, ok bool) {
	if l.open {
		return "", pos, false
	}
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
	l.open = true
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
