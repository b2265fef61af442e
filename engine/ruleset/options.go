package ruleset

import (
	"fmt"
	"strconv"
	"strings"
)

// parseMatch reads the options of a match extension. It understands all words
// or nothing.
func parseMatch(f Family, name string, words []word) ([]Match, bool) {
	o := options{family: f, words: words}
	switch name {
	case "tcp":
		return o.tcp()
	case "udp":
		return one(o.udp())
	case "multiport":
		return one(o.multiport())
	case "conntrack":
		return one(o.state("--ctstate", false))
	case "state":
		return one(o.state("--state", true))
	case "set":
		return one(o.set())
	case "mark":
		value, mask, not, ok := o.mark()
		return one(MatchMark{value, mask, not}, ok)
	case "connmark":
		value, mask, not, ok := o.mark()
		return one(MatchConnMark{value, mask, not}, ok)
	case "icmp", "icmp6", "icmpv6":
		return one(o.icmp(name))
	case "ttl", "hl":
		return one(o.hopLimit(name))
	case "addrtype":
		return one(o.addrType())
	case "pkttype":
		return one(o.pktType())
	case "iprange":
		return one(o.ipRange())
	case "mac":
		return one(o.mac())
	case "limit":
		return one(o.limit())
	}
	return nil, false
}

func one(m Match, ok bool) ([]Match, bool) {
	if !ok {
		return nil, false
	}
	return []Match{m}, true
}

// protocolOption lists the options that belong to -m tcp, udp, icmp or icmp6
// and may stand without it.
func protocolOption(s string) bool {
	switch s {
	case "--sport", "--source-port", "--dport", "--destination-port", "--tcp-flags", "--syn", "--icmp-type", "--icmpv6-type":
		return true
	}
	return false
}

// parseTarget reads the options of a target extension, or a built-in target.
// It understands all words or nothing.
func parseTarget(f Family, name string, words []word) (Target, bool) {
	o := options{family: f, words: words}
	switch name {
	case "ACCEPT", "DROP", "RETURN":
		return Verdict(name), len(words) == 0
	case "REJECT":
		return o.reject()
	case "DNAT":
		return o.dnat()
	case "SNAT":
		return o.snat()
	case "MASQUERADE":
		return o.masquerade()
	case "MARK":
		value, mask, ok := o.setMark()
		return SetMark{value, mask}, ok
	case "CONNMARK":
		value, mask, ok := o.setMark()
		return SetConnMark{value, mask}, ok
	case "NFLOG":
		return o.nflog()
	case "TRACE":
		return Traced{}, len(words) == 0
	case "CT":
		return NoTrack{}, len(words) == 1 && words[0].bare("--notrack")
	}
	return nil, false
}

// options walks over the words of one extension.
type options struct {
	family Family
	words  []word
	pos    int
	not    bool // "!" stood before the option
}

// next moves to the next option and reports whether there is one.
func (o *options) next() (name string, ok bool) {
	o.not = false
	if o.pos < len(o.words) && o.words[o.pos].bare("!") {
		o.not = true
		o.pos++
	}
	if o.pos >= len(o.words) || o.words[o.pos].quoted {
		return "", false
	}
	o.pos++
	return o.words[o.pos-1].text, true
}

// value takes the next word as a value; "" when there is none.
func (o *options) value() string {
	if o.pos >= len(o.words) {
		return ""
	}
	o.pos++
	return o.words[o.pos-1].text
}

// done reports whether every word was taken.
func (o *options) done() bool { return o.pos == len(o.words) && !o.not }

// single reads the only option of an extension: its value and whether "!"
// stood before it.
func (o *options) single(names ...string) (value string, not, ok bool) {
	name, found := o.next()
	if !found {
		return "", false, false
	}
	for _, want := range names {
		if name == want {
			value, not = o.value(), o.not
			return value, not, value != "" && o.pos == len(o.words)
		}
	}
	return "", false, false
}

type unsigned interface {
	~uint8 | ~uint16 | ~uint32
}

// parseUint reads a decimal number without sign, leading zeros or underscores.
// The tools would read 010 as eight.
func parseUint[T unsigned](s string, bits int) (T, bool) {
	if s == "" || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, bits)
	return T(n), err == nil
}

// parseHex reads a number as the tools print marks: 0x… or decimal.
func parseHex(s string) (uint32, bool) {
	if digits, ok := strings.CutPrefix(s, "0x"); ok {
		n, err := strconv.ParseUint(digits, 16, 32)
		return uint32(n), err == nil
	}
	return parseUint[uint32](s, 32)
}

// parseValueMask reads VALUE or VALUE/MASK.
func parseValueMask(s string) (value, mask uint32, ok bool) {
	left, right, masked := strings.Cut(s, "/")
	if value, ok = parseHex(left); !ok {
		return 0, 0, false
	}
	if !masked {
		return value, 0xffffffff, true
	}
	mask, ok = parseHex(right)
	return value, mask, ok
}

// parsePortRange reads "80", "80:90", "80:" or ":90"; sep is ':' for matches and
// '-' for targets.
func parsePortRange(s, sep string) (PortRange, bool) {
	lo, hi, isRange := strings.Cut(s, sep)
	r := PortRange{0, 65535}
	ok := true
	if lo != "" || !isRange {
		r.Lo, ok = parseUint[uint16](lo, 16)
	}
	if !ok {
		return r, false
	}
	switch {
	case !isRange:
		r.Hi = r.Lo
	case hi != "":
		r.Hi, ok = parseUint[uint16](hi, 16)
	}
	return r, ok && r.Lo <= r.Hi && s != sep
}

func appendNot(b []byte, not bool) []byte {
	if not {
		return append(b, " !"...)
	}
	return b
}

// appendOption writes " --option value".
func appendOption(b []byte, option, value string) []byte {
	b = append(b, ' ')
	b = append(b, option...)
	b = append(b, ' ')
	return append(b, value...)
}

func appendHex(b []byte, n uint32) []byte {
	return strconv.AppendUint(append(b, "0x"...), uint64(n), 16)
}

func appendPorts(b []byte, r PortRange, sep byte) []byte {
	b = strconv.AppendUint(b, uint64(r.Lo), 10)
	if r.Hi != r.Lo {
		b = strconv.AppendUint(append(b, sep), uint64(r.Hi), 10)
	}
	return b
}

func checkRange(what string, r PortRange) error {
	if r.Lo > r.Hi {
		return fmt.Errorf("%s range %d-%d runs backwards", what, r.Lo, r.Hi)
	}
	return nil
}
