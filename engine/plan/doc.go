// Package plan compares the live ruleset with the desired one and writes down
// the steps that lead from one to the other.
//
// It answers what would change (by family, table, chain and set), what is ours
// in a live ruleset, which texts must be loaded in which order so that every
// moment has either the whole old or the whole new rules in force, and whether
// the administrator could still log in afterwards.
//
// # A trial
//
// Stage loads the chains and sets that differ under staged names, and on top of
// each root chain that changes a gate: a goto to the staged twin while the set
// mfw_trial matches. Arm fills that set, with a timeout, by one swap; from then
// on new rules are in force for both families and all tables, until the timeout
// is over, or Close. Hold takes the timeout away; Confirm then rewrites the
// canonical chains, which lie out of force behind the gate, and removes what
// was staged. Rollback removes what was staged from wherever that was cut
// short.
//
// What changes is transitive: a chain that leads to a changed chain or names a
// changed set is staged too. Everything else is shared with the running rules.
//
// Every function computes its steps from what is live now and remembers
// nothing, so that each of them finishes what a killed process began.
//
// # What it does not do
//
// The package is pure. It loads nothing: engine/apply does that. A chain, rule
// or set that is not ours never appears in a step, but for the built-in chains
// and foreign chains that a hook is put into or taken from, and no text from a foreign object gets
// into a payload. It changes no policy.
package plan
