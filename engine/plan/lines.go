package plan

import (
	"slices"

	"github.com/aymanbagabas/go-udiff/lcs"
)

// pair aligns line a of the live chain with line b of the wanted one; -1
// stands for none.
type pair struct{ a, b int }

// align finds which lines of before are which lines of after: first by the
// lines that occur once in both, then within the gaps. It is fast for chains
// of many thousand rules whatever changed, which a plain longest common
// subsequence is not.
func align(before, after []string) []pair {
	pairs := make([]pair, 0, max(len(before), len(after)))
	a, b := 0, 0
	for _, anchor := range append(anchors(before, after), pair{len(before), len(after)}) {
		pairs = alignGap(pairs, before[a:anchor.a], after[b:anchor.b], a, b)
		if anchor.a < len(before) {
			pairs = append(pairs, anchor)
		}
		a, b = anchor.a+1, anchor.b+1
	}
	return pairs
}

// alignGap aligns two short runs of lines that start at a and b.
func alignGap(pairs []pair, before, after []string, a, b int) []pair {
	i, j := 0, 0
	diffs := append(lcs.DiffLines(before, after), lcs.Diff{Start: len(before), End: len(before), ReplStart: len(after), ReplEnd: len(after)})
	for _, d := range diffs {
		for ; i < d.Start; i, j = i+1, j+1 {
			pairs = append(pairs, pair{a + i, b + j})
		}
		for ; i < d.End; i++ {
			pairs = append(pairs, pair{a + i, -1})
		}
		for ; j < d.ReplEnd; j++ {
			pairs = append(pairs, pair{-1, b + j})
		}
	}
	return pairs
}

// anchors are the longest rising run of lines that occur exactly once on both
// sides (patience diff).
func anchors(before, after []string) []pair {
	place := make(map[string]int, len(before)) // of a line in before, from 1; 0: more than once
	for i, s := range before {
		if _, twice := place[s]; twice {
			place[s] = 0
			continue
		}
		place[s] = i + 1
	}
	times := make(map[string]int, len(after))
	for _, s := range after {
		times[s]++
	}
	var common []pair
	for j, s := range after {
		if i := place[s]; i > 0 && times[s] == 1 {
			common = append(common, pair{i - 1, j})
		}
	}
	return rising(common)
}

// rising is a longest subsequence of pairs with rising a; b rises already.
func rising(pairs []pair) []pair {
	var tails []int // tails[n] ends the best run of n+1 pairs
	previous := make([]int, len(pairs))
	for i, p := range pairs {
		n, _ := slices.BinarySearchFunc(tails, p.a, func(t, a int) int { return pairs[t].a - a })
		previous[i] = -1
		if n > 0 {
			previous[i] = tails[n-1]
		}
		if n == len(tails) {
			tails = append(tails, i)
		} else {
			tails[n] = i
		}
	}
	run := make([]pair, len(tails))
	if len(tails) > 0 {
		for n, i := len(tails)-1, tails[len(tails)-1]; n >= 0; n, i = n-1, previous[i] {
			run[n] = pairs[i]
		}
	}
	return run
}
