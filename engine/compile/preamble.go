package compile

import (
	"net/netip"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// The chains of IPv6's own traffic. They keep it down to one rule for every
// other packet.
const (
	chainNDP    = "MFWNDP"     // neighbour discovery, listener reports and errors to the firewall
	chainErrors = "MFWICMPERR" // ICMPv6 errors
)

// The ids of built-in parts that more than one place names. A rule that leads to
// another counted one has an id of its own, so that no packet counts twice.
const (
	idNDP    = "ndp"         // accepted neighbour discovery and listener messages
	idErrors = "icmp-errors" // accepted ICMPv6 errors
	idICMPv6 = "icmpv6"      // the jump to both
	idReject = "reject"      // what no row decided about
)

// The networks that the built-in rules name.
var (
	linkLocal = netip.MustParsePrefix("fe80::/10")
	multicast = netip.MustParsePrefix("224.0.0.0/4")
)

// startInput is what comes before every zone: the answers to what the firewall
// allowed before, its own traffic with itself, and what IPv6 needs to work at
// all.
func (f *family) startInput(t *ruleset.Table, in *ruleset.Chain) {
	f.established(in)
	f.add(in, f.ids.builtIn("lo"), ruleset.Rule{In: ruleset.Iface{Name: "lo"}}, ruleset.Accept)
	if f.acceptsNDP() {
		f.ndpChain(t)
		f.add(in, f.ids.builtIn(idICMPv6), ruleset.Rule{Proto: f.icmp()}, ruleset.Jump{Chain: chainNDP})
	}
	f.invalid(in)
}

// startForward is the same for what passes through: no neighbour discovery,
// which never leaves a link.
func (f *family) startForward(t *ruleset.Table, forward *ruleset.Chain) {
	f.established(forward)
	if f.acceptsNDP() {
		f.acceptErrors(t.Ensure(chainErrors))
		f.add(forward, f.ids.builtIn(idICMPv6), ruleset.Rule{Proto: f.icmp()}, ruleset.Jump{Chain: chainErrors})
	}
	f.invalid(forward)
}

// acceptsNDP reports whether this family gets the rules that keep IPv6 alive
// when a row rejects everything. MicroFW has none: its neighbour discovery is
// untracked, meets such a row, and the interface loses IPv6.
func (f *family) acceptsNDP() bool { return f.fam == ruleset.V6 && f.cfg.Options.NDP != "upstream" }

func (f *family) established(c *ruleset.Chain) {
	states := ruleset.MatchState{States: ruleset.StateEstablished | ruleset.StateRelated}
	f.add(c, f.ids.builtIn("established"), ruleset.Rule{Matches: []ruleset.Match{states}}, ruleset.Accept)
}

// invalid drops what conntrack can make no sense of, when the options say so;
// neighbour discovery is untracked, not invalid.
func (f *family) invalid(c *ruleset.Chain) {
	if f.cfg.Options.Invalid != "drop" {
		return
	}
	states := ruleset.MatchState{States: ruleset.StateInvalid}
	f.add(c, f.ids.builtIn("invalid"), ruleset.Rule{Matches: []ruleset.Match{states}}, ruleset.Jump{Chain: ruleset.ChainDrop})
}

// ndpChain accepts, as RFC 4890 recommends for a host: router and neighbour
// discovery and redirects (133 to 137) that no router has passed on, and
// multicast listener messages (130 to 132, 143) from the link.
func (f *family) ndpChain(t *ruleset.Table) {
	c := t.Ensure(chainNDP)
	id := f.ids.builtIn(idNDP)
	for typ := uint8(133); typ <= 137; typ++ {
		f.add(c, id, f.icmpRule(typ, ruleset.MatchHopLimit{Value: 255}), ruleset.Accept)
	}
	for _, typ := range []uint8{130, 131, 132, 143} {
		r := f.icmpRule(typ)
		r.Src.Prefix = linkLocal
		f.add(c, id, r, ruleset.Accept)
	}
	f.acceptErrors(c)
}

// acceptErrors accepts the ICMPv6 errors 1 to 4: unreachable, packet too big,
// time exceeded, parameter problem. Those about a known flow are related to it
// already; path MTU discovery also needs the others.
func (f *family) acceptErrors(c *ruleset.Chain) {
	for typ := uint8(1); typ <= 4; typ++ {
		f.add(c, f.ids.builtIn(idErrors), f.icmpRule(typ), ruleset.Accept)
	}
}

// icmpRule asks for one ICMP type, and then for more.
func (f *family) icmpRule(typ uint8, more ...ruleset.Match) ruleset.Rule {
	matches := append([]ruleset.Match{ruleset.MatchICMP{Type: typ, Code: -1}}, more...)
	return ruleset.Rule{Proto: f.icmp(), Matches: matches}
}

// icmp is the ICMP protocol of the family.
func (f *family) icmp() ruleset.Proto {
	if f.fam == ruleset.V6 {
		return ruleset.Proto{Num: ruleset.ICMPv6}
	}
	return ruleset.Proto{Num: ruleset.ICMP}
}

// finish is what happens to packets that no row decided about: ICMP is
// accepted, also on interfaces without a zone, anything else is rejected.
func (f *family) finish(c *ruleset.Chain) {
	f.add(c, f.ids.builtIn("icmp"), ruleset.Rule{Proto: f.icmp()}, ruleset.Accept)
	if rate := f.cfg.Options.LogDenied; rate != "off" && rate != "" {
		f.log(c, f.ids.builtIn(idReject), f.ids.builtIn(logPrefix+idReject), ruleset.Rule{}, rate)
	}
	f.add(c, f.ids.builtIn(idReject), ruleset.Rule{}, ruleset.Jump{Chain: ruleset.ChainReject})
}

// actionChains fills those of accept, drop and reject that some rule jumps to.
func (f *family) actionChains(t *ruleset.Table) {
	used := make(map[string]bool)
	for _, c := range t.Chains {
		for _, r := range c.Rules {
			used[r.JumpsTo()] = true
		}
	}
	if used[ruleset.ChainAccept] {
		f.add(t.Ensure(ruleset.ChainAccept), f.ids.builtIn("accept"), ruleset.Rule{}, ruleset.Accept)
	}
	if used[ruleset.ChainDrop] {
		f.add(t.Ensure(ruleset.ChainDrop), f.ids.builtIn("drop"), ruleset.Rule{}, ruleset.Drop)
	}
	f.rejectChain(t.Ensure(ruleset.ChainReject))
}

// rejectChain answers as the protocol of the packet expects it. To a broadcast
// or multicast source, and to IGMP, there is no answer.
func (f *family) rejectChain(c *ruleset.Chain) {
	id := f.ids.builtIn("reject-answer")
	reject := func(proto uint8, with string) {
		f.add(c, id, ruleset.Rule{Proto: ruleset.Proto{Num: proto}}, ruleset.Reject{With: with})
	}
	if f.fam == ruleset.V6 {
		reject(ruleset.TCP, "tcp-reset")
		reject(0, "icmp6-adm-prohibited")
		return
	}
	broadcast := ruleset.MatchAddrType{Src: "BROADCAST"}
	f.add(c, id, ruleset.Rule{Matches: []ruleset.Match{broadcast}}, ruleset.Drop)
	f.add(c, id, ruleset.Rule{Src: ruleset.Net{Prefix: multicast}}, ruleset.Drop)
	f.add(c, id, ruleset.Rule{Proto: ruleset.Proto{Num: ruleset.IGMP}}, ruleset.Drop)
	reject(ruleset.TCP, "tcp-reset")
	reject(ruleset.UDP, "icmp-port-unreachable")
	reject(ruleset.ICMP, "icmp-host-unreachable")
	reject(0, "icmp-host-prohibited")
}
