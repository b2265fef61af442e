package tables

import (
	"net/netip"
	"strconv"
)

// Kind names one of the tables. Its String is the file name.
type Kind uint8

// The tables in the order in which they are read, checked and shown.
const (
	Addresses Kind = iota
	Services
	Interfaces
	Rules
	Virtuals
	Options
	kindCount
)

var kindNames = [kindCount]string{"addresses", "services", "interfaces", "rules", "virtuals", "options"}

// String is the file name of the table.
func (k Kind) String() string { return kindNames[k] }

// Optional reports whether the file may be absent; an absent optional table
// is an empty one.
func (k Kind) Optional() bool { return k == Options }

// Kinds lists every table.
func Kinds() []Kind { return []Kind{Addresses, Services, Interfaces, Rules, Virtuals, Options} }

// The words with a meaning of their own in cells.
const (
	All       = "ALL"    // any address, any service, or FW and every zone
	FW        = "FW"     // the firewall itself, as destination zone
	Docker    = "DOCKER" // zone of container bridges; internal address of a virtual
	GeoPrefix = "GEO:"   // source address: a comma list of country codes
	Empty     = "-"      // no value
)

// Config is the typed view of one set of tables. It holds only rows that were
// understood; the problems of the others are in the list that came with it.
// Every entry points to the line that it was read from.
type Config struct {
	Interfaces []Interface
	// Addresses and Services hold the effective definition of each name: the
	// last one, as in MicroFW.
	Addresses map[string]Address
	Services  map[string]Service
	Rules     []Rule
	Virtuals  []Virtual
	Options   OptionSet
}

// Row says where an entry stands: its table and its 1-based line number, and
// the line itself.
type Row struct {
	Kind Kind
	Num  int
	Line *Line
}

// Address is a row of addresses.
type Address struct {
	Row
	Name   string
	V4, V6 []AddrValue
}

// AddrValue is one member of an address cell. Exactly one form is set: Prefix
// (a host is a full-length prefix; host bits are cleared), From and To (an
// inclusive range), or Host (a name to be resolved by the caller).
type AddrValue struct {
	Prefix   netip.Prefix
	From, To netip.Addr
	Host     string
}

// Service is a row of services.
type Service struct {
	Row
	Name     string
	TCP, UDP []PortSpec
}

// PortSpec is one member of a service cell: a destination port range and,
// when written as sport>dport, a source port range. SrcHi is 0 when the source
// port is not asked.
type PortSpec struct {
	SrcLo, SrcHi uint16
	Lo, Hi       uint16
}

// Interface is a row of interfaces. Name may end in "+", the iptables
// wildcard.
type Interface struct {
	Row
	Name      string
	Zone      string
	Protocols []Protocol
}

// Protocol is an IP protocol by number, with the text of the cell.
type Protocol struct {
	Text string
	Num  uint8
}

// Rule is a row of rules.
type Rule struct {
	Row
	SrcZone string
	DstZone string // a zone, FW or All
	Src     AddrRef
	Dst     AddrRef
	Service string // a service or All
	Action  Action
}

// AddrRef is an address cell of a rule: any address, an object, or countries.
type AddrRef struct {
	Text string
	// Object is the name of an address object; empty when Any or Geo is set.
	Object string
	Any    bool
	Geo    []string // upper-case codes
}

// Action is the action cell of a rule.
type Action struct {
	Verb Verb
	NAT  bool // accept+nat
	Log  bool // +log
}

// Verb is what a rule does with a packet.
type Verb uint8

// The verbs.
const (
	Accept Verb = iota
	Reject
	Drop
)

var verbNames = [...]string{"accept", "reject", "drop"}

// String is the verb as the tables write it.
func (v Verb) String() string { return verbNames[v] }

// String is the cell text of the action, in the order verb, nat, log.
func (a Action) String() string {
	s := a.Verb.String()
	if a.NAT {
		s += "+nat"
	}
	if a.Log {
		s += "+log"
	}
	return s
}

// Virtual is a row of virtuals: what arrives from SrcZone for ExtAddr and
// ExtService is sent on to IntAddr and IntService. IntAddr is Docker when
// Docker's own chains forward it.
type Virtual struct {
	Row
	SrcZone    string
	ExtAddr    string
	IntAddr    string // an object, All or Docker
	ExtService string // a service or All
	IntService string
}

// OptionSet is the effective value of every option of the options table. The
// zero value is not the default: use DefaultOptions.
type OptionSet struct {
	NDP          string // "accept" or "upstream"
	NATOrder     string // "upstream" or "first-match"
	VirtualScope string // "upstream" or "dnat"
	VirtualOrder string // "upstream" or "first"
	Invalid      string // "pass" or "drop"
	LogDenied    string // "off" or a rate such as "5/min"
	Countdown    int    // seconds, 10 to 600
}

// DefaultOptions are the values without an options table.
func DefaultOptions() OptionSet {
	return OptionSet{
		NDP: "accept", NATOrder: "upstream", VirtualScope: "upstream",
		VirtualOrder: "upstream", Invalid: "pass", LogDenied: "off", Countdown: 30,
	}
}

// Zones lists the zones in the order of their first interface.
func (c *Config) Zones() []string {
	var zones []string
	seen := make(map[string]bool)
	for _, i := range c.Interfaces {
		if !seen[i.Zone] {
			seen[i.Zone] = true
			zones = append(zones, i.Zone)
		}
	}
	return zones
}

// InZone lists the interfaces of a zone in file order.
func (c *Config) InZone(zone string) []Interface {
	var list []Interface
	for _, i := range c.Interfaces {
		if i.Zone == zone {
			list = append(list, i)
		}
	}
	return list
}

// String is the member as a service cell writes it.
func (p PortSpec) String() string {
	s := portRange(p.Lo, p.Hi)
	if p.SrcHi != 0 {
		s = portRange(p.SrcLo, p.SrcHi) + ">" + s
	}
	return s
}

func portRange(lo, hi uint16) string {
	if lo == hi {
		return strconv.Itoa(int(lo))
	}
	return strconv.Itoa(int(lo)) + "-" + strconv.Itoa(int(hi))
}

// String is the member as an address cell writes it.
func (v AddrValue) String() string {
	switch {
	case v.Host != "":
		return v.Host
	case v.From.IsValid():
		return v.From.String() + "-" + v.To.String()
	case v.Prefix.IsSingleIP():
		return v.Prefix.Addr().String()
	}
	return v.Prefix.String()
}
