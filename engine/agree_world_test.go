package engine_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// The tables that the random ones share. The objects are few and overlap, so
// that rows meet the same packets.
const (
	worldAddresses = `
fw      203.0.113.1                 2001:db8:113::1
gate    192.168.10.1                fd00:10::1
one     203.0.113.11                2001:db8:113::11
two     203.0.113.12/31             2001:db8:113::12/127
lan     10.8.0.0/24                 fd08::/64
list    203.0.113.11,10.8.0.12      2001:db8:113::11,fd08::12
range   10.8.0.11-10.8.0.12         fd08::11-fd08::12
inside  192.168.10.20               fd00:10::20
guest   10.8.0.11                   fd08::11
v4only  192.168.10.20               -
v6only  -                           2001:db8:113::12,fd08::13
`
	worldServices = `
p1     1001                   -
p2     1002                   1002
pair   1001,1004              -
span   1002-1004              -
shift  1003-1005              -
both   1001                   1003
from   -                      1024-29999>1001-1005,1005
alt    8080                   -
`
	worldCountries = `
203.0.113.12,203.0.113.13,DE
2001:db8:113::12,2001:db8:113::13,DE
10.8.0.0,10.8.0.255,AT
`
)

var (
	worldObjects   = []string{"one", "two", "lan", "list", "range", "inside", "v4only", "v6only"}
	worldServiceOf = []string{"p1", "p2", "pair", "span", "shift", "both", "from", "alt"}
	worldPorts     = []uint16{1001, 1002, 1003, 1004, 1005}
	worldZones     = []string{"ext", "int", "lan", tables.Docker}
)

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// randomTables makes tables without errors in which much overlaps: few hosts,
// ports and zones, wildcards across zones, and all options.
func randomTables(r *rand.Rand) map[tables.Kind]string {
	interfaces, zones := randomInterfaces(r)
	return map[tables.Kind]string{
		tables.Addresses: worldAddresses, tables.Services: worldServices,
		tables.Interfaces: interfaces,
		tables.Rules:      repeat(r.IntN(12), func() string { return randomRule(r, zones) }),
		tables.Virtuals:   repeat(r.IntN(7), func() string { return randomVirtual(r, zones) }),
		tables.Options:    randomOptions(r),
	}
}

func repeat(n int, line func() string) string {
	var b strings.Builder
	for range n {
		b.WriteString(line())
	}
	return b.String()
}

func randomInterfaces(r *rand.Rand) (text string, zones []string) {
	names := []string{"eth0", "eth1", "br0", "docker0", "eth7", "e+", "eth1+", "br+", "+"}
	names = names[:5+r.IntN(5)]
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names[:3+r.IntN(3)] {
		zone := pick(r, worldZones...)
		if !slices.Contains(zones, zone) {
			zones = append(zones, zone)
		}
		text += fmt.Sprintln(name, zone, pick(r, "-", "-", "-", "gre", "47,ospf"))
	}
	return text, zones
}

func randomRule(r *rand.Rand, zones []string) string {
	source := pick(r, tables.All, tables.All, tables.All, pick(r, worldObjects...), pick(r, worldObjects...), "GEO:DE,AT")
	destination := pick(r, tables.All, tables.All, tables.All, pick(r, worldObjects...))
	service := pick(r, tables.All, tables.All, tables.All, pick(r, worldServiceOf...), pick(r, worldServiceOf...), pick(r, worldServiceOf...))
	action := pick(r, "accept", "accept+nat", "accept+nat", "reject", "reject", "drop") + pick(r, "", "", "", "", "+log")
	to := pick(r, append(slices.Clone(zones), tables.FW, tables.All)...)
	return fmt.Sprintln(pick(r, zones...), to, source, destination, service, action)
}

func randomVirtual(r *rand.Rand, zones []string) string {
	external, internal := pick(r, "fw", "fw", "gate", "one", "lan"), pick(r, "inside", "guest", "v4only", tables.Docker)
	pairs := []string{"p1 p1", "p1 p2", "span p1", "span shift", "pair pair", "both p1", "p2 both", "alt p1", "alt alt"}
	if internal != tables.Docker {
		pairs = append(pairs, "ALL ALL")
	}
	return fmt.Sprintln(pick(r, zones...), external, internal, pick(r, pairs...))
}

func randomOptions(r *rand.Rand) string {
	var text string
	for _, o := range []struct{ name, value string }{
		{"ndp", "upstream"}, {"nat-order", "first-match"}, {"virtual-scope", "dnat"},
		{"virtual-order", "first"}, {"invalid", "drop"}, {"log-denied", "5/min"},
	} {
		if r.IntN(3) == 0 {
			text += fmt.Sprintln("*", o.name, o.value)
		}
	}
	return text
}

// world is a site whose hosts all answer, and whose addresses and routes are
// known without asking.
type world struct {
	*site
	stations []station
	docker   bool
	base     *ruleset.Ruleset // before any rule of ours
}

