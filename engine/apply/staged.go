package apply

import (
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Staged is what Start loads beside the live rules before the flip, for a
// request that names no mark bit.
func Staged(live *ruleset.Ruleset, want plan.Target, own plan.Ownership) (plan.Steps, error) {
	return plan.Stage(live, want, own, defaultMark)
}
