// Package plan compares the live ruleset with the desired one and writes down
// the steps that lead from one to the other.
//
// It answers what would change (by family, table, chain and set), what is ours
// in a live ruleset, which texts must be loaded in which order so that every
// moment has either the whole old or the whole new rules in force, and whether
// the administrator could still log in afterwards.
//
// The package is pure. It loads nothing: engine/apply does that. A chain, rule
// or set that is not ours never appears in a step.
package plan
