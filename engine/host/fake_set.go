package host

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// fakeSet is one set. Elements are kept as the words of their add command.
type fakeSet struct {
	setHead
	// elements maps an element to when it runs out, the zero time for never.
	elements map[string]time.Time
}

// setHead is what a set is made with.
type setHead struct {
	typ     string
	family  ruleset.Family // 0 for a type that has none
	timeout int64          // default in seconds; -1 when elements have none
	maxElem int            // 0 for a type without limit
	ports   ruleset.PortRange
}

// The limits and defaults of ipset 7.17.
const (
	defaultMaxElem = 65536
	maxSetTimeout  = 2147483 // seconds
)

func newFakeSet(s *ruleset.Set) *fakeSet {
	k := &fakeSet{
		setHead:  setHead{s.Type, s.Family, s.Timeout, 0, s.Ports},
		elements: map[string]time.Time{},
	}
	if strings.HasPrefix(s.Type, "hash:") {
		k.maxElem = max(defaultMaxElem, len(s.Members))
	}
	for _, m := range s.Members {
		until := deadline(m.Timeout)
		switch {
		case m.Prefix.IsValid():
			k.elements[netText(m.Prefix)] = until
		case m.Text != "":
			k.elements[m.Text] = until
		default:
			for p := int(m.Port.Lo); p <= int(m.Port.Hi); p++ {
				k.elements[strconv.Itoa(p)] = until
			}
		}
	}
	return k
}

func deadline(seconds int64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Now().Add(time.Duration(seconds) * time.Second)
}

// netText is a network as ipset prints it.
func netText(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// saveSets prints the sets as ipset does, by type, which puts those that list
// others last.
func (k *Fake) saveSets() string {
	k.expire()
	names := slices.SortedFunc(maps.Keys(k.sets), func(a, b string) int {
		return cmp.Or(strings.Compare(k.sets[a].typ, k.sets[b].typ), strings.Compare(a, b))
	})
	var b strings.Builder
	for _, name := range names {
		k.sets[name].save(&b, name)
	}
	return b.String()
}

func (s *fakeSet) isList() bool { return s.typ == "list:set" }

func (s *fakeSet) save(b *strings.Builder, name string) {
	fmt.Fprintf(b, "create %s %s", name, s.typ)
	switch s.family {
	case ruleset.V4:
		b.WriteString(" family inet")
	case ruleset.V6:
		b.WriteString(" family inet6")
	}
	if s.maxElem != 0 {
		fmt.Fprintf(b, " hashsize 1024 maxelem %d", s.maxElem)
	}
	if s.typ == "bitmap:port" {
		fmt.Fprintf(b, " range %d-%d", s.ports.Lo, s.ports.Hi)
	}
	if s.isList() {
		b.WriteString(" size 8")
	}
	if s.timeout >= 0 {
		fmt.Fprintf(b, " timeout %d", s.timeout)
	}
	b.WriteByte('\n')
	for _, e := range slices.Sorted(maps.Keys(s.elements)) {
		fmt.Fprintf(b, "add %s %s", name, e)
		if until := s.elements[e]; !until.IsZero() {
			// The kernel rounds the last second up: 0 would mean for ever.
			fmt.Fprintf(b, " timeout %d", max(1, int64(time.Until(until).Seconds())))
		} else if s.timeout >= 0 {
			b.WriteString(" timeout 0")
		}
		b.WriteByte('\n')
	}
}

// expire removes what has run out.
func (k *Fake) expire() {
	now := time.Now()
	for _, s := range k.sets {
		maps.DeleteFunc(s.elements, func(_ string, until time.Time) bool {
			return !until.IsZero() && !until.After(now)
		})
	}
}

// parseHead reads what follows the name in a create command.
func parseHead(typ string, options []string) (setHead, error) {
	h := setHead{typ: typ, timeout: -1}
	switch typ {
	case "hash:net", "hash:ip":
		h.family, h.maxElem = ruleset.V4, defaultMaxElem
	case "bitmap:port", "list:set":
	default:
		return h, fmt.Errorf("syntax error: typename '%s' is unknown", typ)
	}
	if len(options)%2 != 0 {
		return h, fmt.Errorf("syntax error: option without a value in %q", options)
	}
	for i := 0; i < len(options); i += 2 {
		if err := h.option(options[i], options[i+1]); err != nil {
			return h, err
		}
	}
	if typ == "bitmap:port" && h.ports == (ruleset.PortRange{}) {
		return h, errors.New("mandatory option `range' is missing")
	}
	return h, nil
}

func (h *setHead) option(name, value string) error {
	hash := h.maxElem > 0
	var err error
	switch {
	case name == "family" && hash && value == "inet":
		h.family = ruleset.V4
	case name == "family" && hash && value == "inet6":
		h.family = ruleset.V6
	case name == "maxelem" && hash:
		h.maxElem, err = number(value, 1, 1<<32-1)
	case name == "hashsize" && hash, name == "size" && h.typ == "list:set":
		_, err = number(value, 1, 1<<31)
	case name == "timeout":
		var n int
		n, err = number(value, 0, maxSetTimeout)
		h.timeout = int64(n)
	case name == "range" && h.typ == "bitmap:port":
		h.ports, err = portRange(value)
	default:
		return fmt.Errorf("unknown argument: `%s %s'", name, value)
	}
	return err
}

func number(text string, lo, hi int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < lo || n > hi || strconv.Itoa(n) != text {
		return 0, fmt.Errorf("syntax error: '%s' is out of range %d-%d", text, lo, hi)
	}
	return n, nil
}

func portRange(text string) (ruleset.PortRange, error) {
	from, to, ok := strings.Cut(text, "-")
	if !ok {
		to = from
	}
	lo, err1 := number(from, 0, 65535)
	hi, err2 := number(to, lo, 65535)
	return ruleset.PortRange{Lo: uint16(lo), Hi: uint16(hi)}, errors.Join(err1, err2)
}

// elementsOf reads an element in the one form that we write for each type.
// ipset takes more: ranges of addresses, host names, odd numbers.
func (k *Fake) elementsOf(s *fakeSet, text string) ([]string, error) {
	switch s.typ {
	case "list:set":
		member := k.sets[text]
		if member == nil {
			return nil, errors.New("set to be added/deleted/tested as element does not exist")
		}
		if member.isList() {
			return nil, errors.New("sets with list:set type cannot be added to the set")
		}
		return []string{text}, nil
	case "bitmap:port":
		return portElements(s.ports, text)
	}
	return netElement(s, text)
}

func portElements(in ruleset.PortRange, text string) ([]string, error) {
	r, err := portRange(text)
	if err != nil {
		return nil, err
	}
	if r.Lo < in.Lo || r.Hi > in.Hi {
		return nil, errors.New("element is out of the range of the set")
	}
	var ports []string
	for p := int(r.Lo); p <= int(r.Hi); p++ {
		ports = append(ports, strconv.Itoa(p))
	}
	return ports, nil
}

func netElement(s *fakeSet, text string) ([]string, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		a, aerr := netip.ParseAddr(text)
		if aerr != nil || a.Zone() != "" {
			return nil, fmt.Errorf("syntax error: cannot parse %s", text)
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	switch {
	case ruleset.OfAddr(p.Addr()) != s.family:
		return nil, fmt.Errorf("syntax error: cannot parse %s: wrong family", text)
	case p.Bits() == 0:
		return nil, errors.New("the value of the CIDR parameter of the IP address is invalid")
	case s.typ == "hash:ip" && !p.IsSingleIP():
		return nil, fmt.Errorf("syntax error: %s is a network", text)
	}
	return []string{netText(p.Masked())}, nil
}
