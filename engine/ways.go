package engine

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Wayfinder tells by which interfaces addresses are reached.
type Wayfinder interface {
	// Ways reads the main routing table and the addresses of this host.
	Ways(ctx context.Context) (Ways, error)
}

// Ways is the routing of this host at one moment. Rules that choose another
// routing table than the main one are not followed.
type Ways struct {
	local  map[netip.Addr]bool
	routes map[netip.Prefix]string
	bits   [2][]int // the prefix lengths in use by family, longest first
}

// AddLocal adds an address of this host.
func (w *Ways) AddLocal(a netip.Addr) {
	if w.local == nil {
		w.local = make(map[netip.Addr]bool)
	}
	w.local[a] = true
}

// AddRoute adds a network that is reached by an interface. Of two for the same
// network the first one counts.
func (w *Ways) AddRoute(p netip.Prefix, iface string) {
	p = p.Masked()
	if _, ok := w.routes[p]; ok {
		return
	}
	if w.routes == nil {
		w.routes = make(map[netip.Prefix]string)
	}
	w.routes[p] = iface
	bits := &w.bits[familyIndex(p.Addr())]
	if at, ok := slices.BinarySearchFunc(*bits, p.Bits(), func(have, want int) int { return want - have }); !ok {
		*bits = slices.Insert(*bits, at, p.Bits())
	}
}

func familyIndex(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}

// To says how an address is reached: it is one of this host, or the interface;
// empty when no route leads there.
func (w *Ways) To(a netip.Addr) (local bool, iface string) {
	if w.local[a] {
		return true, ""
	}
	for _, bits := range w.bits[familyIndex(a)] {
		p, _ := a.Prefix(bits) // a length of this family
		if iface, ok := w.routes[p]; ok {
			return false, iface
		}
	}
	return false, ""
}

// Ways reads the routes and addresses of this network namespace. It needs no
// privilege.
func (e *Engine) Ways(context.Context) (Ways, error) {
	var w Ways
	links, err := netlink.LinkList()
	if err != nil {
		return w, fmt.Errorf("read interfaces: %w", err)
	}
	names := make(map[int]string, len(links))
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	addrs, err := netlink.AddrList(nil, netlink.FAMILY_ALL)
	if err != nil {
		return w, fmt.Errorf("read addresses: %w", err)
	}
	for _, a := range addrs {
		if own, ok := netip.AddrFromSlice(a.IP); ok {
			w.AddLocal(own.Unmap())
		}
	}
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		routes, err := netlink.RouteList(nil, family)
		if err != nil {
			return w, fmt.Errorf("read routes: %w", err)
		}
		// The one with the lowest metric counts.
		slices.SortStableFunc(routes, func(a, b netlink.Route) int { return a.Priority - b.Priority })
		for i := range routes {
			w.addKernelRoute(&routes[i], family, names)
		}
	}
	return w, nil
}

func (w *Ways) addKernelRoute(r *netlink.Route, family int, names map[int]string) {
	link := r.LinkIndex
	if len(r.MultiPath) > 0 {
		link = r.MultiPath[0].LinkIndex
	}
	if r.Type != unix.RTN_UNICAST || names[link] == "" {
		return
	}
	to := netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	if family == netlink.FAMILY_V4 {
		to = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	if r.Dst != nil {
		var ok bool
		if to, ok = prefixOf(r.Dst); !ok {
			return
		}
	}
	w.AddRoute(to, names[link])
}

// prefixOf is a network in the form of this program.
func prefixOf(n *net.IPNet) (netip.Prefix, bool) {
	a, ok := netip.AddrFromSlice(n.IP)
	ones, bits := n.Mask.Size()
	if a = a.Unmap(); !ok || bits != a.BitLen() {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, ones), true
}
