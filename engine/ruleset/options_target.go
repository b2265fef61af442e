package ruleset

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// rejectWords are what REJECT can answer with, by family: the word that
// iptables-save prints, and the short form that iptables takes as well.
var rejectWords = [...]struct {
	family      Family
	word, short string
}{
	{V4, "icmp-port-unreachable", "port-unreach"}, {V4, "icmp-net-unreachable", "net-unreach"},
	{V4, "icmp-host-unreachable", "host-unreach"}, {V4, "icmp-proto-unreachable", "proto-unreach"},
	{V4, "icmp-net-prohibited", "net-prohib"}, {V4, "icmp-host-prohibited", "host-prohib"},
	{V4, "icmp-admin-prohibited", "admin-prohib"}, {V4, "tcp-reset", "tcp-rst"},
	{V6, "icmp6-port-unreachable", "port-unreach"}, {V6, "icmp6-no-route", "no-route"},
	{V6, "icmp6-adm-prohibited", "adm-prohibited"}, {V6, "icmp6-addr-unreachable", "addr-unreach"},
	{V6, "icmp6-policy-fail", "policy-fail"}, {V6, "icmp6-reject-route", "reject-route"}, {V6, "tcp-reset", "tcp-reset"},
}

// DefaultReject is what REJECT answers with when nothing is said.
func DefaultReject(f Family) string {
	if f == V6 {
		return "icmp6-port-unreachable"
	}
	return "icmp-port-unreachable"
}

func rejectWord(f Family, s string) (string, bool) {
	for _, r := range rejectWords {
		if r.family == f && (r.word == s || r.short == s) {
			return r.word, true
		}
	}
	return "", false
}

func (o *options) reject() (Target, bool) {
	if len(o.words) == 0 {
		return Reject{With: DefaultReject(o.family)}, true
	}
	value, not, ok := o.single("--reject-with")
	if !ok || not {
		return nil, false
	}
	word, ok := rejectWord(o.family, value)
	return Reject{With: word}, ok
}

func (t Reject) appendWords(b []byte, f Family) []byte {
	with := t.With
	if word, ok := rejectWord(f, with); ok {
		with = word
	} else if with == "" {
		with = DefaultReject(f)
	}
	return appendOption(append(b, " -j REJECT"...), "--reject-with", with)
}

func (t Reject) check(f Family) error {
	if word, ok := rejectWord(f, t.With); !ok || word != t.With {
		return fmt.Errorf("reject-with %q is not an answer of IP%s", t.With, f)
	}
	return nil
}

func (NoTrack) appendWords(b []byte, _ Family) []byte { return append(b, " -j CT --notrack"...) }

func (NoTrack) check(Family) error { return nil }

func (Traced) appendWords(b []byte, _ Family) []byte { return append(b, " -j TRACE"...) }

func (Traced) check(Family) error { return nil }

func (t Verdict) appendWords(b []byte, _ Family) []byte {
	return append(append(b, " -j "...), t...)
}

func (t Verdict) check(Family) error {
	switch t {
	case Accept, Drop, Return:
		return nil
	}
	return fmt.Errorf("verdict %q is none of ACCEPT, DROP, RETURN", string(t))
}

func (t Jump) appendWords(b []byte, _ Family) []byte {
	if t.Goto {
		return append(append(b, " -g "...), t.Chain...)
	}
	return append(append(b, " -j "...), t.Chain...)
}

func (t Jump) check(Family) error {
	if builtin(t.Chain) {
		return fmt.Errorf("jump to the built-in chain %s", t.Chain)
	}
	return CheckChainName(t.Chain)
}

// natAddress reads ADDR[-ADDR][:PORT[-PORT][/BASE]]; addresses of IPv6 stand
// in brackets when ports follow.
func natAddress(f Family, s string) (d DNAT, ok bool) {
	addrs, ports, hasPorts := cutPorts(f, s)
	if addrs != "" {
		if d.From, d.To, ok = parseAddrRange(f, addrs); !ok {
			return d, false
		}
	}
	if !hasPorts {
		return d, addrs != ""
	}
	ports, base, hasBase := strings.Cut(ports, "/")
	if d.Ports, ok = parsePortRange(ports, "-"); !ok || d.Ports.Lo == 0 {
		return d, false
	}
	if hasBase {
		d.Base, ok = parseUint[uint16](base, 16)
	}
	return d, ok
}

func cutPorts(f Family, s string) (addrs, ports string, hasPorts bool) {
	if f == V4 {
		return strings.Cut(s, ":")
	}
	if rest, ok := strings.CutPrefix(s, "["); ok {
		addrs, ports, hasPorts = strings.Cut(rest, "]:")
		if !hasPorts {
			addrs = strings.TrimSuffix(rest, "]")
		}
		return addrs, ports, hasPorts
	}
	if rest, ok := strings.CutPrefix(s, ":"); ok && !strings.Contains(rest, ":") {
		return "", rest, true
	}
	return s, "", false
}

func (o *options) dnat() (Target, bool) {
	value, not, ok := o.single("--to-destination")
	if !ok || not {
		return nil, false
	}
	d, ok := natAddress(o.family, value)
	return d, ok
}

