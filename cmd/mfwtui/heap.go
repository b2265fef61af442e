package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A console lives for days beside what the firewall has to do, with 10 flows or
// with 100,000. One percentage for its heap would either collect a small one
// many times a second or let a large one grow by half of it. So about the same
// amount of garbage is let gather, whatever is live.
const (
	garbage      = 4 << 20
	leastPercent = 12  // 4 MB beside 33 MB
	mostPercent  = 100 // what Go does by itself
)

// tendHeap sets the percentage after every collection by what is live then.
func tendHeap() {
	debug.SetGCPercent(gcPercentFor(liveHeap()))
	// Something that nobody holds is cleaned up after the next collection.
	runtime.AddCleanup(new(*byte), func(struct{}) { tendHeap() }, struct{}{})
}

// gcPercentFor is by how much a heap with so many live bytes may grow.
func gcPercentFor(live uint64) int {
	return int(min(max(100*garbage/max(live, 1), leastPercent), mostPercent))
}

// liveHeap is what the last collection found in use, in bytes.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
