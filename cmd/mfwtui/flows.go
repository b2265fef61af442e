package main

import (
	"iter"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func (a *app) flowsCommand() *cobra.Command {
	var follow, account bool
	cmd := a.jsonFlag(&cobra.Command{
		Use:   "flows",
		Short: "print the live connections",
		Long: `flows prints the conntrack table, both families and both directions, each flow
with the zones that it goes between and the table row that admits it, as the live
rules would judge it if it were opened now. With
--follow it prints a new one every second; with --json each is one line.
Byte counters need accounting: --accounting switches it on for this machine until
the next boot, and new connections are counted from then on; sysctl
net.netfilter.nf_conntrack_acct=0 takes that back.`,
		Example: "  mfwtui flows --json\n  mfwtui flows --accounting",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := needsNetAdmin(cmd); err != nil {
				return err
			}
			if account {
				return a.enableAccounting()
			}
			return a.flows(cmd, follow)
		},
	})
	a.addresses.add(cmd)
	cmd.Flags().BoolVar(&follow, "follow", false, "print a snapshot every second")
	cmd.Flags().BoolVar(&account, "accounting", false, "switch byte counters on (sysctl net.netfilter.nf_conntrack_acct=1)")
	return cmd
}

func (a *app) enableAccounting() error {
	if err := a.engine().EnableAccounting(); err != nil {
		return err
	}
	a.note("net.netfilter.nf_conntrack_acct is 1 until the next boot: bytes of new connections are counted, those that are open stay without; sysctl net.netfilter.nf_conntrack_acct=0 takes that back")
	return nil
}

func (a *app) flows(cmd *cobra.Command, follow bool) error {
	e := a.engine()
	return a.repeat(cmd, follow, func() error {
		snap, err := e.LiveFlows(cmd.Context())
		if err != nil {
			return err
		}
		about := a.about(cmd.Context(), e, flowAddresses(snap), follow)
		if a.asJSON {
			return a.flowsAsJSON(snap, e.FlowNames(cmd.Context()), about, follow)
		}
		if !snap.Accounting {
			a.note("byte counters are off; mfwtui flows --accounting switches them on")
		}
		if err := a.columns(flowRows(snap)); err != nil {
			return err
		}
		return a.addressTable(about)
	})
}

// flowHeads are the headings of the table.
var flowHeads = []string{"PROTO", "STATE", "PATH", "ROW", "SOURCE", "DESTINATION", "REPLY FROM", "REPLY TO", "BYTES", "REPLY BYTES", "TIMEOUT"}

// flowRows are the heading and a row for each flow, all in the same room.
func flowRows(snap engine.LiveFlows) iter.Seq[[][]byte] {
	return func(yield func([][]byte) bool) {
		row := make([][]byte, len(flowHeads))
		for i, head := range flowHeads {
			row[i] = append(row[i], head...)
		}
		if !yield(row) {
			return
		}
		words := make(map[*engine.FlowVerdict]verdictWords)
		for i, f := range snap.Flows.All() {
			v := snap.Verdicts[i]
			w, ok := words[v]
			if !ok {
				w = verdictWords{visible(v.From + ">" + v.To), visible(flowRow(v))}
				words[v] = w
			}
			putFlow(row, f, w)
			if !yield(row) {
				return
			}
		}
	}
}

// verdictWords are the cells that a verdict makes.
type verdictWords struct{ path, row string }

// putFlow writes the cells of a flow.
func putFlow(row [][]byte, f *engine.Flow, v verdictWords) {
	for i, text := range [...]string{protoName(f.Proto), f.State, v.path, v.row} {
		row[i] = append(row[i][:0], text...)
	}
	row[4] = appendEndpoint(row[4][:0], f.Orig.Src, f.Orig.SrcPort)
	row[5] = appendEndpoint(row[5][:0], f.Orig.Dst, f.Orig.DstPort)
	row[6] = appendEndpoint(row[6][:0], f.Reply.Src, f.Reply.SrcPort)
	row[7] = appendEndpoint(row[7][:0], f.Reply.Dst, f.Reply.DstPort)
	row[8] = strconv.AppendUint(row[8][:0], f.OrigCount.Bytes, 10)
	row[9] = strconv.AppendUint(row[9][:0], f.ReplyCount.Bytes, 10)
	row[10] = append(row[10][:0], f.Timeout.String()...)
}

