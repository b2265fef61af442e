package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) doctorCommand() *cobra.Command {
	var repair bool
	cmd := rootOnly(a.jsonFlag(&cobra.Command{
		Use:   "doctor",
		Short: "what on this host would surprise you",
		Long: `doctor looks at the kernel, the tools, the interfaces and the services of this
host and prints what would surprise somebody who trusts the rules, each with what
to do. It ends with 1 when there is something and changes nothing.

With --repair it does one thing instead: it moves our hooks back to where they work,
when somebody has put rules ahead of them, as Docker's engine does when it starts, or
has removed them. It moves our own jumps and nothing else, and refuses while an apply
is pending, whose end puts the hooks right. mfwtui-docker.service runs it whenever the
engine starts.`,
		Example: "  mfwtui doctor\n  mfwtui doctor --repair",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if repair {
				return a.repairHooks(cmd)
			}
			return a.doctor(cmd)
		},
	}))
	cmd.Flags().BoolVar(&repair, "repair", false, "move our hooks to where they work, and nothing else")
	return cmd
}

func (a *app) repairHooks(cmd *cobra.Command) error {
	e := a.engine()
	if err := a.recovered(cmd, e); err != nil {
		return err
	}
	wrong, err := e.RepairHooks(cmd.Context())
	if err != nil {
		return err
	}
	for _, h := range wrong {
		fmt.Fprintf(a.out, "put right: %s\n", visible(h.String()))
	}
	if len(wrong) == 0 {
		fmt.Fprintln(a.out, "our hooks are right")
	}
	return nil
}

func (a *app) doctor(cmd *cobra.Command) error {
	e := a.engine()
	if err := a.recovered(cmd, e); err != nil {
		return err
	}
	found, err := e.Doctor(cmd.Context())
	if err != nil {
		return err
	}
	if a.asJSON {
		list := make([]findingJSON, 0, len(found))
		for _, f := range found {
			list = append(list, findingJSON(f))
		}
		err = a.json(list)
	} else {
		for _, f := range found {
			fmt.Fprintf(a.out, "%s\n    %s\n", visible(f.What), visible(f.Do))
		}
	}
	if err == nil && len(found) > 0 {
		err = exit(1)
	}
	return err
}

// findingJSON is a finding as --json prints it.
type findingJSON struct {
	What string `json:"what"`
	Do   string `json:"do"`
}
