package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
)

func (a *app) confirmCommand() *cobra.Command {
	return rootOnly(&cobra.Command{
		Use:     "confirm [CODE]",
		Short:   "keep the rules of the pending apply, from any session",
		Long:    "confirm keeps the rules that are on trial. With a CODE it must be the one that\nthe apply shows. It ends with 1 when nothing is pending or the code is wrong.",
		Example: "  mfwtui confirm KQXW",
		Args:    arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			code := ""
			if len(args) == 1 {
				code = args[0]
				if code == "" { // a shell variable that was not set
					return errors.New("the code is empty; write it, or leave it out to confirm whatever is pending")
				}
			}
			st, err := a.engine().Confirm(cmd.Context(), code)
			if err != nil {
				return err
			}
			return a.answered(st, engine.Confirmed)
		},
	})
}

func (a *app) rejectCommand() *cobra.Command {
	return rootOnly(&cobra.Command{
		Use:     "reject",
		Short:   "roll the pending apply back now",
		Example: "  mfwtui reject",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := a.engine().Reject(cmd.Context())
			if err != nil {
				return err
			}
			return a.answered(st, engine.RolledBack)
		},
	})
}

func (a *app) extendCommand() *cobra.Command {
	var by span
	return rootOnly(&cobra.Command{
		Use:     "extend DURATION",
		Short:   "give the pending apply more time",
		Example: "  mfwtui extend 30s",
		Args:    arguments(1, 1),
		PreRunE: func(_ *cobra.Command, args []string) error {
			if err := by.Set(args[0]); err != nil || by <= 0 {
				return fmt.Errorf("extend %q: not a length of time; write for example 30s or 2m", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := a.engine().Extend(cmd.Context(), time.Duration(by))
			if err != nil {
				return err
			}
			return a.answered(st, engine.OnTrial)
		},
	})
}

// answered prints where the transaction stands after an answer. It may have
// ended otherwise in the same moment.
func (a *app) answered(st engine.TrialStatus, wanted engine.TrialState) error {
	words := string(st.State) + because(st.Reason)
	if st.State == engine.OnTrial {
		words = "rollback in " + st.Left.Round(time.Second).String()
	}
	if _, err := fmt.Fprintln(a.out, words); err != nil {
		return err
	}
	if st.State != wanted {
		return exit(1)
	}
	return nil
}
