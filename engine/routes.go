package engine

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// routes is the routing decision for many addresses: the tables of the kernel,
// read once. Where routing rules were added it asks the kernel about each
// address, and remembers the answers.
type routes struct {
	local, main routeTable
	policy      bool // there are routing rules beyond the kernel's own

	mu    sync.Mutex
	asked map[netip.Addr]nextHop
}

// nextHop is where packets go: to this host, or out by an interface; by none
// when they cannot be routed.
type nextHop struct {
	local bool
	out   string
}

// routeTable finds the longest prefix.
type routeTable struct {
	bits map[ruleset.Family][]int // lengths that occur, longest first
	hops map[netip.Prefix]nextHop
}

// readRoutes reads the routes of this network namespace.
func readRoutes() (*routes, error) {
	r := &routes{asked: make(map[netip.Addr]nextHop)}
	names, err := linkNames()
	if err != nil {
		return nil, err
	}
	for _, family := range []int{unix.AF_INET, unix.AF_INET6} {
		rules, err := netlink.RuleList(family)
		if err != nil {
			return nil, fmt.Errorf("read the routing rules: %w", err)
		}
		r.policy = r.policy || slices.ContainsFunc(rules, addedRule)
		list, err := netlink.RouteListFiltered(family, &netlink.Route{Table: unix.RT_TABLE_UNSPEC}, netlink.RT_FILTER_TABLE)
		if err != nil {
			return nil, fmt.Errorf("read the routes: %w", err)
		}
		slices.SortStableFunc(list, func(a, b netlink.Route) int { return cmp.Compare(a.Priority, b.Priority) })
		for i := range list {
			r.add(&list[i], family, names)
		}
	}
	r.local.sort()
	r.main.sort()
	return r, nil
}

func linkNames() (map[int]string, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("read the interfaces: %w", err)
	}
	names := make(map[int]string, len(links))
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	return names, nil
}

// addedRule reports whether a routing rule is none of the three that the kernel
// starts with.
func addedRule(r netlink.Rule) bool {
	switch r.Priority {
	case 0, -1: // the library gives -1 for the rule of the local table
		return r.Table != unix.RT_TABLE_LOCAL
	case 32766:
		return r.Table != unix.RT_TABLE_MAIN
	case 32767:
		return r.Table != unix.RT_TABLE_DEFAULT
	}
	return true
}

// add takes one route; of several to one prefix the first, which has the lowest
// metric, holds.
func (r *routes) add(route *netlink.Route, family int, names map[int]string) {
	prefix := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	if family == unix.AF_INET6 {
		prefix = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	if route.Dst != nil {
		addr, ok := netip.AddrFromSlice(route.Dst.IP)
		if !ok {
			return
		}
		bits, _ := route.Dst.Mask.Size()
		if family == unix.AF_INET {
			addr = addr.Unmap()
		}
		prefix = netip.PrefixFrom(addr, bits).Masked()
	}
	index := route.LinkIndex
	if index == 0 && len(route.MultiPath) > 0 {
		index = route.MultiPath[0].LinkIndex
	}
	hop := nextHop{local: route.Type == unix.RTN_LOCAL, out: names[index]}
	switch route.Table {
	case unix.RT_TABLE_LOCAL:
		r.local.put(prefix, hop)
	case unix.RT_TABLE_MAIN, unix.RT_TABLE_DEFAULT:
		r.main.put(prefix, hop)
	}
}

func (t *routeTable) put(p netip.Prefix, hop nextHop) {
	if t.hops == nil {
		t.hops, t.bits = make(map[netip.Prefix]nextHop), make(map[ruleset.Family][]int)
	}
	if _, known := t.hops[p]; known {
		return
	}
	t.hops[p] = hop
	if f := ruleset.OfAddr(p.Addr()); !slices.Contains(t.bits[f], p.Bits()) {
		t.bits[f] = append(t.bits[f], p.Bits())
	}
}

func (t *routeTable) sort() {
	for _, bits := range t.bits {
		slices.SortFunc(bits, func(a, b int) int { return cmp.Compare(b, a) })
	}
}

func (t *routeTable) find(a netip.Addr) (nextHop, bool) {
	for _, bits := range t.bits[ruleset.OfAddr(a)] {
		if p, err := a.Prefix(bits); err == nil {
			if hop, ok := t.hops[p]; ok {
				return hop, true
			}
		}
	}
	return nextHop{}, false
}

// to is the routing decision for a destination.
func (r *routes) to(dst netip.Addr) (local bool, out string) {
	if r.policy {
		return r.ask(dst)
	}
	hop, ok := r.local.find(dst)
	if !ok {
		hop, _ = r.main.find(dst)
	}
	return hop.local, hop.out
}

// same reports whether both decide alike, as far as tables tell.
func (r *routes) same(o *routes) bool {
	return o != nil && !r.policy && !o.policy && maps.Equal(r.local.hops, o.local.hops) && maps.Equal(r.main.hops, o.main.hops)
}

// ask asks the kernel, once for each address.
func (r *routes) ask(dst netip.Addr) (local bool, out string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	hop, ok := r.asked[dst]
	if !ok {
		hop.local, hop.out = routeTo(dst)
		r.asked[dst] = hop
	}
	return hop.local, hop.out
}

// remembered is a route that knows the last few answers: the packets of one flow
// ask about few addresses again and again. One goroutine may use it.
func remembered(route ruleset.Route) ruleset.Route {
	var addrs [4]netip.Addr
	var hops [len(addrs)]nextHop
	next := 0
	return func(dst netip.Addr) (bool, string) {
		for i := range addrs {
			if addrs[i] == dst {
				return hops[i].local, hops[i].out
			}
		}
		local, out := route(dst)
		addrs[next], hops[next] = dst, nextHop{local, out}
		next = (next + 1) % len(addrs)
		return local, out
	}
}
