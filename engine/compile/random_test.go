package compile

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// The world of the random packets: ten hosts in both families, a route for
// each, interfaces that exist, and one that no table lists.
var (
	interfaces = []string{"eth0", "eth1", "eth2", "tun0", "br0", "other0"}
	wildcards  = []string{"eth+", "t+", "eth1+", "+"}
	zoneNames  = []string{"ext", "int", "dmz", tables.Docker}
	objects    = []string{"one", "net", "list", "range", "v4only", "v6only"}
	services   = []string{"p1", "p2", "pair", "span", "shift", "both", "from"}
)

// host is the n-th host of the world.
func host(f ruleset.Family, n int) netip.Addr {
	if f == ruleset.V4 {
		return netip.AddrFrom4([4]byte{10, 0, 0, byte(n)})
	}
	return netip.MustParseAddr(fmt.Sprintf("fd00::%x", n))
}

// route sends each host to an interface; the firewall has hosts 8 and 9.
func route(dst netip.Addr) (local bool, out string) {
	raw := dst.AsSlice()
	n := int(raw[len(raw)-1])
	if n >= 8 {
		return true, ""
	}
	return false, interfaces[n%len(interfaces)]
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// randomConfig makes tables in which much overlaps: few hosts, ports and
// zones, wildcards across zones, and all options.
func randomConfig(r *rand.Rand) (*tables.Config, Facts) {
	cfg := &tables.Config{
		Options: tables.OptionSet{
			NDP:          pick(r, []string{"accept", "upstream"}),
			NATOrder:     pick(r, []string{"upstream", "upstream", "first-match"}),
			VirtualScope: pick(r, []string{"upstream", "dnat"}),
			VirtualOrder: pick(r, []string{"upstream", "first"}),
			Invalid:      pick(r, []string{"pass", "drop"}),
			LogDenied:    pick(r, []string{"off", "5/min"}),
		},
		Addresses: worldAddresses(), Services: worldServices(),
	}
	names := slices.Concat(interfaces[:5], wildcards[:r.IntN(len(wildcards)+1)])
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for i, name := range names[:2+r.IntN(4)] {
		intf := tables.Interface{Row: tables.Row{Kind: tables.Interfaces, Num: i + 1}, Name: name, Zone: pick(r, zoneNames)}
		if r.IntN(4) == 0 {
			intf.Protocols = []tables.Protocol{{Text: "gre", Num: 47}}
		}
		cfg.Interfaces = append(cfg.Interfaces, intf)
	}
	zones := cfg.Zones()
	verbs := []tables.Verb{tables.Accept, tables.Accept, tables.Accept, tables.Reject, tables.Drop}
	for i := range r.IntN(10) {
		cfg.Rules = append(cfg.Rules, tables.Rule{
			Row: tables.Row{Kind: tables.Rules, Num: i + 1}, SrcZone: pick(r, zones),
			DstZone: pick(r, append(slices.Clone(zones), tables.FW, tables.All)),
			Src:     randomRef(r, true), Dst: randomRef(r, false), Service: pick(r, append(slices.Clone(services), tables.All, tables.All, tables.All)),
			Action: tables.Action{Verb: pick(r, verbs), Log: r.IntN(5) == 0},
		})
		a := &cfg.Rules[i].Action
		a.NAT = a.Verb == tables.Accept && r.IntN(2) == 0
	}
	for i := range r.IntN(4) {
		cfg.Virtuals = append(cfg.Virtuals, randomVirtual(r, zones, i+1))
	}
	return cfg, Facts{
		Bridges: []string{"br0"}[:r.IntN(2)],
		Countries: map[string][]netip.Prefix{
			"DE": {netip.MustParsePrefix("10.0.0.2/31"), netip.MustParsePrefix("fd00::2/127")},
			"AT": {netip.MustParsePrefix("10.0.0.4/32")},
		},
	}
}

func randomRef(r *rand.Rand, source bool) tables.AddrRef {
	switch n := r.IntN(6); {
	case n < 3:
		return tables.AddrRef{Text: tables.All, Any: true}
	case n == 3 && source:
		return tables.AddrRef{Text: "GEO:DE,AT", Geo: []string{"DE", "AT"}}
	}
	name := pick(r, objects)
	return tables.AddrRef{Text: name, Object: name}
}

// randomVirtual makes a virtual that a check would let through.
func randomVirtual(r *rand.Rand, zones []string, line int) tables.Virtual {
	v := tables.Virtual{
		Row: tables.Row{Kind: tables.Virtuals, Num: line}, SrcZone: pick(r, zones),
		ExtAddr: pick(r, []string{"fw", "one", "net"}), IntAddr: pick(r, []string{"inside", "v4only", tables.Docker}),
	}
	pairs := [][2]string{{"p1", "p1"}, {"p1", "p2"}, {"span", "p1"}, {"span", "shift"}, {"pair", "pair"}, {"both", "p1"}, {"p2", "both"}}
	if v.IntAddr != tables.Docker {
		pairs = append(pairs, [2]string{tables.All, tables.All})
	}
	pair := pick(r, pairs)
	v.ExtService, v.IntService = pair[0], pair[1]
	return v
}

func worldAddresses() map[string]tables.Address {
	prefix := func(f ruleset.Family, n, bits int) tables.AddrValue {
		a := host(f, n)
		return tables.AddrValue{Prefix: netip.PrefixFrom(a, a.BitLen()-bits).Masked()}
	}
	both := func(values func(f ruleset.Family) []tables.AddrValue) tables.Address {
		return tables.Address{V4: values(ruleset.V4), V6: values(ruleset.V6)}
	}
	return map[string]tables.Address{
		"one": both(func(f ruleset.Family) []tables.AddrValue { return []tables.AddrValue{prefix(f, 1, 0)} }),
		"net": both(func(f ruleset.Family) []tables.AddrValue { return []tables.AddrValue{prefix(f, 0, 2)} }),
		"list": both(func(f ruleset.Family) []tables.AddrValue {
			return []tables.AddrValue{prefix(f, 2, 0), prefix(f, 5, 0)}
		}),
		"range": both(func(f ruleset.Family) []tables.AddrValue {
			return []tables.AddrValue{{From: host(f, 3), To: host(f, 6)}}
		}),
		"fw":     both(func(f ruleset.Family) []tables.AddrValue { return []tables.AddrValue{prefix(f, 8, 0)} }),
		"inside": both(func(f ruleset.Family) []tables.AddrValue { return []tables.AddrValue{prefix(f, 4, 0)} }),
		"v4only": {V4: []tables.AddrValue{prefix(ruleset.V4, 1, 0)}},
		"v6only": {V6: []tables.AddrValue{prefix(ruleset.V6, 1, 0), prefix(ruleset.V6, 2, 0)}},
	}
}

func worldServices() map[string]tables.Service {
	return map[string]tables.Service{
		"p1":    {TCP: []tables.PortSpec{{Lo: 1, Hi: 1}}},
		"p2":    {TCP: []tables.PortSpec{{Lo: 2, Hi: 2}}, UDP: []tables.PortSpec{{Lo: 2, Hi: 2}}},
		"pair":  {TCP: []tables.PortSpec{{Lo: 1, Hi: 1}, {Lo: 4, Hi: 4}}},
		"span":  {TCP: []tables.PortSpec{{Lo: 2, Hi: 4}}},
		"shift": {TCP: []tables.PortSpec{{Lo: 3, Hi: 5}}},
		"both":  {TCP: []tables.PortSpec{{Lo: 1, Hi: 1}}, UDP: []tables.PortSpec{{Lo: 3, Hi: 3}}},
		"from":  {UDP: []tables.PortSpec{{SrcLo: 1, SrcHi: 2, Lo: 1, Hi: 5}, {Lo: 5, Hi: 5}}},
	}
}

func randomPacket(r *rand.Rand) ruleset.Packet {
	f := pick(r, []ruleset.Family{ruleset.V4, ruleset.V6})
	p := ruleset.Packet{
		In: pick(r, interfaces), Src: host(f, 1+r.IntN(7)), Dst: host(f, 1+r.IntN(9)),
		Proto: pick(r, []uint8{ruleset.TCP, ruleset.TCP, ruleset.TCP, ruleset.UDP, 47, ruleset.ICMP}),
	}
	switch p.Proto {
	case ruleset.TCP, ruleset.UDP:
		p.SrcPort, p.DstPort = uint16(1+r.IntN(3)), uint16(1+r.IntN(5))
	case ruleset.ICMP:
		p.ICMPType = 8
		if f == ruleset.V6 {
			p.Proto, p.ICMPType = ruleset.ICMPv6, 128
		}
	}
	return p
}
