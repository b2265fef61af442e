//go:build race

package tui

// With the race detector, which notes who touched what, a program takes raceShare
// times the memory and ten times the time. So the tests that look at every size
// and every text take one case of raceStride; without it they take all, and make
// test runs them both ways.
const (
	raceShare  = 4
	raceStride = 9
)
