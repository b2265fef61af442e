package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

func (a *app) statusCommand() *cobra.Command {
	var follow bool
	cmd := rootOnly(a.jsonFlag(&cobra.Command{
		Use:   "status",
		Short: "back end, hooks, confirmed rules, drift, pending apply",
		Long: `status compares the live rules with those that were confirmed last, not with the
tables as they are now (that is diff). It ends with 0 when they are the same and
nothing is pending, and with 1 otherwise, also before the first apply. With --follow
it looks every second, prints the status again whenever something else than the
seconds of a countdown changed, with --json each on one line, and ends with 0 when
it is told to end.`,
		Example: "  mfwtui status --json\n  mfwtui status --follow",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.status(cmd, follow) },
	}))
	cmd.Flags().BoolVar(&follow, "follow", false, "print the status again whenever it changes")
	return cmd
}

func (a *app) status(cmd *cobra.Command, follow bool) error {
	e := a.engine()
	if err := a.recovered(cmd, e); err != nil {
		return err
	}
	if follow {
		return followChanges(a, cmd, func() (sight[string], error) { return a.statusSight(cmd, e) })
	}
	st, err := e.Status(cmd.Context())
	if err != nil {
		return err
	}
	if err := a.printStatus(st, a.json); err != nil {
		return err
	}
	if st.Trial != nil || !asApplied(st) {
		return exit(1)
	}
	return nil
}

// printStatus prints a status, as JSON in one of two forms.
func (a *app) printStatus(st engine.Status, asJSON func(any) error) error {
	if a.asJSON {
		return asJSON(statusJSONOf(st))
	}
	return a.table(statusRows(st))
}

// statusSight is the status of now.
func (a *app) statusSight(cmd *cobra.Command, e *engine.Engine) (sight[string], error) {
	st, err := e.Status(cmd.Context())
	if err != nil {
		return sight[string]{}, err
	}
	key, err := statusKey(st)
	return sight[string]{key, func() error { return a.printStatus(st, a.jsonLine) }}, err
}

// statusKey is the same for statuses that differ in the seconds that are left of
// a trial only.
func statusKey(st engine.Status) (string, error) {
	known := statusJSONOf(st)
	if known.Pending != nil {
		known.Pending.Left = 0
	}
	key, err := json.Marshal(known)
	return string(key), err
}

// asApplied reports whether the kernel runs what was confirmed. Before the
// first apply nothing was.
func asApplied(st engine.Status) bool { return st.Drift != nil && st.Drift.Empty() }

func statusRows(st engine.Status) [][]string {
	rows := [][]string{{"back end", fmt.Sprintf("iptables %s (%s)", st.Version, st.Backend)}}
	switch {
	case st.Current == nil:
		rows = append(rows, []string{"generation", "none confirmed yet"})
	default:
		rows = append(rows, []string{"generation", fmt.Sprintf("%s, %s, %s", st.Current.ID, st.Current.When.Format(time.DateTime), cmp.Or(st.Current.Who, "not known by whom"))})
	}
	if st.Current != nil && st.Current.Damaged != nil {
		rows = append(rows, []string{"damaged", st.Current.Damaged.Error() + "; mfwtui apply writes it anew from the tables"})
	}
	if st.Drift != nil {
		rows = append(rows, []string{"drift", driftText(st)})
	}
	if len(st.Unapplied) > 0 {
		rows = append(rows, []string{"tables", strings.Join(kindNames(st.Unapplied), ", ") + ": saved, and not applied"})
	}
	for _, h := range hooksOf(st) {
		rows = append(rows, []string{"hook", fmt.Sprintf("%s %s %s -> %s%s", h.Family, h.Table, h.From, h.To, because(h.Why))})
	}
	rows = append(rows, []string{"pending", pendingText(st.Trial)})
	for _, w := range st.Warnings {
		rows = append(rows, []string{"warning", w})
	}
	return rows
}

func kindNames(kinds []tables.Kind) []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.String()
	}
	return names
}

// pendingText says what can be answered, where there is something to answer.
func pendingText(t *engine.TrialStatus) string {
	switch {
	case t == nil:
		return "nothing"
	case t.State != engine.OnTrial:
		return fmt.Sprintf("%s by %s, guardian %d", t.State, t.Who, t.Guardian)
	}
	return fmt.Sprintf("trial by %s, rollback in %s, guardian %d, confirm with: mfwtui confirm %s",
		t.Who, t.Left.Round(time.Second), t.Guardian, t.Code)
}

func driftText(st engine.Status) string {
	if st.Drift.Empty() {
		return "none"
	}
	return st.Drift.Summary() + " to be as confirmed; mfwtui boot loads the confirmed rules again"
}

// hooksOf are the hooks of the confirmed rules, each with what is wrong with
// it in the kernel, and those that are there and should not be.
func hooksOf(st engine.Status) []hookJSON {
	drifted := make(map[ruleset.Hook]plan.HookDiff)
	hooks := st.Hooks
	if st.Drift != nil {
		for _, d := range st.Drift.Hooks {
			drifted[d.Hook] = d
			if !slices.Contains(hooks, d.Hook) {
				hooks = append(hooks[:len(hooks):len(hooks)], d.Hook)
			}
		}
	}
	list := make([]hookJSON, 0, len(hooks))
	for _, h := range hooks {
		d := drifted[h]
		list = append(list, hookJSON{h.Family.String(), h.Table, h.From, h.To, d.Op.String(), d.Why})
	}
	return list
}

// statusJSON is the status as --json prints it.
type statusJSON struct {
	Backend    string       `json:"backend"`
	Version    string       `json:"iptables"`
	Generation *genJSON     `json:"generation"`
	InSync     bool         `json:"in_sync"`
	Drift      *diffJSON    `json:"drift,omitempty"`
	Unapplied  []string     `json:"unapplied"` // tables that were saved since
	Hooks      []hookJSON   `json:"hooks"`
	Pending    *pendingJSON `json:"pending"`
	Warnings   []string     `json:"warnings"`
}

type genJSON struct {
	ID   string    `json:"id"`
	When time.Time `json:"when"`
	Who  string    `json:"who"`
	// Damaged says why it cannot be read; then drift and hooks are not known.
	Damaged string `json:"damaged,omitempty"`
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
	out := statusJSON{Backend: string(st.Backend), Version: st.Version, Hooks: hooksOf(st), InSync: asApplied(st), Warnings: append([]string{}, st.Warnings...), Unapplied: kindNames(st.Unapplied)}
	if st.Current != nil {
		out.Generation = &genJSON{ID: st.Current.ID, When: st.Current.When, Who: st.Current.Who}
		if err := st.Current.Damaged; err != nil {
			out.Generation.Damaged = err.Error()
		}
	}
	if st.Drift != nil {
		d := diffJSONOf(st.Drift)
		out.Drift = &d
	}
	if t := st.Trial; t != nil {
		out.Pending = &pendingJSON{t.ID, string(t.State), t.Code, t.Who, t.Left.Seconds(), t.DeadMan, t.Guardian}
	}
	return out
}
