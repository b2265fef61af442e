package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// explainBoth walks a packet through the rules that run and through those that
// an apply would leave.
func (a *app) explainBoth(cmd *cobra.Command, e *engine.Engine, p ruleset.Packet, flags explainFlags) error {
	if err := needsNetAdmin(cmd); err != nil {
		return err
	}
	set, err := a.load(e)
	if err != nil {
		return err
	}
	both, err := e.ExplainBoth(cmd.Context(), set, engine.Question{Packet: p, Out: flags.out})
	if err != nil {
		return err
	}
	if err := a.tellBoth(cmd, e, &both, flags); err != nil {
		return err
	}
	if both.Staged == nil {
		a.problems(a.err, both.Problems)
		return errSaid
	}
	return acceptance(both.Staged)
}

// tellBoth prints both ways, and what real packets met when that is asked for.
func (a *app) tellBoth(cmd *cobra.Command, e *engine.Engine, both *engine.BothWays, flags explainFlags) error {
	why := engine.RowRef(flags.whyNot)
	if a.asJSON {
		out := both.Record(why)
		var err error
		if out.Trace, err = a.traceRecord(cmd, e, both.Packet, flags.trace); err != nil {
			return err
		}
		return a.json(out)
	}
	if both.Staged == nil {
		if err := a.printExplanation(both.Live); err != nil {
			return err
		}
	} else if err := a.printBoth(both); err != nil {
		return err
	}
	if why.Line > 0 {
		live, staged := both.WhyNot(why)
		fmt.Fprintf(a.out, "why not %s, live: %s\n", why, visible(live))
		if both.Staged != nil {
			fmt.Fprintf(a.out, "why not %s, staged: %s\n", why, visible(staged))
		}
	}
	return a.tellTrace(cmd, e, both.Packet, flags.trace)
}

// printBoth prints each rule that the packet met on either side with how it
// answered there, a dash where it was not met, and what came out.
func (a *app) printBoth(both *engine.BothWays) error {
	rows := [][]string{{"LIVE", "STAGED", "TABLE", "CHAIN", "N", "RULE", "ROW"}}
	for _, s := range both.Beside() {
		rows = append(rows, besideRow(both, s))
	}
	if err := a.table(rows); err != nil {
		return err
	}
	for _, side := range []struct {
		name string
		x    *engine.Explanation
	}{{"live", both.Live}, {"staged", both.Staged}} {
		for _, line := range endWords(side.x) {
			fmt.Fprintf(a.out, "%s: %s\n", side.name, line)
		}
	}
	a.printNotSimulated()
	return nil
}

// besideRow is a rule on both sides. Its number and row are those after an apply,
// unless only the rules that run have it.
func besideRow(both *engine.BothWays, s engine.StepBeside) []string {
	live, staged := "-", "-"
	x, step := both.Live, ruleset.Step{}
	if s.Live >= 0 {
		step = both.Live.Steps[s.Live]
		live = step.Matched.String()
	}
	if s.Staged >= 0 {
		x, step = both.Staged, both.Staged.Steps[s.Staged]
		staged = step.Matched.String()
	}
	return append([]string{live, staged}, stepRow(x, step)[1:]...)
}
