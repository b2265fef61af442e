package ruleset

import (
	"cmp"
	"net/netip"
	"slices"
)

// Set is one ipset. Members are sorted and without duplicates.
type Set struct {
	Name string
	Type string // "hash:net", "bitmap:port", "list:set", …
	// Family is V4 or V6 for a hash set and 0 for a family-neutral type.
	Family Family
	// Timeout is the default timeout in seconds; -1 when the set has none.
	Timeout int64
	// Ports is the range of a bitmap:port set.
	Ports   PortRange
	Members []Member
}

// Member is one element of a set. Prefix is set in sets of networks, Port in
// sets of ports, Text (the tool's canonical words) in every other type.
type Member struct {
	Prefix netip.Prefix
	Port   PortRange
	Text   string
	// Timeout is what is left in seconds; 0 for none. It is ignored by
	// comparisons.
	Timeout int64
}

// Sets are sets by name.
type Sets map[string]*Set

// Set types that the package understands and writes.
const (
	HashNet    = "hash:net"
	HashIP     = "hash:ip"
	BitmapPort = "bitmap:port"
	ListSet    = "list:set"
)

// NewSet makes an empty set without a default timeout, with the range of all
// ports if it is one of ports.
func NewSet(name, typ string, f Family) *Set {
	s := &Set{Name: name, Type: typ, Family: f, Timeout: -1}
	if typ == BitmapPort {
		s.Ports = PortRange{0, 65535}
	}
	return s
}

// Names are the names of the sets in order.
func (s Sets) Names() []string {
	names := make([]string, 0, len(s))
	for name := range s {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Normalize sorts the members, removes duplicates, joins ports that follow
// each other, and masks prefixes. Prefixes that contain each other stay: the
// kernel keeps both. Of equal members the first keeps its timeout.
func (s *Set) Normalize() {
	for i := range s.Members {
		s.Members[i].Prefix = s.Members[i].Prefix.Masked()
	}
	if !slices.IsSortedFunc(s.Members, compareMembers) {
		slices.SortStableFunc(s.Members, compareMembers)
	}
	s.Members = slices.CompactFunc(s.Members, sameMember)
	if s.Type == BitmapPort {
		s.Members = joinPorts(s.Members)
	}
}

// compareMembers orders by prefix, then port, then text. Timeouts do not
// count.
func compareMembers(a, b Member) int {
	return cmp.Or(
		a.Prefix.Compare(b.Prefix),
		cmp.Compare(a.Port.Lo, b.Port.Lo),
		cmp.Compare(a.Port.Hi, b.Port.Hi),
		cmp.Compare(a.Text, b.Text),
	)
}

func sameMember(a, b Member) bool {
	return a.Prefix == b.Prefix && a.Port == b.Port && a.Text == b.Text
}

// joinPorts joins sorted ranges that overlap or touch.
func joinPorts(members []Member) []Member {
	joined := members[:0]
	for _, m := range members {
		last := len(joined) - 1
		if last >= 0 && joined[last].Text == m.Text && int(m.Port.Lo) <= int(joined[last].Port.Hi)+1 {
			joined[last].Port.Hi = max(joined[last].Port.Hi, m.Port.Hi)
			continue
		}
		joined = append(joined, m)
	}
	return joined
}

// EqualMembers reports whether both sets hold the same, whatever time is left.
// Both must be normalized, as ParseSets returns them.
func (s *Set) EqualMembers(o *Set) bool {
	return slices.EqualFunc(s.Members, o.Members, sameMember)
}

// SameKind reports whether the kernel would swap the two sets: type and family
// must be the same (measured with ipset 7.17 and Linux 6; timeouts, comments
// and ranges may differ).
func (s *Set) SameKind(o *Set) bool { return s.Type == o.Type && s.Family == o.Family }

// Equal reports whether both sets are of one kind, with the same default
// timeout and range, and hold the same. Names do not count.
func (s *Set) Equal(o *Set) bool {
	return s.SameKind(o) && s.Timeout == o.Timeout && s.Ports == o.Ports && s.EqualMembers(o)
}

// DiffMembers lists the members that only o has, and those that only s has.
// Both must be normalized.
func (s *Set) DiffMembers(o *Set) (added, gone []Member) {
	i, j := 0, 0
	for i < len(s.Members) || j < len(o.Members) {
		switch order := compareAt(s.Members, i, o.Members, j); {
		case order < 0:
			gone = append(gone, s.Members[i])
			i++
		case order > 0:
			added = append(added, o.Members[j])
			j++
		default:
			i++
			j++
		}
	}
	return added, gone
}

// compareAt compares two members; the end of a list comes after everything.
func compareAt(a []Member, i int, b []Member, j int) int {
	switch {
	case i == len(a):
		return 1
	case j == len(b):
		return -1
	}
	return compareMembers(a[i], b[j])
}

// PrefixesOf covers the addresses from..to exactly, with as few prefixes as
// possible, in order, as ipset does. It is nil when the range runs backwards or
// mixes families.
func PrefixesOf(from, to netip.Addr) []netip.Prefix {
	if !from.IsValid() || from.BitLen() != to.BitLen() || from.Zone() != "" || to.Zone() != "" {
		return nil
	}
	var prefixes []netip.Prefix
	for from.IsValid() && from.Compare(to) <= 0 {
		p := widest(from, to)
		prefixes = append(prefixes, p)
		from = LastAddr(p).Next() // the zero Addr after the last of all
	}
	return prefixes
}

// widest is the largest prefix that starts at from and does not pass to.
func widest(from, to netip.Addr) netip.Prefix {
	p := netip.PrefixFrom(from, from.BitLen())
	for p.Bits() > 0 {
		wider := netip.PrefixFrom(from, p.Bits()-1)
		if wider.Masked().Addr() != from || LastAddr(wider).Compare(to) > 0 {
			break
		}
		p = wider
	}
	return p
}

// LastAddr is the last address of a prefix.
func LastAddr(p netip.Prefix) netip.Addr {
	raw := p.Addr().AsSlice()
	for i := range raw {
		if host := (i+1)*8 - p.Bits(); host >= 8 {
			raw[i] = 0xff
		} else if host > 0 {
			raw[i] |= 1<<host - 1
		}
	}
	last, _ := netip.AddrFromSlice(raw)
	return last
}
