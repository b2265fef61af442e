package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func (a *app) countersCommand() *cobra.Command {
	var ask counterQuestion
	cmd := rootOnly(a.jsonFlag(&cobra.Command{
		Use:   "counters",
		Short: "print packets and bytes by table row, or by chain",
		Long: `counters adds up what every table row counted, IPv4 and IPv6. With --chains it
prints every rule of every chain instead, Docker's and foreign ones included.
With --follow it prints a new reading every second; with --json each is one line.

A baseline is a moment from which to count, as the key z of the console sets it:
--set-baseline notes what all have counted by now, and --since-baseline prints what
came since. The counters of the kernel stay as they are, and an apply changes
neither them nor the baseline.`,
		Example: "  mfwtui counters\n  mfwtui counters --chains --json\n  mfwtui counters --set-baseline\n  mfwtui counters --since-baseline",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.counters(cmd, ask) },
	}))
	cmd.Flags().BoolVar(&ask.follow, "follow", false, "print a reading every second")
	cmd.Flags().BoolVar(&ask.chains, "chains", false, "by chain instead of by row")
	cmd.Flags().BoolVar(&ask.since, "since-baseline", false, "what was counted since the baseline")
	cmd.Flags().BoolVar(&ask.set, "set-baseline", false, "count from now, and print nothing")
	cmd.Flags().BoolVar(&ask.drop, "drop-baseline", false, "forget the baseline, and print nothing")
	cmd.MarkFlagsMutuallyExclusive("since-baseline", "set-baseline", "drop-baseline")
	return cmd
}

// counterQuestion is what the flags of counters ask for.
type counterQuestion struct{ follow, chains, since, set, drop bool }

// errNoBaseline says that there is nothing to count from.
var errNoBaseline = errors.New("no baseline is set; mfwtui counters --set-baseline, or z in the console, sets one")

func (a *app) counters(cmd *cobra.Command, ask counterQuestion) error {
	e := a.engine()
	if err := a.recovered(cmd, e); err != nil {
		return err
	}
	switch {
	case ask.set:
		return e.StartCounting(cmd.Context())
	case ask.drop:
		return e.StopCounting()
	}
	return a.repeat(cmd, ask.follow, func() error {
		snap, err := e.Counters(cmd.Context())
		if err != nil {
			return err
		}
		if snap.Dropped != "" {
			a.note("%s", visible(snap.Dropped))
		}
		if ask.since {
			if snap.Since == nil {
				return errNoBaseline
			}
			snap = snap.FromBaseline()
		}
		return a.printCounters(snap, ask)
	})
}

func (a *app) printCounters(snap engine.CounterSnapshot, ask counterQuestion) error {
	switch {
	case a.asJSON && ask.follow:
		return a.jsonLine(countersJSONOf(snap, ask))
	case a.asJSON:
		return a.json(countersJSONOf(snap, ask))
	}
	if ask.since {
		if _, err := fmt.Fprintf(a.out, "since %s\n", snap.Since.At.Format(time.RFC3339)); err != nil {
			return err
		}
	}
	if ask.chains {
		return a.table(chainRows(snap.Chains))
	}
	return a.table(counterRows(snap.Rows))
}

func counterRows(list []engine.RowCounter) [][]string {
	rows := [][]string{{"ROW", "V4 PKTS", "V6 PKTS", "PKTS", "BYTES", "PKT/S", "TEXT"}}
	for _, r := range list {
		sum := r.V4.Add(r.V6)
		rows = append(rows, []string{r.Row.String(), count(r.V4.Packets), count(r.V6.Packets), count(sum.Packets), count(sum.Bytes), rate(r.Rate), r.Text})
	}
	return rows
}

func chainRows(list []engine.ChainCounter) [][]string {
	rows := [][]string{{"FAMILY", "TABLE", "CHAIN", "OWNER", "N", "PKTS", "BYTES", "PKT/S", "WHOSE", "RULE"}}
	for _, c := range list {
		rows = append(rows, append(append([]string{c.Family.String(), c.Table, c.Chain, c.Owner, strconv.Itoa(c.Index)}, chainFigures(&c)...), whose(c), c.Text()))
	}
	return rows
}

// chainFigures are packets, bytes and rate of a rule, where the kernel counts it.
func chainFigures(c *engine.ChainCounter) []string {
	if c.Uncounted() {
		return []string{"-", "-", "-"}
	}
	return []string{count(c.Count.Packets), count(c.Count.Bytes), rate(c.Rate)}
}

// whose is the container that a rule of Docker's is about, or the network.
func whose(c engine.ChainCounter) string {
	if c.Container == "" && c.Network != "" {
		return "network " + c.Network
	}
	return c.Container
}

func count(n uint64) string { return strconv.FormatUint(n, 10) }

func rate(r float64) string { return strconv.FormatFloat(r, 'f', 0, 64) }

// countersJSON is a reading as --json prints it; one of the lists is set. Since
// is the baseline where it was asked for.
type countersJSON struct {
	At     time.Time          `json:"at"`
	Since  *time.Time         `json:"since,omitempty"`
	Rows   []rowCountJSON     `json:"rows,omitempty"`
	Chains []chainCounterJSON `json:"chains,omitempty"`
}

type countJSON struct {
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
}

type rowCountJSON struct {
	ID   string    `json:"id"`
	Row  string    `json:"row"`
	Text string    `json:"text"`
	V4   countJSON `json:"v4"`
	V6   countJSON `json:"v6"`
	Sum  countJSON `json:"sum"`
	Rate float64   `json:"packets_per_second"`
}

type chainCounterJSON struct {
	Family string    `json:"family"`
	Table  string    `json:"table"`
	Chain  string    `json:"chain"`
	Owner  string    `json:"owner"`
	Index  int       `json:"index"`
	ID     string    `json:"id,omitempty"`
	Rule   string    `json:"rule"`
	Whose  string    `json:"container,omitempty"`
	Net    string    `json:"network,omitempty"`
	Count  countJSON `json:"count"`
	Rate   float64   `json:"packets_per_second"`
	// Uncounted is set where the kernel does not count: then Count is none.
	Uncounted bool `json:"uncounted,omitempty"`
}

func countersJSONOf(snap engine.CounterSnapshot, ask counterQuestion) countersJSON {
	out := countersJSON{At: snap.At}
	if ask.since {
		out.Since = &snap.Since.At
	}
	if ask.chains {
		for _, c := range snap.Chains {
			out.Chains = append(out.Chains, chainCounterJSON{c.Family.String(), c.Table, c.Chain, c.Owner, c.Index, c.ID, c.Text(), c.Container, c.Network, countOf(c.Count), c.Rate, c.Uncounted()})
		}
		return out
	}
	for _, r := range snap.Rows {
		out.Rows = append(out.Rows, rowCountJSON{r.ID, r.Row.String(), r.Text, countOf(r.V4), countOf(r.V6), countOf(r.V4.Add(r.V6)), r.Rate})
	}
	return out
}

func countOf(c ruleset.Counters) countJSON { return countJSON{c.Packets, c.Bytes} }
