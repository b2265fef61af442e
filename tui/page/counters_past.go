package page

import "time"

// history is what a page saw of counters while the console ran: the rates of
// the last minute, and when each last counted.
type history[K comparable] struct {
	rows map[K]*counterPast
}

type counterPast struct {
	count uint64
	seen  time.Time // in the snapshot of this moment
	hit   time.Time // zero: not since the console looks
	rates []float64
}

// note takes a counter of the snapshot of a moment.
func (h *history[K]) note(at time.Time, key K, count uint64, rate float64) {
	if h.rows == nil {
		h.rows = make(map[K]*counterPast)
	}
	p := h.rows[key]
	if p == nil {
		p = &counterPast{count: count}
		h.rows[key] = p
	}
	if !at.After(p.seen) {
		return // the same snapshot
	}
	if count > p.count || rate > 0 {
		p.hit = at
	}
	p.count, p.seen, p.rates = count, at, remember(p.rates, rate)
}

// settle forgets the counters that a snapshot does not have.
func (h *history[K]) settle(at time.Time) {
	for key, p := range h.rows {
		if !p.seen.Equal(at) {
			delete(h.rows, key)
		}
	}
}

// of is the past of a counter; empty when it was not seen.
func (h *history[K]) of(key K) counterPast {
	if p := h.rows[key]; p != nil {
		return *p
	}
	return counterPast{}
}
