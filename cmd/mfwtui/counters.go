package main

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func (a *app) countersCommand() *cobra.Command {
	var follow, chains bool
	cmd := rootOnly(a.jsonFlag(&cobra.Command{
		Use:   "counters",
		Short: "print packets and bytes by table row, or by chain",
		Long: `counters adds up what every table row counted, IPv4 and IPv6. With --chains it
prints every rule of every chain instead, Docker's and foreign ones included.
With --follow it prints a new reading every second; with --json each is one line.`,
		Example: "  mfwtui counters\n  mfwtui counters --chains --json",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.counters(cmd, follow, chains) },
	}))
	cmd.Flags().BoolVar(&follow, "follow", false, "print a reading every second")
	cmd.Flags().BoolVar(&chains, "chains", false, "by chain instead of by row")
	return cmd
}

func (a *app) counters(cmd *cobra.Command, follow, chains bool) error {
	e := a.engine()
	if err := a.recovered(cmd, e); err != nil {
		return err
	}
	return a.repeat(cmd, follow, func() error {
		snap, err := e.Counters(cmd.Context())
		if err != nil {
			return err
		}
		switch {
		case a.asJSON && follow:
			return a.jsonLine(countersJSONOf(snap, chains))
		case a.asJSON:
			return a.json(countersJSONOf(snap, chains))
		case chains:
			return a.table(chainRows(snap.Chains))
		}
		return a.table(counterRows(snap.Rows))
	})
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
		rows = append(rows, []string{c.Family.String(), c.Table, c.Chain, c.Owner, strconv.Itoa(c.Index), count(c.Count.Packets), count(c.Count.Bytes), rate(c.Rate), whose(c), c.Text()})
	}
	return rows
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

// countersJSON is a reading as --json prints it; one of the lists is set.
type countersJSON struct {
	At     time.Time          `json:"at"`
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
}

func countersJSONOf(snap engine.CounterSnapshot, chains bool) countersJSON {
	out := countersJSON{At: snap.At}
	if chains {
		for _, c := range snap.Chains {
			out.Chains = append(out.Chains, chainCounterJSON{c.Family.String(), c.Table, c.Chain, c.Owner, c.Index, c.ID, c.Text(), c.Container, c.Network, countOf(c.Count), c.Rate})
		}
		return out
	}
	for _, r := range snap.Rows {
		out.Rows = append(out.Rows, rowCountJSON{r.ID, r.Row.String(), r.Text, countOf(r.V4), countOf(r.V6), countOf(r.V4.Add(r.V6)), r.Rate})
	}
	return out
}

func countOf(c ruleset.Counters) countJSON { return countJSON{c.Packets, c.Bytes} }
