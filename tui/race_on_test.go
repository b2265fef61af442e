//go:build race

package tui

// With the race detector, which notes who touched what, a program takes ten times
// the time, and three to four times the memory: at most raceShare times. So the tests
// that look at every size and every text take one case of raceStride; without it they
// take all, and make test runs them both ways.
const (
	raceShare  = 6
	raceStride = 9
)
