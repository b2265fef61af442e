package apply

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// split takes out of the steps of a confirmation or rollback what only sweeps
// up after a trial, and what no packet meets any more: first the staged
// chains, then the sets of the trial. The kernel takes longer for that than for
// all the rest, so it waits until the outcome is told: with nft each
// transaction that removes something waits for an RCU grace period (10 ms),
// and a list of sets for two barriers (20 ms).
func split(steps plan.Steps) (needed, sweep plan.Steps) {
	var chains plan.Payload
	var sets string
	for i, p := range steps {
		var more string
		p.V4, more = splitRules(p.V4)
		chains.V4 += more
		p.V6, more = splitRules(p.V6)
		chains.V6 += more
		if i == len(steps)-1 && p.V4 == "" && p.V6 == "" {
			p.Sets, sets = splitSets(p.Sets)
		}
		needed = appendStep(needed, p)
	}
	sweep = appendStep(nil, chains)
	return needed, appendStep(sweep, plan.Payload{Sets: sets})
}

func appendStep(steps plan.Steps, p plan.Payload) plan.Steps {
	if p == (plan.Payload{}) {
		return steps
	}
	return append(steps, p)
}

// splitRules parts the removal of staged chains from the rest of a restore
// text.
func splitRules(text string) (needed, sweep string) {
	for table := range strings.SplitAfterSeq(text, "COMMIT\n") {
		head, body, ok := strings.Cut(table, "\n")
		if !ok {
			continue
		}
		var keep, remove strings.Builder
		for line := range strings.Lines(strings.TrimSuffix(body, "COMMIT\n")) {
			if removesStaged(line) {
				remove.WriteString(line)
			} else {
				keep.WriteString(line)
			}
		}
		needed += transaction(head, keep.String())
		sweep += transaction(head, remove.String())
	}
	return needed, sweep
}

func removesStaged(line string) bool {
	return strings.HasPrefix(line, "-F "+ruleset.StagedPrefix) || strings.HasPrefix(line, "-X "+ruleset.StagedPrefix)
}

func transaction(head, lines string) string {
	if lines == "" {
		return ""
	}
	return head + "\n" + lines + "COMMIT\n"
}

// splitSets parts the end of the sets of a trial from the end of others.
func splitSets(text string) (needed, sweep string) {
	gate := []string{ruleset.TrialSet, ruleset.TrialNextSet, ruleset.TrialAll4, ruleset.TrialAll6}
	for line := range strings.Lines(text) {
		name, ok := strings.CutPrefix(strings.TrimSpace(line), "destroy ")
		if ok && (strings.HasPrefix(name, ruleset.StagedPrefix) || slices.Contains(gate, name)) {
			sweep += line
		} else {
			needed += line
		}
	}
	return needed, sweep
}

// sweepUp removes what split has left, and looks whether it is gone.
func (t *txn) sweepUp(ctx context.Context) error {
	if len(t.sweep) == 0 {
		return nil
	}
	return t.step("sweep up", func() error {
		loading := run(ctx, t.k, t.sweep)
		if err := t.read(ctx); err != nil {
			return errors.Join(loading, err)
		}
		var err error
		if t.sweep, err = plan.Rollback(t.live); err != nil || len(t.sweep) == 0 {
			return err
		}
		return errors.Join(errors.New("something of the trial is left in the kernel"), loading)
	})
}
