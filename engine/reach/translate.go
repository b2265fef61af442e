package reach

import (
	"net/netip"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// piece is a part of the destination ports that a translation treats alike: it
// moves them by delta, or sends all of them to one port.
type piece struct {
	from  span
	delta int
	fixed bool
	port  uint16
}

// pieces are what a translation makes of the ports, as nf_nat_core does: a port
// inside the range stays, another becomes its first, or with a base the range is
// shifted.
func pieces(t ruleset.DNAT) []piece {
	lo, hi := number(t.Ports.Lo), number(t.Ports.Hi)
	all := span{value{}, number(uint16(0xffff))}
	switch {
	case t.Ports == ruleset.PortRange{}:
		return []piece{{from: all}}
	case t.Base != 0:
		first := number(t.Base)
		size := int(t.Ports.Hi) - int(t.Ports.Lo)
		last := number(min(int(t.Base)+size, 0xffff))
		return []piece{{from: span{first, last}, delta: int(t.Ports.Lo) - int(t.Base)}}
	}
	list := []piece{{from: span{lo, hi}}}
	if t.Ports.Lo > 0 {
		list = append(list, piece{from: span{all.lo, lo.before()}, fixed: true, port: t.Ports.Lo})
	}
	if t.Ports.Hi < 0xffff {
		list = append(list, piece{from: span{hi.next(), all.hi}, fixed: true, port: t.Ports.Lo})
	}
	return list
}

// translated are the packets, by the header with which they arrived, that pass
// after a translation. Where the routes are known they decide by which
// interface the translated packets leave.
func (w *world) translated(t ruleset.DNAT, packets set) []flow {
	s := w.space
	at := moment{state: ruleset.StateNew | ruleset.StateDNAT, outKnown: true}
	pass := w.delivered(at)
	if t.From.IsValid() {
		if t.From != t.To {
			w.doubts["nat: which address of "+t.From.String()+"-"+t.To.String()+" a packet gets"] = true
		}
		pass = s.fixed(pass, dstField, ofAddr(t.From))
		pass = s.and(pass, w.leavingTo(t.From))
	}
	through := nothing
	for _, p := range pieces(t) {
		part := pass
		switch {
		case p.fixed:
			part = s.fixed(pass, portField, number(p.port))
		case p.delta != 0:
			part = s.shifted(pass, portField, p.delta)
		}
		through = s.or(through, s.and(part, s.within(portField, []span{p.from})))
	}
	return w.unchanged(t, s.and(packets, through), s.and(packets, w.delivered(moment{state: ruleset.StateNew, outKnown: true})))
}

// unchanged tells the packets that have the new destination already: they do
// not count as translated (nf_nat_setup_info sets IPS_DST_NAT when the tuple
// changes).
func (w *world) unchanged(t ruleset.DNAT, through, plain set) []flow {
	s := w.space
	same := everything
	if t.From.IsValid() {
		same = w.prefixes(dstField, netip.PrefixFrom(t.From, t.From.BitLen()))
	}
	if t.Ports != (ruleset.PortRange{}) && (t.Base == 0 || t.Base == t.Ports.Lo) {
		same = s.and(same, s.within(portField, []span{{number(t.Ports.Lo), number(t.Ports.Hi)}}))
	} else if t.Ports != (ruleset.PortRange{}) {
		same = nothing
	}
	return []flow{{t, s.minus(through, same)}, {ruleset.DNAT{}, s.and(plain, same)}}
}

// leavingTo is the set of packets that leave by the interface that leads to an
// address; all of them when no routes are known.
func (w *world) leavingTo(a netip.Addr) set {
	if w.facts.Route == nil {
		return everything
	}
	local, out := w.facts.Route(a)
	atom := hostAtom
	if !local {
		atom = w.interfaces.of(out)
	}
	return w.space.within(outField, []span{one(number(atom))})
}
