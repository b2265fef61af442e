package plan

import "github.com/mfwtui/mfwtui/engine/ruleset"

// Diff is the difference between live and desired. What is not ours is not in
// it.
type Diff struct {
	Chains []ChainDiff
	Sets   []SetDiff
	Hooks  []HookDiff
}

// Op is what happens to an object or a line.
type Op uint8

// The operations.
const (
	Same Op = iota
	Add
	Remove
	Change
)

// ChainDiff is a chain that differs, with all its rules in the order of a
// unified diff.
type ChainDiff struct {
	Family ruleset.Family
	Table  string
	Chain  string
	Op     Op // Add, Remove or Change
	Lines  []Line
}

// Line is one rule of a difference: kept (Same), new (Add) or gone (Remove).
type Line struct {
	Op   Op
	Rule *ruleset.Rule
	Text string // the rule in canonical text, with its comment, without counters
}

// SetDiff is a set that differs.
type SetDiff struct {
	Name string
	Op   Op
	// Before and After are the sets; nil when absent.
	Before, After *ruleset.Set
	Added, Gone   []ruleset.Member
}

// HookDiff is a hook that is absent (Add), not wanted (Remove), or stands
// twice or behind a jump of Docker's (Change). Why says so in words.
type HookDiff struct {
	ruleset.Hook
	Op  Op
	Why string
}

// Empty reports whether live is what is desired.
func (d *Diff) Empty() bool { return len(d.Chains) == 0 && len(d.Sets) == 0 && len(d.Hooks) == 0 }

// Compare finds the difference between live and want.
func Compare(live *ruleset.Ruleset, want Target, own Ownership) *Diff { return nil }

// Unified prints the difference as a unified diff with one section for each
// chain, set and list of hooks; empty when there is none.
func (d *Diff) Unified() string { return "" }
