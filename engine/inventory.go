package engine

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/tables"
)

// Inventory is what this host has that a table may name. None of it needs a
// privilege.
type Inventory interface {
	// HostServices lists the services that /etc/services knows.
	HostServices() ([]tables.HostService, error)
	// HostInterfaces lists the network interfaces, loopback left out.
	HostInterfaces() ([]HostInterface, error)
}

// HostInterface is a network interface of this host.
type HostInterface struct {
	Name string
	Up   bool
	// Addrs are its addresses with the length of their network, IPv4 first.
	Addrs []netip.Prefix
	// Default says that a default route leaves by it.
	Default bool
	// Port says that it is a port of a bridge: what it carries is judged by
	// the row of the bridge.
	Port bool
}

// The zones that a first guess knows besides DOCKER.
const (
	zoneExternal = "ext"
	zoneInternal = "int"
)

// Zone is the zone that the interface likely belongs to: the way out is the
// external one, bridges of containers are DOCKER, everything else is internal.
func (i HostInterface) Zone() string {
	switch {
	case strings.HasPrefix(i.Name, "docker"), strings.HasPrefix(i.Name, "br-"):
		return tables.Docker
	case i.Default:
		return zoneExternal
	}
	return zoneInternal
}

// Networks are the networks of the interface in one family, each once, without
// link-local ones, which every interface has.
func (i HostInterface) Networks(v6 bool) []netip.Prefix {
	var list []netip.Prefix
	for _, p := range i.Addrs {
		if net := p.Masked(); p.Addr().Is6() == v6 && !p.Addr().IsLinkLocalUnicast() && !slices.Contains(list, net) {
			list = append(list, net)
		}
	}
	return list
}

// Words say what is worth knowing about the interface: the default route, and
// its addresses without the link-local ones.
func (i HostInterface) Words() []string {
	var words []string
	if i.Default {
		words = append(words, "default route")
	}
	for _, a := range i.Addrs {
		if !a.Addr().IsLinkLocalUnicast() {
			words = append(words, a.String())
		}
	}
	return words
}

// State is "up" or "down".
func (i HostInterface) State() string {
	if i.Up {
		return "up"
	}
	return "down"
}

// AddressRow is a row of the addresses table for the networks of the interface;
// false when it has none.
func (i HostInterface) AddressRow() ([]string, bool) {
	return addressRow(i.object("net"), i.Networks(false), i.Networks(true))
}

// OwnRow is a row of the addresses table for the addresses of this host on the
// interface; false when it has none.
func (i HostInterface) OwnRow() ([]string, bool) {
	var own [2][]netip.Prefix
	for _, p := range i.Addrs {
		a := p.Addr()
		if a.IsLinkLocalUnicast() {
			continue
		}
		n := 0
		if a.Is6() {
			n = 1
		}
		own[n] = append(own[n], netip.PrefixFrom(a, a.BitLen()))
	}
	return addressRow(i.object("addr"), own[0], own[1])
}

// object is a name for something of the interface.
func (i HostInterface) object(what string) string {
	return strings.Map(func(r rune) rune {
		if !nameLetter(r) || r == '@' {
			return '_'
		}
		return r
	}, i.Name) + "_" + what
}

func addressRow(name string, v4, v6 []netip.Prefix) ([]string, bool) {
	return []string{name, prefixCell(v4), prefixCell(v6)}, len(v4)+len(v6) > 0
}

// prefixCell writes prefixes as an address cell does.
func prefixCell(list []netip.Prefix) string {
	if len(list) == 0 {
		return tables.Empty
	}
	words := make([]string, len(list))
	for i, p := range list {
		if words[i] = p.String(); p.IsSingleIP() {
			words[i] = p.Addr().String()
		}
	}
	return strings.Join(words, ",")
}

// HostServices reads /etc/services. A host without it knows none.
func (e *Engine) HostServices() ([]tables.HostService, error) {
	list, err := os.ReadFile("/etc/services")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("list the services: %w", err)
	}
	return tables.HostServices(string(list)), nil
}

// HostInterfaces asks the kernel by netlink, in this network namespace.
func (e *Engine) HostInterfaces() ([]HostInterface, error) {
	links, err := dumpAgain(netlink.LinkList)
	if err != nil {
		return nil, fmt.Errorf("list the network interfaces: %w", err)
	}
	addrs, err := dumpAgain(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return nil, fmt.Errorf("list the addresses: %w", err)
	}
	routes, err := dumpAgain(func() ([]netlink.Route, error) { return netlink.RouteList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return nil, fmt.Errorf("list the routes: %w", err)
	}
	bridge := make(map[int]bool)
	for _, l := range links {
		bridge[l.Attrs().Index] = l.Type() == "bridge"
	}
	var list []HostInterface
	for _, l := range links {
		a := l.Attrs()
		if a.RawFlags&unix.IFF_LOOPBACK != 0 {
			continue
		}
		list = append(list, HostInterface{
			Name: a.Name, Up: a.RawFlags&unix.IFF_UP != 0, Port: bridge[a.MasterIndex],
			Addrs: addrsOf(addrs, a.Index), Default: slices.ContainsFunc(routes, func(r netlink.Route) bool { return defaultBy(r, a.Index) }),
		})
	}
	return list, nil
}

// dumpAgain repeats a list that the kernel changed while it was read.
func dumpAgain[T any](list func() ([]T, error)) (all []T, err error) {
	for range 5 {
		if all, err = list(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	return all, err
}

func addrsOf(addrs []netlink.Addr, link int) []netip.Prefix {
	var list []netip.Prefix
	for _, a := range addrs {
		ip, ok := netip.AddrFromSlice(a.IP)
		if a.LinkIndex != link || !ok {
			continue
		}
		ones, _ := a.Mask.Size()
		list = append(list, netip.PrefixFrom(ip.Unmap(), ones))
	}
	slices.SortStableFunc(list, func(a, b netip.Prefix) int { return cmp.Compare(a.Addr().BitLen(), b.Addr().BitLen()) })
	return list
}

// defaultBy reports whether a route leads everywhere by a link.
func defaultBy(r netlink.Route, link int) bool {
	if r.Dst != nil {
		if ones, _ := r.Dst.Mask.Size(); ones > 0 {
			return false
		}
	}
	if r.Type != unix.RTN_UNICAST {
		return false
	}
	return r.LinkIndex == link || slices.ContainsFunc(r.MultiPath, func(hop *netlink.NexthopInfo) bool { return hop.LinkIndex == link })
}
