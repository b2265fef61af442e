package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) doctorCommand() *cobra.Command {
	return rootOnly(a.jsonFlag(&cobra.Command{
		Use:   "doctor",
		Short: "what on this host would surprise you",
		Long: `doctor looks at the kernel, the tools, the interfaces and the services of this
host and prints what would surprise somebody who trusts the rules, each with what
to do. It ends with 1 when there is something and changes nothing.`,
		Example: "  mfwtui doctor",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd) },
	}))
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
		type finding struct {
			What string `json:"what"`
			Do   string `json:"do"`
		}
		list := make([]finding, 0, len(found))
		for _, f := range found {
			list = append(list, finding(f))
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
