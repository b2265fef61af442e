package live

import (
	"time"
)

// flowKey tells flows apart. The kernel's id alone does not: it is a hash of 32
// bits, and of 100,000 flows two are likely to share one.
type flowKey struct {
	id    uint32
	zone  uint16
	proto uint8
	orig  Tuple
}

func (f *Flow) key() flowKey { return flowKey{f.ID, f.Zone, f.Proto, f.Orig} }

// flowTable is the conntrack table as far as it is known: the last dump and
// the events since.
type flowTable struct {
	flows []Flow
	index map[flowKey]int32
	// dumped is when the counters were read last.
	dumped time.Time
}

// replace takes over a dump. Flows that are known keep when they were first
// seen, and get their rate from what they counted since the last dump.
func (t *flowTable) replace(now time.Time, dump []Flow) {
	index := make(map[flowKey]int32, len(dump))
	kept := dump[:0]
	took := now.Sub(t.dumped).Seconds()
	for _, f := range dump {
		key := f.key()
		if _, twice := index[key]; twice {
			continue // the kernel's table moved on while it was read
		}
		f.FirstSeen = now
		before := int64(-1)
		if i, ok := t.index[key]; ok {
			f.FirstSeen = t.flows[i].FirstSeen
			before = t.flows[i].bytes()
		}
		f.Rate = t.rate(f.bytes(), before, took)
		index[key] = int32(len(kept))
		kept = append(kept, f)
	}
	t.flows, t.index, t.dumped = kept, index, now
}

func (f *Flow) bytes() int64 { return int64(f.OrigCount.Bytes + f.ReplyCount.Bytes) }

// rate is bytes per second since the last dump. A flow that was not there
// (before is -1) began since, so all its bytes count; before the first dump
// there is no rate.
func (t *flowTable) rate(bytes, before int64, took float64) float64 {
	if t.dumped.IsZero() || took <= 0 || bytes <= before {
		return 0
	}
	return float64(bytes-max(before, 0)) / took
}

// update takes over an event about a flow that began or changed. Such an event
// has no counters: those of the last dump stay.
func (t *flowTable) update(now time.Time, f Flow) {
	key := f.key()
	if i, ok := t.index[key]; ok {
		old := &t.flows[i]
		f.FirstSeen, f.Rate = old.FirstSeen, old.Rate
		f.OrigCount, f.ReplyCount = old.OrigCount, old.ReplyCount
		if f.Start.IsZero() {
			f.Start = old.Start
		}
		*old = f
		return
	}
	f.FirstSeen = now
	t.index[key] = int32(len(t.flows))
	t.flows = append(t.flows, f)
}

// remove takes over an event about a flow that ended.
func (t *flowTable) remove(f Flow) {
	key := f.key()
	i, ok := t.index[key]
	if !ok {
		return
	}
	last := len(t.flows) - 1
	t.flows[i] = t.flows[last]
	t.index[t.flows[i].key()] = i
	t.flows = t.flows[:last]
	delete(t.index, key)
}
