//go:build !race

package tui

// Without the race detector there is nothing to allow for.
const (
	raceShare  = 1
	raceStride = 1
)
