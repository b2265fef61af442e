package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
)

func (a *app) historyCommand() *cobra.Command {
	return rootOnly(a.jsonFlag(&cobra.Command{
		Use:   "history",
		Short: "print every apply: when, who, what, kept or rolled back",
		Long: `history prints the applies, newest first, with those that were refused and the
boots between them: when, who, how many table rows and kernel rules changed, how
it ended, who confirmed it and after what time. The newest 20 applies keep their
rules and tables, and the console can show what they changed and restore them.`,
		Example: "  mfwtui history --json | jq -r '.[] | select(.end==\"rolled back\") | .reason'",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.history(cmd) },
	}))
}

func (a *app) history(cmd *cobra.Command) error {
	e := a.engine()
	if err := a.recovered(cmd, e); err != nil {
		return err
	}
	list, err := e.History()
	if err != nil {
		return err
	}
	if a.asJSON {
		return a.json(historyJSONOf(list))
	}
	return a.table(historyRows(list))
}

func historyRows(list []engine.Generation) [][]string {
	rows := [][]string{{"WHEN", "EVENT", "END", "WHO", "BY", "ROWS", "RULES", "TOOK", "KEPT ON DISK", "ID", "REASON"}}
	for i := range list {
		g := &list[i]
		changed, rules := "-", "-"
		if c := g.Changes; c != nil {
			changed, rules = fmt.Sprint(c.Rows), fmt.Sprintf("+%d -%d", c.Added, c.Gone)
		}
		rows = append(rows, []string{
			g.When.Format(time.RFC3339), string(g.Event), orNone(string(g.Result)), orNone(g.Who), orNone(g.By),
			changed, rules, g.Took.Round(time.Second).String(), yesNo(onDisk(g)), g.ID, orNone(pastReason(g)),
		})
	}
	return rows
}

// onDisk reports whether the rules and tables of an entry are still there.
func onDisk(g *engine.Generation) bool { return !g.Pruned && g.Damaged == nil }

// pastReason is why an entry ended as it did, or why it cannot be read.
func pastReason(g *engine.Generation) string {
	if g.Damaged != nil {
		return g.Damaged.Error()
	}
	return g.Reason
}

func orNone(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// pastJSON is an entry of the history as --json prints it.
type pastJSON struct {
	ID    string    `json:"id"`
	Event string    `json:"event"` // "apply", "refused" or "boot"
	When  time.Time `json:"when"`
	Who   string    `json:"who"`
	// End is "confirmed", "rolled back" or "failed"; empty while it is not
	// known.
	End    string `json:"end"`
	By     string `json:"by,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Seconds is how long it took from the start of the trial to the end.
	Seconds  float64      `json:"seconds"`
	Changes  *changesJSON `json:"changes,omitempty"`
	Previous string       `json:"previous,omitempty"`
	OnDisk   bool         `json:"on_disk"`
}

type changesJSON struct {
	Rows    int `json:"rows"`
	Added   int `json:"rules_added"`
	Removed int `json:"rules_removed"`
}

func historyJSONOf(list []engine.Generation) []pastJSON {
	out := make([]pastJSON, 0, len(list))
	for i := range list {
		g := &list[i]
		one := pastJSON{
			ID: g.ID, Event: string(g.Event), When: g.When, Who: g.Who, End: string(g.Result), By: g.By,
			Reason: pastReason(g), Seconds: g.Took.Seconds(), Previous: g.Previous, OnDisk: onDisk(g),
		}
		if c := g.Changes; c != nil {
			one.Changes = &changesJSON{c.Rows, c.Added, c.Gone}
		}
		out = append(out, one)
	}
	return out
}
