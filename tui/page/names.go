package page

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// addressNames are the names that the tables have for single addresses and
// ports. They are collected once for each check of the tables.
type addressNames struct {
	of       *tables.Config
	addrs    map[netip.Addr]string
	services map[protoPort]string
	// containers are the names of containers, for what the tables do not name.
	// The map is not changed.
	containers map[netip.Addr]string
}

type protoPort struct {
	proto uint8
	port  uint16
}

// collect reads the names of a config. Of several names for the same thing the
// first by the alphabet counts, so that it is the same one each time.
func (n *addressNames) collect(cfg *tables.Config) {
	if n.of == cfg {
		return
	}
	if *n = (addressNames{containers: n.containers}); cfg == nil {
		return
	}
	*n = addressNames{containers: n.containers, of: cfg, addrs: make(map[netip.Addr]string), services: make(map[protoPort]string)}
	for _, name := range slices.Sorted(maps.Keys(cfg.Addresses)) {
		object := cfg.Addresses[name]
		for _, v := range slices.Concat(object.V4, object.V6) {
			if v.Prefix.IsValid() && v.Prefix.IsSingleIP() {
				setFirst(n.addrs, v.Prefix.Addr(), name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Services)) {
		s := cfg.Services[name]
		for proto, specs := range map[uint8][]tables.PortSpec{ruleset.TCP: s.TCP, ruleset.UDP: s.UDP} {
			for _, p := range specs {
				if p.Lo == p.Hi && p.SrcHi == 0 {
					setFirst(n.services, protoPort{proto, p.Lo}, name)
				}
			}
		}
	}
}

func setFirst[K comparable](m map[K]string, key K, name string) {
	if _, ok := m[key]; !ok {
		m[key] = name
	}
}

// address is the name of an address, of the tables or of a container; empty for
// none.
func (n *addressNames) address(cfg *tables.Config, a netip.Addr) widget.Safe {
	n.collect(cfg)
	return widget.Clean(cmp.Or(n.addrs[a], n.containers[a]))
}

// known gives the names of addresses as they are known at this moment. It may be
// asked beside the console.
func (n *addressNames) known(cfg *tables.Config) func(netip.Addr) string {
	n.collect(cfg)
	addrs, containers := n.addrs, n.containers // both are replaced, never changed
	return func(a netip.Addr) string { return cmp.Or(addrs[a], containers[a]) }
}

// service is the name of a port; empty for none.
func (n *addressNames) service(cfg *tables.Config, proto uint8, port uint16) widget.Safe {
	n.collect(cfg)
	return widget.Clean(n.services[protoPort{proto, port}])
}

// ports gives the names of ports as they are known at this moment. It may be
// asked beside the console.
func (n *addressNames) ports(cfg *tables.Config) func(proto uint8, port uint16) string {
	n.collect(cfg)
	services := n.services // replaced, never changed
	return func(proto uint8, port uint16) string { return services[protoPort{proto, port}] }
}
