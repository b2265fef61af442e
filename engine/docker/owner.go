package docker

import (
	"net/netip"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Owner is whom a rule belongs to: a container and, where the rule names one,
// its port; or else a network. Both names are empty for a rule that is about
// neither, such as a jump from one chain of Docker's to the next.
type Owner struct {
	Container string
	Network   string
	Proto     uint8
	Port      uint16 // of the container
}

// Owners finds whom rules belong to, on every generation of the engine since
// 17.06: the chains have changed often, but what a rule says about a container
// is always its address, and about a network its bridge or its subnet. Also
// where the engine writes nftables.
type Owners struct {
	containers map[netip.Addr]string
	bridges    map[string]string
	subnets    map[netip.Prefix]string
	published  map[Port]string // by host port, Container being 0
}

// Owners of a snapshot.
func (s *Snapshot) Owners() *Owners {
	o := &Owners{
		containers: s.ContainerNames(), bridges: make(map[string]string),
		subnets: make(map[netip.Prefix]string), published: make(map[Port]string),
	}
	for i := range s.Networks {
		n := &s.Networks[i]
		if n.Bridge != "" {
			o.bridges[n.Bridge] = n.Name
		}
		for _, p := range n.Subnets {
			o.subnets[p] = n.Name
		}
	}
	for i := range s.Containers {
		c := &s.Containers[i]
		for _, p := range c.Published {
			o.published[Port{Host: p.Host, Proto: p.Proto}] = c.Name
		}
	}
	return o
}

// ContainerNames are the names of the containers by address.
func (s *Snapshot) ContainerNames() map[netip.Addr]string {
	names := make(map[netip.Addr]string)
	for i := range s.Containers {
		c := &s.Containers[i]
		for j := range c.Endpoints {
			for _, a := range c.Endpoints[j].Addrs() {
				names[a] = c.Name
			}
		}
	}
	return names
}

// Of says whom a rule of a chain belongs to. A rule of ours belongs to nobody
// else, whatever it matches.
func (o *Owners) Of(table, chain string, r *ruleset.Rule) Owner {
	native := table == ruleset.DockerBridges
	if r.Owned() || !native && !dockerWrites(chain) {
		return Owner{}
	}
	if found := o.container(r); found.Container != "" {
		return found
	}
	network := o.network(r)
	if network == "" && native {
		// Its chains are named after the bridge that they are for:
		// filter-forward-in__docker0.
		_, bridge, _ := strings.Cut(chain, "__")
		network = o.bridges[bridge]
	}
	return Owner{Network: network}
}

// dockerWrites reports whether the engine puts rules into a chain: into its own
// and into most of the built-in ones.
func dockerWrites(chain string) bool {
	switch chain {
	case ruleset.Prerouting, ruleset.Forward, ruleset.Output, ruleset.Postrouting, "DOCKER":
		return true
	}
	return strings.HasPrefix(chain, "DOCKER-")
}

// container finds the container that a rule names by its address, or by a port
// that is published on an address of this host.
func (o *Owners) container(r *ruleset.Rule) Owner {
	if to, ok := r.Target.(ruleset.DNAT); ok {
		if name := o.containers[to.From]; name != "" && to.From == to.To {
			return Owner{Container: name, Proto: r.Proto.Num, Port: single(to.Ports)}
		}
	}
	port := single(dstPort(r))
	for _, n := range []ruleset.Net{r.Dst, r.Src} {
		if n.Not || !n.Prefix.IsValid() || !n.Prefix.IsSingleIP() {
			continue
		}
		addr := n.Prefix.Addr()
		if name := o.containers[addr]; name != "" {
			return Owner{Container: name, Proto: r.Proto.Num, Port: port}
		}
		// A port that is published on one address, such as that of the
		// loopback, is closed to others in the raw table.
		if name := o.published[Port{Host: netip.AddrPortFrom(addr, port), Proto: r.Proto.Num}]; name != "" {
			return Owner{Container: name}
		}
	}
	return Owner{}
}

// network finds the network that a rule is about: of "-i br-a ! -o br-a" the
// one that it asks for, and only then one that it excludes.
func (o *Owners) network(r *ruleset.Rule) string {
	for _, not := range []bool{false, true} {
		for _, i := range []ruleset.Iface{r.Out, r.In} {
			if name := o.bridges[i.Name]; i.Not == not && name != "" {
				return name
			}
		}
		for _, n := range []ruleset.Net{r.Src, r.Dst} {
			if name := o.subnets[n.Prefix]; n.Not == not && name != "" {
				return name
			}
		}
	}
	return ""
}

// dstPort is the destination port that a rule asks for; zero for none.
func dstPort(r *ruleset.Rule) ruleset.PortRange {
	for _, m := range r.Matches {
		if p, ok := m.(ruleset.MatchPorts); ok && p.Dst != nil && !p.DstNot {
			return *p.Dst
		}
	}
	return ruleset.PortRange{}
}

func single(r ruleset.PortRange) uint16 {
	if r.Lo != r.Hi {
		return 0
	}
	return r.Lo
}
