package ruleset

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
)

// nftStatements turns the statements of one rule of nftables into a Rule.
type nftStatements struct {
	family Family
	rule   Rule
	odd    []string // statements that were not understood, which may decide
}

// nftMatch is a match statement.
type nftMatch struct {
	Op          string
	Left, Right json.RawMessage
}

// nftField is the left side of a match: what of the packet is asked.
type nftField struct {
	Meta    *struct{ Key string }
	CT      *struct{ Key, Dir string }
	Payload *struct{ Protocol, Field string }
	FIB     *struct {
		Result string
		Flags  json.RawMessage
	}
	And []json.RawMessage `json:"&"`
}

// add takes one statement. What only looks is passed over.
func (s *nftStatements) add(kind string, body json.RawMessage) {
	if s.rule.Target != nil {
		return // nothing comes behind a verdict
	}
	known := true
	switch kind {
	case "counter":
		known = json.Unmarshal(body, &s.rule.Counters) == nil
		s.rule.Uncounted = false
	case "match":
		var m nftMatch
		if known = json.Unmarshal(body, &m) == nil && s.match(m); !known {
			s.rule.Matches = append(s.rule.Matches, UnknownMatch{nftWords(kind, body)})
			known = true
		}
	case "log", "continue":
	case "accept":
		s.rule.Target = Accept
	case "drop":
		s.rule.Target = Drop
	case "return":
		s.rule.Target = Return
	case "jump", "goto":
		var to struct{ Target string }
		known = json.Unmarshal(body, &to) == nil && to.Target != ""
		if known {
			s.rule.Target = Jump{Chain: to.Target, Goto: kind == "goto"}
		}
	case "reject":
		s.rule.Target = s.reject(body)
	case "masquerade":
		s.rule.Target = Masquerade{}
	case "dnat", "snat":
		known = s.translate(kind, body)
	default:
		known = false
	}
	if !known {
		s.unknown(kind, body)
	}
}

// unknown notes a statement without a word in iptables. It may keep a packet from
// the verdict behind it, as a rate limit does.
func (s *nftStatements) unknown(kind string, body json.RawMessage) {
	s.odd = append(s.odd, nftWords(kind, body)...)
}

// done is the rule.
func (s *nftStatements) done() *Rule {
	r := s.rule
	switch {
	case len(s.odd) == 0:
	case r.Target == nil:
		r.Target = UnknownTarget{s.odd}
	default:
		r.Matches = append(r.Matches, UnknownMatch{s.odd})
	}
	return &r
}

// nftWords are a statement as nft -j has it, as words that are in no dump of
// iptables.
func nftWords(kind string, body json.RawMessage) []string {
	var b bytes.Buffer
	if json.Compact(&b, body) != nil {
		b.Reset()
	}
	return []string{"nft:" + kind, b.String()}
}

func (s *nftStatements) reject(body json.RawMessage) Target {
	var how struct{ Type string }
	if json.Unmarshal(body, &how) == nil && how.Type == "tcp reset" {
		return Reject{With: "tcp-reset"}
	}
	return Reject{With: DefaultReject(s.family)}
}

func (s *nftStatements) translate(kind string, body json.RawMessage) bool {
	var to struct {
		Addr string
		Port uint16
	}
	if json.Unmarshal(body, &to) != nil || to.Addr == "" && to.Port == 0 {
		return false
	}
	var addr netip.Addr
	if to.Addr != "" {
		var ok bool
		if addr, ok = s.addr(to.Addr); !ok {
			return false
		}
	}
	ports := PortRange{to.Port, to.Port}
	if kind == "snat" {
		s.rule.Target = SNAT{From: addr, To: addr, Ports: ports}
	} else {
		s.rule.Target = DNAT{From: addr, To: addr, Ports: ports}
	}
	return true
}

func (s *nftStatements) addr(text string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(text)
	return a, err == nil && a.Zone() == "" && OfAddr(a) == s.family
}

