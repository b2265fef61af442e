package ruleset

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

func (o *options) set() (Match, bool) {
	if name, ok := o.next(); !ok || name != "--match-set" {
		return nil, false
	}
	m := MatchSet{Not: o.not, Name: o.value()}
	m.Dirs = o.value()
	return m, checkDirs(m.Dirs) && o.pos == len(o.words)
}

// checkDirs reports whether s is a comma list of src and dst.
func checkDirs(s string) bool {
	for dir := range strings.SplitSeq(s, ",") {
		if dir != "src" && dir != "dst" {
			return false
		}
	}
	return true
}

func (m MatchSet) appendWords(b []byte, _ Family, _ uint8) []byte {
	b = appendNot(append(b, " -m set"...), m.Not)
	b = appendOption(b, "--match-set", m.Name)
	return append(append(b, ' '), m.Dirs...)
}

func (m MatchSet) check(Family) error {
	if !checkDirs(m.Dirs) {
		return fmt.Errorf("match on set %s: direction %q is neither src nor dst", m.Name, m.Dirs)
	}
	return CheckSetName(m.Name)
}

// addrTypes are the types in the order in which iptables prints them.
var addrTypes = [...]string{
	"UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "BLACKHOLE", "UNREACHABLE", "PROHIBIT",
	"THROW", "NAT", "XRESOLVE",
}

func (o *options) addrType() (Match, bool) {
	var m MatchAddrType
	for o.pos < len(o.words) {
		name, ok := o.next()
		if !ok {
			return nil, false
		}
		not := o.not
		types, ok := parseAddrTypes(o.value())
		switch {
		case !ok:
			return nil, false
		case name == "--src-type" && m.Src == "":
			m.Src, m.SrcNot = types, not
		case name == "--dst-type" && m.Dst == "":
			m.Dst, m.DstNot = types, not
		default:
			return nil, false
		}
	}
	return m, m != MatchAddrType{}
}

// parseAddrTypes brings a comma list into the order of the tools.
func parseAddrTypes(s string) (string, bool) {
	if !strings.Contains(s, ",") {
		return s, indexOf(addrTypes[:], s) >= 0
	}
	asked := 0
	for name := range strings.SplitSeq(s, ",") {
		i := indexOf(addrTypes[:], name)
		if i < 0 {
			return "", false
		}
		asked |= 1 << i
	}
	var list []string
	for i, name := range addrTypes {
		if asked&(1<<i) != 0 {
			list = append(list, name)
		}
	}
	return strings.Join(list, ","), true
}

func (m MatchAddrType) appendWords(b []byte, _ Family, _ uint8) []byte {
	b = append(b, " -m addrtype"...)
	if m.Src != "" {
		b = appendOption(appendNot(b, m.SrcNot), "--src-type", orderedAddrTypes(m.Src))
	}
	if m.Dst != "" {
		b = appendOption(appendNot(b, m.DstNot), "--dst-type", orderedAddrTypes(m.Dst))
	}
	return b
}

func orderedAddrTypes(s string) string {
	if ordered, ok := parseAddrTypes(s); ok {
		return ordered
	}
	return s
}

func (m MatchAddrType) check(Family) error {
	if m.Src == "" && m.Dst == "" {
		return errors.New("addrtype asks nothing")
	}
	for _, types := range []string{m.Src, m.Dst} {
		if _, ok := parseAddrTypes(types); types != "" && !ok {
			return fmt.Errorf("addrtype %q is not a list of address types", types)
		}
	}
	return nil
}

func (o *options) pktType() (Match, bool) {
	value, not, ok := o.single("--pkt-type")
	if value == "host" {
		value = "unicast"
	}
	m := MatchPktType{Type: value, Not: not}
	return m, ok && m.check(o.family) == nil
}

func (m MatchPktType) appendWords(b []byte, _ Family, _ uint8) []byte {
	return appendOption(appendNot(append(b, " -m pkttype"...), m.Not), "--pkt-type", m.Type)
}

func (m MatchPktType) check(Family) error {
	switch m.Type {
	case "unicast", "broadcast", "multicast":
		return nil
	}
	return fmt.Errorf("pkttype %q is none of unicast, broadcast, multicast", m.Type)
}

