package engine

import (
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// routeTo is the routing decision of this network namespace. It needs no
// privilege. An address that cannot be routed leaves by no interface.
func routeTo(dst netip.Addr) (local bool, out string) {
	routes, err := netlink.RouteGet(net.IP(dst.AsSlice()))
	if err != nil || len(routes) == 0 {
		return false, ""
	}
	link, err := netlink.LinkByIndex(routes[0].LinkIndex)
	if err != nil {
		return false, ""
	}
	return routes[0].Type == unix.RTN_LOCAL, link.Attrs().Name
}

// route decides for a packet; a given out overrides the interface, "FW" stands
// for this host.
func route(out string) ruleset.Route {
	return func(dst netip.Addr) (bool, string) {
		local, found := routeTo(dst)
		switch out {
		case "":
			return local, found
		case "FW", "lo":
			return true, ""
		}
		return false, out
	}
}

// bridgePorts lists the interfaces that are ports of a bridge: what they carry
// is judged by the bridge's row.
func bridgePorts(names []string) []string {
	var ports []string
	for _, name := range names {
		link, err := netlink.LinkByName(name)
		if err != nil || link.Attrs().MasterIndex == 0 {
			continue
		}
		if master, err := netlink.LinkByIndex(link.Attrs().MasterIndex); err == nil && master.Type() == "bridge" {
			ports = append(ports, name)
		}
	}
	return ports
}
