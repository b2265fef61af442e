package lab

import (
	"context"
	"fmt"
	"net/netip"
	"sync"

	"github.com/vishvananda/netlink"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Options choose what a lab has beyond its clients, its firewall and the
// internal host. The zero value is the network that the package comment
// describes.
type Options struct {
	// Backend is the variant of iptables that loads Docker's chains; empty
	// means the variant that the host's iptables-restore is.
	Backend host.Backend
	// NoDocker leaves out docker0, the containers and Docker's chains.
	NoDocker bool
	// Docker6 adds Docker's IPv6 chains, which Docker 20.10 writes only when
	// started with --ip6tables.
	Docker6 bool
	// DockerNFT lets Docker write nftables, as engine 29 does when told to, in
	// place of iptables.
	DockerNFT bool
	// Guests adds the bridge br0 with three guests on it.
	Guests bool
	// Unlisted adds eth7 with a host behind it, an interface that no table
	// is expected to name.
	Unlisted bool
}

// Lab is a private network. Its hosts are found by name.
type Lab struct {
	Firewall *Host
	hosts    map[string]*Host
	stop     context.CancelFunc
	servers  *sync.WaitGroup
}

// Host is a machine of the lab with a namespace of its own.
type Host struct {
	*Namespace
	Name string
	// V4 and V6 are its addresses on the interface that is named first in
	// the topology; for the firewall that is eth0.
	V4, V6 netip.Addr

	addrs   []netip.Addr
	ctx     context.Context // ends when the lab closes
	servers *sync.WaitGroup
}

// New builds a lab. Close must be called to end it.
func New(opts Options) (*Lab, error) {
	ctx, stop := context.WithCancel(context.Background())
	l := &Lab{hosts: map[string]*Host{}, stop: stop, servers: &sync.WaitGroup{}}
	if err := l.build(ctx, topology(opts)); err != nil {
		l.Close()
		return nil, fmt.Errorf("build lab: %w", err)
	}
	l.Firewall = l.hosts[Firewall]
	if opts.NoDocker {
		return l, nil
	}
	if err := startDocker(ctx, l.Firewall, l.hosts[Web], opts); err != nil {
		l.Close()
		return nil, fmt.Errorf("build lab: %w", err)
	}
	return l, nil
}

func (l *Lab) build(ctx context.Context, plan network) error {
	for _, name := range plan.hosts() {
		ns, err := NewNamespace()
		if err != nil {
			return err
		}
		l.hosts[name] = &Host{Namespace: ns, Name: name, ctx: ctx, servers: l.servers}
		if err := ns.setSysctls(plan.sysctls(name)); err != nil {
			return fmt.Errorf("host %s: %w", name, err)
		}
	}
	var ends []End
	for _, c := range plan.cables {
		a, b := l.end(c.a), l.end(c.b)
		if err := lay(a, b); err != nil {
			return fmt.Errorf("%s to %s: %w", c.a.host, c.b.host, err)
		}
		ends = append(ends, a, b)
	}
	for _, e := range ends {
		if err := e.await(); err != nil {
			return err
		}
	}
	for _, b := range plan.bridges {
		if err := l.hosts[b.host].Bridge(b.name, b.addrs, b.ports...); err != nil {
			return fmt.Errorf("host %s: %w", b.host, err)
		}
		l.hosts[b.host].know(b.addrs)
	}
	for _, r := range plan.routes {
		if err := l.hosts[r.host].Route(r.to, r.via); err != nil {
			return fmt.Errorf("host %s: %w", r.host, err)
		}
	}
	return nil
}

// end is the end of a cable at its host, who will know its addresses.
func (l *Lab) end(p plug) End {
	h := l.hosts[p.host]
	h.know(p.addrs)
	return End{h.Namespace, p.iface, p.addrs}
}

// know remembers addresses that the host has; the first of a family is the one
// that it is called by.
func (h *Host) know(prefixes []netip.Prefix) {
	for _, p := range prefixes {
		addr := p.Addr()
		h.addrs = append(h.addrs, addr)
		if addr.Is4() && !h.V4.IsValid() {
			h.V4 = addr
		}
		if addr.Is6() && !h.V6.IsValid() {
			h.V6 = addr
		}
	}
}

// Addr is the host's address in a family.
func (h *Host) Addr(f ruleset.Family) netip.Addr {
	if f == ruleset.V6 {
		return h.V6
	}
	return h.V4
}

// Host finds a host by its name. It panics when this lab has no such host,
// which only a wrong test can ask for.
func (l *Lab) Host(name string) *Host {
	h, ok := l.hosts[name]
	if !ok {
		panic("lab: no host " + name + " with these options")
	}
	return h
}

// Close stops the servers and lets the namespaces end.
func (l *Lab) Close() error {
	l.stop()
	l.servers.Wait()
	for _, h := range l.hosts {
		h.Close()
	}
	return nil
}

// AddAddr gives the host one more address on an interface, for instance as a
// source to probe from.
func (h *Host) AddAddr(iface string, addr netip.Prefix) error {
	err := h.Do(func() error { return addAddrs(iface, []netip.Prefix{addr}) })
	if err != nil {
		return fmt.Errorf("host %s: %w", h.Name, err)
	}
	return nil
}

// FlushNeighbours empties the neighbour cache of both families, so that the
// next packet needs a new resolution.
func (h *Host) FlushNeighbours() error {
	err := h.Do(func() error {
		entries, err := netlink.NeighList(0, 0)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.HardwareAddr == nil || e.State&netlink.NUD_NOARP != 0 {
				continue
			}
			if err := netlink.NeighDel(&e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("host %s: empty neighbour cache: %w", h.Name, err)
	}
	return nil
}
