package page

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// plural is "1 rule", "2 rules".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// endpoint writes an address with a port; without a port when there is none.
func endpoint(a netip.Addr, port uint16, ports bool) widget.Safe {
	switch {
	case !a.IsValid():
		return "-"
	case !ports:
		return widget.Clean(a.String())
	}
	return widget.Clean(netip.AddrPortFrom(a, port).String())
}

// protoName is the short name of the protocol of a flow.
func protoName(w *engine.Flow) string {
	switch w.Proto {
	case ruleset.TCP:
		return "tcp"
	case ruleset.UDP:
		return "udp"
	case ruleset.ICMP, ruleset.ICMPv6:
		return "icmp"
	}
	return cmp.Or(protocolName(w.Proto), fmt.Sprint(w.Proto))
}

func hasPorts(w *engine.Flow) bool { return w.Proto == ruleset.TCP || w.Proto == ruleset.UDP }

// flowPath is the source and the destination of a flow.
func flowPath(w *engine.Flow) string {
	ports := hasPorts(w)
	return string(endpoint(w.Orig.Src, w.Orig.SrcPort, ports) + " > " + endpoint(w.Orig.Dst, w.Orig.DstPort, ports))
}

// otherProtocols are those that conntrack follows without ports, and that a
// person knows by name.
var otherProtocols = [...]struct {
	number uint8
	name   string
}{{2, "igmp"}, {4, "ipip"}, {41, "ipv6"}, {47, "gre"}, {50, "esp"}, {51, "ah"}, {89, "ospf"}, {103, "pim"}, {112, "vrrp"}, {132, "sctp"}}

// protocolWords are the protocols by name; numbers are taken too.
func protocolWords() []string {
	words := []string{"tcp", "udp", "icmp"}
	for _, p := range otherProtocols {
		words = append(words, p.name)
	}
	return words
}

// protocolName is the name of a protocol number; empty when it has none here.
func protocolName(number uint8) string {
	for _, p := range otherProtocols {
		if p.number == number {
			return p.name
		}
	}
	return ""
}

// EndedWords say what became of flows that were to end; what is their name, for
// one of them. Sure is false when some of them may come back.
func EndedWords(of engine.EndedFlows, what string) (text string, sure bool) {
	words := []string{plural(of.Ended, what) + " ended"}
	if of.Gone > 0 {
		words = append(words, plural(of.Gone, "flow")+" had ended already")
	}
	if of.Idle > 0 {
		words = append(words, plural(of.Idle, "flow")+" idle: forgotten, but may come back if an end sends and the rules let it")
	}
	if of.Talking > 0 {
		words = append(words, plural(of.Talking, "flow")+" still sending: back with the next packet that the rules let pass")
	}
	return strings.Join(words, ", "), of.Idle+of.Talking == 0
}
