//go:build race

package tui

// raceShare is how much more memory a program takes with the race detector,
// which notes who touched what.
const raceShare = 4
