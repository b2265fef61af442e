package page

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// told is what is known about the addresses of the selected flow, beyond what
// the tables say. Nothing is asked unless a person switched it on: the name
// servers learn which addresses are asked about.
type told struct {
	on    bool
	ask   desk.Request
	of    []netip.Addr // that facts is about
	facts engine.AddressFacts
	noted bool // what there is no data for was said
}

// toldLines is what it takes of the screen.
const toldLines = 2

// toggleNames switches the names of addresses on or off.
func (f *Flows) toggleNames() Effect {
	if f.told = (told{on: !f.told.on}); !f.told.on {
		e := say(Info, "names of addresses are not asked any more")
		e.Cmd = f.Calls.TellAddresses(&f.told.ask, nil, engine.AddressWant{}) // forgets what is still to be asked
		return e
	}
	e := say(Warn, "the resolver of this host is asked for the selected flow's names, and learns its addresses; h: off")
	e.Cmd = f.askNames().Cmd
	return e
}

// askNames asks about the addresses of the selected flow, unless everything is
// known. It is called once a second: who only passes a flow by asks nothing.
func (f *Flows) askNames() Effect {
	w := f.selected()
	if !f.told.on || w == nil || f.by != ungrouped || f.told.ask.Busy() {
		return Effect{}
	}
	if of := addressesOf(w); !slices.Equal(of, f.told.of) {
		f.told.of, f.told.facts = of, engine.AddressFacts{}
	} else if f.told.facts.ByAddr != nil && f.told.facts.Waiting == 0 {
		return Effect{}
	}
	return Effect{Cmd: f.Calls.TellAddresses(&f.told.ask, f.told.of, engine.AddressWant{Names: true, Origins: true})}
}

// addressesOf are the source and where the flow really goes.
func addressesOf(w *engine.Flow) []netip.Addr {
	dst := w.Orig.Dst
	if w.DstNAT {
		dst = w.Reply.Src
	}
	return []netip.Addr{w.Orig.Src, dst}
}

// takeTold takes what is known; what there is no data for is said once.
func (f *Flows) takeTold(m desk.ToldMsg) Effect {
	if !f.told.ask.Done(m.N) || !f.told.on {
		return Effect{}
	}
	if m.Err != nil {
		return say(Bad, "names of addresses: %v", m.Err)
	}
	f.told.facts = m.Value
	if f.told.noted || len(m.Value.Notes) == 0 {
		return Effect{}
	}
	f.told.noted = true
	return say(Info, "%s", strings.Join(m.Value.Notes, "; "))
}

// toldDetail are the lines about both ends.
func (f *Flows) toldDetail(width int) []string {
	w := f.selected()
	if w == nil {
		return nil
	}
	var lines []string
	for i, a := range addressesOf(w) {
		label := [...]widget.Safe{" src   ", " dst   "}[i]
		lines = append(lines, f.line(width).Put(f.Styles.Dim, label).Text(f.toldAbout(a)).String())
	}
	return lines
}

// toldAbout is what is known about an address in words.
func (f *Flows) toldAbout(a netip.Addr) widget.Safe {
	fact, ok := f.told.facts.ByAddr[a]
	switch {
	case !slices.Contains(f.told.of, a), f.told.facts.ByAddr == nil, !ok && f.told.facts.Waiting > 0:
		return widget.Clean(a.String() + "  asking ...")
	case !ok:
		return widget.Clean(a.String() + "  has no name that is known")
	}
	text := widget.Clean(a.String() + "  ")
	if fact.Name != "" {
		text += widget.Clean(fact.Name) + "  "
	}
	text += widget.Clean(fact.Country)
	if fact.ASN > 0 {
		text += widget.Format("  AS%d %s", fact.ASN, fact.Org)
	}
	return text
}
