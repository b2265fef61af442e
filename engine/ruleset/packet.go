package ruleset

import "net/netip"

// Packet is what rules can ask about one packet. The family is that of Src.
// The zero values of State, HopLimit and PktType mean a new flow, 64 and
// unicast.
type Packet struct {
	In  string // the interface that it came in by; empty: this host sends it
	Out string // the one that it leaves by; a Route fills it in

	Src, Dst         netip.Addr
	Proto            uint8
	SrcPort, DstPort uint16 // of TCP and UDP
	TCPFlags         uint8
	ICMPType         uint8 // of ICMP and ICMPv6
	ICMPCode         uint8

	// State is the state of the flow, with StateSNAT and StateDNAT when it
	// was translated earlier. Neighbour discovery is StateUntracked.
	State          State
	Mark, ConnMark uint32
	HopLimit       uint8
	PktType        string // unicast, broadcast, multicast
	MAC            string // source, lower case; empty when not known
}

// Family is the IP version of the packet.
func (p *Packet) Family() Family { return OfAddr(p.Src) }

// Route is the routing decision: whether this host has the address, and by
// which interface packets to it leave.
type Route func(dst netip.Addr) (local bool, out string)

// normalize fills in what zero values mean.
func (p *Packet) normalize() {
	if p.State&^(StateSNAT|StateDNAT) == 0 {
		p.State |= StateNew
	}
	if p.HopLimit == 0 {
		p.HopLimit = 64
	}
	if p.PktType == "" {
		p.PktType = "unicast"
	}
}

// tracked reports whether there is a conntrack entry: untracked and invalid
// packets have none, so they have no connmark either.
func (p *Packet) tracked() bool { return p.State&(StateUntracked|StateInvalid) == 0 }

// translates reports whether the nat table is asked: for the first packet of a
// flow only, a related one included. ICMP errors follow the flow that they
// belong to (nf_nat_inet_fn).
func (p *Packet) translates() bool {
	switch {
	case p.State&StateNew != 0:
		return true
	case p.State&StateRelated != 0:
		return p.Proto != ICMP && p.Proto != ICMPv6
	}
	return false
}

// hasPorts reports whether the packet has ports that rules can ask.
func (p *Packet) hasPorts() bool { return p.Proto == TCP || p.Proto == UDP }
