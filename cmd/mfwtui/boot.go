package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) bootCommand() *cobra.Command {
	return rootOnly(&cobra.Command{
		Use:     "boot",
		Aliases: []string{"apply_bootup"},
		Short:   "load the confirmed rules, before the network is up",
		Long: `boot loads the rules of the last confirmed apply, not the tables as they are
now. When they are damaged it loads those before, and when these are damaged too,
a lock-down ruleset that still lets ssh in; it then ends with 1 and says so.`,
		Example: "  mfwtui boot",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			did, err := a.engine().Boot(cmd.Context())
			if did != "" {
				a.note("%s", did)
			}
			return err
		},
	})
}

func (a *app) teardownCommand() *cobra.Command {
	return rootOnly(&cobra.Command{
		Use:     "teardown",
		Aliases: []string{"tear_down"},
		Short:   "remove our hooks, chains and sets, and nothing else",
		Long: `teardown removes what mfwtui loaded. The machine is then as open as the other
rules on it leave it. The confirmed rules stay on disk: boot loads them again.`,
		Example: "  mfwtui teardown",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e := a.engine()
			if err := a.recovered(cmd, e); err != nil {
				return err
			}
			if err := e.Teardown(cmd.Context()); err != nil {
				return err
			}
			_, err := fmt.Fprintln(a.out, "nothing of mfwtui is in the kernel; the next boot loads the confirmed rules again, unless: systemctl disable mfwtui")
			return err
		},
	})
}
