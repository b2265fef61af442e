package ruleset

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// tcp reads the options of -m tcp, which make up to two matches. Without
// options it still is a match: the kernel refuses fragments and broken headers.
func (o *options) tcp() ([]Match, bool) {
	var ports MatchPorts
	var flags MatchTCPFlags
	var hasPorts, hasFlags bool
	for o.pos < len(o.words) {
		name, ok := o.next()
		if !ok {
			return nil, false
		}
		switch name {
		case "--tcp-flags", "--syn":
			if hasFlags {
				return nil, false
			}
			hasFlags = true
			flags, ok = o.tcpFlags(name)
		default:
			hasPorts = true
			ok = o.port(name, &ports)
		}
		if !ok {
			return nil, false
		}
	}
	var matches []Match
	if hasPorts || !hasFlags {
		matches = append(matches, ports)
	}
	if hasFlags {
		matches = append(matches, flags)
	}
	return matches, true
}

func (o *options) udp() (Match, bool) {
	var ports MatchPorts
	for o.pos < len(o.words) {
		name, ok := o.next()
		if !ok || !o.port(name, &ports) {
			return nil, false
		}
	}
	return ports, true
}

// port reads one port option into m.
func (o *options) port(name string, m *MatchPorts) bool {
	not := o.not
	r, ok := parsePortRange(o.value(), ":")
	switch name {
	case "--sport", "--source-port":
		ok = ok && m.Src == nil
		m.Src, m.SrcNot = &r, not
	case "--dport", "--destination-port":
		ok = ok && m.Dst == nil
		m.Dst, m.DstNot = &r, not
	default:
		ok = false
	}
	m.dropEvery()
	return ok
}

// dropEvery forgets ranges that ask nothing, as the tools do.
func (m *MatchPorts) dropEvery() {
	if everyPort(m.Src, m.SrcNot) {
		m.Src = nil
	}
	if everyPort(m.Dst, m.DstNot) {
		m.Dst = nil
	}
}

func (o *options) multiport() (Match, bool) {
	value, not, ok := o.single("--dports", "--destination-ports", "--sports", "--source-ports", "--ports")
	if !ok {
		return nil, false
	}
	var list []PortRange
	for part := range strings.SplitSeq(value, ",") {
		r, ok := parsePortRange(part, ":")
		if !ok {
			return nil, false
		}
		list = append(list, r)
	}
	m := MatchMultiport{Not: not}
	switch o.words[o.pos-2].text {
	case "--dports", "--destination-ports":
		m.Dst = list
	case "--sports", "--source-ports":
		m.Src = list
	default:
		m.Either = list
	}
	return m, true
}

// The bits of a TCP header.
const (
	FIN uint8 = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
)

var tcpFlagNames = [...]string{"FIN", "SYN", "RST", "PSH", "ACK", "URG"}

func (o *options) tcpFlags(name string) (MatchTCPFlags, bool) {
	m := MatchTCPFlags{Mask: FIN | SYN | RST | ACK, Set: SYN, Not: o.not}
	if name == "--syn" {
		return m, true
	}
	var maskOK, setOK bool
	m.Mask, maskOK = parseTCPFlags(o.value())
	m.Set, setOK = parseTCPFlags(o.value())
	return m, maskOK && setOK
}

func parseTCPFlags(s string) (uint8, bool) {
	switch s {
	case "NONE":
		return 0, true
	case "ALL":
		return 1<<len(tcpFlagNames) - 1, true
	}
	var flags uint8
	for name := range strings.SplitSeq(s, ",") {
		i := indexOf(tcpFlagNames[:], name)
		if i < 0 {
			return 0, false
		}
		flags |= 1 << i
	}
	return flags, true
}

func indexOf(names []string, name string) int {
	for i, n := range names {
		if n == name {
			return i
		}
	}
	return -1
}

func appendTCPFlags(b []byte, flags uint8) []byte {
	if flags == 0 {
		return append(b, "NONE"...)
	}
	sep := ""
	for i, name := range tcpFlagNames {
		if flags&(1<<i) != 0 {
			b = append(append(b, sep...), name...)
			sep = ","
		}
	}
	return b
}

// everyPort reports whether a range asks nothing: the tools drop it.
func everyPort(r *PortRange, not bool) bool {
	return r == nil || !not && *r == PortRange{0, 65535}
}

// protocolMatches are the ports and flags of one rule together: iptables-nft
// prints them as one extension where the first of them stands, iptables-legacy
// as they were written.
type protocolMatches struct {
	first int // index of the first of them, -1 when there is none
	ports MatchPorts
	flags *MatchTCPFlags
}

