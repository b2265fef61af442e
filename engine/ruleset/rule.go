package ruleset

import (
	"net/netip"
	"slices"
)

// CommentPrefix starts the comment of every rule that we made; the row id
// follows.
const CommentPrefix = "mfw:"

// Rule is one rule in canonical form. The zero value matches every packet and
// does nothing but count.
type Rule struct {
	In, Out  Iface
	Src, Dst Net
	Proto    Proto
	Matches  []Match // in the order in which they are asked
	Target   Target  // nil: count only

	// ID is the comment without CommentPrefix when the comment is ours;
	// Comment is any other comment. At most one of them is set.
	ID      string
	Comment string

	Counters Counters
	// Uncounted says that the kernel counts nothing for the rule: one of
	// nftables without a counter.
	Uncounted bool

	// Raw is set when the parser did not understand the whole rule: the words
	// after the chain name, without the counters. The typed fields then hold
	// what was understood. A rule with Raw is never printed into a payload.
	Raw []string
}

// Iface matches an interface name; the zero value matches any. A name that
// ends in "+" matches every interface that starts with what precedes it.
type Iface struct {
	Name string
	Not  bool
}

// Net matches an address by prefix; the zero value matches any. The prefix is
// always masked.
type Net struct {
	Prefix netip.Prefix
	Not    bool
}

// Proto matches the IP protocol by number; the zero value matches any
// (protocol 0 is "any" for iptables too).
type Proto struct {
	Num uint8
	Not bool
}

// The protocol numbers that rules of ours use.
const (
	ICMP   uint8 = 1
	IGMP   uint8 = 2
	TCP    uint8 = 6
	UDP    uint8 = 17
	ICMPv6 uint8 = 58
)

// State is a set of conntrack states (--ctstate), as a bit mask.
type State uint8

// The conntrack states; StateSNAT and StateDNAT are the virtual ones.
const (
	StateNew State = 1 << iota
	StateEstablished
	StateRelated
	StateInvalid
	StateUntracked
	StateSNAT
	StateDNAT
)

// PortRange is an inclusive range of ports; Lo == Hi for a single one.
type PortRange struct{ Lo, Hi uint16 }

// Port is a range of one.
func Port(p uint16) PortRange { return PortRange{p, p} }

// Contains reports whether the port is inside.
func (r PortRange) Contains(p uint16) bool { return r.Lo <= p && p <= r.Hi }

// Match is one match extension of a rule. The concrete types below, as values,
// are the ones that the package understands; UnknownMatch keeps the rest.
type Match interface {
	// appendWords writes " -m name options" in canonical form.
	appendWords(b []byte, f Family, proto uint8) []byte
	// check says why the match must not be written to a restore file.
	check(f Family) error
}

// The match extensions.
type (
	// MatchState is -m conntrack --ctstate; Old is the older -m state
	// --state, which the kernel keeps as a different extension.
	MatchState struct {
		States State
		Not    bool
		Old    bool
	}
	// MatchPorts is --sport / --dport of -p tcp or -p udp. A nil range is
	// not asked.
	MatchPorts struct {
		Src, Dst       *PortRange
		SrcNot, DstNot bool
	}
	// MatchMultiport is -m multiport. Exactly one of the lists is set.
	MatchMultiport struct {
		Src, Dst, Either []PortRange
		Not              bool
	}
	// MatchSet is -m set --match-set Name Dirs, Dirs being "src", "dst" or
	// a comma list of them.
	MatchSet struct {
		Name, Dirs string
		Not        bool
	}
	// MatchMark is -m mark, MatchConnMark is -m connmark.
	MatchMark struct {
		Value, Mask uint32
		Not         bool
	}
	MatchConnMark struct {
		Value, Mask uint32
		Not         bool
	}
	// MatchICMP is --icmp-type or --icmpv6-type; Code -1 matches every code.
	MatchICMP struct {
		Type uint8
		Code int
		Not  bool
	}
	// MatchHopLimit is -m hl --hl-eq (IPv6) or -m ttl --ttl-eq (IPv4).
	MatchHopLimit struct {
		Value uint8
		Not   bool
	}
	// MatchAddrType is -m addrtype; types are upper-case words such as
	// LOCAL or BROADCAST, empty when not asked.
	MatchAddrType struct {
		Src, Dst       string
		SrcNot, DstNot bool
	}
	// MatchTCPFlags is --tcp-flags Mask Set (bits as in the TCP header).
	MatchTCPFlags struct {
		Mask, Set uint8
		Not       bool
	}
	// MatchPktType is -m pkttype --pkt-type: unicast, broadcast, multicast.
	MatchPktType struct {
		Type string
		Not  bool
	}
	// MatchIPRange is -m iprange; an invalid From is not asked.
	MatchIPRange struct {
		SrcFrom, SrcTo, DstFrom, DstTo netip.Addr
		SrcNot, DstNot                 bool
	}
	// MatchMAC is -m mac --mac-source, lower case with colons.
	MatchMAC struct {
		Addr string
		Not  bool
	}
	// MatchLimit is -m limit; Average is the tool's own text ("5/min"). A
	// trace cannot judge it.
	MatchLimit struct {
		Average string
		Burst   uint32
	}
	// MatchIfaces matches any of several interfaces, as a set of nftables
	// does. It has no word in iptables.
	MatchIfaces struct {
		Names []string // as in Iface
		Out   bool     // the interface by which the packet leaves
		Not   bool
	}
	// UnknownMatch keeps the words of an extension that the package does
	// not know, from "-m" on.
	UnknownMatch struct{ Words []string }
)