func (o *options) snat() (Target, bool) {
	value, not, ok := o.single("--to-source")
	if !ok || not {
		return nil, false
	}
	d, ok := natAddress(o.family, value)
	return SNAT{d.From, d.To, d.Ports}, ok && d.Base == 0
}

func (t DNAT) appendWords(b []byte, f Family) []byte {
	b = appendNAT(append(b, " -j DNAT --to-destination "...), f, t.From, t.To, t.Ports)
	if t.Base != 0 {
		b = strconv.AppendUint(append(b, '/'), uint64(t.Base), 10)
	}
	return b
}

func (t SNAT) appendWords(b []byte, f Family) []byte {
	return appendNAT(append(b, " -j SNAT --to-source "...), f, t.From, t.To, t.Ports)
}

func appendNAT(b []byte, f Family, from, to netip.Addr, ports PortRange) []byte {
	hasPorts := ports != PortRange{}
	brackets := f == V6 && hasPorts && from.IsValid()
	if brackets {
		b = append(b, '[')
	}
	if from.IsValid() {
		b = from.AppendTo(b)
	}
	if to.IsValid() && to != from {
		b = to.AppendTo(append(b, '-'))
	}
	if brackets {
		b = append(b, ']')
	}
	if hasPorts {
		b = appendPorts(append(b, ':'), ports, '-')
	}
	return b
}

func (t DNAT) check(f Family) error {
	if t.Base != 0 && t.Ports == (PortRange{}) {
		return errors.New("dnat has a base port but no ports")
	}
	return checkNAT("dnat", f, t.From, t.To, t.Ports)
}

func (t SNAT) check(f Family) error { return checkNAT("snat", f, t.From, t.To, t.Ports) }

func checkNAT(what string, f Family, from, to netip.Addr, ports PortRange) error {
	if ports != (PortRange{}) {
		if ports.Lo == 0 {
			return fmt.Errorf("%s to port 0", what)
		}
		if err := checkRange("port", ports); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if !from.IsValid() && !to.IsValid() {
			return nil
		}
	}
	if err := checkAddrRange(f, from, to); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (o *options) masquerade() (Target, bool) {
	if len(o.words) == 0 {
		return Masquerade{}, true
	}
	value, not, ok := o.single("--to-ports")
	if !ok || not {
		return nil, false
	}
	r, ok := parsePortRange(value, "-")
	return Masquerade{Ports: r}, ok && r.Lo > 0
}

func (t Masquerade) appendWords(b []byte, _ Family) []byte {
	b = append(b, " -j MASQUERADE"...)
	if t.Ports != (PortRange{}) {
		b = appendPorts(append(b, " --to-ports "...), t.Ports, '-')
	}
	return b
}

func (t Masquerade) check(Family) error {
	if t.Ports != (PortRange{}) && t.Ports.Lo == 0 {
		return errors.New("masquerade to port 0")
	}
	return checkRange("port", t.Ports)
}

// setMark reads the options of MARK and CONNMARK that set a value; the kernel
// keeps them all as one: mark = mark AND NOT mask XOR value.
func (o *options) setMark() (value, mask uint32, ok bool) {
	name, found := o.next()
	if !found || o.not {
		return 0, 0, false
	}
	value, mask, ok = parseValueMask(o.value())
	ok = ok && o.done()
	switch name {
	case "--set-xmark":
	case "--set-mark":
		mask |= value
	case "--or-mark":
		ok, mask = ok && mask == 0xffffffff, value
	case "--and-mark":
		ok, value, mask = ok && mask == 0xffffffff, 0, ^value
	case "--xor-mark":
		ok, mask = ok && mask == 0xffffffff, 0
	default:
		ok = false
	}
	return value, mask, ok
}

func (t SetMark) appendWords(b []byte, _ Family) []byte {
	return appendXMark(append(b, " -j MARK"...), t.Value, t.Mask)
}

func (t SetConnMark) appendWords(b []byte, _ Family) []byte {
	return appendXMark(append(b, " -j CONNMARK"...), t.Value, t.Mask)
}

func appendXMark(b []byte, value, mask uint32) []byte {
	b = appendHex(append(b, " --set-xmark "...), value)
	return appendHex(append(b, '/'), mask)
}

func (t SetMark) check(Family) error     { return nil }
func (t SetConnMark) check(Family) error { return nil }

func (o *options) nflog() (Target, bool) {
	var t NFLog
	for o.pos < len(o.words) {
		name, ok := o.next()
		if !ok || o.not {
			return nil, false
		}
		switch value := o.value(); name {
		case "--nflog-group":
			t.Group, ok = parseUint[uint16](value, 16)
		case "--nflog-prefix":
			t.Prefix = value
		default:
			ok = false
		}
		if !ok {
			return nil, false
		}
	}
	return t, true
}

func (t NFLog) appendWords(b []byte, _ Family) []byte {
	b = append(b, " -j NFLOG"...)
	if t.Prefix != "" {
		b = appendQuoted(append(b, " --nflog-prefix "...), t.Prefix)
	}
	if t.Group != 0 {
		b = strconv.AppendUint(append(b, " --nflog-group "...), uint64(t.Group), 10)
	}
	return b
}

func (t NFLog) check(Family) error { return checkText("nflog prefix", t.Prefix, MaxNFLogPrefix) }
