package ruleset

import (
	"net/netip"
	"slices"
)

// Family is an IP version: V4 or V6.
type Family uint8

// The two families. Every plan covers both.
const (
	V4 Family = 4
	V6 Family = 6
)

// Families lists both families in the order in which they are read, compared,
// printed and loaded.
func Families() [2]Family { return [2]Family{V4, V6} }

// String is "v4" or "v6".
func (f Family) String() string {
	if f == V6 {
		return "v6"
	}
	return "v4"
}

// OfAddr is the family of an address; IPv4-mapped IPv6 counts as IPv6, as in
// the kernel.
func OfAddr(a netip.Addr) Family {
	if a.Is4() {
		return V4
	}
	return V6
}

// The table names that both back ends have.
const (
	Filter   = "filter"
	NAT      = "nat"
	Mangle   = "mangle"
	Raw      = "raw"
	Security = "security"
)

// The built-in chain names.
const (
	Prerouting  = "PREROUTING"
	Input       = "INPUT"
	Forward     = "FORWARD"
	Output      = "OUTPUT"
	Postrouting = "POSTROUTING"
)

// Limits of the kernel and of the tools, in bytes (measured with iptables
// 1.8.9 and ipset 7.17; beyond them the tools refuse, or cut silently).
const (
	MaxChainName = 28
	MaxSetName   = 31
	MaxIfaceName = 15
	MaxComment   = 255
	MaxLogPrefix = 29
)

// Ruleset is everything that decides: the tables of both families and the
// sets. The zero value is an empty ruleset.
type Ruleset struct {
	V4, V6 Tables
	Sets   Sets
	// Beside4 and Beside6 are tables of nftables that packets are asked by
	// beside those of iptables. They are only looked at: nothing of them is
	// planned, printed or loaded.
	Beside4, Beside6 Tables
}

// Beside returns the tables of one family that are not those of iptables.
func (rs *Ruleset) Beside(f Family) *Tables {
	if f == V6 {
		return &rs.Beside6
	}
	return &rs.Beside4
}

// All lists every table of one family.
func (rs *Ruleset) All(f Family) Tables {
	beside := *rs.Beside(f)
	if len(beside) == 0 {
		return *rs.Tables(f)
	}
	return slices.Concat(*rs.Tables(f), beside)
}

// Tables returns the tables of one family, for reading and writing.
func (rs *Ruleset) Tables(f Family) *Tables {
	if f == V6 {
		return &rs.V6
	}
	return &rs.V4
}

// Tables are the tables of one family, in the order in which they were read or
// made.
type Tables []*Table

// Table finds a table by name, nil when absent.
func (ts Tables) Table(name string) *Table {
	for _, t := range ts {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// Chain finds a chain by table and name, nil when absent.
func (ts Tables) Chain(table, chain string) *Chain {
	if t := ts.Table(table); t != nil {
		return t.Chain(chain)
	}
	return nil
}

// Ensure returns the named table, adding an empty one when absent.
func (ts *Tables) Ensure(name string) *Table {
	if t := ts.Table(name); t != nil {
		return t
	}
	t := &Table{Name: name}
	*ts = append(*ts, t)
	return t
}

// Table is one xtables table.
type Table struct {
	Name   string
	Chains []*Chain
	// Unread says why a table that is there could not be read; see Unread.
	Unread string

	// index remembers where Ensure put a chain. Chains may be changed without
	// it, so what it says is checked.
	index map[string]int
}

// Chain finds a chain by name, nil when absent. It only reads, so goroutines
// may share a table that nobody changes.
func (t *Table) Chain(name string) *Chain {
	if i, ok := t.index[name]; ok && i < len(t.Chains) && t.Chains[i].Name == name {
		return t.Chains[i]
	}
	for _, c := range t.Chains {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Ensure returns the named chain, adding an empty user chain when absent.
func (t *Table) Ensure(name string) *Chain {
	if c := t.Chain(name); c != nil {
		return c
	}
	return t.add(name)
}

// add adds a chain that is known to be absent.
func (t *Table) add(name string) *Chain {
	if t.index == nil {
		t.index = make(map[string]int)
	}
	c := &Chain{Name: name}
	t.index[name] = len(t.Chains)
	t.Chains = append(t.Chains, c)
	return c
}

// Chain is a list of rules. Policy is ACCEPT or DROP for a built-in chain and
// empty for a user chain.
type Chain struct {
	Name     string
	Policy   string
	Base     Base
	Counters Counters
	Rules    []*Rule
}

// Append adds rules at the end.
func (c *Chain) Append(rules ...*Rule) { c.Rules = append(c.Rules, rules...) }

// Counters are packets and bytes, as the kernel counts them.
type Counters struct{ Packets, Bytes uint64 }

// Add returns the sum of both.
func (c Counters) Add(d Counters) Counters {
	return Counters{c.Packets + d.Packets, c.Bytes + d.Bytes}
}
