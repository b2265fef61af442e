package ruleset

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
)

// noMatch is the Text of a network that a hash:net set excludes.
const noMatch = "nomatch"

// RestoreText writes the set for "ipset restore": the create line, then one
// add line for each member, in order. Sets of networks, of ports and of sets
// can be written. ipset restore is not atomic, so make a new set, and swap.
func (s *Set) RestoreText() (string, error) {
	b, err := s.AppendCreate(nil)
	if err != nil {
		return "", err
	}
	for _, m := range s.Members {
		if b, err = s.AppendMember(b, "add", m); err != nil {
			return "", err
		}
	}
	return string(b), nil
}

// AppendCreate appends the create line. A set with more members than ipset has
// room for by default is made large enough.
func (s *Set) AppendCreate(b []byte) ([]byte, error) {
	if err := CheckSetName(s.Name); err != nil {
		return b, err
	}
	b = append(append(append(append(b, "create "...), s.Name...), ' '), s.Type...)
	switch {
	case s.Type == HashNet && s.Family == V4:
		b = appendMaxElem(append(b, " family inet"...), len(s.Members))
	case s.Type == HashNet && s.Family == V6:
		b = appendMaxElem(append(b, " family inet6"...), len(s.Members))
	case s.Type == BitmapPort && s.Family == 0:
		if err := checkRange("port", s.Ports); err != nil {
			return b, fmt.Errorf("set %s: %w", s.Name, err)
		}
		b = strconv.AppendUint(append(b, " range "...), uint64(s.Ports.Lo), 10)
		b = strconv.AppendUint(append(b, '-'), uint64(s.Ports.Hi), 10)
	case s.Type == ListSet && s.Family == 0:
	default:
		return b, fmt.Errorf("set %s: a %s set of family %d is not written", s.Name, s.Type, s.Family)
	}
	if s.Timeout >= 0 {
		if s.Timeout > maxTimeout {
			return b, fmt.Errorf("set %s: timeout %d is over %d seconds", s.Name, s.Timeout, maxTimeout)
		}
		b = strconv.AppendInt(append(b, " timeout "...), s.Timeout, 10)
	}
	return append(b, '\n'), nil
}

// defaultMaxElem is the room of a hash set when nothing is said, maxTimeout the
// longest timeout, both measured with ipset 7.17.
const (
	defaultMaxElem = 65536
	maxTimeout     = 2147483
)

// appendMaxElem gives a large set twice the room that it needs now.
func appendMaxElem(b []byte, members int) []byte {
	if members <= defaultMaxElem/2 {
		return b
	}
	return strconv.AppendInt(append(b, " maxelem "...), int64(members)*2, 10)
}

// AppendMember appends "add NAME MEMBER" or "del NAME MEMBER". A member of a
// set with timeouts is added with its own, 0 being for good.
func (s *Set) AppendMember(b []byte, verb string, m Member) ([]byte, error) {
	if verb != "add" && verb != "del" {
		return b, fmt.Errorf("set %s: %q is not a verb", s.Name, verb)
	}
	if err := s.checkMember(m); err != nil {
		return b, fmt.Errorf("set %s: %w", s.Name, err)
	}
	b = append(append(append(append(b, verb...), ' '), s.Name...), ' ')
	switch s.Type {
	case HashNet:
		b = appendPrefix(b, m.Prefix)
	case BitmapPort:
		b = appendPorts(b, m.Port, '-')
	default:
		b = append(b, m.Text...)
	}
	if verb == "del" {
		return append(b, '\n'), nil
	}
	if s.Timeout >= 0 {
		b = strconv.AppendInt(append(b, " timeout "...), m.Timeout, 10)
	}
	if m.Prefix.IsValid() && m.Text == noMatch {
		b = append(append(b, ' '), noMatch...)
	}
	return append(b, '\n'), nil
}

// appendPrefix writes a prefix as ipset save does: an address for a whole one.
func appendPrefix(b []byte, p netip.Prefix) []byte {
	if p.IsSingleIP() {
		return p.Addr().AppendTo(b)
	}
	return p.AppendTo(b)
}

func (s *Set) checkMember(m Member) error {
	if m.Timeout < 0 || m.Timeout > maxTimeout {
		return fmt.Errorf("timeout %d is out of range", m.Timeout)
	}
	switch s.Type {
	case HashNet:
		return s.checkPrefix(m)
	case BitmapPort:
		if m.Text != "" || m.Prefix.IsValid() {
			return errors.New("a member of a set of ports is not just a port")
		}
		if m.Port.Lo < s.Ports.Lo || m.Port.Hi > s.Ports.Hi {
			return fmt.Errorf("port %d-%d is outside of the set", m.Port.Lo, m.Port.Hi)
		}
		return checkRange("port", m.Port)
	case ListSet:
		return CheckSetName(m.Text)
	}
	return fmt.Errorf("members of a %s set are not written", s.Type)
}

func (s *Set) checkPrefix(m Member) error {
	if !m.Prefix.IsValid() {
		return errors.New("a member of a set of networks is not a network")
	}
	if err := checkAddr(s.Family, m.Prefix.Addr()); err != nil {
		return err
	}
	switch {
	case m.Prefix.Bits() == 0:
		return fmt.Errorf("%s: a set of networks cannot hold everything, write its two halves", m.Prefix)
	case m.Prefix != m.Prefix.Masked():
		return fmt.Errorf("%s has host bits", m.Prefix)
	case m.Text != "" && m.Text != noMatch:
		return fmt.Errorf("%s has words that are not written: %s", m.Prefix, m.Text)
	}
	return nil
}

// RestoreText writes all sets in an order in which they load: lists last.
func (s Sets) RestoreText() (string, error) {
	var text []byte
	for _, lists := range []bool{false, true} {
		for _, name := range s.Names() {
			if (s[name].Type == ListSet) != lists {
				continue
			}
			one, err := s[name].RestoreText()
			if err != nil {
				return "", err
			}
			text = append(text, one...)
		}
	}
	return string(text), nil
}
