package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
)

func (a *app) confirmCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "confirm [CODE]",
		Short:   "keep the rules of the pending apply, from any session",
		Long:    "confirm keeps the rules that are on trial. With a CODE it must be the one that\nthe apply shows. It ends with 1 when nothing is pending or the code is wrong.",
		Example: "  mfwtui confirm KQXW",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			code := ""
			if len(args) == 1 {
				code = args[0]
			}
			st, err := a.engine().Confirm(cmd.Context(), code)
			if err != nil {
				return err
			}
			return a.answered(st)
		},
	}
}

func (a *app) rejectCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "reject",
		Short:   "roll the pending apply back now",
		Example: "  mfwtui reject",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := a.engine().Reject(cmd.Context())
			if err != nil {
				return err
			}
			return a.answered(st)
		},
	}
}

func (a *app) extendCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "extend DURATION",
		Short:   "give the pending apply more time",
		Example: "  mfwtui extend 30s",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			by, err := time.ParseDuration(args[0])
			if err != nil || by <= 0 {
				return fmt.Errorf("extend %q: not a duration; write for example 30s or 2m", args[0])
			}
			st, err := a.engine().Extend(cmd.Context(), by)
			if err != nil {
				return err
			}
			return a.answered(st)
		},
	}
}

// answered prints where the transaction stands after an answer.
func (a *app) answered(st engine.TrialStatus) error {
	if st.State == engine.OnTrial {
		_, err := fmt.Fprintf(a.out, "rollback in %s\n", st.Left.Round(time.Second))
		return err
	}
	_, err := fmt.Fprintf(a.out, "%s%s\n", st.State, because(st.Reason))
	return err
}
