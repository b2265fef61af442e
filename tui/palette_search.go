package tui

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sahilm/fuzzy"
)

// search finds entries by some of their letters. It is asked at each key, so it
// looks only at what can hold the letters: an entry with all of them, and while
// a text grows those that held what was typed before.
type search struct {
	entries []entry
	asked   string // the letters that hits are for
	hits    []hit
	looked  []int // the entries that are looked at
}

// entry is a text with what is worked out once for it.
type entry struct {
	text, lower string
	has         letters
}

// newSearch prepares to find texts. Their forms in lower case stand in one
// string, since there are thousands.
func newSearch(size int, text func(i int) string) *search {
	s := &search{entries: make([]entry, size), hits: make([]hit, 0, size), looked: make([]int, 0, size)}
	var all strings.Builder
	ends := make([]int, size)
	for i := range s.entries {
		s.entries[i].text = text(i)
		writeLower(&all, s.entries[i].text)
		ends[i] = all.Len()
	}
	start, lower := 0, all.String()
	for i := range s.entries {
		s.entries[i].take(lower[start:ends[i]])
		start = ends[i]
	}
	return s
}

// writeLower writes a text in lower case.
func writeLower(to *strings.Builder, text string) {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			to.WriteString(strings.ToLower(text[i:]))
			return
		}
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		to.WriteByte(c)
	}
}

// take takes the text in lower case.
func (e *entry) take(lower string) {
	e.lower = lower
	has, ascii := lettersOf(lower)
	if !ascii {
		has = ^letters(0) // some others fold to a letter
	}
	e.has = has
}

// hit is an entry that holds the text, and how well.
type hit struct{ index, class, score int }

// How well an entry holds the text. Scattered ones are noise beside better
// ones.
const (
	wholeText = iota
	byParts
	scattered
)

// chunk is how many entries the matcher is given at a time: its list of matches
// then stays small, where one of all entries grows to half a megabyte of
// pointers.
const chunk = 128

// find gives the entries that hold a text, the best first: those that hold it as
// it is before those that only have its letters in order.
func (s *search) find(text string) []hit {
	pattern, low := strings.ReplaceAll(text, " ", ""), strings.ToLower(strings.TrimSpace(text))
	s.look(pattern)
	s.asked, s.hits = pattern, s.hits[:0]
	for part := range slices.Chunk(s.looked, chunk) {
		for _, m := range fuzzy.FindFromNoSort(pattern, chosen{s.entries, part}) {
			at := part[m.Index]
			s.hits = append(s.hits, hit{at, s.entries[at].classOf(m, low), m.Score})
		}
	}
	slices.SortFunc(s.hits, hit.compare)
	for i, h := range s.hits {
		if h.class == scattered && s.hits[0].class != scattered {
			return s.hits[:i]
		}
	}
	return s.hits
}

// look chooses the entries that may hold a pattern. What does not hold the
// beginning of it does not hold all of it.
func (s *search) look(pattern string) {
	want, _ := lettersOf(strings.ToLower(pattern))
	s.looked = s.looked[:0]
	if s.asked != "" && strings.HasPrefix(pattern, s.asked) {
		for _, h := range s.hits {
			if s.entries[h.index].has.all(want) {
				s.looked = append(s.looked, h.index)
			}
		}
		return
	}
	for i := range s.entries {
		if s.entries[i].has.all(want) {
			s.looked = append(s.looked, i)
		}
	}
}

// compare puts the better hit first.
func (h hit) compare(o hit) int {
	switch {
	case h.class != o.class:
		return h.class - o.class
	case h.score != o.score:
		return cmp.Compare(o.score, h.score)
	}
	return h.index - o.index
}

// chosen are some of the entries, for the matcher.
type chosen struct {
	entries []entry
	which   []int
}

// String is what an entry is found by.
func (c chosen) String(i int) string { return c.entries[c.which[i]].text }

// Len is the number of entries that are looked at.
func (c chosen) Len() int { return len(c.which) }

// classOf says how well an entry holds a text: as it is, in parts that begin
// words or are longer than a letter, or scattered.
func (e *entry) classOf(m fuzzy.Match, low string) int {
	if strings.Contains(e.lower, low) {
		return wholeText
	}
	for n, i := range m.MatchedIndexes {
		joined := n > 0 && m.MatchedIndexes[n-1] == i-1 || n+1 < len(m.MatchedIndexes) && m.MatchedIndexes[n+1] == i+1
		if !joined && i > 0 && e.text[i-1] != ' ' && e.text[i-1] != ':' {
			return scattered
		}
	}
	return byParts
}

// letters is a set of ASCII characters. Two of them share each place, so what
// it does not hold is certain, and what it holds is not.
type letters uint64

// lettersOf are the ASCII characters of a text in lower case, and whether it has
// no others.
func lettersOf(lower string) (set letters, ascii bool) {
	ascii = true
	for i := range len(lower) {
		if lower[i] >= utf8.RuneSelf {
			ascii = false
			continue
		}
		set |= 1 << (lower[i] & 63)
	}
	return set, ascii
}

// all reports whether a set may hold all of others.
func (l letters) all(others letters) bool { return others&^l == 0 }
