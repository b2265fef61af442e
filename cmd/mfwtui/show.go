package main

import (
	"bufio"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func (a *app) showCommand() *cobra.Command {
	var family string
	var sets bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "print the compiled ruleset as restore text",
		Long: `show compiles the tables and prints what iptables-restore and ip6tables-restore
(or, with --sets, ipset restore) would load on an empty machine. It touches
nothing and needs no root. Load the sets first: the rules name them.`,
		Example: "  mfwtui show --sets | ipset restore\n  mfwtui show --family 6 | ip6tables-restore --test --noflush",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if family != "" && family != "4" && family != "6" {
				return fmt.Errorf("--family %s: must be 4 or 6", family)
			}
			return a.show(family, sets)
		},
	}
	cmd.Flags().StringVar(&family, "family", "", "only this family, 4 or 6")
	cmd.Flags().BoolVar(&sets, "sets", false, "print the sets instead of the rules")
	return cmd
}

func (a *app) show(family string, sets bool) error {
	e := a.engine()
	set, err := a.load(e)
	if err != nil {
		return err
	}
	compiled, problems := e.Compile(set)
	a.problems(a.err, problems)
	if compiled == nil {
		return errSaid
	}
	out := bufio.NewWriterSize(a.out, 1<<16)
	defer out.Flush()
	if sets {
		text, err := compiled.Rules.Sets.RestoreText()
		if err != nil {
			return err
		}
		_, err = out.WriteString(text)
		return err
	}
	for _, f := range ruleset.Families() {
		if family != "" && "v"+family != f.String() {
			continue
		}
		text, err := compiled.Rules.RestoreText(f)
		if err != nil {
			return err
		}
		if family == "" {
			fmt.Fprintf(out, "# IP%s\n", f)
		}
		if _, err := out.WriteString(text); err != nil {
			return err
		}
	}
	return nil
}
