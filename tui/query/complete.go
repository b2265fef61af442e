package query

import "strings"

// Complete lists what the last term of a text could become, each as the whole
// text with the term completed: keys while there is no colon, then the values
// of the key.
func (l Language) Complete(text string) []Candidate {
	start := lastTerm(text)
	head, word := text[:start], strings.TrimLeft(text[start:], "!")
	head += text[start : len(text)-len(word)]
	if strings.ContainsRune(word, '"') {
		return nil
	}
	name, value, ok := strings.Cut(word, ":")
	if !ok {
		return l.completeKey(head, word)
	}
	k, known := keyNamed(name)
	if !known || !l.has(k) || l.Names == nil {
		return nil
	}
	side := ""
	if from, to, pair := strings.Cut(value, ">"); pair && k == Zone {
		side, value = from+">", to
	}
	var list []Candidate
	for _, v := range l.Names.Values(k) {
		if len(v) >= len(value) && strings.EqualFold(v[:len(value)], value) && !strings.ContainsAny(v, " \"") {
			list = append(list, Candidate{Text: head + name + ":" + side + v, Label: v})
		}
	}
	return list
}

// Candidate is a completion: the whole text, and the part that is shown.
type Candidate struct{ Text, Label string }

func (l Language) completeKey(head, word string) []Candidate {
	var list []Candidate
	for _, k := range l.Keys {
		label := k.Name() + ":"
		if k == Family {
			for _, v := range []string{"v4", "v6"} {
				if strings.HasPrefix(v, strings.ToLower(word)) && word != "" {
					list = append(list, Candidate{Text: head + v, Label: v})
				}
			}
			continue
		}
		if strings.HasPrefix(label, strings.ToLower(word)) {
			list = append(list, Candidate{Text: head + label, Label: label})
		}
	}
	return list
}

// lastTerm is where the last term of a text begins.
func lastTerm(text string) int {
	start, open := 0, false
	for i := range len(text) {
		switch {
		case text[i] == '"':
			open = !open
		case text[i] == ' ' && !open:
			start = i + 1
		}
	}
	return start
}

// Term writes a key with a value so that Parse reads it back, in quotes where
// they are needed.
func Term(k Key, value string) string {
	if strings.ContainsAny(value, " \"") || k == Text && strings.ContainsAny(value, ":!") {
		value = `"` + strings.ReplaceAll(value, `"`, "") + `"`
	}
	if k.Name() == "" {
		return value
	}
	return k.Name() + ":" + value
}