func (o *options) ipRange() (Match, bool) {
	var m MatchIPRange
	for o.pos < len(o.words) {
		name, ok := o.next()
		if !ok {
			return nil, false
		}
		not := o.not
		from, to, ok := parseAddrRange(o.family, o.value())
		switch {
		case !ok:
			return nil, false
		case name == "--src-range" && !m.SrcFrom.IsValid():
			m.SrcFrom, m.SrcTo, m.SrcNot = from, to, not
		case name == "--dst-range" && !m.DstFrom.IsValid():
			m.DstFrom, m.DstTo, m.DstNot = from, to, not
		default:
			return nil, false
		}
	}
	return m, m != MatchIPRange{}
}

// parseAddrRange reads "a" or "a-b" of one family.
func parseAddrRange(f Family, s string) (from, to netip.Addr, ok bool) {
	left, right, isRange := strings.Cut(s, "-")
	if !isRange {
		right = left
	}
	from, ok = parseAddr(f, left)
	if !ok {
		return from, to, false
	}
	to, ok = parseAddr(f, right)
	return from, to, ok && from.Compare(to) <= 0
}

func parseAddr(f Family, s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a, err == nil && a.Zone() == "" && OfAddr(a) == f
}

func (m MatchIPRange) appendWords(b []byte, _ Family, _ uint8) []byte {
	b = append(b, " -m iprange"...)
	if m.SrcFrom.IsValid() {
		b = append(appendNot(b, m.SrcNot), " --src-range "...)
		b = m.SrcTo.AppendTo(append(m.SrcFrom.AppendTo(b), '-'))
	}
	if m.DstFrom.IsValid() {
		b = append(appendNot(b, m.DstNot), " --dst-range "...)
		b = m.DstTo.AppendTo(append(m.DstFrom.AppendTo(b), '-'))
	}
	return b
}

func (m MatchIPRange) check(f Family) error {
	if !m.SrcFrom.IsValid() && !m.DstFrom.IsValid() {
		return errors.New("iprange asks nothing")
	}
	if m.SrcFrom.IsValid() {
		if err := checkAddrRange(f, m.SrcFrom, m.SrcTo); err != nil {
			return fmt.Errorf("iprange: %w", err)
		}
	}
	if m.DstFrom.IsValid() {
		if err := checkAddrRange(f, m.DstFrom, m.DstTo); err != nil {
			return fmt.Errorf("iprange: %w", err)
		}
	}
	return nil
}

func checkAddrRange(f Family, from, to netip.Addr) error {
	if err := checkAddr(f, from); err != nil {
		return err
	}
	if err := checkAddr(f, to); err != nil {
		return err
	}
	if from.Compare(to) > 0 {
		return fmt.Errorf("address range %s-%s runs backwards", from, to)
	}
	return nil
}

func checkAddr(f Family, a netip.Addr) error {
	switch {
	case !a.IsValid():
		return errors.New("address is missing")
	case a.Zone() != "":
		return fmt.Errorf("address %s has a zone", a)
	case OfAddr(a) != f:
		return fmt.Errorf("address %s is not an IP%s address", a, f)
	}
	return nil
}

func (o *options) mac() (Match, bool) {
	value, not, ok := o.single("--mac-source")
	m := MatchMAC{Addr: strings.ToLower(value), Not: not}
	return m, ok && m.check(o.family) == nil
}

func (m MatchMAC) appendWords(b []byte, _ Family, _ uint8) []byte {
	return appendOption(appendNot(append(b, " -m mac"...), m.Not), "--mac-source", strings.ToLower(m.Addr))
}

func (m MatchMAC) check(Family) error {
	ok := len(m.Addr) == len("00:11:22:33:44:55")
	for i := 0; ok && i < len(m.Addr); i++ {
		c := m.Addr[i]
		if i%3 == 2 {
			ok = c == ':'
		} else {
			ok = c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
		}
	}
	if !ok {
		return fmt.Errorf("%q is not a MAC address", m.Addr)
	}
	return nil
}
