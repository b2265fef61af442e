package engine

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// The limits of looking for the names of addresses.
const (
	reverseWorkers = 8
	reverseTimeout = 2 * time.Second
	reverseKnown   = 4096 // names that are remembered
	reverseQueue   = 256  // addresses that wait
	// A name is believed for a while, and that there is none for less long: the
	// name server may have been slow.
	nameAge   = 15 * time.Minute
	noNameAge = 2 * time.Minute
	// maxName is the longest name of DNS.
	maxName = 253
)

// reverseNames finds the names of addresses, and remembers them. It asks only
// about what names is called with.
type reverseNames struct {
	// lookup replaces the system's resolver, for tests.
	lookup func(ctx context.Context, addr string) ([]string, error)

	mu      sync.Mutex
	known   map[netip.Addr]reverseName
	asked   map[netip.Addr]chan struct{} // of what waits and what is looked up; closed when known
	queue   []netip.Addr
	workers int
}

// reverseName is a name, empty for none.
type reverseName struct {
	name  string
	until time.Time
}

// names returns the names that are known, and asks for the others, for which it
// waits a little. What an earlier call asked for and still waits is forgotten.
// The number is of the addresses whose names may still come.
func (r *reverseNames) names(ctx context.Context, addrs []netip.Addr, patience time.Duration) (map[netip.Addr]string, int) {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for _, done := range r.ask(addrs) {
		select {
		case <-done:
			continue
		case <-ctx.Done():
		case <-limit.C:
		}
		break
	}
	return r.tell(addrs)
}

// ask queues the addresses that are not known, as far as there is room, and
// returns what is closed when each is.
func (r *reverseNames) ask(addrs []netip.Addr) (pending []chan struct{}) {
	r.forgetQueue()
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for _, a := range addrs {
		if one, ok := r.known[a]; !hasName(a) || ok && now.Before(one.until) {
			continue
		}
		done := r.asked[a]
		if done == nil {
			if len(r.queue) == reverseQueue {
				continue
			}
			done = make(chan struct{})
			r.asked[a], r.queue = done, append(r.queue, a)
		}
		pending = append(pending, done)
	}
	for range min(reverseWorkers-r.workers, len(r.queue)) {
		r.workers++
		go r.work()
	}
	return pending
}

// forgetQueue drops what waits; what is being looked up goes on.
func (r *reverseNames) forgetQueue() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known, r.asked = make(map[netip.Addr]reverseName), make(map[netip.Addr]chan struct{})
	}
	for _, a := range r.queue {
		close(r.asked[a])
		delete(r.asked, a)
	}
	r.queue = nil
}

// tell returns the names that there are.
func (r *reverseNames) tell(addrs []netip.Addr) (map[netip.Addr]string, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	names, waiting := make(map[netip.Addr]string), 0
	for _, a := range addrs {
		one, known := r.known[a]
		switch {
		case one.name != "":
			names[a] = one.name // an old one too, until there is a new one
		case !known && hasName(a):
			waiting++
		}
	}
	return names, waiting
}

// work looks names up until nothing waits.
func (r *reverseNames) work() {
	for {
		r.mu.Lock()
		if len(r.queue) == 0 {
			r.workers--
			r.mu.Unlock()
			return
		}
		a := r.queue[0]
		r.queue = r.queue[1:]
		r.mu.Unlock()
		r.remember(a, r.find(a))
	}
}

// find asks for the name of an address; empty when it has none.
func (r *reverseNames) find(a netip.Addr) string {
	ctx, cancel := context.WithTimeout(context.Background(), reverseTimeout)
	defer cancel()
	lookup := r.lookup
	if lookup == nil {
		lookup = net.DefaultResolver.LookupAddr
	}
	names, err := lookup(ctx, a.String())
	if err != nil {
		return ""
	}
	return bestName(names)
}

func (r *reverseNames) remember(a netip.Addr, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	age := nameAge
	if name == "" {
		age = noNameAge
	}
	if len(r.known) >= reverseKnown {
		r.shrink()
	}
	r.known[a] = reverseName{name, time.Now().Add(age)}
	close(r.asked[a])
	delete(r.asked, a)
}

// shrink forgets the older half: that costs a sort once in a while, not a search
// for each name.
func (r *reverseNames) shrink() {
	all := make([]netip.Addr, 0, len(r.known))
	for a := range r.known {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b netip.Addr) int { return r.known[a].until.Compare(r.known[b].until) })
	for _, a := range all[:len(all)/2] {
		delete(r.known, a)
	}
}

// hasName reports whether a name server can know an address.
func hasName(a netip.Addr) bool {
	return a.IsValid() && a.Zone() == "" && (a.IsGlobalUnicast() || a.IsPrivate())
}

// bestName is the first of the names, in the order of the alphabet, that could be
// the name of a host: whoever owns an address may write anything there.
func bestName(names []string) string {
	names = slices.Sorted(slices.Values(names))
	for _, name := range names {
		name = strings.TrimSuffix(name, ".")
		if name != "" && len(name) <= maxName && !strings.ContainsFunc(name, notInHostName) {
			return name
		}
	}
	return ""
}

func notInHostName(c rune) bool {
	letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
	return !letter && c != '.' && c != '-' && c != '_'
}