// match adds a match; false, and nothing added, when iptables has no word for it.
func (s *nftStatements) match(m nftMatch) bool {
	not := m.Op == "!="
	if !not && m.Op != "==" && m.Op != "in" {
		return false
	}
	var left nftField
	if json.Unmarshal(m.Left, &left) != nil {
		return false
	}
	switch {
	case left.Meta != nil:
		return s.meta(left.Meta.Key, not, m.Right)
	case left.And != nil:
		return s.masked(left.And, not, m.Right)
	case left.Payload != nil:
		return s.payload(left.Payload.Protocol, left.Payload.Field, not, m.Right)
	case left.CT != nil && left.CT.Key == "state":
		return s.state(not, m.Right)
	case left.FIB != nil && left.FIB.Result == "type":
		return s.addrType(strings.Trim(string(left.FIB.Flags), `[]" `), not, m.Right)
	}
	return false
}

func (s *nftStatements) meta(key string, not bool, right json.RawMessage) bool {
	switch key {
	case "iifname", "oifname":
		return s.iface(key == "oifname", not, right)
	case "l4proto":
		return s.proto(not, right)
	case "mark":
		return s.mark(0xffffffff, not, right)
	}
	return false
}

// iface takes an interface name, or several. nftables marks a wildcard by an
// asterisk; a plus sign is a letter of the name, and a wildcard here.
func (s *nftStatements) iface(out, not bool, right json.RawMessage) bool {
	names, ok := nftStrings(right)
	if !ok || slices.ContainsFunc(names, func(n string) bool { return n == "" || strings.ContainsAny(n, "+\\,") }) {
		return false
	}
	for i, n := range names {
		if prefix, wild := strings.CutSuffix(n, "*"); wild {
			names[i] = prefix + "+"
		}
	}
	side := &s.rule.In
	if out {
		side = &s.rule.Out
	}
	if len(names) == 1 && side.Name == "" {
		*side = Iface{names[0], not}
		return true
	}
	slices.Sort(names) // the kernel's order changes
	s.rule.Matches = append(s.rule.Matches, MatchIfaces{Names: names, Out: out, Not: not})
	return true
}

// nftProtocol is a protocol by its name, or its number.
func nftProtocol(right json.RawMessage) (uint8, bool) {
	var name string
	if json.Unmarshal(right, &name) == nil {
		number, ok := ProtocolNumber(name)
		return number, ok && number != 0
	}
	var number uint8
	err := json.Unmarshal(right, &number)
	return number, err == nil && number != 0
}

const sctp uint8 = 132

func (s *nftStatements) proto(not bool, right json.RawMessage) bool {
	number, ok := nftProtocol(right)
	if !ok || s.rule.Proto != (Proto{}) {
		return false
	}
	s.rule.Proto = Proto{number, not}
	return true
}

func (s *nftStatements) mark(mask uint32, not bool, right json.RawMessage) bool {
	var value uint32
	if json.Unmarshal(right, &value) != nil {
		return false
	}
	s.rule.Matches = append(s.rule.Matches, MatchMark{Value: value, Mask: mask, Not: not})
	return true
}

// masked takes "meta mark & MASK".
func (s *nftStatements) masked(parts []json.RawMessage, not bool, right json.RawMessage) bool {
	var field nftField
	var mask uint32
	if len(parts) != 2 || json.Unmarshal(parts[0], &field) != nil || field.Meta == nil || field.Meta.Key != "mark" ||
		json.Unmarshal(parts[1], &mask) != nil {
		return false
	}
	return s.mark(mask, not, right)
}

func (s *nftStatements) payload(protocol, field string, not bool, right json.RawMessage) bool {
	switch protocol {
	case "ip", "ip6":
		switch field {
		case "saddr":
			return s.network(&s.rule.Src, not, right)
		case "daddr":
			return s.network(&s.rule.Dst, not, right)
		case "protocol", "nexthdr":
			return s.proto(not, right)
		}
	case "tcp":
		return s.ports(TCP, field, not, right)
	case "udp":
		return s.ports(UDP, field, not, right)
	case "sctp":
		// The packets that are judged have no ports of SCTP.
		if s.rule.Proto == (Proto{}) {
			s.rule.Proto = Proto{Num: sctp}
		}
	}
	return false
}

