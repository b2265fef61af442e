package reach

import (
	"net/netip"
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Box is a set of packets that are independent in each dimension: every
// combination of what its fields list. A nil field is not asked: any value.
type Box struct {
	Family ruleset.Family
	// In and Out are interface names; a name that ends in "+" stands for all
	// that start with it, "other" for any that no rule names, and the empty
	// Out for this host.
	In, Out  []string
	Protos   []ProtoRange
	Src, Dst []ruleset.AddrRange
	// SrcPorts and DstPorts are ports, or for ICMP type<<8|code in DstPorts.
	SrcPorts, DstPorts []ruleset.PortRange
	// Sample is one of the packets.
	Sample ruleset.Packet
}

// ProtoRange is a range of IP protocol numbers, both ends included.
type ProtoRange struct{ Lo, Hi uint8 }

// rawBox is a box in spans; a nil list is the whole field.
type rawBox [fields][]span

// boxes takes a set apart, up to limit boxes; more reports that there are
// others.
func (w *world) boxes(packets set, limit int) (list []Box, more bool) {
	raw, more := w.space.takeApart(packets, limit)
	for _, b := range joinBoxes(raw) {
		list = append(list, w.box(b))
	}
	return list, more
}

// takeApart follows the paths of a diagram to everything; edges of a node that
// lead to the same set are one path.
func (s *space) takeApart(packets set, limit int) (list []rawBox, more bool) {
	var path rawBox
	var walk func(set)
	walk = func(a set) {
		switch {
		case a == nothing:
			return
		case a == everything:
			if len(list) == limit {
				more = true
				return
			}
			list = append(list, path)
			return
		case more:
			return
		}
		n := &s.nodes[a]
		for i, e := range n.edges {
			if e.to == nothing || slices.ContainsFunc(n.edges[:i], func(before edge) bool { return before.to == e.to }) {
				continue
			}
			path[n.field] = n.spansTo(e.to)
			walk(e.to)
		}
		path[n.field] = nil
	}
	walk(packets)
	return list, more
}

// spansTo are the values of a node that lead to a set.
func (n *node) spansTo(to set) []span {
	var list []span
	next := value{}
	for _, e := range n.edges {
		if e.to == to {
			list = append(list, span{next, e.last})
		}
		next = e.last.next()
	}
	return list
}

// joinBoxes joins boxes that differ in one field only, until there are none.
func joinBoxes(list []rawBox) []rawBox {
	for i := 0; i < len(list); i++ {
		for j := 0; j < len(list); j++ {
			f, ok := soleDifference(&list[i], &list[j])
			if i == j || !ok {
				continue
			}
			list[i][f] = joinSpans(list[i][f], list[j][f])
			list = slices.Delete(list, j, j+1)
			i, j = 0, -1
		}
	}
	return list
}

// soleDifference is the only field in which two boxes differ.
func soleDifference(a, b *rawBox) (differs field, ok bool) {
	for f := range field(fields) {
		if !slices.Equal(a[f], b[f]) {
			if ok {
				return 0, false
			}
			differs, ok = f, true
		}
	}
	return differs, ok
}

func joinSpans(a, b []span) []span {
	if a == nil || b == nil { // the whole field
		return nil
	}
	return ordered(slices.Concat(a, b))
}

// box puts a box into the terms of the field.
func (w *world) box(raw rawBox) Box {
	b := Box{Family: w.family}
	b.In, b.Out = w.labels(raw[inField]), w.labels(raw[outField])
	for _, sp := range raw[protoField] {
		b.Protos = append(b.Protos, ProtoRange{uint8(sp.lo.lo), uint8(sp.hi.lo)})
	}
	b.Src, b.Dst = w.addrs(raw[srcField]), w.addrs(raw[dstField])
	b.SrcPorts, b.DstPorts = portRanges(raw[srcPortField]), portRanges(raw[portField])
	b.Sample = w.sample(raw)
	return b
}

func (w *world) labels(spans []span) []string {
	var names []string
	for _, sp := range spans {
		for i := sp.lo.lo; i <= sp.hi.lo; i++ {
			names = append(names, w.interfaces.atoms[i].label())
		}
	}
	return names
}

func (w *world) addrs(spans []span) []ruleset.AddrRange {
	var list []ruleset.AddrRange
	v6 := w.family == ruleset.V6
	for _, sp := range spans {
		list = append(list, ruleset.AddrRange{From: sp.lo.addr(v6), To: sp.hi.addr(v6)})
	}
	return list
}

func portRanges(spans []span) []ruleset.PortRange {
	var list []ruleset.PortRange
	for _, sp := range spans {
		list = append(list, ruleset.PortRange{Lo: uint16(sp.lo.lo), Hi: uint16(sp.hi.lo)})
	}
	return list
}

// Stranger is the address that a sample has when it may: the first one of a
// range is often not that of a host. It is one of those set aside for
// documentation, so no host has it.
func Stranger(f ruleset.Family) netip.Addr {
	if f == ruleset.V6 {
		return netip.AddrFrom16([16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 15: 1})
	}
	return netip.AddrFrom4([4]byte{192, 0, 2, 1})
}

func holds(spans []span, v value) bool {
	return slices.ContainsFunc(spans, func(s span) bool { return s.lo.compare(v) <= 0 && v.compare(s.hi) <= 0 })
}

// sample is a packet of a box.
func (w *world) sample(raw rawBox) ruleset.Packet {
	low := func(f field, otherwise uint64) value {
		if len(raw[f]) == 0 {
			return value{lo: otherwise}
		}
		return raw[f][0].lo
	}
	v6 := w.family == ruleset.V6
	addr := func(f field) netip.Addr {
		if a := Stranger(w.family); len(raw[f]) == 0 || holds(raw[f], ofAddr(a)) {
			return a
		}
		return raw[f][0].lo.addr(v6)
	}
	p := ruleset.Packet{
		In:    w.interfaces.atoms[low(inField, 1).lo].sample(),
		Out:   w.interfaces.atoms[low(outField, hostAtom).lo].sample(),
		Proto: uint8(low(protoField, uint64(ruleset.TCP)).lo),
		Src:   addr(srcField), Dst: addr(dstField),
		State: ruleset.StateNew,
	}
	port := uint16(low(portField, 1).lo)
	switch p.Proto {
	case ruleset.ICMP, ruleset.ICMPv6:
		p.ICMPType, p.ICMPCode = uint8(port>>8), uint8(port)
	case ruleset.TCP:
		p.TCPFlags = tcpSYN
		fallthrough
	case ruleset.UDP:
		p.SrcPort, p.DstPort = uint16(low(srcPortField, 1).lo), port
	}
	return p
}
