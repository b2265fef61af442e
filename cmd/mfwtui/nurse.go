package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/tui"
)

// nurseWord is the hidden command under which the console starts the process
// that puts the terminal right after a crash.
const nurseWord = "nurse"

func (a *app) nurseCommand() *cobra.Command {
	return &cobra.Command{
		Use:    nurseWord,
		Short:  "the process that puts the terminal right after a crash; started by the console",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(*cobra.Command, []string) error { return tui.Nurse(os.Stdin, os.Stdout) },
	}
}
