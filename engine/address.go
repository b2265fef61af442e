package engine

import (
	"context"
	"net/netip"
	"time"
)

// AddressTeller is what knows more about addresses than the tables say.
type AddressTeller interface {
	// TellAddresses says what is known about addresses, of what is wanted, and
	// nothing otherwise. It waits only a moment for names: what is not there
	// yet is at a later call. It never fails; Notes say what there is not.
	TellAddresses(ctx context.Context, addrs []netip.Addr, want AddressWant) AddressFacts
}

// AddressWant is what shall be told. Nothing is, unless somebody asked for it.
type AddressWant struct {
	// Names asks the name servers of this host, which thereby learn about the
	// addresses.
	Names bool
	// Origins looks into local files only.
	Origins bool
}

// AddressFact is what is known about an address; what is not, is zero.
type AddressFact struct {
	// Name is what the owner of the address calls it, which may be a lie.
	Name string
	// Country is a code of two letters.
	Country string
	// ASN and Org are the network that it is routed to, and whose that is.
	ASN uint32
	Org string
}

// AddressFacts are what is known about addresses. An address about which nothing
// is known is not in the map.
type AddressFacts struct {
	ByAddr map[netip.Addr]AddressFact
	// Waiting is how many names are still to come, or were too many to ask.
	Waiting int
	// Notes say in words what there is no data for, and why.
	Notes []string
}

// namePatience is how long a call waits for names. Those that are asked for the
// first time mostly take less.
const namePatience = 700 * time.Millisecond

// TellAddresses says what is known about addresses.
func (e *Engine) TellAddresses(ctx context.Context, addrs []netip.Addr, want AddressWant) AddressFacts {
	facts := AddressFacts{ByAddr: make(map[netip.Addr]AddressFact)}
	if want.Origins {
		facts.Notes = e.origins.tell(&e.geo, e.asn, addrs, facts.ByAddr)
	}
	if !want.Names {
		e.reverse.forgetQueue()
		return facts
	}
	names, waiting := e.reverse.names(ctx, addrs, namePatience)
	for a, name := range names {
		fact := facts.ByAddr[a]
		fact.Name = name
		facts.ByAddr[a] = fact
	}
	facts.Waiting = waiting
	return facts
}
