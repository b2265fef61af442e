package engine

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/mfwtui/mfwtui/engine/reach"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// serviceWords are the protocols and ports of a box.
func serviceWords(b *reach.Box) string {
	if b.Protos == nil {
		return "all protocols"
	}
	words := protoWords(b.Protos)
	ported, icmp := true, true
	for _, r := range b.Protos {
		ported = ported && r.Lo == r.Hi && (r.Lo == ruleset.TCP || r.Lo == ruleset.UDP)
		icmp = icmp && r.Lo == r.Hi && (r.Lo == ruleset.ICMP || r.Lo == ruleset.ICMPv6)
	}
	switch {
	case b.DstPorts != nil && icmp:
		words += " " + icmpWords(b.DstPorts)
	case b.DstPorts != nil:
		words += " " + portWords(b.DstPorts)
	}
	if b.SrcPorts != nil && ported {
		words += " from port " + portWords(b.SrcPorts)
	}
	return words
}

// protoWords lists protocols, or those that are missing when they are fewer.
func protoWords(ranges []reach.ProtoRange) string {
	spans := make([]wordSpan, len(ranges))
	for i, r := range ranges {
		spans[i] = wordSpan{int(r.Lo), int(r.Hi)}
	}
	word := func(n int) string { return protoWord(uint8(n)) }
	if rest := gaps(spans, 255); len(rest) < len(spans) {
		return "all protocols except " + spanWords(rest, word)
	}
	return spanWords(spans, word)
}

// protoWord is the usual name of a protocol, or its number.
func protoWord(n uint8) string {
	switch n {
	case ruleset.ICMP:
		return "icmp"
	case ruleset.IGMP:
		return "igmp"
	case ruleset.TCP:
		return "tcp"
	case ruleset.UDP:
		return "udp"
	case ruleset.ICMPv6:
		return "icmpv6"
	}
	return fmt.Sprintf("protocol %d", n)
}

// portWords lists ports, or those that are missing when they are fewer.
func portWords(ranges []ruleset.PortRange) string {
	spans := make([]wordSpan, len(ranges))
	for i, r := range ranges {
		spans[i] = wordSpan{int(r.Lo), int(r.Hi)}
	}
	number := func(n int) string { return fmt.Sprint(n) }
	if rest := gaps(spans, 65535); len(rest) < len(spans) {
		return "except " + spanWords(rest, number)
	}
	return spanWords(spans, number)
}

// wordSpan is a range of numbers, both ends included.
type wordSpan struct{ lo, hi int }

// gaps are the numbers from 0 to top that are in no span; spans are in order.
func gaps(spans []wordSpan, top int) (rest []wordSpan) {
	next := 0
	for _, s := range spans {
		if s.lo > next {
			rest = append(rest, wordSpan{next, s.lo - 1})
		}
		next = s.hi + 1
	}
	if next <= top {
		rest = append(rest, wordSpan{next, top})
	}
	return rest
}

func spanWords(spans []wordSpan, word func(int) string) string {
	var words []string
	for _, s := range spans {
		if s.lo == s.hi {
			words = append(words, word(s.lo))
		} else {
			words = append(words, word(s.lo)+"-"+strings.TrimPrefix(word(s.hi), "protocol "))
		}
	}
	return strings.Join(words, ",")
}

// icmpWords are types, and codes where not every one is meant.
func icmpWords(ranges []ruleset.PortRange) string {
	spans := make([]wordSpan, len(ranges))
	for i, r := range ranges {
		if r.Lo&0xff != 0 || r.Hi&0xff != 0xff {
			return codeWords(ranges)
		}
		spans[i] = wordSpan{int(r.Lo >> 8), int(r.Hi >> 8)}
	}
	number := func(n int) string { return fmt.Sprint(n) }
	if rest := gaps(spans, 255); len(rest) < len(spans) {
		return "types except " + spanWords(rest, number)
	}
	return "type " + spanWords(spans, number)
}

// codeWords are types with their codes.
func codeWords(ranges []ruleset.PortRange) string {
	var words []string
	for _, r := range ranges {
		text := fmt.Sprintf("%d/%d", r.Lo>>8, r.Lo&0xff)
		if r.Lo != r.Hi {
			text += fmt.Sprintf(" to %d/%d", r.Hi>>8, r.Hi&0xff)
		}
		words = append(words, text)
	}
	return "type " + strings.Join(words, ", ")
}

// addressWords are addresses as prefixes or ranges, with the name of an object
// that is exactly them; or those that are missing when they are fewer.
func (w *impactWords) addressWords(ranges []ruleset.AddrRange, f ruleset.Family) string {
	if ranges == nil {
		return anything
	}
	if rest := otherAddresses(ranges, f); len(rest) < len(ranges) {
		return anything + " except " + w.rangeWords(rest, f)
	}
	return w.rangeWords(ranges, f)
}

func (w *impactWords) rangeWords(ranges []ruleset.AddrRange, f ruleset.Family) string {
	var words []string
	for _, r := range ranges {
		if prefixes := ruleset.PrefixesOf(r.From, r.To); len(prefixes) == 1 {
			words = append(words, prefixWords(prefixes[0]))
		} else {
			words = append(words, r.From.String()+"-"+r.To.String())
		}
	}
	text := strings.Join(words, ",")
	if name := w.objectOf(ranges, f); name != "" {
		return name + " (" + text + ")"
	}
	return text
}

func prefixWords(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// otherAddresses are the addresses of a family that are in no range; ranges are
// in order and do not touch.
func otherAddresses(ranges []ruleset.AddrRange, f ruleset.Family) (rest []ruleset.AddrRange) {
	all := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	if f == ruleset.V6 {
		all = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	next := all.Addr()
	for _, r := range ranges {
		if r.From.Compare(next) > 0 {
			rest = append(rest, ruleset.AddrRange{From: next, To: r.From.Prev()})
		}
		if next = r.To.Next(); !next.IsValid() {
			return rest
		}
	}
	return append(rest, ruleset.AddrRange{From: next, To: ruleset.LastAddr(all)})
}
