package ruleset

import (
	"fmt"
	"strconv"
	"strings"
)

// anyICMP is the type that means every type, in IPv4 only.
const anyICMP = 255

func (o *options) icmp(name string) (Match, bool) {
	option := "--icmp-type"
	if o.family == V6 {
		option = "--icmpv6-type"
	}
	if (name == "icmp") != (o.family == V4) {
		return nil, false
	}
	value, not, ok := o.single(option)
	if !ok {
		return nil, false
	}
	m, ok := parseICMP(o.family, value)
	m.Not = not
	return m, ok
}

// parseICMP reads "8", "3/4", "any" or a name.
func parseICMP(f Family, s string) (MatchICMP, bool) {
	if f == V4 && s == "any" {
		return MatchICMP{Type: anyICMP, Code: -1}, true
	}
	if m, ok := icmpByName(f, s); ok {
		return m, true
	}
	typ, code, hasCode := strings.Cut(s, "/")
	t, ok := parseUint[uint8](typ, 8)
	if !ok {
		return MatchICMP{}, false
	}
	m := MatchICMP{Type: t, Code: -1}
	if hasCode {
		c, ok := parseUint[uint8](code, 8)
		if !ok {
			return MatchICMP{}, false
		}
		m.Code = int(c)
	}
	if f == V4 && t == anyICMP {
		m.Code = -1
	}
	return m, true
}

func (m MatchICMP) appendWords(b []byte, f Family, _ uint8) []byte {
	if f == V6 {
		b = append(appendNot(append(b, " -m icmp6"...), m.Not), " --icmpv6-type "...)
	} else {
		b = append(appendNot(append(b, " -m icmp"...), m.Not), " --icmp-type "...)
		if m.Type == anyICMP {
			return append(b, "any"...)
		}
	}
	b = strconv.AppendUint(b, uint64(m.Type), 10)
	if m.Code >= 0 {
		b = strconv.AppendInt(append(b, '/'), int64(m.Code), 10)
	}
	return b
}

func (m MatchICMP) check(Family) error {
	if m.Code < -1 || m.Code > 255 {
		return fmt.Errorf("icmp code %d is out of range", m.Code)
	}
	return nil
}

// icmpByName knows the type names of iptables -p icmp -h and ip6tables -p
// icmpv6 -h. iptables-save prints numbers; people write names.
func icmpByName(f Family, name string) (MatchICMP, bool) {
	for _, n := range icmpNames {
		if n.family == f && n.name == name {
			return MatchICMP{Type: n.typ, Code: n.code}, true
		}
	}
	return MatchICMP{}, false
}

var icmpNames = [...]struct {
	family Family
	name   string
	typ    uint8
	code   int
}{
	{V4, "echo-reply", 0, -1}, {V4, "pong", 0, -1},
	{V4, "destination-unreachable", 3, -1},
	{V4, "network-unreachable", 3, 0}, {V4, "host-unreachable", 3, 1}, {V4, "protocol-unreachable", 3, 2},
	{V4, "port-unreachable", 3, 3}, {V4, "fragmentation-needed", 3, 4}, {V4, "source-route-failed", 3, 5},
	{V4, "network-unknown", 3, 6}, {V4, "host-unknown", 3, 7}, {V4, "network-prohibited", 3, 9},
	{V4, "host-prohibited", 3, 10}, {V4, "TOS-network-unreachable", 3, 11}, {V4, "TOS-host-unreachable", 3, 12},
	{V4, "communication-prohibited", 3, 13}, {V4, "host-precedence-violation", 3, 14}, {V4, "precedence-cutoff", 3, 15},
	{V4, "source-quench", 4, -1},
	{V4, "redirect", 5, -1},
	{V4, "network-redirect", 5, 0}, {V4, "host-redirect", 5, 1}, {V4, "TOS-network-redirect", 5, 2}, {V4, "TOS-host-redirect", 5, 3},
	{V4, "echo-request", 8, -1}, {V4, "ping", 8, -1},
	{V4, "router-advertisement", 9, -1}, {V4, "router-solicitation", 10, -1},
	{V4, "time-exceeded", 11, -1}, {V4, "ttl-exceeded", 11, -1},
	{V4, "ttl-zero-during-transit", 11, 0}, {V4, "ttl-zero-during-reassembly", 11, 1},
	{V4, "parameter-problem", 12, -1}, {V4, "ip-header-bad", 12, 0}, {V4, "required-option-missing", 12, 1},
	{V4, "timestamp-request", 13, -1}, {V4, "timestamp-reply", 14, -1},
	{V4, "address-mask-request", 17, -1}, {V4, "address-mask-reply", 18, -1},

	{V6, "destination-unreachable", 1, -1},
	{V6, "no-route", 1, 0}, {V6, "communication-prohibited", 1, 1}, {V6, "beyond-scope", 1, 2},
	{V6, "address-unreachable", 1, 3}, {V6, "port-unreachable", 1, 4}, {V6, "failed-policy", 1, 5}, {V6, "reject-route", 1, 6},
	{V6, "packet-too-big", 2, -1},
	{V6, "time-exceeded", 3, -1}, {V6, "ttl-exceeded", 3, -1},
	{V6, "ttl-zero-during-transit", 3, 0}, {V6, "ttl-zero-during-reassembly", 3, 1},
	{V6, "parameter-problem", 4, -1}, {V6, "bad-header", 4, 0}, {V6, "unknown-header-type", 4, 1}, {V6, "unknown-option", 4, 2},
	{V6, "echo-request", 128, -1}, {V6, "ping", 128, -1}, {V6, "echo-reply", 129, -1}, {V6, "pong", 129, -1},
	{V6, "router-solicitation", 133, -1}, {V6, "router-advertisement", 134, -1},
	{V6, "neighbour-solicitation", 135, -1}, {V6, "neighbor-solicitation", 135, -1},
	{V6, "neighbour-advertisement", 136, -1}, {V6, "neighbor-advertisement", 136, -1},
	{V6, "redirect", 137, -1},
}
