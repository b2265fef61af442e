package tui

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sahilm/fuzzy"
)

// searchedTexts are texts as the palette has them, and some with letters that
// fold to others or change their length in lower case.
func searchedTexts(rng *rand.Rand) []string {
	words := []string{"ext", "FW", "ALL", "admins", "ssh", "accept+nat", "rules:12", "Policy:", "delete", "büro", "K\u212Alvin", "\u017Ftar", "İstanbul", "lan_nas", "192.168.0.1"}
	texts := make([]string, 400)
	for i := range texts {
		parts := make([]string, 1+rng.IntN(6))
		for n := range parts {
			parts[n] = words[rng.IntN(len(words))]
		}
		texts[i] = strings.Join(parts, " ")
	}
	return texts
}

// foundAnew asks the matcher about every text, as if nothing had been typed
// before.
func foundAnew(texts []string, text string) []hit {
	var hits []hit
	for _, m := range fuzzy.FindNoSort(strings.ReplaceAll(text, " ", ""), texts) {
		e := entry{text: m.Str, lower: strings.ToLower(m.Str)}
		hits = append(hits, hit{m.Index, e.classOf(m, strings.ToLower(strings.TrimSpace(text))), m.Score})
	}
	slices.SortFunc(hits, hit.compare)
	for i, h := range hits {
		if h.class == scattered && hits[0].class != scattered {
			return hits[:i]
		}
	}
	return hits
}

func TestSearchWhileTypingFindsWhatASearchOfEverythingDoes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	texts := searchedTexts(rng)
	s := newSearch(len(texts), func(i int) string { return texts[i] })
	keys := []rune("extFWALadmins:12 .+küſKİ_9q")
	typed := []rune{}
	for step := range 4000 {
		switch n := rng.IntN(8); {
		case n == 0 && len(typed) > 0:
			typed = typed[:len(typed)-1]
		case n == 1 && len(typed) > 0: // a letter put in before the end
			typed = slices.Insert(typed, rng.IntN(len(typed)), keys[rng.IntN(len(keys))])
		case len(typed) > 6:
			typed = typed[:0]
		default:
			typed = append(typed, keys[rng.IntN(len(keys))])
		}
		text := string(typed)
		if strings.TrimSpace(text) == "" {
			continue
		}
		if got, want := s.find(text), foundAnew(texts, text); !slices.Equal(got, want) {
			t.Fatalf("step %d, %q: found %v, want %v", step, text, describe(texts, got), describe(texts, want))
		}
	}
}

func describe(texts []string, hits []hit) (lines []string) {
	for _, h := range hits {
		lines = append(lines, fmt.Sprintf("%s (%d, %d)", texts[h.index], h.class, h.score))
	}
	return lines
}
