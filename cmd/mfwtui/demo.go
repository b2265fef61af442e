package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/etc"
)

func (a *app) demoCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "demo [-- COMMAND ARG...]",
		Short: "the console in a private network with sample tables and real traffic",
		Long: `demo makes a private network of namespaces: three clients on an internet side, a
firewall host with a bridge of containers, and an internal host, with real
traffic of both families. It opens the console on the firewall host, or runs
COMMAND there, with MFWTUI_DIR naming a copy of the sample tables and this mfwtui
first in the search path. Nothing outside the private network is touched and
nothing is left behind. Without root it uses a user namespace.`,
		Example: "  mfwtui demo\n  mfwtui demo -- mfwtui denied --for 10s\n  mfwtui demo -- sh -c 'mfwtui diff; mfwtui apply --yes; mfwtui counters'",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = append([]string{selfPath()}, a.handOn(cmd)...)
			}
			// The lab decides itself what a signal means.
			status, err := lab.Demo(context.WithoutCancel(cmd.Context()), lab.DemoOptions{Tables: etc.Samples, Command: args, Name: "mfwtui"})
			if err != nil {
				return err
			}
			return exit(status)
		},
	}
	a.lookFlags(cmd)
	return cmd
}
