package main

import (
	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/tables"
)

func (a *app) checkCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "check",
		Short:   "read the tables and print every problem",
		Long:    "check reads all tables and prints every problem as file:line:col: text.\nIt ends with 0 when there are no errors (warnings do not count) and with 1 otherwise.",
		Example: "  mfwtui check -C ./tables",
		Args:    noArgs,
		RunE:    func(*cobra.Command, []string) error { return a.check() },
	})
}

func (a *app) check() error {
	e := a.engine()
	set, problems := e.Load()
	if !problems.HasErrors() {
		_, problems = e.Compile(set)
	}
	if a.asJSON {
		if err := a.json(problemsJSON(problems)); err != nil {
			return err
		}
	} else {
		a.problems(a.out, problems)
	}
	if problems.HasErrors() {
		return exit(1)
	}
	return nil
}

// problemJSON is a finding as --json prints it.
type problemJSON struct {
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"`
	Col      int    `json:"col,omitempty"`
	Severity string `json:"severity"`
	Text     string `json:"text"`
	Suggest  string `json:"suggest,omitempty"`
}

func problemsJSON(list tables.Problems) []problemJSON {
	out := make([]problemJSON, 0, len(list))
	for _, p := range list {
		out = append(out, problemJSON{p.File, p.Line, p.Col, p.Severity.String(), p.Text, p.Suggest})
	}
	return out
}
