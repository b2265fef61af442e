package engine

import "net/netip"

// TouchedFlows are flows of one source to one port of one destination that a
// change means the same for.
type TouchedFlows struct {
	// TouchedFlow is the first of them; the source port is its own.
	*TouchedFlow
	Count int
}

// similar is what flows of a group have in common.
type similar struct {
	fate                    Fate
	proto                   uint8
	src, dst                netip.Addr
	port                    uint16
	from, to, before, after string
}

// Groups are the touched flows with similar ones as one, in the order in which
// the first of each is touched.
func (i *FlowImpact) Groups() []TouchedFlows {
	var groups []TouchedFlows
	at := make(map[similar]int)
	for k := range i.Touched {
		t := &i.Touched[k]
		key := similar{t.Fate, t.Proto, t.Orig.Src, t.Orig.Dst, t.Orig.DstPort, t.From, t.To, t.Before, t.After}
		n, known := at[key]
		if !known {
			n = len(groups)
			at[key] = n
			groups = append(groups, TouchedFlows{TouchedFlow: t})
		}
		groups[n].Count++
	}
	return groups
}
