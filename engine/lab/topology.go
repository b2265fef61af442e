package lab

import (
	"net/netip"
	"slices"
)

// The hosts of a lab..
const (
	Internet = "internet" // the far end of the firewall's default route
	Client1  = "client1"
	Client2  = "client2"
	Client3  = "client3"
	Firewall = "firewall"
	Inside   = "inside" // the internal host behind eth1
	Web      = "web"
	DB       = "db"
	Guest1   = "guest1"
	Guest2   = "guest2"
	Guest3   = "guest3"
	Other    = "other" // behind eth7
)

// network is what a lab is built from, as plain data.
type network struct {
	cables  []cable
	bridges []bridge
	routes  []route
}

type (
	cable struct{ a, b plug }
	plug  struct {
		host, iface string
		addrs       []netip.Prefix
	}
	bridge struct {
		host, name string
		addrs      []netip.Prefix
		ports      []string
	}
	route struct {
		host string
		to   netip.Prefix
		via  netip.Addr
	}
)

// topology is the network of the package comment, with what the options add.
// The clients have their default route through the firewall, so that packets
// straight to the addresses behind it arrive there too.
func topology(opts Options) network {
	var n network
	n.join(Firewall, "eth0", "203.0.113.1/24 2001:db8:113::1/64", Internet, "fw")
	n.join(Client1, "eth0", "203.0.113.11/24 2001:db8:113::11/64", Internet, "c1")
	n.join(Client2, "eth0", "203.0.113.12/24 2001:db8:113::12/64", Internet, "c2")
	n.join(Client3, "eth0", "203.0.113.13/24 2001:db8:113::13/64", Internet, "c3")
	n.bridge(Internet, "inet0", "203.0.113.254/24 2001:db8:113::fe/64", "fw", "c1", "c2", "c3")
	n.defaultRoute("203.0.113.1", "2001:db8:113::1", Client1, Client2, Client3)
	n.defaultRoute("203.0.113.254", "2001:db8:113::fe", Firewall)

	n.cables = append(n.cables, cable{
		plug{Inside, "eth0", Prefixes("192.168.10.20/24 fd00:10::20/64")},
		plug{Firewall, "eth1", Prefixes("192.168.10.1/24 fd00:10::1/64")}})
	n.defaultRoute("192.168.10.1", "fd00:10::1", Inside)

	if !opts.NoDocker {
		n.join(Web, "eth0", "172.17.0.2/16 fd00:17::2/64", Firewall, "vethweb")
		n.join(DB, "eth0", "172.17.0.3/16 fd00:17::3/64", Firewall, "vethdb")
		n.bridge(Firewall, "docker0", "172.17.0.1/16 fd00:17::1/64", "vethweb", "vethdb")
		n.defaultRoute("172.17.0.1", "fd00:17::1", Web, DB)
	}
	if opts.Guests {
		n.join(Guest1, "eth0", "10.8.0.11/24 fd08::11/64", Firewall, "p1")
		n.join(Guest2, "eth0", "10.8.0.12/24 fd08::12/64", Firewall, "p2")
		n.join(Guest3, "eth0", "10.8.0.13/24 fd08::13/64", Firewall, "p3")
		n.bridge(Firewall, "br0", "10.8.0.1/24 fd08::1/64", "p1", "p2", "p3")
		n.defaultRoute("10.8.0.1", "fd08::1", Guest1, Guest2, Guest3)
	}
	if opts.Unlisted {
		n.cables = append(n.cables, cable{
			plug{Other, "eth0", Prefixes("10.7.0.20/24 fd07::20/64")},
			plug{Firewall, "eth7", Prefixes("10.7.0.1/24 fd07::1/64")}})
		n.defaultRoute("10.7.0.1", "fd07::1", Other)
	}
	return n
}

// join lays a cable from a host to the port of a bridge that is made later.
func (n *network) join(host, iface, addrs, bridgeHost, port string) {
	n.cables = append(n.cables, cable{plug{host, iface, Prefixes(addrs)}, plug{bridgeHost, port, nil}})
}

func (n *network) bridge(host, name, addrs string, ports ...string) {
	n.bridges = append(n.bridges, bridge{host, name, Prefixes(addrs), ports})
}

func (n *network) defaultRoute(v4, v6 string, hosts ...string) {
	for _, host := range hosts {
		n.routes = append(n.routes,
			route{host, netip.MustParsePrefix("0.0.0.0/0"), netip.MustParseAddr(v4)},
			route{host, netip.MustParsePrefix("::/0"), netip.MustParseAddr(v6)})
	}
}

// hosts are the names of the hosts, each once.
func (n *network) hosts() []string {
	var names []string
	for _, c := range n.cables {
		names = append(names, c.a.host, c.b.host)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// sysctl is a key below /proc/sys and its value.
type sysctl struct {
	key, value string
	optional   bool // not every kernel has it
}

// sysctls are the settings of one host. A new namespace takes over some of the
// machine's IPv4 settings, so what matters here is set and not hoped for.
func (n *network) sysctls(host string) []sysctl {
	// A router answers a limited number of refused packets, six in a burst
	// and then one a second for each peer; a probe would read the silence as
	// DROP.
	all := []sysctl{
		{key: "net/ipv4/icmp_ratelimit", value: "0"},
		{key: "net/ipv6/icmp/ratelimit", value: "0"},
		{key: "net/ipv4/icmp_msgs_per_sec", value: "100000", optional: true}, // per namespace since 6.13
		{key: "net/ipv4/icmp_msgs_burst", value: "10000", optional: true},
		{key: "net/ipv4/conf/all/rp_filter", value: "0"},
		{key: "net/ipv4/conf/default/rp_filter", value: "0"},
	}
	// Bridged packets pass the firewall's rules where the kernel can do so,
	// and nobody else's.
	bridged := "0"
	if host == Firewall {
		bridged = "1"
		all = append(all,
			sysctl{key: "net/ipv4/ip_forward", value: "1"},
			sysctl{key: "net/ipv6/conf/all/forwarding", value: "1"})
	}
	return append(all,
		sysctl{key: "net/bridge/bridge-nf-call-iptables", value: bridged, optional: true},
		sysctl{key: "net/bridge/bridge-nf-call-ip6tables", value: bridged, optional: true})
}
