package docker

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Snapshot is the engine at one moment. Names are as the engine gives them:
// text of somebody else.
type Snapshot struct {
	At time.Time
	// Version is the engine's, "20.10.24"; API the version that was agreed
	// on.
	Version, API string
	// Firewall is what the engine writes its rules with: "iptables",
	// "nftables", or what else it says. Engines before 28.2 do not say, and
	// write iptables.
	Firewall   string
	Containers []Container // by name
	Networks   []Network   // by name
}

// Network is a network of the engine.
type Network struct {
	ID, Name, Driver string
	// Bridge is the interface of a bridge network, empty for other drivers.
	Bridge   string
	Subnets  []netip.Prefix
	Internal bool
}

// Container is a container, running or not.
type Container struct {
	ID, Name string
	State    string // "running", "exited", …
	// Mode is "host", "none" or "container:ID" for a container without
	// networks of its own, and else the name of its first network.
	Mode      string
	Endpoints []Endpoint // by network name
	Published []Port
}

// Endpoint is a container's place in a network. Addresses are invalid where it
// has none, as when it does not run.
type Endpoint struct {
	Network, Name string // ID and name of the network
	Bridge        string
	V4, V6        netip.Addr
}

// Addrs are the addresses of the endpoint that are known.
func (e *Endpoint) Addrs() []netip.Addr {
	var list []netip.Addr
	for _, a := range []netip.Addr{e.V4, e.V6} {
		if a.IsValid() {
			list = append(list, a)
		}
	}
	return list
}

// Port is a published port: what arrives at Host goes to the port Container of
// the container. An unspecified address stands for all of its family.
type Port struct {
	Host      netip.AddrPort
	Proto     uint8
	Container uint16
}

func (p Port) compare(o Port) int {
	return cmp.Or(cmp.Compare(p.Host.Port(), o.Host.Port()), cmp.Compare(p.Proto, o.Proto),
		p.Host.Addr().Compare(o.Host.Addr()), cmp.Compare(p.Container, o.Container))
}

// protocols are the transport protocols that ports can be published of.
var protocols = map[string]uint8{"tcp": ruleset.TCP, "udp": ruleset.UDP, "sctp": 132}

// sorted puts everything into an order that does not change from one reading to
// the next.
func (s *Snapshot) sorted() {
	slices.SortFunc(s.Networks, func(a, b Network) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	slices.SortFunc(s.Containers, func(a, b Container) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	for i := range s.Containers {
		c := &s.Containers[i]
		slices.SortFunc(c.Endpoints, func(a, b Endpoint) int { return cmp.Compare(a.Name, b.Name) })
		slices.SortFunc(c.Published, Port.compare)
		c.Published = slices.Compact(c.Published)
	}
}
