package compile

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// virtual is a row of virtuals with the ways in which it forwards; row is its
// index in Config.Virtuals.
type virtual struct {
	tables.Virtual
	row  int
	ways []forwarding
}

// forwarding is one protocol and port that a virtual forwards: what arrives
// for ext reaches int, with the port rewritten to ports (the zero range: not
// rewritten). Base is set when a range is shifted. A proto of 0 is everything.
type forwarding struct {
	proto    uint8
	ext, int tables.PortSpec
	ports    ruleset.PortRange
	base     uint16
}

// readVirtuals finds the ways of each virtual; they are the same for both
// families.
func (c *compiler) readVirtuals() []virtual {
	var list []virtual
	for i, v := range c.cfg.Virtuals {
		list = append(list, virtual{v, i, distinct(c.forwardings(v))})
	}
	return list
}

// forwardings combines, as MicroFW does, each external protocol with each
// internal one, and uses the internal protocol on both sides. With the same
// ports for TCP and UDP only duplicates come of it.
func (c *compiler) forwardings(v tables.Virtual) []forwarding {
	if v.ExtService == tables.All {
		return []forwarding{{}}
	}
	var list []forwarding
	for _, ext := range protocolsOf(c.cfg.Services[v.ExtService]) {
		for _, in := range protocolsOf(c.cfg.Services[v.IntService]) {
			ways, why := pairPorts(in.num, ext.ports, in.ports, v.ExtService != v.IntService)
			if why != "" && ext.num == in.num {
				c.problem(tables.Error, v.Row, 4, fmt.Sprintf("%s ports of '%s' and '%s': %s", in.name, v.ExtService, v.IntService, why))
			}
			list = append(list, ways...)
		}
	}
	return list
}

// pairPorts pairs external ports with internal ones: member by member, or all
// external ones with a single internal one. It says why when that cannot be.
func pairPorts(proto uint8, ext, int []tables.PortSpec, translate bool) (ways []forwarding, why string) {
	if len(int) != 1 && len(int) != len(ext) {
		return nil, fmt.Sprintf("%d external ports cannot go to %d internal ones; write as many, or one internal port", len(ext), len(int))
	}
	for i, e := range ext {
		in := int[min(i, len(int)-1)]
		way := forwarding{proto: proto, ext: e, int: in}
		if translate && (e.Lo != in.Lo || e.Hi != in.Hi) {
			way.ports = ruleset.PortRange{Lo: in.Lo, Hi: in.Hi}
			if in.Lo != in.Hi {
				// The kernel shifts by the distance from base (Linux 4.18).
				way.base = e.Lo
			}
			if in.Lo != in.Hi && in.Hi-in.Lo != e.Hi-e.Lo {
				return nil, fmt.Sprintf("the ranges %d-%d and %d-%d have different lengths", e.Lo, e.Hi, in.Lo, in.Hi)
			}
		}
		ways = append(ways, way)
	}
	return ways, ""
}

// match asks for the protocol of a way, and for these ports of it.
func (w forwarding) match(spec tables.PortSpec) ruleset.Rule {
	if w.proto == 0 {
		return ruleset.Rule{}
	}
	return ruleset.Rule{Proto: ruleset.Proto{Num: w.proto}, Matches: []ruleset.Match{portMatch(spec)}}
}

// internal lists the ways without those that lead to the same internal port as
// another, docker the same for the external port.
func (v virtual) internal() []forwarding {
	return v.distinctBy(func(w forwarding) tables.PortSpec { return w.int })
}
func (v virtual) external() []forwarding {
	return v.distinctBy(func(w forwarding) tables.PortSpec { return w.ext })
}

func (v virtual) distinctBy(spec func(forwarding) tables.PortSpec) []forwarding {
	var list []forwarding
	for _, w := range v.ways {
		if !slices.ContainsFunc(list, func(o forwarding) bool { return o.proto == w.proto && spec(o) == spec(w) }) {
			list = append(list, w)
		}
	}
	return list
}

