package engine

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"

	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/reach"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// Judge is what tells the consequences of a change before it is made.
type Judge interface {
	// PolicyImpact finds the packets whose verdict an apply of p changes.
	PolicyImpact(ctx context.Context, p *Preview) (*PolicyImpact, error)
	// FlowImpact finds the live flows that an apply of p means something for.
	FlowImpact(ctx context.Context, p *Preview) (*FlowImpact, error)
}

// PolicyImpact is which new connections a change allows, denies or sends
// elsewhere: every one, not a sample. It is empty when the change is only
// cosmetic.
type PolicyImpact struct {
	Allowed, Denied, Redirected []PacketSet
	// More is set when there were more sets than are listed.
	More bool
	// Doubts are the rules that could not be judged.
	Doubts []string
}

// Empty reports whether no verdict changes.
func (p *PolicyImpact) Empty() bool { return len(p.Allowed)+len(p.Denied)+len(p.Redirected) == 0 }

// PacketSet is a set of packets in the words of the tables.
type PacketSet struct {
	// Families has V4, V6 or both.
	Families []ruleset.Family
	// From and To are zones, or interfaces that are in no zone, or "FW";
	// "any" for every one. Service is protocols and ports, Src and Dst are
	// addresses, with the name of the object that has exactly these; "any"
	// where they do not matter.
	From, To, Service, Src, Dst string
	// Before and After are the verdicts of one of the packets, with the row
	// that decides.
	Before, After string
}

// String is the set in one line: "ext -> FW tcp 8080 from any".
func (s PacketSet) String() string {
	text := s.From + " -> " + s.To + " " + s.Service + " from " + s.Src
	if s.Dst != anything {
		text += " to " + s.Dst
	}
	return text
}

const anything = "any"

// impactLimit is how many sets of packets are listed of each kind.
const impactLimit = 200

// PolicyImpact finds the packets whose verdict an apply of p changes.
func (e *Engine) PolicyImpact(_ context.Context, p *Preview) (*PolicyImpact, error) {
	if p.Compiled == nil {
		return nil, ErrProblems
	}
	local, err := localAddresses()
	if err != nil {
		return nil, fmt.Errorf("read the addresses of this host: %w", err)
	}
	after := plan.After(p.Live, target(p.Compiled), p.own)
	facts := reach.Facts{Local: local, Route: route("")}
	for _, i := range p.config.Interfaces {
		facts.Interfaces = append(facts.Interfaces, i.Name)
	}
	change := reach.Compare(p.Live, after, facts, impactLimit)
	w := impactWords{
		config: p.config, names: e.rowNames(),
		before: ruleset.NewTracer(p.Live), after: ruleset.NewTracer(after),
	}
	for id, ref := range p.Compiled.Rows {
		w.names[id] = rowName{ref: ref}
	}
	return &PolicyImpact{
		Allowed: w.sets(change.Allowed), Denied: w.sets(change.Denied), Redirected: w.sets(change.Redirected),
		More: change.More, Doubts: change.Doubts,
	}, nil
}

// localAddresses are the addresses of this network namespace.
func localAddresses() ([]netip.Prefix, error) {
	list, err := netlink.AddrList(nil, netlink.FAMILY_ALL)
	if err != nil {
		return nil, err
	}
	var local []netip.Prefix
	for _, a := range list {
		if ip, ok := netip.AddrFromSlice(a.IP); ok {
			ip = ip.Unmap()
			local = append(local, netip.PrefixFrom(ip, ip.BitLen()))
		}
	}
	return local, nil
}

// impactWords puts sets of packets into words.
type impactWords struct {
	config        *tables.Config
	names         map[string]rowName
	before, after *ruleset.Tracer
}

// sets are boxes in words; what reads the same in both families is one.
func (w *impactWords) sets(boxes []reach.Box) []PacketSet {
	var list []PacketSet
	for i := range boxes {
		s := w.set(&boxes[i])
		same := slices.IndexFunc(list, func(o PacketSet) bool {
			return o.String() == s.String() && !slices.Contains(o.Families, s.Families[0])
		})
		if same >= 0 {
			list[same].Families = append(list[same].Families, s.Families...)
			continue
		}
		list = append(list, s)
	}
	slices.SortStableFunc(list, func(a, b PacketSet) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return list
}

func (w *impactWords) set(b *reach.Box) PacketSet {
	return PacketSet{
		Families: []ruleset.Family{b.Family},
		From:     w.zones(b.In, false), To: w.zones(b.Out, true),
		Service: serviceWords(b),
		Src:     w.addressWords(b.Src, b.Family), Dst: w.addressWords(b.Dst, b.Family),
		Before: w.verdict(w.before, b.Sample), After: w.verdict(w.after, b.Sample),
	}
}

// verdict judges one packet of a set.
func (w *impactWords) verdict(t *ruleset.Tracer, p ruleset.Packet) string {
	out := p.Out
	j := t.Judge(p, func(netip.Addr) (bool, string) { return out == "", out })
	words := string(j.Outcome)
	if by := deciderWords(&j, w.names); by != "" {
		words += " by " + by
	}
	return words
}

// zones names the zones of interfaces. The empty interface is the firewall
// itself; a zone with only some of its interfaces is named by these.
func (w *impactWords) zones(interfaces []string, firewall bool) string {
	if interfaces == nil {
		return anything
	}
	var names []string
	left := slices.Clone(interfaces)
	for _, zone := range w.config.Zones() {
		of := w.config.InZone(zone)
		if !slices.ContainsFunc(of, func(i tables.Interface) bool { return !slices.Contains(left, i.Name) }) {
			names = append(names, zone)
			left = slices.DeleteFunc(left, func(name string) bool {
				return slices.ContainsFunc(of, func(i tables.Interface) bool { return i.Name == name })
			})
		}
	}
	for _, name := range left {
		if name == "" && firewall {
			name = "FW"
		}
		names = append(names, name)
	}
	return strings.Join(names, ",")
}

// objectOf is the address object that has exactly these addresses; the first
// by name when there are several.
func (w *impactWords) objectOf(ranges []ruleset.AddrRange, f ruleset.Family) string {
	found := ""
	for name, a := range w.config.Addresses {
		values := a.V4
		if f == ruleset.V6 {
			values = a.V6
		}
		if slices.Equal(rangesOf(values), ranges) && (found == "" || name < found) {
			found = name
		}
	}
	return found
}

// rangesOf are the values of an address cell in order; nil when a host name is
// among them.
func rangesOf(values []tables.AddrValue) []ruleset.AddrRange {
	var list []ruleset.AddrRange
	for _, v := range values {
		switch {
		case v.Host != "":
			return nil
		case v.Prefix.IsValid():
			list = append(list, ruleset.AddrRange{From: v.Prefix.Addr(), To: ruleset.LastAddr(v.Prefix)})
		default:
			list = append(list, ruleset.AddrRange{From: v.From, To: v.To})
		}
	}
	slices.SortFunc(list, func(a, b ruleset.AddrRange) int { return a.From.Compare(b.From) })
	return list
}
