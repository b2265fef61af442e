package tuitest

import (
	"context"
	"net/netip"

	"github.com/mfwtui/mfwtui/engine"
)

// TellAddresses knows the administrator and the hosts beside it.
func (s *Site) TellAddresses(_ context.Context, addrs []netip.Addr, want engine.AddressWant) engine.AddressFacts {
	facts := engine.AddressFacts{ByAddr: make(map[netip.Addr]engine.AddressFact)}
	if s.enter("TellAddresses") != nil {
		return facts
	}
	near := netip.PrefixFrom(adminAddr, 24)
	for _, a := range addrs {
		var fact engine.AddressFact
		if want.Names && near.Contains(a) {
			fact.Name = "cpe-" + a.String() + ".example.net" + s.Taint
		}
		if want.Origins && near.Contains(a) {
			fact.Country, fact.ASN, fact.Org = "DE", 64500, "Example ISP"+s.Taint
		}
		if fact != (engine.AddressFact{}) {
			facts.ByAddr[a] = fact
		}
	}
	return facts
}
