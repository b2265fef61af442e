package tables

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// quote puts a text of a table between quotes for a message, with escapes for
// what a terminal or a reader could mistake, and cut when it is long.
func quote(text string) string {
	const limit = 60
	if len(text) > limit {
		text = text[:limit-3] + "..."
	}
	if plainASCII(text) || !strings.ContainsFunc(text, mistaken) {
		return "'" + text + "'"
	}
	escaped := strconv.QuoteToASCII(text)
	return "'" + strings.ReplaceAll(escaped[1:len(escaped)-1], `\"`, `"`) + "'"
}

// mistaken reports whether a character may be taken for another, or for none.
func mistaken(r rune) bool {
	if r <= unicode.MaxASCII {
		return r < ' ' || r > '~'
	}
	like, _ := lookAlike(r)
	return r == utf8.RuneError || like != 0 || !nameLetter(r)
}

// plainASCII reports whether a text has printable ASCII characters only.
func plainASCII(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// nearest finds the name that was most likely meant: equal but for case, or at
// most a third of its letters away. It is empty when none is that near.
func nearest(text string, names []string) string {
	best, limit := "", max(1, len(text)/3)+1
	for _, name := range names {
		if strings.EqualFold(name, text) {
			return name
		}
		if d := distance(text, name, limit); d < limit {
			best, limit = name, d
		}
	}
	return best
}

// longest is the length of the longest word that a distance is counted for;
// no name in the tables may be longer.
const longest = 31

// distance counts the letters to insert, delete, replace or swap with their
// neighbour to get from one word to another (optimal string alignment). It
// stops at limit.
func distance(a, b string, limit int) int {
	if diff := len(a) - len(b); diff >= limit || -diff >= limit || len(b) > longest {
		return limit
	}
	var rows [3][longest + 1]int
	before, above, row := rows[0][:len(b)+1], rows[1][:len(b)+1], rows[2][:len(b)+1]
	for j := range above {
		above[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(above[j]+cost, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		if slices.Min(row) >= limit {
			return limit
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
