package main

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func (a *app) deniedCommand() *cobra.Command {
	var follow bool
	var listen time.Duration
	cmd := a.jsonFlag(&cobra.Command{
		Use:   "denied",
		Short: "print the packets that rules log",
		Long: `denied listens for a while to what rows with +log and the final reject log, and
prints it grouped: packets that differ only in their source port are one line. The
kernel logs at a limited rate, so the counts are of what was logged. With --follow it
prints the list every second; with --json each is one line.

Only one program can read the log at a time: not while the console shows it.`,
		Example: "  mfwtui denied --for 10s\n  mfwtui denied --follow --json",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := needsNetAdmin(cmd); err != nil {
				return err
			}
			return a.denied(cmd, follow, listen)
		},
	})
	a.addresses.add(cmd)
	cmd.Flags().BoolVar(&follow, "follow", false, "print a snapshot every second")
	cmd.Flags().DurationVar(&listen, "for", 3*time.Second, "how long to listen before the list is printed")
	return cmd
}

func (a *app) denied(cmd *cobra.Command, follow bool, listen time.Duration) error {
	e := a.engine()
	first, err := e.Denied(cmd.Context())
	if err != nil {
		return err
	}
	if !first.Logging {
		a.note("no row logs: add +log to an action, or the option log-denied for the final reject")
	}
	if !follow {
		select {
		case <-cmd.Context().Done():
			return nil
		case <-time.After(listen):
		}
	}
	return a.repeat(cmd, follow, func() error {
		snap, err := e.Denied(cmd.Context())
		if err != nil {
			return err
		}
		if snap.Logging && len(snap.List) == 0 && !follow {
			a.note("nothing was logged in %s", listen)
		}
		about := a.about(cmd.Context(), e, deniedAddresses(snap.List), follow)
		if a.asJSON {
			return a.deniedAsJSON(snap, about, follow)
		}
		a.deniedLosses(snap)
		if err := a.table(deniedRows(snap.List)); err != nil {
			return err
		}
		return a.addressTable(about)
	})
}

// deniedLosses says what the list does not hold.
func (a *app) deniedLosses(snap engine.DeniedSnapshot) {
	if n := snap.Overruns; n > 0 {
		a.note("%d overruns: the kernel logged more than could be read", n)
	}
	if n := snap.Forgotten; n > 0 {
		a.note("%d older lines are forgotten", n)
	}
}

func deniedRows(list []engine.DeniedPackets) [][]string {
	rows := [][]string{{"LAST", "BY", "PATH", "PROTO", "SOURCE", "DESTINATION", "COUNT", "PER S"}}
	for i := range list {
		d := &list[i]
		rows = append(rows, []string{
			d.Last.Format("15:04:05"), d.By, d.From + ">" + d.To, protoName(d.Proto),
			named(d.Src, d.SrcName), named(d.Dst, d.DstName) + deniedPort(d), strconv.FormatUint(d.Count, 10),
			strconv.FormatFloat(d.Rate, 'f', 1, 64),
		})
	}
	return rows
}

func named(a netip.Addr, name string) string {
	if name == "" {
		return a.String()
	}
	return a.String() + " (" + name + ")"
}

// deniedPort is the port, or the type and code of ICMP.
func deniedPort(d *engine.DeniedPackets) string {
	switch d.Proto {
	case ruleset.TCP, ruleset.UDP:
		return " port " + strconv.Itoa(int(d.DstPort))
	case ruleset.ICMP, ruleset.ICMPv6:
		return " type " + strconv.Itoa(int(d.Type)) + "/" + strconv.Itoa(int(d.Code))
	}
	return ""
}

// deniedJSON is what --json prints.
type deniedJSON struct {
	At        time.Time `json:"at"`
	Logging   bool      `json:"logging"`
	Overruns  uint64    `json:"overruns"`
	Forgotten uint64    `json:"forgotten"`

	Addresses map[netip.Addr]addressJSON `json:"addresses,omitempty"`
	Denied    []deniedPacketsJSON        `json:"denied"`
}

type deniedPacketsJSON struct {
	By      string     `json:"by"`
	Row     string     `json:"row"`
	From    string     `json:"from"`
	To      string     `json:"to"`
	In      string     `json:"in"`
	Out     string     `json:"out"`
	Family  string     `json:"family"`
	Proto   string     `json:"proto"`
	Src     netip.Addr `json:"src"`
	SrcName string     `json:"src_name,omitempty"`
	SrcPort uint16     `json:"sport,omitempty"`
	Dst     netip.Addr `json:"dst"`
	DstName string     `json:"dst_name,omitempty"`
	DstPort uint16     `json:"dport,omitempty"`
	Type    *uint8     `json:"icmp_type,omitempty"`
	Code    *uint8     `json:"icmp_code,omitempty"`
	Count   uint64     `json:"count"`
	Rate    float64    `json:"packets_per_second"`
	First   time.Time  `json:"first"`
	Last    time.Time  `json:"last"`
}

func (a *app) deniedAsJSON(snap engine.DeniedSnapshot, about map[netip.Addr]addressJSON, oneLine bool) error {
	out := deniedJSON{
		At: snap.At, Logging: snap.Logging, Overruns: snap.Overruns, Forgotten: snap.Forgotten,
		Denied: make([]deniedPacketsJSON, 0, len(snap.List)), Addresses: about,
	}
	for i := range snap.List {
		out.Denied = append(out.Denied, deniedPacketsJSONOf(&snap.List[i]))
	}
	if oneLine {
		return a.jsonLine(out)
	}
	return a.json(out)
}

func deniedPacketsJSONOf(d *engine.DeniedPackets) deniedPacketsJSON {
	one := deniedPacketsJSON{
		By: d.By, Row: strings.TrimSpace(d.Text), From: d.From, To: d.To, In: d.In, Out: d.Out,
		Family: ruleset.OfAddr(d.Src).String(), Proto: protoName(d.Proto),
		Src: d.Src, SrcName: d.SrcName, SrcPort: d.SrcPort, Dst: d.Dst, DstName: d.DstName, DstPort: d.DstPort,
		Count: d.Count, Rate: d.Rate, First: d.First, Last: d.Last,
	}
	if d.Proto == ruleset.ICMP || d.Proto == ruleset.ICMPv6 {
		one.Type, one.Code = &d.Type, &d.Code
	}
	return one
}
