package reach

import (
	"net/netip"
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Facts are what rulesets do not say themselves.
type Facts struct {
	// Local are the addresses of this host, for rules that ask for them.
	Local []netip.Prefix
	// Route tells by which interface translated packets leave; nil leaves it
	// open.
	Route ruleset.Route
	// Interfaces are names to tell apart although no rule asks for them.
	Interfaces []string
}

// Change is how the verdicts of two rulesets differ. The sets of packets are
// exact, see the package documentation for what packets they are about.
type Change struct {
	// Allowed are the packets that only the second ruleset lets through,
	// Denied those that only the first one does, and Redirected those that
	// both let through to different destinations.
	Allowed, Denied, Redirected []Box
	// More is set when there were too many boxes to list.
	More bool
	// Doubts are the rules that could not be judged, as "table: rule".
	Doubts []string
}

// Empty reports whether no verdict changes.
func (c *Change) Empty() bool { return len(c.Allowed)+len(c.Denied)+len(c.Redirected) == 0 }

// Compare finds the packets whose verdict changes from one ruleset to another.
// Lists are cut at limit boxes each.
func Compare(before, after *ruleset.Ruleset, facts Facts, limit int) *Change {
	var c Change
	for _, f := range ruleset.Families() {
		c.compare(f, before, after, facts, limit)
	}
	slices.Sort(c.Doubts)
	c.Doubts = slices.Compact(c.Doubts)
	return &c
}

func (c *Change) compare(f ruleset.Family, before, after *ruleset.Ruleset, facts Facts, limit int) {
	x := newInterfaces(f, facts.Interfaces, before, after)
	s := newSpace(f == ruleset.V6, x.count())
	was, now := newWorld(f, s, x, before, facts), newWorld(f, s, x, after, facts)
	from, to := was.passing(), now.passing()
	passed, passes := s.union(from), s.union(to)
	list := func(boxes *[]Box, packets set) {
		found, more := now.boxes(packets, limit)
		*boxes = append(*boxes, found...)
		c.More = c.More || more
	}
	list(&c.Allowed, s.minus(passes, passed))
	list(&c.Denied, s.minus(passed, passes))
	list(&c.Redirected, s.minus(s.and(passed, passes), s.alike(from, to)))
	for _, w := range []*world{was, now} {
		for doubt := range w.doubts {
			c.Doubts = append(c.Doubts, f.String()+" "+doubt)
		}
	}
}

func (s *space) union(flows []flow) set {
	all := nothing
	for _, f := range flows {
		all = s.or(all, f.packets)
	}
	return all
}

// alike are the packets that both let through with the same translation.
func (s *space) alike(a, b []flow) set {
	same := nothing
	for _, x := range a {
		for _, y := range b {
			if x.to == y.to {
				same = s.or(same, s.and(x.packets, y.packets))
			}
		}
	}
	return same
}

// Reach is what one ruleset lets through.
type Reach struct {
	worlds map[ruleset.Family]*world
	passes map[ruleset.Family]set
}

// Through works out what a ruleset lets through.
func Through(rs *ruleset.Ruleset, facts Facts) *Reach {
	r := &Reach{worlds: make(map[ruleset.Family]*world), passes: make(map[ruleset.Family]set)}
	for _, f := range ruleset.Families() {
		x := newInterfaces(f, facts.Interfaces, rs)
		w := newWorld(f, newSpace(f == ruleset.V6, x.count()), x, rs, facts)
		r.worlds[f], r.passes[f] = w, w.space.union(w.passing())
	}
	return r
}

// Passes reports whether a packet is let through; Out is the interface by which
// it leaves after all translation, empty for this host.
func (r *Reach) Passes(p ruleset.Packet) bool {
	w := r.worlds[p.Family()]
	return w.space.contains(r.passes[p.Family()], w.point(p))
}

// To lists what reaches a destination behind an interface: the packets that
// leave for this address and port after all translation, or without port for
// all ports.
func (r *Reach) To(dst netip.Addr, proto uint8, port uint16, limit int) []Box {
	f := ruleset.OfAddr(dst)
	w := r.worlds[f]
	s := w.space
	found := nothing
	for _, fl := range w.passing() {
		part := s.within(protoField, []span{one(number(proto))})
		switch {
		case fl.to == (ruleset.DNAT{}):
			part = s.and(part, w.prefixes(dstField, netip.PrefixFrom(dst, dst.BitLen())))
			part = s.and(part, s.within(portField, []span{one(number(port))}))
		case fl.to.From != dst:
			continue
		case fl.to.Ports == (ruleset.PortRange{}):
			part = s.and(part, s.within(portField, []span{one(number(port))}))
		case !fl.to.Ports.Contains(port):
			continue
		}
		found = s.or(found, s.and(part, fl.packets))
	}
	boxes, _ := w.boxes(found, limit)
	return boxes
}

// point is a packet as its value in each field.
func (w *world) point(p ruleset.Packet) *[fields]value {
	at := &[fields]value{
		inField: number(w.interfaces.of(p.In)), outField: number(w.interfaces.of(p.Out)), protoField: number(p.Proto),
		dstField: ofAddr(p.Dst), srcField: ofAddr(p.Src),
	}
	switch p.Proto {
	case ruleset.ICMP, ruleset.ICMPv6:
		at[portField] = number(uint16(p.ICMPType)<<8 | uint16(p.ICMPCode))
	case ruleset.TCP, ruleset.UDP:
		at[portField], at[srcPortField] = number(p.DstPort), number(p.SrcPort)
	}
	return at
}
