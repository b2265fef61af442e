//go:build !race

package tui

// raceShare is 1 without the race detector.
const raceShare = 1
