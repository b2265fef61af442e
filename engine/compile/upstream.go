package compile

import (
	"net/netip"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// MicroFWSets are the sets that MicroFW makes for these tables: for each
// address that a row names one in each family, for each service one for each
// protocol. It makes them for virtuals too, whose rules ask none, so that a
// host which it has set up holds sets that nobody uses. Left out are objects
// whose set cannot be known from the tables alone: host names, and what MicroFW
// does not know.
func MicroFWSets(cfg *tables.Config) ruleset.Sets {
	sets := make(ruleset.Sets)
	seenAddress, seenService := make(map[string]bool), make(map[string]bool)
	object := func(names ...string) {
		for _, name := range names {
			if !seenAddress[name] {
				seenAddress[name] = true
				a := cfg.Addresses[name]
				addNetworks(sets, name, ruleset.V4, a.V4)
				addNetworks(sets, name, ruleset.V6, a.V6)
			}
		}
	}
	service := func(names ...string) {
		for _, name := range names {
			if !seenService[name] {
				seenService[name] = true
				addPorts(sets, cfg.Services[name])
			}
		}
	}
	for _, r := range cfg.Rules {
		object(r.Src.Object, r.Dst.Object)
		service(r.Service)
	}
	for _, v := range cfg.Virtuals {
		object(v.ExtAddr, v.IntAddr)
		service(v.ExtService, v.IntService)
	}
	return sets
}

// addNetworks adds the set of an address object in one family.
func addNetworks(sets ruleset.Sets, object string, f ruleset.Family, values []tables.AddrValue) {
	set := ruleset.NewSet(object+"_"+f.String(), ruleset.HashNet, f)
	for _, v := range values {
		prefixes := []netip.Prefix{v.Prefix}
		switch {
		case v.Host != "":
			return
		case v.From.IsValid():
			prefixes = ruleset.PrefixesOf(v.From, v.To)
		}
		for _, p := range prefixes {
			set.Members = append(set.Members, ruleset.Member{Prefix: p})
		}
	}
	if len(values) > 0 {
		set.Normalize()
		sets[set.Name] = set
	}
}

// addPorts adds the sets of a service.
func addPorts(sets ruleset.Sets, s tables.Service) {
	for _, p := range protocolsOf(s) {
		set := ruleset.NewSet(s.Name+"_"+p.name, ruleset.BitmapPort, 0)
		for _, spec := range p.ports {
			set.Members = append(set.Members, ruleset.Member{Port: ruleset.PortRange{Lo: spec.Lo, Hi: spec.Hi}})
		}
		set.Normalize()
		sets[set.Name] = set
	}
}
