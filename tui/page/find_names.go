package page

import (
	"maps"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/query"
)

// deskNames resolves the objects of the tables as they were checked last. What
// an object stands for is worked out once for each check.
type deskNames struct {
	desk  *Desk
	of    *tables.Config
	spans map[string][]query.Span
	ports map[string][]query.Ports
	// containers are the addresses of containers by name, for lists of what
	// may be theirs. Objects of the tables come first.
	containers map[string][]query.Span
}

// config is the view of the tables, nil before they were checked.
func (n *deskNames) config() *tables.Config {
	cfg := n.desk.Config()
	if cfg != n.of || n.spans == nil {
		n.of = cfg
		n.spans, n.ports = make(map[string][]query.Span), make(map[string][]query.Ports)
	}
	return cfg
}

// Address resolves an address object, or a container. ALL, DOCKER and countries are names too,
// of no addresses in particular.
func (n *deskNames) Address(name string) ([]query.Span, bool) {
	cfg := n.config()
	if special(name) {
		return nil, true
	}
	if spans, ok := n.spans[name]; ok {
		return spans, true
	}
	if cfg == nil {
		return n.container(name)
	}
	a, ok := cfg.Addresses[name]
	if !ok {
		return n.container(name)
	}
	var spans []query.Span
	for _, list := range [][]tables.AddrValue{a.V4, a.V6} {
		for _, v := range list {
			switch {
			case v.Prefix.IsValid():
				spans = append(spans, query.PrefixSpan(v.Prefix))
			case v.From.IsValid():
				spans = append(spans, query.Span{Lo: v.From, Hi: v.To})
			}
		}
	}
	n.spans[name] = spans
	return spans, true
}

func (n *deskNames) container(name string) ([]query.Span, bool) {
	spans, ok := n.containers[name]
	return spans, ok
}

func special(name string) bool {
	return name == tables.All || name == tables.Docker || strings.HasPrefix(name, tables.GeoPrefix)
}

// Service resolves a service object.
func (n *deskNames) Service(name string) ([]query.Ports, bool) {
	cfg := n.config()
	if name == tables.All {
		return nil, true
	}
	if ports, ok := n.ports[name]; ok {
		return ports, true
	}
	if cfg == nil {
		return nil, false
	}
	svc, ok := cfg.Services[name]
	if !ok {
		return nil, false
	}
	var ports []query.Ports
	for _, p := range append(svc.TCP[:len(svc.TCP):len(svc.TCP)], svc.UDP...) {
		ports = append(ports, query.Ports{Lo: p.Lo, Hi: p.Hi})
	}
	n.ports[name] = ports
	return ports, true
}

// listNames are the names of the desk with the words of one list.
type listNames struct {
	deskNames
	keys  []query.Key
	words map[query.Key][]string
}

// Values lists what a key may have.
func (n *listNames) Values(k query.Key) []string {
	if words, ok := n.words[k]; ok {
		return words
	}
	switch k {
	case query.Proto:
		return protocolWords()
	case query.NAT:
		return []string{"src", "dst", "none"}
	case query.Rule:
		return tableNames()
	}
	cfg := n.config()
	if cfg == nil {
		return nil
	}
	switch k {
	case query.Zone:
		zones := cfg.Zones()
		if !slices.Contains(zones, tables.Docker) { // rules may name it without an interface
			zones = append(zones, tables.Docker)
		}
		return append(zones, tables.FW, tables.All)
	case query.Src, query.Dst, query.IP:
		return append(append(definedNames(n.desk.Set(), tables.Addresses), slices.Sorted(maps.Keys(n.containers))...), tables.All)
	case query.Port, query.DPort, query.SPort:
		return append(definedNames(n.desk.Set(), tables.Services), tables.All)
	case query.Iface:
		return definedNames(n.desk.Set(), tables.Interfaces)
	}
	return nil
}

// definedNames are the names in the first column of a table, in its order.
func definedNames(set *tables.Set, k tables.Kind) []string {
	if set == nil {
		return nil
	}
	var names []string
	for _, l := range set.File(k).Lines {
		if l.IsRow() && len(l.Cells) > 0 {
			names = append(names, l.Cells[0].Text)
		}
	}
	return names
}

func tableNames() []string {
	var names []string
	for _, k := range tables.Kinds() {
		names = append(names, k.String())
	}
	return names
}

// protocolWords are the protocols by name; numbers are taken too.
func protocolWords() []string {
	words := []string{"tcp", "udp", "icmp"}
	for _, p := range otherProtocols {
		words = append(words, p.name)
	}
	return words
}

// otherProtocols are those that conntrack follows without ports, and that a
// person knows by name.
var otherProtocols = [...]struct {
	number uint8
	name   string
}{{2, "igmp"}, {4, "ipip"}, {41, "ipv6"}, {47, "gre"}, {50, "esp"}, {51, "ah"}, {89, "ospf"}, {103, "pim"}, {112, "vrrp"}, {132, "sctp"}}

// protocolName is the name of a protocol number; empty when it has none here.
func protocolName(number uint8) string {
	for _, p := range otherProtocols {
		if p.number == number {
			return p.name
		}
	}
	return ""
}
