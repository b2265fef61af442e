package compile

import (
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// layout says how the rules of the rows are spread over chains. This file
// alone knows it; the others say what the rules are.
//
//	MFWINPUT     -i IF  -> <zone>_inp
//	MFWFORWARD   -i IF  -> <zone>_fwd
//	<zone>_fwd   -o IF  -> <zone>_to_<zone>
//
// A packet is asked once for each interface, and the rules of a pair chain do
// not ask again. That keeps MicroFW's order as long as an output interface
// leads to one pair chain. Wildcards of different zones that overlap ("eth+"
// and "eth0") would lead to two, one after the other, and a row for the second
// would come after all rows for the first: then the layout is flat, with all
// rules in <zone>_fwd in file order, each asking for its output interface.
// Input interfaces may overlap, since MicroFW asks them in file order too.
type layout struct {
	zones  []*zone // in the order of their first interface
	ports  []port  // every interface, in file order
	flat   bool
	chains names // of the filter table; mangle uses the same ones
	warn   func(wanted, got string)
}

// zone is a zone with its chains and the rows that have it as source.
type zone struct {
	name     string
	inp, fwd string
	ports    int // number of interfaces
	rows     []int
}

// port is an interface of a zone; row is its index in Config.Interfaces.
type port struct {
	name   string
	zone   *zone
	row    int
	bridge bool
}

// newLayout names the zone chains and decides on the form. A wildcard is never
// a bridge, since MicroFW looks for an interface of that very name.
func newLayout(cfg *tables.Config, bridges []string, warn func(wanted, got string)) *layout {
	l := &layout{warn: warn}
	for _, name := range []string{
		ruleset.RootInput, ruleset.RootForward, ruleset.ChainAccept, ruleset.ChainDrop, ruleset.ChainReject,
		chainNDP, chainErrors,
	} {
		l.chain(name)
	}
	byName := make(map[string]*zone)
	for _, name := range cfg.Zones() {
		z := &zone{name: name, inp: l.chain(name, "inp"), fwd: l.chain(name, "fwd")}
		l.zones = append(l.zones, z)
		byName[name] = z
	}
	for i, row := range cfg.Interfaces {
		z := byName[row.Zone]
		z.ports++
		l.flat = l.flat || slices.ContainsFunc(l.ports, func(p port) bool { return p.zone != z && overlap(p.name, row.Name) })
		l.ports = append(l.ports, port{name: row.Name, zone: z, row: i, bridge: slices.Contains(bridges, row.Name)})
	}
	for i, row := range cfg.Rules {
		if z := byName[row.SrcZone]; z != nil {
			z.rows = append(z.rows, i)
		}
	}
	return l
}

// chain names the chain that belongs to these words: one word is the name of a
// fixed chain, two are a zone and "inp" or "fwd", three a pair of zones.
func (l *layout) chain(words ...string) string {
	wanted := words[0]
	for _, w := range words[1:] {
		wanted += "_" + w
	}
	name, fresh := l.chains.fit(digest(words...), wanted, ruleset.MaxChainName)
	if fresh {
		l.warn(wanted, name)
	}
	return name
}

// pair is the chain for what goes from one zone to another.
func (l *layout) pair(src, dst *zone) string { return l.chain(src.name, "to", dst.name) }

// outs lists the interfaces that a row with this destination zone is about:
// those of the zone, for ALL those of every zone, the source zone's own
// included, for FW none. FW is in ALL too, but has no interface.
func (l *layout) outs(dst string) []port {
	var out []port
	for _, p := range l.ports {
		if dst == tables.All || dst == p.zone.name {
			out = append(out, p)
		}
	}
	return out
}

// portsOf lists the interfaces of a zone.
func (l *layout) portsOf(zone string) []port {
	return slices.DeleteFunc(slices.Clone(l.ports), func(p port) bool { return p.zone.name != zone })
}

// ownOnly reports whether a packet from z to p goes back where it came from:
// the hairpin rule has decided about it before any row.
func ownOnly(z *zone, p port) bool { return p.zone == z && z.ports == 1 }

// filter fills the filter table.
func (f *family) filter() {
	t := f.tables.Ensure(ruleset.Filter)
	in, forward := t.Chain(ruleset.RootInput), t.Chain(ruleset.RootForward)
	f.startInput(t, in)
	f.startForward(t, forward)
	if f.cfg.Options.VirtualOrder == "first" {
		f.virtualInput(in)
		f.virtualForward(forward)
	}
	for _, z := range f.layout.zones {
		f.fill(t, z.inp, z, tables.FW)
		f.fillForward(t, z)
	}
	for _, p := range f.layout.ports {
		f.dispatchInput(t, in, p)
		f.dispatchForward(t, forward, p)
	}
	if f.cfg.Options.VirtualOrder != "first" {
		f.virtualInput(in)
		f.virtualForward(forward)
	}
	f.finish(in)
	f.finish(forward)
	f.actionChains(t)
}

// dispatchInput takes what arrives at an interface to the chain of its zone,
// after the protocols that the firewall itself shall get.
func (f *family) dispatchInput(t *ruleset.Table, in *ruleset.Chain, p port) {
	f.protocols(in, p)
	if t.Chain(p.zone.inp) != nil {
		f.add(in, f.ids.builtIn("zone-"+p.name), ruleset.Rule{In: iface(p.name)}, ruleset.Jump{Chain: p.zone.inp})
	}
}

// dispatchForward does the same for what passes through. The hairpin rule of
// a zone with one interface stands in the chain of the zone, where the input
// interface is known already.
func (f *family) dispatchForward(t *ruleset.Table, forward *ruleset.Chain, p port) {
	if p.zone.ports > 1 {
		f.hairpin(forward, ruleset.Rule{In: iface(p.name)}, p)
	}
	if t.Chain(p.zone.fwd) != nil {
		f.add(forward, f.ids.builtIn("zone-"+p.name), ruleset.Rule{In: iface(p.name)}, ruleset.Jump{Chain: p.zone.fwd})
	}
}

// hairpin decides about what leaves through the interface that it came from: a
// bridge passes it between its ports, anything else drops it.
func (f *family) hairpin(c *ruleset.Chain, r ruleset.Rule, p port) {
	r.Out = iface(p.name)
	var target ruleset.Target = ruleset.Jump{Chain: ruleset.ChainDrop}
	if p.bridge {
		target = ruleset.Accept
	}
	f.add(c, f.ids.builtIn("hairpin-"+p.name), r, target)
}

// fillForward fills the forward chain of a zone, and its pair chains.
func (f *family) fillForward(t *ruleset.Table, z *zone) {
	for _, p := range f.layout.ports {
		if ownOnly(z, p) {
			f.hairpin(t.Ensure(z.fwd), ruleset.Rule{}, p)
		}
	}
	if f.layout.flat {
		f.fillFlat(t, z)
		return
	}
	for _, p := range f.layout.ports {
		if !ownOnly(z, p) && f.anyRule(z, p.zone.name) {
			f.add(t.Ensure(z.fwd), f.ids.builtIn("to-"+p.name), ruleset.Rule{Out: iface(p.name)},
				ruleset.Jump{Chain: f.layout.pair(z, p.zone)})
		}
	}
	for _, dst := range f.layout.zones {
		if (dst != z || z.ports > 1) && f.anyRule(z, dst.name) {
			f.fill(t, f.layout.pair(z, dst), z, dst.name)
		}
	}
}

// fillFlat puts all rules of a zone into its forward chain, in file order.
func (f *family) fillFlat(t *ruleset.Table, z *zone) {
	for _, i := range z.rows {
		for _, p := range f.layout.outs(f.cfg.Rules[i].DstZone) {
			if ownOnly(z, p) {
				continue
			}
			for _, cond := range f.conds[i] {
				cond.Out = iface(p.name)
				f.addRow(t.Ensure(z.fwd), i, cond)
			}
		}
	}
}

// fill puts the rules of the rows from z to dst into a chain, and makes no
// chain when there are none.
func (f *family) fill(t *ruleset.Table, chain string, z *zone, dst string) {
	for _, i := range z.rows {
		if !goesTo(f.cfg.Rules[i], dst) {
			continue
		}
		for _, cond := range f.conds[i] {
			f.addRow(t.Ensure(chain), i, cond)
		}
	}
}

// anyRule reports whether a row of z makes a rule for what goes to dst.
func (f *family) anyRule(z *zone, dst string) bool {
	return slices.ContainsFunc(z.rows, func(i int) bool {
		return goesTo(f.cfg.Rules[i], dst) && len(f.conds[i]) > 0
	})
}

// goesTo reports whether a row is about what goes to dst, a zone or FW.
func goesTo(r tables.Rule, dst string) bool { return r.DstZone == dst || r.DstZone == tables.All }