func (s *nftStatements) network(side *Net, not bool, right json.RawMessage) bool {
	if *side != (Net{}) {
		return false
	}
	var text string
	if json.Unmarshal(right, &text) == nil {
		a, ok := s.addr(text)
		if ok {
			*side = Net{netip.PrefixFrom(a, a.BitLen()), not}
		}
		return ok
	}
	var network struct {
		Prefix *struct {
			Addr string
			Len  int
		}
	}
	if json.Unmarshal(right, &network) != nil || network.Prefix == nil {
		return false
	}
	a, ok := s.addr(network.Prefix.Addr)
	if !ok {
		return false
	}
	prefix, err := a.Prefix(network.Prefix.Len)
	if err == nil {
		*side = Net{prefix, not}
	}
	return err == nil
}

func (s *nftStatements) ports(proto uint8, field string, not bool, right json.RawMessage) bool {
	r, ok := portsOf(right)
	if !ok || field != "sport" && field != "dport" || s.rule.Proto != (Proto{}) && s.rule.Proto != (Proto{Num: proto}) {
		return false
	}
	s.rule.Proto = Proto{Num: proto}
	m := MatchPorts{Dst: &r, DstNot: not}
	if field == "sport" {
		m = MatchPorts{Src: &r, SrcNot: not}
	}
	s.rule.Matches = append(s.rule.Matches, m)
	return true
}

// portsOf is a port, or a range of them.
func portsOf(right json.RawMessage) (PortRange, bool) {
	var port uint16
	if json.Unmarshal(right, &port) == nil {
		return Port(port), true
	}
	var ports struct{ Range []uint16 }
	if json.Unmarshal(right, &ports) != nil || len(ports.Range) != 2 || ports.Range[0] > ports.Range[1] {
		return PortRange{}, false
	}
	return PortRange{ports.Range[0], ports.Range[1]}, true
}

func (s *nftStatements) state(not bool, right json.RawMessage) bool {
	names, ok := nftStrings(right)
	if !ok {
		return false
	}
	var states State
	for _, n := range names {
		one := map[string]State{
			"new": StateNew, "established": StateEstablished, "related": StateRelated,
			"invalid": StateInvalid, "untracked": StateUntracked,
		}[n]
		if one == 0 {
			return false
		}
		states |= one
	}
	s.rule.Matches = append(s.rule.Matches, MatchState{States: states, Not: not})
	return true
}

// addrType takes "fib daddr type local" and its like.
func (s *nftStatements) addrType(flags string, not bool, right json.RawMessage) bool {
	var kind string
	if json.Unmarshal(right, &kind) != nil || kind != "local" {
		return false
	}
	var m MatchAddrType
	switch flags {
	case "daddr":
		m = MatchAddrType{Dst: "LOCAL", DstNot: not}
	case "saddr":
		m = MatchAddrType{Src: "LOCAL", SrcNot: not}
	default:
		return false
	}
	s.rule.Matches = append(s.rule.Matches, m)
	return true
}

// nftStrings is a string, a list of them, or a set of them.
func nftStrings(right json.RawMessage) ([]string, bool) {
	var one string
	if json.Unmarshal(right, &one) == nil {
		return []string{one}, true
	}
	var list []string
	if json.Unmarshal(right, &list) == nil {
		return list, len(list) > 0
	}
	var set struct{ Set []string }
	err := json.Unmarshal(right, &set)
	return set.Set, err == nil && len(set.Set) > 0
}

// matches reports whether the packet's interface is one of those.
func (m MatchIfaces) matches(p *Packet) bool {
	name := p.In
	if m.Out {
		name = p.Out
	}
	found := slices.ContainsFunc(m.Names, func(n string) bool {
		ask := makeIfaceAsk(Iface{Name: n})
		return ask.matches(name)
	})
	return found != m.Not
}

func (m MatchIfaces) appendWords(b []byte, _ Family, _ uint8) []byte {
	option := " -i "
	if m.Out {
		option = " -o "
	}
	return append(append(appendNot(b, m.Not), option...), strings.Join(m.Names, ",")...)
}

func (m MatchIfaces) check(Family) error { return notUnderstood(m.Names) }
