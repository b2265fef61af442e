// Package plain is the console as a conversation by lines: for screen readers,
// for terminals that cannot move their cursor, and for pipes.
//
// It does what the screens do, with the same engine and the same desk of
// tables; it asks filters in the same language, and says most things in the same
// words. It never redraws, moves the cursor or uses colour; each thing has a
// line of its own, words stand for signs, and every text from outside goes
// through the sanitiser.
package plain
