package plan

import (
	"errors"
	"fmt"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// ErrTrialStaged is returned by Stage when the live ruleset holds traces of
// another trial: Rollback removes them.
var ErrTrialStaged = errors.New("stage: a trial is staged already; confirm it or roll it back first")

// ErrGateNotHeld is returned by Confirm when a trial is staged and its gate is
// closed or still runs on a timeout. The canonical chains behind such a gate
// are, or will again be, in force and must not be rewritten: load Hold first.
var ErrGateNotHeld = errors.New("confirm: the gate of the trial is not open for good")

// TakenError says that a chain or set which we want to make exists and is not
// ours. Table is empty for a set.
type TakenError struct {
	Family ruleset.Family
	Table  string
	Name   string
	Why    string
}

func (e *TakenError) Error() string {
	if e.Table == "" {
		return fmt.Sprintf("set %s exists and is not ours: %s; rename or destroy it, or rename the object of the tables", e.Name, e.Why)
	}
	return fmt.Sprintf("%s %s chain %s exists and is not ours: %s; rename or delete it", e.Family, e.Table, e.Name, e.Why)
}

// StillUsedError says that a chain of ours cannot be removed, because a rule
// that is not ours jumps to it.
type StillUsedError struct {
	Family ruleset.Family
	Table  string
	Chain  string
	From   string // the foreign chain
	Rule   int    // from 1
}

func (e *StillUsedError) Error() string {
	return fmt.Sprintf("%s %s chain %s cannot be removed: rule %d of chain %s, which is not ours, jumps to it; delete that rule first",
		e.Family, e.Table, e.Chain, e.Rule, e.From)
}
