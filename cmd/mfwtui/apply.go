package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/words"
)

func (a *app) applyCommand() *cobra.Command {
	var req engine.ApplyRequest
	cmd := rootOnly(&cobra.Command{
		Use:   "apply",
		Short: "load the compiled tables; without a confirm they are rolled back",
		Long: `apply loads the compiled rules beside those that run, switches over, and counts
down. On a terminal it shows a code: type it to keep the new rules; meanwhile it
says how far a new login came. Elsewhere it waits for "mfwtui confirm" from
another session. When nobody confirms, or when
anything dies meanwhile, the old rules come back.

It ends with 0 when confirmed, 3 when rolled back, and 1 when refused or failed,
in which case nothing was changed.`,
		Example: "  mfwtui apply --timeout 60s\n  mfwtui apply --yes          # in a script: confirm after the read-back",
		Args:    noArgs,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if t := req.Timeout; cmd.Flags().Changed("timeout") && (t < engine.MinTimeout || t > engine.MaxTimeout) {
				return fmt.Errorf("timeout must be %.0f–%.0f seconds, not %v", engine.MinTimeout.Seconds(), engine.MaxTimeout.Seconds(), t)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return a.apply(cmd, req) },
	})
	f := cmd.Flags()
	f.Var((*span)(&req.Timeout), "timeout", "time until the rollback, 10s to 10m (default: the countdown option, 30s)")
	f.BoolVar(&req.Yes, "yes", false, "confirm by itself when everything was read back as planned")
	f.BoolVar(&req.Override, "override", false, "go on although the new rules would not let you in again")
	return cmd
}

func (a *app) apply(cmd *cobra.Command, req engine.ApplyRequest) error {
	ctx := cmd.Context()
	e := a.engine()
	if err := a.recovered(cmd, e); err != nil {
		return err
	}
	p, err := a.preview(cmd, e)
	if err != nil {
		return err
	}
	st, err := e.Apply(ctx, p, req)
	if err != nil {
		return err
	}
	for _, line := range st.Proof {
		fmt.Fprintln(a.out, visible(line))
	}
	if st.State != engine.OnTrial {
		return a.ended(st, nil)
	}
	fmt.Fprintf(a.out, "the new rules run; they are rolled back in %s unless you confirm\n", st.Left.Round(time.Second))
	if a.isTTY {
		return a.ask(ctx, e, st)
	}
	fmt.Fprintf(a.out, "confirm from another session: mfwtui confirm %s\n", st.Code)
	return a.ended(a.waitWithProofs(ctx, e, st.ID))
}

// waitWithProofs waits without a person at the terminal: it prints how far a new
// login comes, and at the end everything that was proved.
func (a *app) waitWithProofs(ctx context.Context, e *engine.Engine, id string) (engine.TrialStatus, error) {
	var said string
	seen := watchProofs(ctx, e, func(p *engine.TrialProof) {
		if state := words.LoginState(p); state != said {
			said = state
			fmt.Fprintf(a.out, "new login: %s\n", state)
		}
	})
	st, err := a.wait(ctx, e, id, nil)
	a.printProofs(seen)
	return st, err
}

func (a *app) printProofs(seen *proofs) {
	for _, line := range seen.end() {
		fmt.Fprintln(a.out, line)
	}
}

// mostRevivals is how often a trial is looked after whose guardian does not
// answer. More than once, since another command that looks whether there is one
// holds its lock for a moment, and one that is only late answers later.
const mostRevivals = 4

// wait blocks until the transaction has ended. An interrupt rolls it back; one
// that lost its guardian gets another.
func (a *app) wait(ctx context.Context, e *engine.Engine, id string, watch func(engine.TrialStatus)) (engine.TrialStatus, error) {
	st, err := e.WaitTrial(ctx, id, watch)
	for tries := 0; errors.Is(err, engine.ErrGuardianGone) && tries < mostRevivals; tries++ {
		did, failed := e.Recover(ctx)
		if failed != nil {
			return st, errors.Join(err, failed)
		}
		if did != "" {
			a.note("%s", did)
		}
		st, err = e.WaitTrial(ctx, id, watch)
	}
	if !errors.Is(err, context.Canceled) {
		return st, err
	}
	undone := context.WithoutCancel(ctx)
	if _, err := e.Reject(undone); err != nil {
		a.note("%v", err) // it may have ended by itself
	}
	return e.WaitTrial(undone, id, nil)
}

// ended says how a transaction ended and chooses the exit status.
func (a *app) ended(st engine.TrialStatus, err error) error {
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s%s\n", st.State, because(st.Reason))
	switch st.State {
	case engine.Confirmed:
		return nil
	case engine.RolledBack:
		return exit(3)
	}
	return exit(1)
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + visible(reason)
}