// station is an end of a cable, or a bridge: whatever has addresses. For a host
// beside the firewall, behind is the firewall's interface to it.
type station struct {
	host   *lab.Host
	iface  string
	behind string
	index  int
	mac    net.HardwareAddr
	addrs  []netip.Prefix
}

// segments are the networks of a lab with everything, by the interface of the
// firewall.
var segments = map[string][]string{
	"eth0":    {lab.Client1, lab.Client2, lab.Client3},
	"eth1":    {lab.Inside},
	"br0":     {lab.Guest1, lab.Guest2, lab.Guest3},
	"eth7":    {lab.Other},
	"docker0": {lab.Web, lab.DB},
}

func newWorld(t *testing.T, opts lab.Options) *world {
	t.Helper()
	opts.Guests, opts.Unlisted = true, true
	w := &world{site: newSite(t, opts), docker: !opts.NoDocker}
	w.write(w.config.Geo, worldCountries)
	for behind, hosts := range segments {
		if behind == "docker0" && opts.NoDocker {
			continue
		}
		w.add(w.Firewall, behind, "")
		for _, name := range hosts {
			w.add(w.Host(name), "eth0", behind)
		}
	}
	// Ranging over a map must not change what a seed means.
	slices.SortFunc(w.stations, func(a, b station) int { return a.addrs[0].Addr().Compare(b.addrs[0].Addr()) })
	w.pinNeighbours()
	w.serveAll()
	w.base = w.live()
	return w
}

func (w *world) add(h *lab.Host, iface, behind string) {
	w.t.Helper()
	s := station{host: h, iface: iface, behind: behind}
	err := h.Do(func() error {
		link, err := netlink.LinkByName(iface)
		if err != nil {
			return err
		}
		s.index, s.mac = link.Attrs().Index, link.Attrs().HardwareAddr
		addrs, err := netlink.AddrList(link, 0)
		for _, a := range addrs {
			if p, ok := netip.AddrFromSlice(a.IP); ok && p.Unmap().IsGlobalUnicast() {
				bits, _ := a.Mask.Size()
				s.addrs = append(s.addrs, netip.PrefixFrom(p.Unmap(), bits))
			}
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.stations = append(w.stations, s)
}

// network is the firewall's interface to the network of the station.
func (s station) network() string {
	if s.behind == "" {
		return s.iface
	}
	return s.behind
}

// pinNeighbours tells each station where those of its network are: rules
// against neighbour discovery, which tables can ask for, must not decide what a
// packet of this test meets. Redirects would change the routes meanwhile.
func (w *world) pinNeighbours() {
	w.t.Helper()
	for _, s := range w.stations {
		err := s.host.Do(func() error {
			for _, other := range w.stations {
				if other.network() != s.network() || other.host == s.host {
					continue
				}
				for _, a := range other.addrs {
					n := &netlink.Neigh{LinkIndex: s.index, State: netlink.NUD_PERMANENT, IP: a.Addr().AsSlice(), HardwareAddr: other.mac}
					if err := netlink.NeighSet(n); err != nil {
						return err
					}
				}
			}
			return nil
		})
		for _, key := range []string{"ipv4/conf/all", "ipv4/conf/" + s.iface, "ipv6/conf/all", "ipv6/conf/" + s.iface} {
			if err == nil {
				err = s.host.SetSysctl("net/"+key+"/accept_redirects", "0")
			}
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// serveAll makes every host answer on every port that a packet may be for,
// also after translation: a refusal is then the firewall's.
func (w *world) serveAll() {
	w.t.Helper()
	served := map[*lab.Host]bool{}
	for _, s := range w.stations {
		if served[s.host] {
			continue
		}
		served[s.host] = true
		ports := worldPorts
		if s.host != w.Firewall || !w.docker { // there Docker's proxy listens
			ports = append(slices.Clone(ports), 8080)
		}
		if s.host.Name == lab.Web {
			ports = append(slices.Clone(ports), 80)
		}
		if err := s.host.Serve(ports...); err != nil {
			w.t.Fatal(err)
		}
		if err := s.host.ServeProtocol(greProtocol); err != nil {
			w.t.Fatal(err)
		}
	}
}

// route is the routing decision of the firewall.
func (w *world) route(dst netip.Addr) (local bool, out string) {
	for _, s := range w.stations {
		for _, a := range s.addrs {
			switch {
			case s.host != w.Firewall:
			case a.Addr() == dst:
				return true, ""
			case a.Contains(dst):
				out = s.iface
			}
		}
	}
	return false, out
}

// owner is the station that has an address.
func (w *world) owner(a netip.Addr) station {
	for _, s := range w.stations {
		if slices.ContainsFunc(s.addrs, func(p netip.Prefix) bool { return p.Addr() == a }) {
			return s
		}
	}
	panic("nobody has " + a.String()) // the tables name no other addresses
}

// addr is the address of the station in a family.
func (s station) addr(f ruleset.Family) netip.Addr {
	for _, a := range s.addrs {
		if ruleset.OfAddr(a.Addr()) == f {
			return a.Addr()
		}
	}
	panic(s.host.Name + " has no address of " + f.String())
}
