package tables

// matchLimit bounds how many lines may differ before two runs of lines are
// taken as different altogether. The search needs four bytes for each pair of
// them: 4 MB at the limit.
const matchLimit = 1000

// matchLines finds a longest common subsequence of two runs of lines: for each
// line of a the index of its partner in b, -1 for none. It is the greedy
// algorithm of Myers ("An O(ND) difference algorithm and its variations", 1986)
// between the common beginning and the common end.
func matchLines(a, b []*Line) []int {
	match := make([]int, len(a))
	for i := range match {
		match[i] = -1
	}
	first := 0
	for first < len(a) && first < len(b) && sameLine(a[first], b[first]) {
		match[first] = first
		first++
	}
	endA, endB := len(a), len(b)
	for endA > first && endB > first && sameLine(a[endA-1], b[endB-1]) {
		endA--
		endB--
		match[endA] = endB
	}
	for _, pair := range shortestEdit(a[first:endA], b[first:endB]) {
		match[first+pair[0]] = first + pair[1]
	}
	return match
}

// shortestEdit lists the pairs of lines that the shortest edit keeps; none when
// it is longer than the limit.
func shortestEdit(a, b []*Line) [][2]int {
	limit := min(len(a)+len(b), matchLimit)
	reach := make([]int32, 2*limit+3) // the furthest place in a on each diagonal
	var trace [][]int32               // reach before each round, from diagonal -d to d
	for d := 0; d <= limit; d++ {
		trace = append(trace, append([]int32(nil), reach[limit+1-d:limit+2+d]...))
		for k := -d; k <= d; k += 2 {
			x := stepOn(reach, limit+1, k, d)
			y := x - k
			for x < len(a) && y < len(b) && sameLine(a[x], b[y]) {
				x++
				y++
			}
			reach[limit+1+k] = int32(x)
			if x >= len(a) && y >= len(b) {
				return walkBack(trace, len(a), len(b))
			}
		}
	}
	return nil
}

// stepOn is where the d-th round starts on diagonal k: a line of b inserted
// after the diagonal above, or a line of a deleted after the one below.
func stepOn(reach []int32, zero, k, d int) int {
	if k == -d || k != d && reach[zero+k-1] < reach[zero+k+1] {
		return int(reach[zero+k+1])
	}
	return int(reach[zero+k-1]) + 1
}

// walkBack collects the pairs along the path that reached the end.
func walkBack(trace [][]int32, x, y int) [][2]int {
	var pairs [][2]int
	for d := len(trace) - 1; d >= 0; d-- {
		k := x - y
		fromX, fromY := 0, 0
		if d > 0 {
			before := k - 1
			if k == -d || k != d && trace[d][d+k-1] < trace[d][d+k+1] {
				before = k + 1
			}
			fromX = int(trace[d][d+before])
			fromY = fromX - before
		}
		for x > fromX && y > fromY {
			x--
			y--
			pairs = append(pairs, [2]int{x, y})
		}
		x, y = fromX, fromY
	}
	return pairs
}
