package reach

import "slices"

// set is a set of packets: the index of its diagram in a space. Equal sets have
// equal indices.
type set int32

const (
	nothing    set = 0
	everything set = 1
)

// edge leads to the set for the values after the edge before it, up to last.
type edge struct {
	last value
	to   set
}

// node asks one field. Its edges cover the whole field, and neighbours lead to
// different sets.
type node struct {
	field field
	edges []edge
}

// space holds the diagrams of one family. Sets of different spaces must not be
// mixed.
type space struct {
	nodes  []node
	tops   [fields]value // the highest value of each field
	unique map[uint64][]set
	done   map[operands]set
}

type operation uint8

const (
	andOp operation = iota
	orOp
	minusOp
)

type operands struct {
	op   operation
	a, b set
}

func newSpace(v6 bool, interfaces int) *space {
	s := &space{
		nodes:  []node{{field: leaf}, {field: leaf}},
		unique: make(map[uint64][]set),
		done:   make(map[operands]set),
	}
	addrTop := value{lo: 1<<32 - 1}
	if v6 {
		addrTop = value{^uint64(0), ^uint64(0)}
	}
	s.tops = [fields]value{
		inField: number(interfaces - 1), outField: number(interfaces - 1), protoField: number(255),
		portField: number(65535), dstField: addrTop, srcField: addrTop, srcPortField: number(65535),
	}
	return s
}

// node finds or makes the set that asks a field. Edges may have equal
// neighbours; they are joined.
func (s *space) node(f field, edges []edge) set {
	joined := edges[:0]
	for _, e := range edges {
		if n := len(joined); n > 0 && joined[n-1].to == e.to {
			joined[n-1].last = e.last
			continue
		}
		joined = append(joined, e)
	}
	if len(joined) == 1 {
		return joined[0].to
	}
	h := hashEdges(f, joined)
	for _, known := range s.unique[h] {
		if n := &s.nodes[known]; n.field == f && slices.Equal(n.edges, joined) {
			return known
		}
	}
	made := set(len(s.nodes))
	s.nodes = append(s.nodes, node{f, slices.Clone(joined)})
	s.unique[h] = append(s.unique[h], made)
	return made
}

func hashEdges(f field, edges []edge) uint64 {
	const prime = 0x9e3779b97f4a7c15
	h := uint64(f) + prime
	for _, e := range edges {
		for _, part := range [3]uint64{e.last.hi, e.last.lo, uint64(e.to)} {
			h = (h ^ part) * prime
			h ^= h >> 29
		}
	}
	return h
}

func (s *space) and(a, b set) set   { return s.apply(andOp, a, b) }
func (s *space) or(a, b set) set    { return s.apply(orOp, a, b) }
func (s *space) minus(a, b set) set { return s.apply(minusOp, a, b) }
func (s *space) not(a set) set      { return s.minus(everything, a) }

// apply combines two sets point by point.
func (s *space) apply(op operation, a, b set) set {
	if known, ok := trivial(op, a, b); ok {
		return known
	}
	if op != minusOp && a > b {
		a, b = b, a
	}
	key := operands{op, a, b}
	if known, ok := s.done[key]; ok {
		return known
	}
	f := min(s.nodes[a].field, s.nodes[b].field)
	as, bs := s.edges(a, f), s.edges(b, f)
	edges := make([]edge, 0, len(as)+len(bs))
	for i, j := 0, 0; i < len(as) && j < len(bs); {
		x, y := as[i], bs[j]
		to := s.apply(op, x.to, y.to)
		order := x.last.compare(y.last)
		if order <= 0 {
			i++
		}
		if order >= 0 {
			j++
		} else {
			y.last = x.last
		}
		edges = append(edges, edge{y.last, to})
	}
	made := s.node(f, edges)
	s.done[key] = made
	return made
}

// trivial knows the results that need no look into a diagram.
func trivial(op operation, a, b set) (set, bool) {
	switch op {
	case andOp:
		switch {
		case a == nothing || b == nothing:
			return nothing, true
		case a == everything || a == b:
			return b, true
		case b == everything:
			return a, true
		}
	case orOp:
		switch {
		case a == everything || b == everything:
			return everything, true
		case a == nothing || a == b:
			return b, true
		case b == nothing:
			return a, true
		}
	case minusOp:
		switch {
		case a == nothing || b == everything || a == b:
			return nothing, true
		case b == nothing:
			return a, true
		}
	}
	return 0, false
}

// edges are those of a set at a field; a set that does not ask the field leads
// to itself.
func (s *space) edges(a set, f field) []edge {
	if n := &s.nodes[a]; n.field == f {
		return n.edges
	}
	return []edge{{s.tops[f], a}}
}

// within is the set of packets whose field is in one of the spans, which are in
// order and do not touch.
func (s *space) within(f field, spans []span) set {
	var edges []edge
	next := value{}
	for _, sp := range spans {
		if sp.lo != next {
			edges = append(edges, edge{sp.lo.before(), nothing})
		}
		edges = append(edges, edge{sp.hi, everything})
		next = sp.hi.next()
	}
	if len(spans) == 0 || spans[len(spans)-1].hi != s.tops[f] {
		edges = append(edges, edge{s.tops[f], nothing})
	}
	return s.node(f, edges)
}

// rewrite is the set of packets that are in a after a field was changed: move
// gives, for the edges of the field in a, those of the result.
func (s *space) rewrite(a set, f field, move func([]edge) []edge) set {
	done := make(map[set]set)
	var walk func(set) set
	walk = func(a set) set {
		n := s.nodes[a]
		if n.field > f {
			return a
		}
		if known, ok := done[a]; ok {
			return known
		}
		var made set
		if n.field == f {
			made = s.moved(f, move(n.edges))
		} else {
			edges := make([]edge, len(n.edges))
			for i, e := range n.edges {
				edges[i] = edge{e.last, walk(e.to)}
			}
			made = s.node(n.field, edges)
		}
		done[a] = made
		return made
	}
	return walk(a)
}

func (s *space) moved(f field, edges []edge) set { return s.node(f, slices.Clone(edges)) }

// fixed is the set of packets that are in a once a field has this value.
func (s *space) fixed(a set, f field, v value) set {
	return s.rewrite(a, f, func(edges []edge) []edge {
		i, _ := slices.BinarySearchFunc(edges, v, func(e edge, v value) int { return e.last.compare(v) })
		return []edge{{s.tops[f], edges[i].to}}
	})
}

// shifted is the set of packets that are in a once delta was added to a field
// of 16 bits. Values that leave the field are in no set.
func (s *space) shifted(a set, f field, delta int) set {
	return s.rewrite(a, f, func(edges []edge) []edge {
		top := int(s.tops[f].lo)
		var moved []edge
		if delta < 0 { // the lowest values would become negative
			moved = append(moved, edge{number(-delta - 1), nothing})
		}
		for _, e := range edges {
			last := int(e.last.lo) - delta
			if last < 0 || len(moved) > 0 && last <= int(moved[len(moved)-1].last.lo) {
				continue
			}
			moved = append(moved, edge{number(min(last, top)), e.to})
			if last >= top {
				return moved
			}
		}
		return append(moved, edge{s.tops[f], nothing})
	})
}

// contains reports whether a packet, as its value in each field, is in the set.
func (s *space) contains(a set, at *[fields]value) bool {
	for a > everything {
		n := &s.nodes[a]
		i, _ := slices.BinarySearchFunc(n.edges, at[n.field], func(e edge, v value) int { return e.last.compare(v) })
		a = n.edges[i].to
	}
	return a == everything
}