// gatherProtocol joins the ports and flags of a rule. ok is false when they
// ask the same thing twice and cannot be joined.
func gatherProtocol(matches []Match) (g protocolMatches, ok bool) {
	g.first = -1
	for i, m := range matches {
		switch m := m.(type) {
		case MatchPorts:
			if m.Src != nil && g.ports.Src != nil || m.Dst != nil && g.ports.Dst != nil {
				return g, false
			}
			if m.Src != nil {
				g.ports.Src, g.ports.SrcNot = m.Src, m.SrcNot
			}
			if m.Dst != nil {
				g.ports.Dst, g.ports.DstNot = m.Dst, m.DstNot
			}
		case MatchTCPFlags:
			if g.flags != nil {
				return g, false
			}
			g.flags = &m
		default:
			continue
		}
		if g.first < 0 {
			g.first = i
		}
	}
	return g, true
}

// joinProtocol brings ports and flags that stand apart together, in place.
func joinProtocol(matches []Match) []Match {
	count := 0
	for _, m := range matches {
		if isProtocolMatch(m) {
			count++
		}
	}
	if count < 2 {
		return matches
	}
	group, ok := gatherProtocol(matches)
	if !ok {
		return matches
	}
	joined := slices.DeleteFunc(matches, isProtocolMatch)
	if group.flags != nil {
		joined = slices.Insert(joined, group.first, Match(*group.flags))
	}
	if group.flags == nil || group.ports != (MatchPorts{}) {
		joined = slices.Insert(joined, group.first, Match(group.ports))
	}
	return joined
}

func isProtocolMatch(m Match) bool {
	switch m.(type) {
	case MatchPorts, MatchTCPFlags:
		return true
	}
	return false
}

func (g protocolMatches) appendWords(b []byte, proto uint8) []byte {
	b = g.ports.appendOptions(appendProtocolMatch(b, proto))
	if g.flags != nil {
		b = g.flags.appendOptions(b)
	}
	return b
}

func appendProtocolMatch(b []byte, proto uint8) []byte {
	return append(append(b, " -m "...), ProtocolName(proto)...)
}

func (m MatchPorts) appendWords(b []byte, _ Family, proto uint8) []byte {
	return m.appendOptions(appendProtocolMatch(b, proto))
}

func (m MatchTCPFlags) appendWords(b []byte, _ Family, proto uint8) []byte {
	return m.appendOptions(appendProtocolMatch(b, proto))
}

func (m MatchPorts) appendOptions(b []byte) []byte {
	if !everyPort(m.Src, m.SrcNot) {
		b = appendPorts(append(appendNot(b, m.SrcNot), " --sport "...), *m.Src, ':')
	}
	if !everyPort(m.Dst, m.DstNot) {
		b = appendPorts(append(appendNot(b, m.DstNot), " --dport "...), *m.Dst, ':')
	}
	return b
}

func (m MatchTCPFlags) appendOptions(b []byte) []byte {
	b = append(appendNot(b, m.Not), " --tcp-flags "...)
	b = append(appendTCPFlags(b, m.Mask), ' ')
	return appendTCPFlags(b, m.Set)
}

func (m MatchMultiport) appendWords(b []byte, _ Family, _ uint8) []byte {
	b = appendNot(append(b, " -m multiport"...), m.Not)
	list := m.Either
	switch {
	case m.Dst != nil:
		b, list = append(b, " --dports "...), m.Dst
	case m.Src != nil:
		b, list = append(b, " --sports "...), m.Src
	default:
		b = append(b, " --ports "...)
	}
	for i, r := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendPorts(b, r, ':')
	}
	return b
}

func (m MatchPorts) check(Family) error {
	for _, r := range []*PortRange{m.Src, m.Dst} {
		if r == nil {
			continue
		}
		if err := checkRange("port", *r); err != nil {
			return err
		}
	}
	if m.SrcNot && m.Src != nil && *m.Src == (PortRange{0, 65535}) || m.DstNot && m.Dst != nil && *m.Dst == (PortRange{0, 65535}) {
		// iptables-nft drops the option, and the rule matches everything.
		return errors.New("a negated range of all ports matches nothing")
	}
	return nil
}

// maxMultiport is XT_MULTI_PORTS; a range counts as two.
const maxMultiport = 15

func (m MatchMultiport) check(Family) error {
	lists, ports := 0, 0
	for _, list := range [][]PortRange{m.Src, m.Dst, m.Either} {
		if list != nil {
			lists++
		}
		for _, r := range list {
			if err := checkRange("port", r); err != nil {
				return err
			}
			ports++
			if r.Lo != r.Hi {
				ports++
			}
		}
	}
	if lists != 1 || ports == 0 {
		return errors.New("multiport needs exactly one list of ports")
	}
	if ports > maxMultiport {
		return fmt.Errorf("multiport takes %d ports, a range counts as two, not %d", maxMultiport, ports)
	}
	return nil
}

func (m MatchTCPFlags) check(Family) error {
	if m.Mask >= 1<<len(tcpFlagNames) || m.Set&^m.Mask != 0 {
		return errors.New("tcp flags " + strconv.Itoa(int(m.Set)) + " are not among the flags asked, " + strconv.Itoa(int(m.Mask)))
	}
	return nil
}
