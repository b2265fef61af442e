package lab

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// End is one end of a cable: an interface of a namespace with its addresses.
type End struct {
	In    *Namespace
	Iface string
	Addrs []netip.Prefix
}

// Cable joins two namespaces by a veth pair, gives each end its addresses, sets
// both up, and returns when both carry packets.
func Cable(a, b End) error {
	if err := lay(a, b); err != nil {
		return err
	}
	return errors.Join(a.await(), b.await())
}

// lay is Cable without the wait.
func lay(a, b End) error {
	err := b.In.withFd(func(fd int) error {
		return a.In.Do(func() error {
			attrs := netlink.NewLinkAttrs()
			attrs.Name = a.Iface
			return netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: b.Iface, PeerNamespace: netlink.NsFd(fd)})
		})
	})
	if err != nil {
		return fmt.Errorf("lay cable %s-%s: %w", a.Iface, b.Iface, err)
	}
	for _, end := range []End{a, b} {
		if err := end.configure(); err != nil {
			return err
		}
	}
	return nil
}

// linkPatience is more than the second for which the kernel may put off that an
// interface has its carrier; until then it drops what is sent.
const linkPatience = time.Minute

// await waits until the interface is operational.
func (e End) await() error {
	return e.In.Do(func() error {
		for deadline := time.Now().Add(linkPatience); ; time.Sleep(time.Millisecond) {
			link, err := netlink.LinkByName(e.Iface)
			if err != nil {
				return fmt.Errorf("find interface %s: %w", e.Iface, err)
			}
			if link.Attrs().OperState == netlink.OperUp {
				return nil
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("interface %s is still %s after %s", e.Iface, link.Attrs().OperState, linkPatience)
			}
		}
	})
}

func (e End) configure() error {
	return e.In.Do(func() error {
		if err := quietIPv6(e.Iface); err != nil {
			return err
		}
		if err := linkUp(e.Iface); err != nil {
			return err
		}
		return addAddrs(e.Iface, e.Addrs)
	})
}

// Bridge makes a bridge with the given ports, which must exist, and addresses,
// and returns when it carries packets.
func (n *Namespace) Bridge(name string, addrs []netip.Prefix, ports ...string) error {
	err := n.Do(func() error {
		attrs := netlink.NewLinkAttrs()
		attrs.Name = name
		bridge := &netlink.Bridge{LinkAttrs: attrs}
		if err := netlink.LinkAdd(bridge); err != nil {
			return err
		}
		for _, p := range ports {
			port, err := netlink.LinkByName(p)
			if err != nil {
				return fmt.Errorf("find port %s: %w", p, err)
			}
			if err := netlink.LinkSetMaster(port, bridge); err != nil {
				return fmt.Errorf("add port %s: %w", p, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("make bridge %s: %w", name, err)
	}
	end := End{n, name, addrs}
	if err := end.configure(); err != nil {
		return err
	}
	return end.await()
}

// Route adds a route. The zero Prefix of a family (0.0.0.0/0, ::/0) is its
// default route.
func (n *Namespace) Route(to netip.Prefix, via netip.Addr) error {
	err := n.Do(func() error {
		return netlink.RouteAdd(&netlink.Route{Dst: ipNet(to), Gw: via.AsSlice()})
	})
	if err != nil {
		return fmt.Errorf("add route %s via %s: %w", to, via, err)
	}
	return nil
}

// addAddrs gives the interface its addresses, usable at once: duplicate
// address detection would keep an IPv6 address tentative for a second.
func addAddrs(iface string, addrs []netip.Prefix) error {
	link, err := netlink.LinkByName(iface)
	if err != nil {
		return fmt.Errorf("find interface %s: %w", iface, err)
	}
	for _, p := range addrs {
		addr := &netlink.Addr{IPNet: ipNet(p)}
		if p.Addr().Is6() {
			addr.Flags = unix.IFA_F_NODAD
		}
		if err := netlink.AddrAdd(link, addr); err != nil {
			return fmt.Errorf("add %s to %s: %w", p, iface, err)
		}
	}
	return nil
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// quietIPv6 switches off what would send packets by itself on the calling
// thread's interface: duplicate address detection and router solicitations.
func quietIPv6(iface string) error {
	for key, value := range map[string]string{"accept_dad": "0", "dad_transmits": "0", "router_solicitations": "0", "accept_ra": "0"} {
		if err := writeSysctl("net/ipv6/conf/"+iface+"/"+key, value); err != nil {
			return err
		}
	}
	return nil
}

// Prefixes parses addresses with their prefix lengths, separated by spaces. It
// panics on a mistake: it is for literals.
func Prefixes(text string) []netip.Prefix {
	var out []netip.Prefix
	for _, word := range strings.Fields(text) {
		out = append(out, netip.MustParsePrefix(word))
	}
	return out
}
