package ruleset

import (
	"errors"
	"strconv"
	"strings"
)

// stateNames are the states in the order in which iptables prints them.
var stateNames = [...]struct {
	state State
	name  string
}{
	{StateInvalid, "INVALID"}, {StateNew, "NEW"}, {StateRelated, "RELATED"}, {StateEstablished, "ESTABLISHED"},
	{StateUntracked, "UNTRACKED"}, {StateSNAT, "SNAT"}, {StateDNAT, "DNAT"},
}

// String is the list of states as iptables prints it.
func (s State) String() string { return string(appendStates(nil, s)) }

func appendStates(b []byte, s State) []byte {
	sep := ""
	for _, n := range stateNames {
		if s&n.state != 0 {
			b = append(append(b, sep...), n.name...)
			sep = ","
		}
	}
	return b
}

func (o *options) state(option string, old bool) (Match, bool) {
	value, not, ok := o.single(option)
	if !ok {
		return nil, false
	}
	m := MatchState{Not: not, Old: old}
	for name := range strings.SplitSeq(value, ",") {
		state, ok := parseState(name)
		if !ok {
			return nil, false
		}
		m.States |= state
	}
	return m, true
}

func parseState(name string) (State, bool) {
	for _, n := range stateNames {
		if n.name == name {
			return n.state, true
		}
	}
	return 0, false
}

func (m MatchState) appendWords(b []byte, _ Family, _ uint8) []byte {
	if m.Old {
		b = append(appendNot(append(b, " -m state"...), m.Not), " --state "...)
	} else {
		b = append(appendNot(append(b, " -m conntrack"...), m.Not), " --ctstate "...)
	}
	return appendStates(b, m.States)
}

func (m MatchState) check(Family) error {
	switch {
	case m.States == 0 || m.States > StateDNAT<<1-1:
		return errors.New("no conntrack state is asked")
	case m.Old && m.States&(StateSNAT|StateDNAT) != 0:
		return errors.New("-m state knows no SNAT and DNAT")
	}
	return nil
}

// mark reads the options of -m mark and -m connmark.
func (o *options) mark() (value, mask uint32, not, ok bool) {
	text, not, ok := o.single("--mark")
	if !ok {
		return 0, 0, false, false
	}
	value, mask, ok = parseValueMask(text)
	return value, mask, not, ok
}

func (m MatchMark) appendWords(b []byte, _ Family, _ uint8) []byte {
	b = append(appendNot(append(b, " -m mark"...), m.Not), " --mark "...)
	return appendMark(b, m.Value, m.Mask)
}

func (m MatchConnMark) appendWords(b []byte, _ Family, _ uint8) []byte {
	b = append(appendNot(append(b, " -m connmark"...), m.Not), " --mark "...)
	return appendMark(b, m.Value, m.Mask)
}

func appendMark(b []byte, value, mask uint32) []byte {
	b = appendHex(b, value)
	if mask != 0xffffffff {
		b = appendHex(append(b, '/'), mask)
	}
	return b
}

func (m MatchMark) check(Family) error     { return nil }
func (m MatchConnMark) check(Family) error { return nil }

func (o *options) hopLimit(name string) (Match, bool) {
	option := "--hl-eq"
	if o.family == V4 {
		option = "--ttl-eq"
	}
	if (name == "ttl") != (o.family == V4) {
		return nil, false
	}
	value, not, ok := o.single(option)
	if !ok {
		return nil, false
	}
	n, ok := parseUint[uint8](value, 8)
	return MatchHopLimit{n, not}, ok
}

func (m MatchHopLimit) appendWords(b []byte, f Family, _ uint8) []byte {
	if f == V6 {
		b = append(appendNot(append(b, " -m hl"...), m.Not), " --hl-eq "...)
	} else {
		b = append(appendNot(append(b, " -m ttl"...), m.Not), " --ttl-eq "...)
	}
	return strconv.AppendUint(b, uint64(m.Value), 10)
}

func (m MatchHopLimit) check(Family) error { return nil }
