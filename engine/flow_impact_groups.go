package engine

import (
	"hash/maphash"
	"net/netip"
)

// TouchedFlows are flows of one source to one port of one destination that a
// change means the same for.
type TouchedFlows struct {
	// TouchedFlow is the first of them; the source port is its own.
	TouchedFlow
	Count int
}

// TouchedGroups are touched flows with similar ones as one. The zero value is
// empty.
type TouchedGroups struct {
	list   TouchedList
	groups []touchedGroup
}

// touchedGroup is the place of the first flow of a group, and how many it has.
type touchedGroup struct{ first, count int32 }

// Len is the number of groups.
func (g *TouchedGroups) Len() int { return len(g.groups) }

// At is the i-th group, made anew each time.
func (g *TouchedGroups) At(i int) TouchedFlows {
	one := g.groups[i]
	return TouchedFlows{g.list.At(int(one.first)), int(one.count)}
}

// similar is what flows of a group have in common.
type similar struct {
	meaning  *Meaning
	proto    uint8
	src, dst netip.Addr
	port     uint16
}

// Groups are the touched flows with similar ones as one, in the order in which
// the first of each is touched. Groups are known by a hash, as the flows of a
// table are, since 100,000 whole keys take 20 MB.
func (i *FlowImpact) Groups() TouchedGroups {
	g := TouchedGroups{list: i.Touched}
	at, seed := make(map[uint64]int32), maphash.MakeSeed()
	for k := range i.Touched.Len() {
		f := g.list.flows.At(int(g.list.at[k]))
		key := maphash.Comparable(seed, similar{g.list.means[k], f.Proto, f.Orig.Src, f.Orig.Dst, f.Orig.DstPort})
		n, known := at[key]
		if !known {
			n = int32(len(g.groups))
			at[key] = n
			g.groups = append(g.groups, touchedGroup{first: int32(k)})
		}
		g.groups[n].count++
	}
	return g
}
