package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "print the version",
		Example: "  mfwtui version",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(a.out, versionLine())
			return err
		},
	}
}

func versionLine() string {
	return fmt.Sprintf("mfwtui %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
