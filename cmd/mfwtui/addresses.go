package main

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
)

// namesWait is how long a command that prints one list waits for the names of
// its addresses. One that follows prints what is there.
const namesWait = 5 * time.Second

// addressFlags ask for more about addresses than the tables say.
type addressFlags struct {
	want  engine.AddressWant
	noted bool // what there is no data for was said
}

func (f *addressFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.want.Names, "names", false, "ask the resolver of this host for the names of addresses; it learns them thereby")
	cmd.Flags().BoolVar(&f.want.Origins, "origin", false, "country and network of addresses, from local files (see --geo and --asn)")
}

// addressJSON is what is known about an address.
type addressJSON struct {
	Name    string `json:"name,omitempty"`
	Country string `json:"country,omitempty"`
	ASN     uint32 `json:"asn,omitempty"`
	Org     string `json:"org,omitempty"`
}

// about is what is known about addresses, nil unless somebody asked. Of one list
// the names are waited for.
func (a *app) about(ctx context.Context, e *engine.Engine, addrs []netip.Addr, follow bool) map[netip.Addr]addressJSON {
	f := &a.addresses
	if f.want == (engine.AddressWant{}) {
		return nil
	}
	facts := e.TellAddresses(ctx, addrs, f.want)
	for end := time.Now().Add(namesWait); !follow && facts.Waiting > 0 && ctx.Err() == nil && time.Now().Before(end); {
		facts = e.TellAddresses(ctx, addrs, f.want)
	}
	if !f.noted {
		f.noted = true
		for _, note := range facts.Notes {
			a.note("%s", note)
		}
	}
	if facts.Waiting > 0 && !follow {
		a.note("%d names did not come in %s", facts.Waiting, namesWait)
	}
	about := make(map[netip.Addr]addressJSON, len(facts.ByAddr))
	for addr, fact := range facts.ByAddr {
		about[addr] = addressJSON(fact)
	}
	return about
}

// addressTable prints what is known about the addresses of the table above, when
// that was asked for.
func (a *app) addressTable(about map[netip.Addr]addressJSON) error {
	if about == nil {
		return nil
	}
	list := [][]string{{"ADDRESS", "NAME", "COUNTRY", "AS", "ORGANISATION"}}
	for _, addr := range slices.SortedFunc(maps.Keys(about), netip.Addr.Compare) {
		one := about[addr]
		asn := ""
		if one.ASN > 0 {
			asn = fmt.Sprintf("AS%d", one.ASN)
		}
		list = append(list, []string{addr.String(), one.Name, one.Country, asn, one.Org})
	}
	fmt.Fprintln(a.out)
	return a.table(list)
}

// flowAddresses are the ends of flows, each once: the source, and where the flow
// really goes.
func flowAddresses(snap engine.LiveFlows) []netip.Addr {
	seen := make(map[netip.Addr]bool)
	for _, f := range snap.Flows.All() {
		dst := f.Orig.Dst
		if f.DstNAT {
			dst = f.Reply.Src
		}
		seen[f.Orig.Src], seen[dst] = true, true
	}
	return slices.SortedFunc(maps.Keys(seen), netip.Addr.Compare)
}

// deniedAddresses are the ends of denied packets, each once.
func deniedAddresses(list []engine.DeniedPackets) []netip.Addr {
	seen := make(map[netip.Addr]bool)
	for i := range list {
		seen[list[i].Src], seen[list[i].Dst] = true, true
	}
	return slices.SortedFunc(maps.Keys(seen), netip.Addr.Compare)
}
