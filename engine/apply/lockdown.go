package apply

import (
	"encoding/json"
	"path/filepath"
	"slices"

	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// lockdown is the ruleset of last resort, built in and for both families: what
// is needed to be reached at all, SSH from anywhere, and nothing else.
func lockdown(sshPorts []uint16) plan.Target {
	rs := &ruleset.Ruleset{}
	var hooks []ruleset.Hook
	for _, f := range ruleset.Families() {
		filter := rs.Tables(f).Ensure(ruleset.Filter)
		filter.Ensure(ruleset.RootInput).Append(lockdownInput(f, sshPorts)...)
		filter.Ensure(ruleset.RootForward).Append(
			&ruleset.Rule{ID: "established", Matches: established(), Target: ruleset.Accept},
			&ruleset.Rule{ID: "lockdown", Target: ruleset.Drop})
		hooks = append(hooks,
			ruleset.Hook{Family: f, Table: ruleset.Filter, From: ruleset.Input, To: ruleset.RootInput},
			ruleset.Hook{Family: f, Table: ruleset.Filter, From: ruleset.Forward, To: ruleset.RootForward})
	}
	return plan.Target{Rules: rs, Hooks: hooks}
}

func lockdownInput(f ruleset.Family, sshPorts []uint16) []*ruleset.Rule {
	rules := []*ruleset.Rule{
		{ID: "lo", In: ruleset.Iface{Name: "lo"}, Target: ruleset.Accept},
		{ID: "established", Matches: established(), Target: ruleset.Accept},
		// Neighbour discovery has no connection to belong to, and without it
		// there is no IPv6.
		accept("icmp", icmpOf(f), nil, nil),
		dhcpClient(f),
	}
	for _, port := range sshPorts {
		rules = append(rules, accept("ssh", ruleset.TCP, nil, &port))
	}
	return append(rules, &ruleset.Rule{ID: "lockdown", Target: ruleset.Drop})
}

func established() []ruleset.Match {
	return []ruleset.Match{ruleset.MatchState{States: ruleset.StateEstablished | ruleset.StateRelated}}
}

func icmpOf(f ruleset.Family) uint8 {
	if f == ruleset.V6 {
		return ruleset.ICMPv6
	}
	return ruleset.ICMP
}

// dhcpClient lets the answers to this host's own requests in: a lease that
// runs out would take the address away.
func dhcpClient(f ruleset.Family) *ruleset.Rule {
	server, client := uint16(67), uint16(68)
	if f == ruleset.V6 {
		server, client = 547, 546
	}
	return accept("dhcp", ruleset.UDP, &server, &client)
}

func accept(id string, proto uint8, from, to *uint16) *ruleset.Rule {
	r := &ruleset.Rule{ID: id, Proto: ruleset.Proto{Num: proto}, Target: ruleset.Accept}
	if from != nil || to != nil {
		r.Matches = []ruleset.Match{ruleset.MatchPorts{Src: portRange(from), Dst: portRange(to)}}
	}
	return r
}

func portRange(p *uint16) *ruleset.PortRange {
	if p == nil {
		return nil
	}
	r := ruleset.Port(*p)
	return &r
}

// mix takes one family of the first target and the other of the second.
func mix(a, b plan.Target, keep ruleset.Family) plan.Target {
	if a.Rules == nil {
		return b
	}
	out := plan.Target{Rules: &ruleset.Ruleset{V4: b.Rules.V4, V6: b.Rules.V6, Sets: make(ruleset.Sets)}}
	*out.Rules.Tables(keep) = *a.Rules.Tables(keep)
	for name, s := range a.Rules.Sets {
		if s.Family == keep || s.Family == 0 {
			out.Rules.Sets[name] = s
		}
	}
	for _, h := range a.Hooks {
		if h.Family == keep {
			out.Hooks = append(out.Hooks, h)
		}
	}
	for _, h := range b.Hooks {
		if h.Family != keep {
			out.Hooks = append(out.Hooks, h)
		}
	}
	return out
}

// adminPorts are the ports on which administrators were connected when they
// applied something, and 22. What a damaged generation says counts here too:
// one port too many is better than nobody who can log in.
func (s store) adminPorts() []uint16 {
	ports := []uint16{22}
	ids, err := s.ids()
	if err != nil {
		return ports
	}
	for _, id := range ids {
		var m meta
		b, err := readFile(filepath.Join(s.path(id), metaFile), 1<<20)
		if err != nil || json.Unmarshal(b, &m) != nil || m.AdminPort == 0 {
			continue
		}
		if !slices.Contains(ports, m.AdminPort) {
			ports = append(ports, m.AdminPort)
		}
	}
	return ports
}

// everConfirmed reports whether some generation on disk was in force.
func (s store) everConfirmed() bool {
	ids, err := s.ids()
	if err != nil {
		return true
	}
	return slices.ContainsFunc(ids, func(id string) bool {
		r, ended := s.readResult(id)
		return ended && r.State == Confirmed
	})
}
