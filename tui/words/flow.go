package words

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Plural is "1 rule", "2 rules".
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Endpoint writes an address with a port; without a port when there is none.
func Endpoint(a netip.Addr, port uint16, ports bool) widget.Safe {
	switch {
	case !a.IsValid():
		return "-"
	case !ports:
		return widget.Clean(a.String())
	}
	return widget.Clean(netip.AddrPortFrom(a, port).String())
}

// Protocol is the short name of the protocol of a flow.
func Protocol(w *engine.Flow) string {
	switch w.Proto {
	case ruleset.TCP:
		return "tcp"
	case ruleset.UDP:
		return "udp"
	case ruleset.ICMP, ruleset.ICMPv6:
		return "icmp"
	}
	return cmp.Or(OtherProtocol(w.Proto), fmt.Sprint(w.Proto))
}

// HasPorts reports whether the protocol of a flow has ports.
func HasPorts(w *engine.Flow) bool { return w.Proto == ruleset.TCP || w.Proto == ruleset.UDP }

// FlowPath is the source and the destination of a flow.
func FlowPath(w *engine.Flow) string {
	ports := HasPorts(w)
	return string(Endpoint(w.Orig.Src, w.Orig.SrcPort, ports) + " > " + Endpoint(w.Orig.Dst, w.Orig.DstPort, ports))
}

// otherProtocols are those that conntrack follows without ports, and that a
// person knows by name.
var otherProtocols = [...]struct {
	number uint8
	name   string
}{{2, "igmp"}, {4, "ipip"}, {41, "ipv6"}, {47, "gre"}, {50, "esp"}, {51, "ah"}, {89, "ospf"}, {103, "pim"}, {112, "vrrp"}, {132, "sctp"}}

// Protocols are the protocols by name; numbers are taken too.
func Protocols() []string {
	names := []string{"tcp", "udp", "icmp"}
	for _, p := range otherProtocols {
		names = append(names, p.name)
	}
	return names
}

// OtherProtocol is the name of a protocol without ports that is known by name;
// empty for any other number.
func OtherProtocol(number uint8) string {
	for _, p := range otherProtocols {
		if p.number == number {
			return p.name
		}
	}
	return ""
}

// Ended says what became of flows that were to end; what is their name, for
// one of them. Sure is false when some of them may come back.
func Ended(of engine.EndedFlows, what string) (text string, sure bool) {
	words := []string{Plural(of.Ended, what) + " ended"}
	if of.Gone > 0 {
		words = append(words, Plural(of.Gone, "flow")+" had ended already")
	}
	if of.Idle > 0 {
		words = append(words, Plural(of.Idle, "flow")+" idle: forgotten, but may come back if an end sends and the rules let it")
	}
	if of.Talking > 0 {
		words = append(words, Plural(of.Talking, "flow")+" still sending: back with the next packet that the rules let pass")
	}
	return strings.Join(words, ", "), of.Idle+of.Talking == 0
}
