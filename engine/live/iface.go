package live

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Interface is one network interface.
type Interface struct {
	Index  int
	Name   string
	Up     bool
	Bridge bool
	// Master is the bridge or bond that it is a port of, empty when none.
	Master string
	Addrs  []netip.Prefix
	// Received and Sent are what it counted since it exists.
	Received, Sent ruleset.Counters
}

// ReadInterfaces lists the interfaces of the calling thread's network
// namespace, in the order of their indexes. It needs no privilege.
func ReadInterfaces() ([]Interface, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	addrs, err := netlink.AddrList(nil, netlink.FAMILY_ALL)
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	names := make(map[int]string, len(links))
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	list := make([]Interface, 0, len(links))
	for _, l := range links {
		one := interfaceOf(l)
		one.Master = names[l.Attrs().MasterIndex]
		for _, a := range addrs {
			if a.LinkIndex == one.Index {
				one.Addrs = append(one.Addrs, prefixOf(a.IPNet))
			}
		}
		list = append(list, one)
	}
	return list, nil
}

func interfaceOf(l netlink.Link) Interface {
	a := l.Attrs()
	one := Interface{Index: a.Index, Name: a.Name, Up: a.Flags&net.FlagUp != 0, Bridge: l.Type() == "bridge"}
	if s := a.Statistics; s != nil {
		one.Received = ruleset.Counters{Packets: s.RxPackets, Bytes: s.RxBytes}
		one.Sent = ruleset.Counters{Packets: s.TxPackets, Bytes: s.TxBytes}
	}
	return one
}

// prefixOf is an address with its prefix length, the host bits kept.
func prefixOf(n *net.IPNet) netip.Prefix {
	addr, _ := netip.AddrFromSlice(n.IP)
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(addr.Unmap(), bits)
}
