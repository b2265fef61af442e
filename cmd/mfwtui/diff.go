package main

import (
	"errors"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/plan"
)

func (a *app) diffCommand() *cobra.Command {
	var policy bool
	cmd := rootOnly(a.jsonFlag(&cobra.Command{
		Use:   "diff",
		Short: "compare the live ruleset with the compiled tables",
		Long: `diff prints what an apply would change, both families and the sets, as a
unified diff by chain. It ends with 0 when nothing differs, 1 when something
does and 2 when it could not tell.

With --policy it prints instead which new connections an apply would allow, deny
or send elsewhere: all of them, computed as sets, not tried one by one. Nothing is
printed, and the status is 0, when no verdict changes.`,
		Example:     "  mfwtui diff && echo in sync\n  mfwtui diff --policy",
		Args:        noArgs,
		Annotations: map[string]string{oneIsAnAnswer: ""},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if policy {
				return a.policyDiff(cmd)
			}
			return a.diff(cmd)
		},
	}))
	cmd.Flags().BoolVar(&policy, "policy", false, "the connections whose verdict changes")
	return cmd
}

func (a *app) diff(cmd *cobra.Command) error {
	p, err := a.comparison(cmd, a.engine())
	if err != nil {
		return err
	}
	if a.asJSON {
		err = a.json(diffJSONOf(p.Diff))
	} else {
		_, err = io.WriteString(a.out, visibleLines(p.Diff.Unified()))
	}
	if err != nil {
		return err
	}
	if !p.Diff.Empty() {
		return exit(1)
	}
	return nil
}

// comparison is a preview after what a dead process left was put right.
func (a *app) comparison(cmd *cobra.Command, e *engine.Engine) (*engine.Preview, error) {
	if err := a.recovered(cmd, e); err != nil {
		return nil, err
	}
	return a.preview(cmd, e)
}

// preview loads, compiles and compares; problems of the tables are printed, by a
// command that looks again only when they are others.
func (a *app) preview(cmd *cobra.Command, e *engine.Engine) (*engine.Preview, error) {
	set, err := a.load(e)
	if err != nil {
		return nil, err
	}
	p, err := e.Preview(cmd.Context(), set)
	if p != nil && !slices.Equal(p.Problems, a.told) {
		a.problems(a.err, p.Problems)
		a.told = p.Problems
	}
	if errors.Is(err, engine.ErrProblems) {
		return nil, errSaid
	}
	return p, err
}

// diffJSON is a difference as --json prints it.
type diffJSON struct {
	Same   bool        `json:"same"`
	Chains []chainJSON `json:"chains"`
	Sets   []setJSON   `json:"sets"`
	Hooks  []hookJSON  `json:"hooks"`
	// Taken says which names belong to somebody else; an apply refuses.
	Taken []string `json:"taken"`
}

type chainJSON struct {
	Family string     `json:"family"`
	Table  string     `json:"table"`
	Chain  string     `json:"chain"`
	Op     string     `json:"op"`
	Rules  []lineJSON `json:"rules"`
}

type lineJSON struct {
	Op   string `json:"op"`
	ID   string `json:"id,omitempty"`
	Rule string `json:"rule"`
}

type setJSON struct {
	Name    string   `json:"name"`
	Op      string   `json:"op"`
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
}

type hookJSON struct {
	Family string `json:"family"`
	Table  string `json:"table"`
	From   string `json:"from"`
	To     string `json:"to"`
	Op     string `json:"op"`
	Why    string `json:"why,omitempty"`
}

// diffJSONOf leaves out the rules that stay: a script wants what changes.
func diffJSONOf(d *plan.Diff) diffJSON {
	out := diffJSON{Same: d.Empty(), Chains: []chainJSON{}, Sets: []setJSON{}, Hooks: []hookJSON{}, Taken: []string{}}
	for _, c := range d.Chains {
		one := chainJSON{Family: c.Family.String(), Table: c.Table, Chain: c.Chain, Op: c.Op.String(), Rules: []lineJSON{}}
		for _, l := range c.Lines {
			if l.Op != plan.Same {
				one.Rules = append(one.Rules, lineJSON{Op: l.Op.String(), ID: l.Rule.ID, Rule: l.Text})
			}
		}
		out.Chains = append(out.Chains, one)
	}
	for _, s := range d.Sets {
		one := setJSON{Name: s.Name, Op: s.Op.String()}
		one.Added, one.Removed = s.Texts()
		out.Sets = append(out.Sets, one)
	}
	for _, h := range d.Hooks {
		out.Hooks = append(out.Hooks, hookJSON{h.Family.String(), h.Table, h.From, h.To, h.Op.String(), h.Why})
	}
	for _, t := range d.Taken {
		out.Taken = append(out.Taken, t.Error())
	}
	return out
}
