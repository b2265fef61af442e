package live

import (
	"hash/maphash"
	"maps"
	"slices"
	"time"
)

// flowKey tells flows apart. The kernel's id alone does not: it is a hash of 32
// bits, and of 100,000 flows two are likely to share one.
type flowKey struct {
	addrs       [32]byte
	ports       [2]uint16
	id          uint32
	zone, proto uint16
}

func (w *who) key() flowKey {
	k := flowKey{addrs: w.addrs, ports: [2]uint16{w.ports[0], w.ports[1]}, id: w.id, zone: w.zone, proto: uint16(w.proto)}
	if w.form&isV6 == 0 {
		clear(k.addrs[8:]) // the reply
	}
	return k
}

// flowTable is the conntrack table as far as it is known: the last dump and
// the events since.
type flowTable struct {
	list FlowList
	// ours says which halves of blocks no snapshot shares.
	ours []struct{ who, what bool }
	// index finds a flow by the hash of its key: whole keys would take as much
	// memory as the flows. Of 100,000 flows two share a hash of 64 bits in 3 of
	// 10^10 tables, and nobody can aim at one: the seed is the table's own.
	index map[uint64]int32
	seed  maphash.Seed
	// dumped is when the counters were read last.
	dumped time.Time
	// counted says that some flow of the last dump has counters. It keeps them
	// when accounting is switched off.
	counted bool
	seen    []bool // by the dump that is being read
}

// snapshot is the flows of now. What the table does later does not change them.
func (t *flowTable) snapshot() FlowList {
	clear(t.ours)
	return t.list.shared()
}

// begin starts to take over a dump.
func (t *flowTable) begin() {
	if t.index == nil {
		t.index, t.seed = make(map[uint64]int32), maphash.MakeSeed()
	}
	t.seen = slices.Grow(t.seen[:0], t.list.n)[:t.list.n]
	clear(t.seen)
	t.counted = false
}

// dump takes over one flow of a dump. A flow that is known keeps when it was
// first seen, and gets its rate from what it counted since the last dump.
func (t *flowTable) dump(now time.Time, f *Flow) {
	took := now.Sub(t.dumped).Seconds()
	e := pack(f)
	t.counted = t.counted || e.bytes() > 0
	i, known, hash := t.find(&e.who)
	if !known {
		e.firstSeen, e.rate = nanoseconds(now), t.rate(e.bytes(), -1, took)
		t.add(hash, &e, f)
		t.seen = append(t.seen, true)
		return
	}
	if t.seen[i] {
		return // the kernel's table moved on while it was read
	}
	t.seen[i] = true
	e.firstSeen, e.rate = t.list.who(i).firstSeen, t.rate(e.bytes(), t.list.what(i).bytes(), took)
	t.write(i, &e, f)
}

// end drops the flows that the dump did not name.
func (t *flowTable) end(now time.Time) {
	for i := t.list.n - 1; i >= 0; i-- {
		if !t.seen[i] {
			t.drop(i)
		}
	}
	t.dumped = now
}

// find is the place of a flow, and the hash of its key.
func (t *flowTable) find(w *who) (i int, known bool, hash uint64) {
	hash = maphash.Comparable(t.seed, w.key())
	at, known := t.index[hash]
	return int(at), known, hash
}

func (t *flowTable) add(hash uint64, e *entry, f *Flow) {
	t.index[hash] = int32(t.list.n)
	if n := t.list.n / perBlock; n < len(t.list.blocks) {
		t.ownWho(n)
		t.ownWhat(n)
	} else {
		t.ours = append(t.ours, struct{ who, what bool }{true, true})
	}
	t.list.append(e, f)
}

// write puts a flow in the place of another, or of its own past.
func (t *flowTable) write(i int, e *entry, f *Flow) {
	n := i / perBlock
	t.ownWhat(n)
	b := &t.list.blocks[n]
	b.what[i%perBlock] = e.what
	if b.who[i%perBlock] != e.who {
		t.ownWho(n)
		b.name(i%perBlock, &e.who, f)
	}
}

// ownWho makes the names of the n-th block some that no snapshot shares, and
// ownWhat its values.
func (t *flowTable) ownWho(n int) {
	if t.ours[n].who {
		return
	}
	b, copied := &t.list.blocks[n], *t.list.blocks[n].who
	b.who, b.replies, t.ours[n].who = &copied, maps.Clone(b.replies), true
}

func (t *flowTable) ownWhat(n int) {
	if t.ours[n].what {
		return
	}
	copied := *t.list.blocks[n].what
	t.list.blocks[n].what, t.ours[n].what = &copied, true
}

// drop removes the flow at a place; the last one takes the place.
func (t *flowTable) drop(i int) {
	delete(t.index, t.hashAt(i))
	if last := t.list.n - 1; i != last {
		e, f := entry{*t.list.who(last), *t.list.what(last)}, t.list.At(last)
		t.index[t.hashAt(last)] = int32(i)
		t.write(i, &e, &f)
	}
	t.list.n--
	if n := len(t.list.blocks) - 1; t.list.n <= n*perBlock {
		t.list.blocks[n] = block{}
		t.list.blocks, t.ours = t.list.blocks[:n], t.ours[:n]
	}
}

func (t *flowTable) hashAt(i int) uint64 { return maphash.Comparable(t.seed, t.list.who(i).key()) }

// rate is bytes per second since the last dump. A flow that was not there
// (before is -1) began since, so all its bytes count; before the first dump
// there is no rate.
func (t *flowTable) rate(bytes, before int64, took float64) float32 {
	if t.dumped.IsZero() || took <= 0 || bytes <= before {
		return 0
	}
	return float32(float64(bytes-max(before, 0)) / took)
}

// update takes over an event about a flow that began or changed. Such an event
// has no counters: those of the last dump stay.
func (t *flowTable) update(now time.Time, f *Flow) {
	e := pack(f)
	i, known, hash := t.find(&e.who)
	if !known {
		e.firstSeen = nanoseconds(now)
		t.add(hash, &e, f)
		return
	}
	was, old := t.list.who(i), t.list.what(i)
	e.firstSeen, e.rate, e.orig, e.reply = was.firstSeen, old.rate, old.orig, old.reply
	if e.start == 0 {
		e.start = was.start
	}
	t.write(i, &e, f)
}

// remove takes over an event about a flow that ended.
func (t *flowTable) remove(f *Flow) {
	e := pack(f)
	if i, known, _ := t.find(&e.who); known {
		t.drop(i)
	}
}
