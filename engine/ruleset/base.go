package ruleset

import (
	"cmp"
	"slices"
)

// Base is where the kernel asks a base chain of nftables. The zero value is a
// chain that only jumps lead to, or one of iptables, whose name says it.
type Base struct {
	Hook     string // PREROUTING, INPUT, FORWARD, OUTPUT or POSTROUTING
	Priority int    // lower ones are asked first
	NAT      bool   // asked for new flows only, until one translates
}

// BaseChain is a chain that the kernel asks at a hook.
type BaseChain struct {
	Base
	Table string
	*Chain
}

// The priorities of the tables of iptables; nat has one for each side.
const (
	priorityRaw      = -300
	priorityMangle   = -150
	priorityDstNAT   = -100
	priorityFilter   = 0
	prioritySecurity = 50
	prioritySrcNAT   = 100
)

// priorities are the tables of iptables in the order in which they are asked at a
// hook.
var priorities = map[string][]BaseChain{
	Prerouting:  {base(Raw, priorityRaw), base(Mangle, priorityMangle), base(NAT, priorityDstNAT)},
	Input:       {base(Mangle, priorityMangle), base(Filter, priorityFilter), base(Security, prioritySecurity), base(NAT, prioritySrcNAT)},
	Forward:     {base(Mangle, priorityMangle), base(Filter, priorityFilter), base(Security, prioritySecurity)},
	Output:      {base(Raw, priorityRaw), base(Mangle, priorityMangle), base(NAT, priorityDstNAT), base(Filter, priorityFilter), base(Security, prioritySecurity)},
	Postrouting: {base(Mangle, priorityMangle), base(NAT, prioritySrcNAT)},
}

func base(table string, priority int) BaseChain {
	return BaseChain{Table: table, Base: Base{Priority: priority, NAT: table == NAT}}
}

// Bases are the chains that the kernel asks at a hook, in order. Of those with the
// same priority it asks first the one that was registered last
// (nf_hook_entries_grow), which no listing tells: what stands beside iptables is
// taken for that, as on a host whose firewall is loaded before Docker's engine
// starts. Who lets a packet through does not depend on it, since all must.
func (rs *Ruleset) Bases(f Family, hook string) []BaseChain {
	var list []BaseChain
	for _, t := range *rs.Beside(f) {
		for _, c := range t.Chains {
			if c.Base.Hook == hook {
				list = append(list, BaseChain{c.Base, t.Name, c})
			}
		}
	}
	for _, b := range priorities[hook] {
		if b.Chain = rs.Tables(f).Chain(b.Table, hook); b.Chain != nil {
			b.Hook = hook
			list = append(list, b)
		}
	}
	slices.SortStableFunc(list, func(a, b BaseChain) int { return cmp.Compare(a.Priority, b.Priority) })
	return list
}
