package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
)

func (a *app) statusCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:   "status",
		Short: "back end, hooks, confirmed rules, drift, pending apply",
		Long: `status compares the live rules with those that were confirmed last. It ends with
0 when they are the same and nothing is pending, and with 1 otherwise.`,
		Example: "  mfwtui status --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.status(cmd) },
	})
}

func (a *app) status(cmd *cobra.Command) error {
	e := a.engine()
	if err := a.recovered(cmd, e); err != nil {
		return err
	}
	st, err := e.Status(cmd.Context())
	if err != nil {
		return err
	}
	if a.asJSON {
		err = a.json(statusJSONOf(st))
	} else {
		err = a.table(statusRows(st))
	}
	if err != nil {
		return err
	}
	if st.Trial != nil || st.Drift != nil && !st.Drift.Empty() {
		return exit(1)
	}
	return nil
}

func statusRows(st engine.Status) [][]string {
	rows := [][]string{{"back end", fmt.Sprintf("iptables %s (%s)", st.Version, st.Backend)}}
	switch {
	case st.Current == nil:
		rows = append(rows, []string{"generation", "none confirmed yet"})
	default:
		rows = append(rows, []string{"generation", fmt.Sprintf("%s, %s, %s", st.Current.ID, st.Current.When.Format(time.DateTime), st.Current.Who)})
	}
	if st.Drift != nil {
		rows = append(rows, []string{"drift", driftText(st)})
	}
	for _, h := range st.Hooks {
		rows = append(rows, []string{"hook", fmt.Sprintf("%s %s %s -> %s", h.Family, h.Table, h.From, h.To)})
	}
	if st.Trial == nil {
		rows = append(rows, []string{"pending", "nothing"})
	} else {
		rows = append(rows, []string{"pending", fmt.Sprintf("%s by %s, rollback in %s, guardian %d, confirm with: mfwtui confirm %s",
			st.Trial.State, st.Trial.Who, st.Trial.Left.Round(time.Second), st.Trial.Guardian, st.Trial.Code)})
	}
	for _, w := range st.Warnings {
		rows = append(rows, []string{"warning", w})
	}
	return rows
}

func driftText(st engine.Status) string {
	if st.Drift.Empty() {
		return "none"
	}
	return fmt.Sprintf("%d chains, %d sets, %d hooks are not as confirmed", len(st.Drift.Chains), len(st.Drift.Sets), len(st.Drift.Hooks))
}

// statusJSON is the status as --json prints it.
type statusJSON struct {
	Backend    string       `json:"backend"`
	Version    string       `json:"iptables"`
	Generation *genJSON     `json:"generation"`
	InSync     bool         `json:"in_sync"`
	Drift      *diffJSON    `json:"drift,omitempty"`
	Hooks      []hookJSON   `json:"hooks"`
	Pending    *pendingJSON `json:"pending"`
	Warnings   []string     `json:"warnings"`
}

type genJSON struct {
	ID   string    `json:"id"`
	When time.Time `json:"when"`
	Who  string    `json:"who"`
}

type pendingJSON struct {
	ID       string  `json:"id"`
	State    string  `json:"state"`
	Code     string  `json:"code"`
	Who      string  `json:"who"`
	Left     float64 `json:"seconds_left"`
	DeadMan  bool    `json:"kernel_timeout"`
	Guardian int     `json:"guardian_pid"`
}

func statusJSONOf(st engine.Status) statusJSON {
	out := statusJSON{Backend: string(st.Backend), Version: st.Version, Hooks: []hookJSON{}, Warnings: append([]string{}, st.Warnings...)}
	if st.Current != nil {
		out.Generation = &genJSON{st.Current.ID, st.Current.When, st.Current.Who}
	}
	if st.Drift != nil {
		out.InSync = st.Drift.Empty()
		d := diffJSONOf(st.Drift)
		out.Drift = &d
	}
	for _, h := range st.Hooks {
		out.Hooks = append(out.Hooks, hookJSON{Family: h.Family.String(), Table: h.Table, From: h.From, To: h.To})
	}
	if t := st.Trial; t != nil {
		out.Pending = &pendingJSON{t.ID, string(t.State), t.Code, t.Who, t.Left.Seconds(), t.DeadMan, t.Guardian}
	}
	return out
}
