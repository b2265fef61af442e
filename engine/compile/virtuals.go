package compile

import (
	"net/netip"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// virtual is a row of virtuals; row is its index in Config.Virtuals.
type virtual struct {
	tables.Virtual
	row      int
	arrivals []arrival
	internal []endpoint // where the arrivals lead, in ports of the internal side
}

// endpoint is a protocol with ports; a protocol of 0 is everything.
type endpoint struct {
	proto uint8
	ports tables.PortSpec
}

// arrival is what a virtual forwards, and the ports it is rewritten to: the
// zero range when they stay. Base is set when a range is shifted.
type arrival struct {
	endpoint
	to   ruleset.PortRange
	base uint16
}

// readVirtuals finds out what each virtual forwards; it is the same for both
// families.
func (c *compiler) readVirtuals() []virtual {
	list := make([]virtual, len(c.cfg.Virtuals))
	for i, row := range c.cfg.Virtuals {
		v := virtual{Virtual: row, row: i}
		if row.ExtService == tables.All {
			v.arrivals, v.internal = []arrival{{}}, []endpoint{{}}
		} else {
			v.combine(c.cfg.Services[row.ExtService], c.cfg.Services[row.IntService])
		}
		v.arrivals, v.internal = distinct(v.arrivals), distinct(v.internal)
		list[i] = v
	}
	return list
}

// combine pairs, as MicroFW does, each external protocol with each internal
// one, and uses the internal protocol on both sides. With the same ports for TCP
// and UDP only duplicates come of it.
func (v *virtual) combine(ext, in tables.Service) {
	for _, outside := range protocolsOf(ext) {
		for _, inside := range protocolsOf(in) {
			for _, ports := range outside.ports {
				a := arrival{endpoint: endpoint{inside.num, ports}}
				if v.ExtService != v.IntService {
					a.translate(inside.ports[0])
				}
				v.arrivals = append(v.arrivals, a)
			}
			for _, ports := range inside.ports {
				v.internal = append(v.internal, endpoint{inside.num, ports})
			}
		}
	}
}

// translate sends an arrival to another port, or to a range of the same length
// by shifting it (Linux 4.18 and later, both back ends).
func (a *arrival) translate(to tables.PortSpec) {
	if a.ports.Lo == to.Lo && a.ports.Hi == to.Hi {
		return
	}
	a.to = ruleset.PortRange{Lo: to.Lo, Hi: to.Hi}
	if to.Lo != to.Hi {
		a.base = a.ports.Lo
	}
}

// match asks for the protocol and the ports.
func (e endpoint) match() ruleset.Rule {
	if e.proto == 0 {
		return ruleset.Rule{}
	}
	return ruleset.Rule{Proto: ruleset.Proto{Num: e.proto}, Matches: []ruleset.Match{portMatch(e.ports)}}
}

// from lists the interfaces at which a virtual takes packets.
func (f *family) from(v virtual) []port { return f.layout.portsOf(v.SrcZone) }

// virtualNAT rewrites the destination. For containers Docker does that.
func (f *family) virtualNAT(pre *ruleset.Chain) {
	for _, v := range f.virtuals {
		ext, target := f.virtualAddresses(v)
		for _, p := range f.from(v) {
			for _, e := range ext {
				for _, a := range v.arrivals {
					r := a.match()
					r.In, r.Dst = iface(p.name), ruleset.Net{Prefix: e}
					f.add(pre, f.ids.virtuals[v.row], r, ruleset.DNAT{From: target, To: target, Ports: a.to, Base: a.base})
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
	in := f.prefixes(v.IntAddr)
	if len(in) != 1 || !in[0].IsSingleIP() {
		return nil, target // none: a check lets nothing else through
	}
	return f.prefixes(v.ExtAddr), in[0].Addr()
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
			for _, e := range v.internal {
				r := f.scoped(e.match())
				r.In, r.Dst = iface(p.name), ruleset.Net{Prefix: netip.PrefixFrom(target, target.BitLen())}
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
			for _, e := range v.internal {
				r := f.scoped(e.match())
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

// published lists what arrives without where it goes.
func (v virtual) published() []endpoint {
	var list []endpoint
	for _, a := range v.arrivals {
		list = append(list, a.endpoint)
	}
	return distinct(list)
}

// virtualInput lets packets for published container ports reach Docker's
// proxy on the firewall.
func (f *family) virtualInput(in *ruleset.Chain) {
	for _, v := range f.virtuals {
		if v.IntAddr != tables.Docker || len(f.layout.portsOf(tables.Docker)) == 0 {
			continue
		}
		for _, p := range f.from(v) {
			for _, e := range v.published() {
				r := e.match()
				r.In = iface(p.name)
				f.add(in, f.ids.virtuals[v.row], r, ruleset.Accept)
			}
		}
	}
}