// from lists the interfaces at which a virtual takes packets.
func (f *family) from(v virtual) []port { return f.layout.portsOf(v.SrcZone) }

// virtualNAT rewrites the destination. For containers Docker does that.
func (f *family) virtualNAT(pre *ruleset.Chain) {
	for _, v := range f.virtuals {
		ext, target := f.virtualAddresses(v)
		for _, p := range f.from(v) {
			for _, e := range ext {
				for _, w := range v.ways {
					r := w.match(w.ext)
					r.In, r.Dst = iface(p.name), network(e)
					f.add(pre, f.ids.virtuals[v.row], r, ruleset.DNAT{From: target, To: target, Ports: w.ports, Base: w.base})
				}
			}
		}
	}
}

// virtualAddresses are the external networks and the internal address of a
// virtual in this family; no networks when it makes no rules.
func (f *family) virtualAddresses(v virtual) (ext []netip.Prefix, target netip.Addr) {
	if v.IntAddr == tables.Docker {
		return nil, target
	}
	ext, in := f.prefixes(v.ExtAddr), f.prefixes(v.IntAddr)
	if len(ext) == 0 || len(in) == 0 {
		return nil, target
	}
	if len(in) > 1 || !in[0].IsSingleIP() {
		f.problem(tables.Error, v.Row, 2, fmt.Sprintf("'%s' is more than one %s address; a virtual leads to one", v.IntAddr, ipName(f.fam)))
		return nil, target
	}
	return ext, in[0].Addr()
}

// virtualForward lets the forwarded packets pass. As in MicroFW a packet needs
// only the internal address, unless virtual-scope asks that a virtual has
// rewritten it. Packets for containers go back to Docker's own chains.
func (f *family) virtualForward(forward *ruleset.Chain) {
	for _, v := range f.virtuals {
		if v.IntAddr == tables.Docker {
			f.dockerForward(forward, v)
			continue
		}
		ext, target := f.virtualAddresses(v)
		if len(ext) == 0 {
			continue
		}
		for _, p := range f.from(v) {
			for _, w := range v.internal() {
				r := f.scoped(w.match(w.int))
				r.In, r.Dst = iface(p.name), network(netip.PrefixFrom(target, target.BitLen()))
				f.add(forward, f.ids.virtuals[v.row], r, ruleset.Accept)
			}
		}
	}
}

// dockerForward returns what goes to the container port on any container
// bridge, whatever the external address: Docker's chains decide about it.
func (f *family) dockerForward(forward *ruleset.Chain, v virtual) {
	for _, p := range f.from(v) {
		for _, bridge := range f.layout.portsOf(tables.Docker) {
			for _, w := range v.internal() {
				r := f.scoped(w.match(w.int))
				r.In, r.Out = iface(p.name), iface(bridge.name)
				f.add(forward, f.ids.virtuals[v.row], r, ruleset.Return)
			}
		}
	}
}

// scoped narrows a rule to packets that some DNAT has rewritten, when the
// options say so.
func (f *family) scoped(r ruleset.Rule) ruleset.Rule {
	if f.cfg.Options.VirtualScope == "dnat" {
		r.Matches = append(r.Matches, ruleset.MatchState{States: ruleset.StateDNAT})
	}
	return r
}

// virtualInput lets packets for published container ports reach Docker's
// proxy on the firewall.
func (f *family) virtualInput(in *ruleset.Chain) {
	for _, v := range f.virtuals {
		if v.IntAddr != tables.Docker || len(f.layout.portsOf(tables.Docker)) == 0 {
			continue
		}
		for _, p := range f.from(v) {
			for _, w := range v.external() {
				r := w.match(w.ext)
				r.In = iface(p.name)
				f.add(in, f.ids.virtuals[v.row], r, ruleset.Accept)
			}
		}
	}
}
