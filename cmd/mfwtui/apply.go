package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
)

func (a *app) applyCommand() *cobra.Command {
	var req engine.ApplyRequest
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "load the compiled tables; without a confirm they are rolled back",
		Long: `apply loads the compiled rules beside those that run, switches over, and counts
down. On a terminal it shows a code: type it to keep the new rules. Elsewhere it
waits for "mfwtui confirm" from another session. When nobody confirms, or when
anything dies meanwhile, the old rules come back.

It ends with 0 when confirmed, 3 when rolled back, and 1 when refused or failed,
in which case nothing was changed.`,
		Example: "  mfwtui apply --timeout 60s\n  mfwtui apply --yes          # in a script: confirm after the read-back",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.apply(cmd, req) },
	}
	f := cmd.Flags()
	f.DurationVar(&req.Timeout, "timeout", 0, "time until the rollback, 10s to 10m (default: the countdown option, 30s)")
	f.BoolVar(&req.Yes, "yes", false, "confirm by itself when everything was read back as planned")
	f.BoolVar(&req.Override, "override", false, "go on although the new rules would not let you in again")
	return cmd
}

func (a *app) apply(cmd *cobra.Command, req engine.ApplyRequest) error {
	ctx := cmd.Context()
	e := a.engine()
	if req.Timeout != 0 && (req.Timeout < engine.MinTimeout || req.Timeout > engine.MaxTimeout) {
		return fmt.Errorf("timeout must be 10–600 seconds, not %v", req.Timeout)
	}
	if err := a.recovered(cmd, e); err != nil {
		return err
	}
	p, err := a.preview(cmd, e, 1)
	if err != nil {
		return err
	}
	st, err := e.Apply(ctx, p, req)
	if err != nil {
		return err
	}
	if req.Yes {
		return a.ended(st)
	}
	fmt.Fprintf(a.out, "the new rules run; they are rolled back in %s unless you confirm\n", st.Left.Round(time.Second))
	for _, line := range st.Proof {
		fmt.Fprintf(a.out, "  %s\n", visible(line))
	}
	if !a.isTTY {
		fmt.Fprintf(a.out, "confirm from another session: mfwtui confirm %s\n", st.Code)
		return a.wait(ctx, e, st.ID, nil)
	}
	discardTyped(a.in)
	fmt.Fprintf(a.out, "type %s and Enter to keep them, anything else to roll back now\n", st.Code)
	go a.readAnswer(ctx, e, st.Code)
	return a.wait(ctx, e, st.ID, a.countdown)
}

// readAnswer reads one line and answers the transaction. A closed terminal is
// no answer: the countdown goes on.
func (a *app) readAnswer(ctx context.Context, e *engine.Engine, code string) {
	in := bufio.NewScanner(a.in)
	if !in.Scan() {
		return
	}
	var err error
	if strings.EqualFold(strings.TrimSpace(in.Text()), code) {
		_, err = e.Confirm(ctx, code)
	} else {
		_, err = e.Reject(ctx)
	}
	if err != nil {
		a.note("%v", err)
	}
}

// wait blocks until the transaction has ended. An interrupt rolls back.
func (a *app) wait(ctx context.Context, e *engine.Engine, id string, watch func(engine.TrialStatus)) error {
	st, err := e.WaitTrial(ctx, id, watch)
	if errors.Is(err, context.Canceled) {
		undone := context.WithoutCancel(ctx)
		if _, err := e.Reject(undone); err != nil {
			return err
		}
		st, err = e.WaitTrial(undone, id, nil)
	}
	if err != nil {
		return err
	}
	return a.ended(st)
}

// countdown shows the guardian's clock on one line.
func (a *app) countdown(st engine.TrialStatus) {
	fmt.Fprintf(a.out, "\rrollback in %3ds ", int(st.Left.Round(time.Second).Seconds()))
}

// ended says how a transaction ended and chooses the exit status.
func (a *app) ended(st engine.TrialStatus) error {
	if a.isTTY {
		fmt.Fprintln(a.out)
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