// Target is what a rule does with a packet that it matches.
type Target interface {
	// appendWords writes " -j NAME options" in canonical form.
	appendWords(b []byte, f Family) []byte
	// check says why the target must not be written to a restore file.
	check(f Family) error
}

// Verdict is a built-in target.
type Verdict string

// The built-in targets.
const (
	Accept Verdict = "ACCEPT"
	Drop   Verdict = "DROP"
	Return Verdict = "RETURN"
)

// The target extensions.
type (
	// Jump goes to a user chain and comes back; with Goto it does not come
	// back to this chain but to the caller of this chain.
	Jump struct {
		Chain string
		Goto  bool
	}
	// Reject answers with an error; With is the --reject-with word of the
	// family, never empty ("icmp-port-unreachable", "tcp-reset", …).
	Reject struct{ With string }
	// DNAT rewrites the destination. Ports is the zero range when the port
	// stays. Base is the first port of the original range for a shifted
	// range (--to-destination A:LO-HI/BASE), 0 otherwise.
	DNAT struct {
		From, To netip.Addr // equal for one address
		Ports    PortRange
		Base     uint16
	}
	// SNAT rewrites the source.
	SNAT struct {
		From, To netip.Addr
		Ports    PortRange
	}
	// Masquerade rewrites the source to the address of the interface.
	Masquerade struct{ Ports PortRange }
	// SetMark is MARK --set-xmark Value/Mask; SetConnMark the same for
	// CONNMARK.
	SetMark     struct{ Value, Mask uint32 }
	SetConnMark struct{ Value, Mask uint32 }
	// NoTrack is -j CT --notrack: conntrack leaves the packet alone.
	NoTrack struct{}
	// Traced is -j TRACE: from here on the kernel tells of each rule that the
	// packet meets, to whoever listens.
	Traced struct{}
	// NFLog sends the packet to a netlink group.
	NFLog struct {
		Group  uint16
		Prefix string
	}
	// UnknownTarget keeps the target word and its options.
	UnknownTarget struct{ Words []string }
)

// Owned reports whether the rule carries our comment.
func (r *Rule) Owned() bool { return r.ID != "" }

// JumpsTo is the chain that the rule jumps or goes to, empty when none.
func (r *Rule) JumpsTo() string {
	if j, ok := r.Target.(Jump); ok {
		return j.Chain
	}
	return ""
}

// SetNames lists the sets that the rule names, without duplicates: those that it
// asks, and those that words name which were not understood.
func (r *Rule) SetNames() []string {
	var names []string
	for _, m := range r.Matches {
		switch m := m.(type) {
		case MatchSet:
			names = addName(names, m.Name)
		case UnknownMatch:
			names = addSetNames(names, m.Words)
		}
	}
	if t, ok := r.Target.(UnknownTarget); ok {
		names = addSetNames(names, t.Words)
	}
	return addSetNames(names, r.Raw)
}

// addSetNames finds the set names among words that were not understood.
func addSetNames(names, words []string) []string {
	for i, w := range words {
		switch w {
		case "--match-set", "--add-set", "--del-set", "--map-set":
			if i+1 < len(words) {
				names = addName(names, words[i+1])
			}
		}
	}
	return names
}

func addName(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}
