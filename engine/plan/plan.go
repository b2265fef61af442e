package plan

import (
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Target is a desired state: our chains, our sets, and the jumps that lead to
// them. Built-in and foreign chains have no place in Rules.
type Target struct {
	Rules *ruleset.Ruleset
	Hooks []ruleset.Hook
}

// Ownership says what in a live ruleset is ours, beyond what the names of the
// root chains tell.
type Ownership struct {
	// Sets and Chains are what the confirmed generation recorded.
	Sets []string
	// Chains are recorded as "v4 filter ext_inp".
	Chains []string
}

// Payload is text for the restore tools. Sets is loaded first, then V4 and V6,
// in any order or at once. Empty texts are not loaded. The rule texts are for
// iptables-restore --noflush --counters.
type Payload struct {
	Sets   string
	V4, V6 string
}

// Steps are payloads in order. After each one, one whole generation is in
// force.
type Steps []Payload

// Stage makes the steps that load what changes beside what runs: staged
// chains and sets, the gate and the cut rule on top of each root chain that
// changes, and hooks that are absent, leading to a root chain that holds only
// the gate. Nothing decides differently afterwards, until the gate opens.
// markBit is the conntrack mark bit that flows of the trial get; 0 leaves the
// marking and the cut rule out.
func Stage(live *ruleset.Ruleset, want Target, own Ownership, markBit uint32) (Steps, error) {
	return nil, nil
}

// Confirm makes the steps from live to want, for good. It reads from live
// whether a trial is staged: then the gate must be open for good, the
// canonical chains are rewritten behind it, and gate, staged chains and staged
// sets go last. Without a trial it is a plain load: what boot does. Counters
// of unchanged rules are carried over, those of the staged copy added. The
// result for a live ruleset that is already as wanted is empty.
func Confirm(live *ruleset.Ruleset, want Target, own Ownership) (Steps, error) { return nil, nil }

// Rollback makes the steps that remove every trace of a trial from live: the
// gate is emptied first, which alone brings the old rules back; then gate and
// cut rules, staged chains, roots and hooks that only the trial needed, and
// staged sets. It is empty when live has no trace.
func Rollback(live *ruleset.Ruleset) (Steps, error) { return nil, nil }

// Teardown makes the steps that remove all that is ours: hooks, chains, sets.
func Teardown(live *ruleset.Ruleset, own Ownership) (Steps, error) { return nil, nil }

// Owned lists what is ours in a ruleset, as a generation records it.
func Owned(rs *ruleset.Ruleset) Ownership { return Ownership{} }

// Fingerprint is a hash over everything in live that a preview depends on: our
// chains, our sets and the position of the hooks; counters do not count.
func Fingerprint(live *ruleset.Ruleset, own Ownership) string { return "" }
