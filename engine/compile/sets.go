package compile

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// address is one way to match an address: a literal network or a set. The zero
// value matches any.
type address struct {
	net ruleset.Net
	set string
}

// service is one way in which a packet belongs to a service. A proto of 0
// means every protocol.
type service struct {
	proto uint8
	match ruleset.Match // nil: every port
}

// addresses lists the ways to match an address cell of a row: one for ALL or an
// object, one for each country, none when there is no address of this family.
func (f *family) addresses(row tables.Rule, ref tables.AddrRef) []address {
	switch {
	case ref.Any:
		return []address{{}}
	case len(ref.Geo) > 0:
		var list []address
		for _, code := range ref.Geo {
			list = append(list, f.country(row, code)...)
		}
		return distinct(list)
	}
	return f.object(ref.Object)
}

// object is the way to match an address object, none when it has no address of
// this family.
func (f *family) object(name string) []address {
	list, ok := f.objects[name]
	if !ok {
		prefixes := f.prefixes(name)
		switch len(prefixes) {
		case 0:
		case 1:
			list = []address{{net: ruleset.Net{Prefix: prefixes[0]}}}
		default:
			list = []address{{set: f.addressSet("address "+name, name, prefixes)}}
		}
		f.objects[name] = list
	}
	return list
}

// country is the set of a country; a country without networks of this family
// is none.
func (f *family) country(row tables.Rule, code string) []address {
	all := f.facts.Countries[code]
	if len(all) == 0 {
		f.problem(tables.Error, row.Row, cellOf(row, code), fmt.Sprintf("no country data loaded for %s%s", tables.GeoPrefix, code))
		return nil
	}
	list, ok := f.countries[code]
	if !ok {
		prefixes := slices.DeleteFunc(slices.Clone(all), func(p netip.Prefix) bool { return ruleset.OfAddr(p.Addr()) != f.fam })
		if len(prefixes) > 0 {
			list = []address{{set: f.addressSet("country "+code, "geo_"+code, prefixes)}}
		}
		f.countries[code] = list
	}
	return list
}

// prefixes lists the networks of an address object in this family, in order.
func (f *family) prefixes(object string) []netip.Prefix {
	def := f.cfg.Addresses[object]
	values, column := def.V4, 1
	if f.fam == ruleset.V6 {
		values, column = def.V6, 2
	}
	var list []netip.Prefix
	for _, v := range values {
		switch {
		case v.Host != "":
			list = append(list, f.resolved(def.Row, column, v.Host)...)
		case v.From.IsValid():
			list = append(list, ruleset.PrefixesOf(v.From, v.To)...)
		default:
			list = append(list, v.Prefix.Masked())
		}
	}
	slices.SortFunc(list, netip.Prefix.Compare)
	return slices.Compact(list)
}

// resolved lists the addresses of a host name in this family. A name without
// one is an error: without it, a row that blocks the host would silently block
// nothing.
func (f *family) resolved(row tables.Row, column int, host string) []netip.Prefix {
	var list []netip.Prefix
	for _, a := range f.facts.Hosts[host] {
		if ruleset.OfAddr(a) == f.fam {
			list = append(list, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	if len(list) == 0 {
		f.problem(tables.Error, row, column, fmt.Sprintf("host name '%s' has no %s address now; write the address, or - for none", host, ipName(f.fam)))
	}
	return list
}

// addressSet makes the set of networks with this key and returns its name.
func (f *family) addressSet(key, name string, prefixes []netip.Prefix) string {
	wanted := name + "_" + f.fam.String()
	name, fresh := f.names.fit(key+" "+f.fam.String(), wanted, ruleset.MaxSetName)
	if fresh {
		f.warnRenamed(tables.Addresses, wanted, name)
		set := ruleset.NewSet(name, ruleset.HashNet, f.fam)
		for _, p := range prefixes {
			set.Members = append(set.Members, ruleset.Member{Prefix: p})
		}
		set.Normalize()
		f.sets[name] = set
	}
	return name
}

// services lists the ways in which a packet belongs to a service, one without
// conditions for ALL.
func (c *compiler) services(name string) []service {
	if name == tables.All {
		return []service{{}}
	}
	list, ok := c.known[name]
	if !ok {
		list = c.readService(name)
		c.known[name] = list
	}
	return list
}

// readService makes for each protocol one way for the ports, and one for each
// port with a source port.
func (c *compiler) readService(name string) []service {
	var list []service
	for _, p := range protocolsOf(c.cfg.Services[name]) {
		var plain []ruleset.Member
		for _, spec := range p.ports {
			if spec.SrcHi != 0 {
				list = append(list, service{p.num, portMatch(spec)})
				continue
			}
			plain = append(plain, ruleset.Member{Port: ruleset.PortRange{Lo: spec.Lo, Hi: spec.Hi}})
		}
		if len(plain) > 0 {
			list = append(list, service{p.num, c.ports(name+"_"+p.name, plain)})
		}
	}
	return list
}

// ports is the match of destination ports: a literal for one port or range,
// otherwise a set with this name, which both families share.
func (c *compiler) ports(wanted string, members []ruleset.Member) ruleset.Match {
	set := ruleset.NewSet("", ruleset.BitmapPort, 0)
	set.Members = members
	set.Normalize()
	if len(set.Members) == 1 {
		return ruleset.MatchPorts{Dst: &set.Members[0].Port}
	}
	name, fresh := c.names.fit("service "+wanted, wanted, ruleset.MaxSetName)
	if fresh {
		c.warnRenamed(tables.Services, wanted, name)
		set.Name = name
		c.sets[name] = set
	}
	return ruleset.MatchSet{Name: name, Dirs: "dst"}
}

// protocolPorts are the ports of a service for one protocol.
type protocolPorts struct {
	num   uint8
	name  string
	ports []tables.PortSpec
}

// protocolsOf lists the protocols that a service has ports for.
func protocolsOf(s tables.Service) []protocolPorts {
	var list []protocolPorts
	if len(s.TCP) > 0 {
		list = append(list, protocolPorts{ruleset.TCP, "tcp", s.TCP})
	}
	if len(s.UDP) > 0 {
		list = append(list, protocolPorts{ruleset.UDP, "udp", s.UDP})
	}
	return list
}

// portMatch is the literal match of a port cell's member.
func portMatch(spec tables.PortSpec) ruleset.MatchPorts {
	m := ruleset.MatchPorts{Dst: &ruleset.PortRange{Lo: spec.Lo, Hi: spec.Hi}}
	if spec.SrcHi != 0 {
		m.Src = &ruleset.PortRange{Lo: spec.SrcLo, Hi: spec.SrcHi}
	}
	return m
}
