// Package tuitest is a firewall that exists in memory only, for the tests of
// the console: an engine.Backend with sample tables, flows and counters that
// move, and a guardian that counts down.
//
// What it shows is like a real site, and the same each time: the clock is the
// test's. Its compiler knows the simplest form of each row only; the figures
// are made up. Faults can be set: an error for any call, a panic, a delay.
package tuitest
