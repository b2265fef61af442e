package main

import (
	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
)

// guardianWord is the hidden command under which apply starts the guardian.
const guardianWord = "guardian"

func (a *app) guardianCommand() *cobra.Command {
	return &cobra.Command{
		Use:                guardianWord,
		Short:              "the process that holds the rollback; started by apply",
		Hidden:             true,
		DisableFlagParsing: true,
		RunE:               func(cmd *cobra.Command, args []string) error { return engine.Guard(cmd.Context(), args) },
	}
}