// flowRow names what admits a flow: the table row, or the verdict when it is not
// accepted, or not by a rule of ours.
func flowRow(v *engine.FlowVerdict) string {
	if v.Outcome == "accept" && v.By != "" {
		return v.By
	}
	return string(v.Outcome)
}

// endpoint leaves the port out where the protocol has none.
func endpoint(a netip.Addr, port uint16) string { return string(appendEndpoint(nil, a, port)) }

func appendEndpoint(to []byte, a netip.Addr, port uint16) []byte {
	switch {
	case !a.IsValid():
		return append(to, a.String()...)
	case port == 0:
		return a.AppendTo(to)
	}
	return netip.AddrPortFrom(a, port).AppendTo(to)
}

func protoName(p uint8) string {
	switch p {
	case 1:
		return "icmp"
	case 6:
		return "tcp"
	case 17:
		return "udp"
	case 58:
		return "icmpv6"
	}
	return strconv.Itoa(int(p))
}

// flowJSON is a flow as --json prints it.
type flowJSON struct {
	ID      uint32    `json:"id"`
	Family  string    `json:"family"`
	Proto   string    `json:"proto"`
	State   string    `json:"state"`
	Orig    tupleJSON `json:"orig"`
	Reply   tupleJSON `json:"reply"`
	SNAT    bool      `json:"snat"`
	DNAT    bool      `json:"dnat"`
	Mark    uint32    `json:"mark"`
	Timeout float64   `json:"timeout_seconds"`
	Rate    float64   `json:"bytes_per_second"`
	// Container is the one that the flow goes to, or else comes from.
	Container string `json:"container,omitempty"`
	// Start is left out while the kernel does not note it.
	Start time.Time `json:"start,omitzero"`

	Verdict *verdictJSON `json:"verdict,omitempty"`
}

// verdictJSON is what the live rules say about a flow as a new connection.
type verdictJSON struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Outcome string `json:"outcome"`
	By      string `json:"by"`
	Row     string `json:"row"`
	Exact   bool   `json:"exact"`
}

type tupleJSON struct {
	Src     netip.Addr `json:"src"`
	SrcName string     `json:"src_name,omitempty"`
	SrcPort uint16     `json:"sport"`
	Dst     netip.Addr `json:"dst"`
	DstName string     `json:"dst_name,omitempty"`
	DstPort uint16     `json:"dport"`
	Packets uint64     `json:"packets"`
	Bytes   uint64     `json:"bytes"`
}

type flowsJSON struct {
	At         time.Time `json:"at"`
	Accounting bool      `json:"accounting"`
	Max        int       `json:"max"`

	Addresses map[netip.Addr]addressJSON `json:"addresses,omitempty"`
	Flows     []flowJSON                 `json:"flows"`
}

func flowJSONOf(f *engine.Flow, names engine.FlowNames) flowJSON {
	return flowJSON{
		ID: f.ID, Family: f.Family.String(), Proto: protoName(f.Proto), State: f.State,
		Orig: tupleJSONOf(&f.Orig, f.OrigCount, names), Reply: tupleJSONOf(&f.Reply, f.ReplyCount, names),
		SNAT: f.SrcNAT, DNAT: f.DstNAT, Mark: f.Mark, Timeout: f.Timeout.Seconds(), Rate: f.Rate, Start: f.Start,
		Container: names.Container(f),
	}
}

func tupleJSONOf(t *engine.Tuple, n ruleset.Counters, names engine.FlowNames) tupleJSON {
	return tupleJSON{
		t.Src, names.Object(t.Src), t.SrcPort, t.Dst, names.Object(t.Dst), t.DstPort,
		n.Packets, n.Bytes,
	}
}

func (a *app) flowsAsJSON(snap engine.LiveFlows, names engine.FlowNames, about map[netip.Addr]addressJSON, oneLine bool) error {
	indent := "  "
	if oneLine {
		indent = ""
	}
	head := flowsJSON{At: snap.At, Accounting: snap.Accounting, Max: snap.Max, Addresses: about, Flows: []flowJSON{}}
	return a.jsonList(head, func(yield func(any) bool) {
		for i, f := range snap.Flows.All() {
			one, v := flowJSONOf(f, names), snap.Verdicts[i]
			one.Verdict = &verdictJSON{v.From, v.To, string(v.Outcome), v.By, strings.TrimSpace(v.Text), v.Exact}
			if !yield(one) {
				return
			}
		}
	}, indent)
}
