package engine

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/mfwtui/mfwtui/engine/docker"
	"github.com/mfwtui/mfwtui/engine/reach"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// Exposure is what the live rules let reach a published port.
type Exposure string

// The exposures. Unreachable means that no row allows it; Unfiltered that
// packets reach it which our rules are not asked about, or that a row lets
// everybody through from everywhere; HostOnly that it is published on the
// loopback.
const (
	Reachable   Exposure = "reachable"
	Unreachable Exposure = "unreachable"
	Unfiltered  Exposure = "unfiltered"
	HostOnly    Exposure = "host only"
	NotRunning  Exposure = "not running"
)

// PublishedPort is a port of this host that leads to a container.
type PublishedPort struct {
	Host      netip.AddrPort // an unspecified address stands for all of the family
	Proto     uint8
	Container uint16 // the port of the container
	Exposure  Exposure
	// From lists who can reach it, where somebody can.
	From []ReachableFrom
	// Unjudged is a rule of Docker's on the way of those in From that could not
	// be judged: it may keep them out.
	Unjudged string
	// Sample is the first packet of somebody outside to the port, by the port
	// of this host: one of those that reach the container, where some do. Its
	// addresses are not valid where nobody outside can send one, as for a
	// container that does not run.
	Sample ruleset.Packet
}

// ReachableFrom is a set of senders that reach a published port.
type ReachableFrom struct {
	Zone string // "any" for every one
	// By is the row that lets them through, "virtuals:16"; empty when no rule
	// of ours was asked.
	By string
	// Src are the addresses, "any" for every one.
	Src string
	// Direct is set for packets to the container's own address, past the
	// published port.
	Direct bool
}

// String is the verdict in one line.
func (p PublishedPort) String() string {
	switch p.Exposure {
	case Unreachable:
		return "no row allows it"
	case HostOnly:
		return "this host only"
	case NotRunning:
		return "the container does not run"
	}
	var words []string
	for _, f := range p.From {
		w := f.Zone
		if f.By != "" {
			w += " by " + f.By
		}
		if f.Src != anything {
			w += " for " + f.Src
		}
		if f.Direct {
			w += " (direct route)"
		}
		words = append(words, w)
	}
	verdict := "reachable from: "
	if p.Exposure == Unfiltered {
		verdict = "everything reaches it: "
	}
	verdict += strings.Join(words, ", ")
	if p.Unjudged != "" {
		verdict += "; not judged: " + p.Unjudged
	}
	return verdict
}

// exposureCache keeps what a ruleset lets through: a console asks again and
// again, and rules change seldom.
type exposureCache struct {
	mu    sync.Mutex
	state string
	reach *reach.Reach
}

// exposureJudge judges published ports.
type exposureJudge struct {
	reach *reach.Reach
	words impactWords
	local []netip.Addr
}

// strangerPort is the source port of a packet of which nothing else is known: one
// that is not privileged.
const strangerPort = 40000

// exposureLimit is how many sets of senders are looked at for one port.
const exposureLimit = 64

// judge prepares for a ruleset.
func (x *exposureCache) judge(live *ruleset.Ruleset, snap *docker.Snapshot, names *naming) (*exposureJudge, error) {
	local, err := localAddresses()
	if err != nil {
		return nil, fmt.Errorf("read the addresses of this host: %w", err)
	}
	facts := reach.Facts{Local: local, Route: route("")}
	config := names.config
	if config == nil {
		config = &tables.Config{}
	}
	for _, i := range config.Interfaces {
		facts.Interfaces = append(facts.Interfaces, i.Name)
	}
	for _, n := range snap.Networks {
		if n.Bridge != "" {
			facts.Interfaces = append(facts.Interfaces, n.Bridge)
		}
	}
	j := &exposureJudge{words: impactWords{config: config, names: names.rows, after: ruleset.NewTracer(live)}}
	for _, p := range local {
		if a := p.Addr(); !a.IsLoopback() && !a.IsLinkLocalUnicast() {
			j.local = append(j.local, a)
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if state := fmt.Sprint(rulesHash(live), facts.Local, facts.Interfaces); x.reach == nil || state != x.state {
		x.state, x.reach = state, reach.Through(live, facts)
	}
	j.reach = x.reach
	return j, nil
}

// published judges the ports of a container.
func (j *exposureJudge) published(c *docker.Container) []PublishedPort {
	var list []PublishedPort
	for _, p := range c.Published {
		one := PublishedPort{Host: p.Host, Proto: p.Proto, Container: p.Container}
		switch {
		case c.State != "running" && c.State != "paused":
			one.Exposure = NotRunning
		case p.Host.Addr().IsLoopback():
			j.from(&one, c, nil)
			one.Exposure = exposureOf(one.From, HostOnly)
		default:
			j.from(&one, c, j.addressesOf(p))
			one.Exposure = exposureOf(one.From, Unreachable)
		}
		list = append(list, one)
	}
	return list
}

// addressesOf are the addresses of this host on which a port is published.
func (j *exposureJudge) addressesOf(p docker.Port) []netip.Addr {
	at := p.Host.Addr()
	if !at.IsUnspecified() {
		return []netip.Addr{at}
	}
	return slices.DeleteFunc(slices.Clone(j.local), func(a netip.Addr) bool { return a.Is4() != at.Is4() })
}

func exposureOf(from []ReachableFrom, nobody Exposure) Exposure {
	if len(from) == 0 {
		return nobody
	}
	for _, f := range from {
		if f.By == "" || f.Zone == anything && f.Src == anything {
			return Unfiltered
		}
	}
	return Reachable
}

// from finds who reaches a port that is published on some addresses of this
// host: through Docker's translation, past it straight to the container, and
// through the proxy in user space, which serves what is not translated. With
// them comes a packet to the published port, as PublishedPort has it.
func (j *exposureJudge) from(p *PublishedPort, c *docker.Container, published []netip.Addr) {
	inside := []string{"lo"}
	for i := range c.Endpoints {
		inside = append(inside, c.Endpoints[i].Bridge)
	}
	if len(published) > 0 {
		p.Sample = ruleset.Packet{
			Src: reach.Stranger(ruleset.OfAddr(published[0])), SrcPort: strangerPort,
			Dst: published[0], Proto: p.Proto, DstPort: p.Host.Port(), State: ruleset.StateNew,
		}
	}
	add := func(boxes []reach.Box, direct func(*reach.Box) bool) {
		for i := range boxes {
			b := &boxes[i]
			if b.In = without(b.In, inside); b.In != nil && len(b.In) == 0 {
				continue
			}
			f, through, unjudged := j.sender(b)
			switch f.Direct = direct(b); {
			case f.Direct:
			case len(published) == 0:
				continue
			case p.Sample.In == "" && holdsDst(b, p.Sample.Dst):
				p.Sample.In, p.Sample.Src = through.In, through.Src
			}
			p.From = append(p.From, f)
			p.Unjudged = cmp.Or(p.Unjudged, unjudged)
		}
	}
	for i := range c.Endpoints {
		for _, a := range c.Endpoints[i].Addrs() {
			if a.Is4() == p.Host.Addr().Is4() {
				boxes := j.reach.To(a, p.Proto, p.Container, exposureLimit)
				if bridge := c.Endpoints[i].Bridge; bridge != "" {
					boxes = leavingBy(bridge, boxes)
				}
				add(boxes, func(b *reach.Box) bool { return onlyTo(b, a) })
			}
		}
	}
	for _, a := range published {
		boxes := leavingBy(thisHost, j.reach.To(a, p.Proto, p.Host.Port(), exposureLimit))
		add(boxes, func(*reach.Box) bool { return false })
	}
	p.From = compactSenders(p.From)
}

// thisHost is the interface by which packets leave that are for this host.
const thisHost = ""

// leavingBy are the packets that leave by the interface behind which an address
// is. Rules that do not ask for the address let others through as well, which no
// route sends there.
func leavingBy(out string, boxes []reach.Box) []reach.Box {
	var list []reach.Box
	for _, b := range boxes {
		if b.Out == nil || slices.Contains(b.Out, out) {
			b.Out, b.Sample.Out = []string{out}, out
			list = append(list, b)
		}
	}
	return list
}

// without takes names out of a list; nil, which is any, stays.
func without(names, out []string) []string {
	if names == nil {
		return nil
	}
	left := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(out, n) })
	return append([]string{}, left...)
}

// holdsDst reports whether a box has packets for an address.
func holdsDst(b *reach.Box, a netip.Addr) bool {
	return b.Dst == nil || slices.ContainsFunc(b.Dst, func(r ruleset.AddrRange) bool {
		return r.From.Compare(a) <= 0 && a.Compare(r.To) <= 0
	})
}

// onlyTo reports whether every packet of a box is for one address.
func onlyTo(b *reach.Box, a netip.Addr) bool {
	return len(b.Dst) == 1 && b.Dst[0].From == a && b.Dst[0].To == a
}

// sender puts the senders of a box into words, and gives a packet of one, and what
// of Docker's could not be judged about it.
func (j *exposureJudge) sender(b *reach.Box) (ReachableFrom, ruleset.Packet, string) {
	f := ReachableFrom{Zone: j.words.zones(b.In, false), Src: j.words.addressWords(b.Src, b.Family)}
	p := b.Sample
	if b.In != nil {
		p.In = b.In[0] // the sample may have come from the container's own network
	}
	// It is for this host before Docker translates it, which Docker's rules ask.
	out := p.Out
	t := j.words.after.Trace(p, func(to netip.Addr) (bool, string) { return out == "" || slices.Contains(j.local, to), out })
	f.By = j.admitter(t)
	for _, d := range t.Doubts {
		if d.Table == ruleset.DockerBridges {
			return f, p, d.Why
		}
	}
	return f, p, ""
}

// admitter names the row that lets a packet through. Mostly that is the rule
// which decides; a virtual for containers gives its packets back to Docker's
// chains, and these decide. It is empty when no rule of ours was asked.
func (j *exposureJudge) admitter(t *ruleset.Trace) string {
	asked := false
	for _, s := range slices.Backward(t.Steps) {
		if s.Table != ruleset.Filter || s.Rule == nil || s.Matched != ruleset.Yes || !s.Rule.Owned() {
			continue
		}
		asked = true
		if ref := j.words.names[s.Rule.ID].ref; ref.Line > 0 {
			return fmt.Sprintf("%s:%d", ref.Kind, ref.Line)
		}
	}
	if !asked {
		return ""
	}
	return deciderWords(&t.Judgement, j.words.names)
}

// compactSenders puts senders in order, and what reads the same once.
func compactSenders(list []ReachableFrom) []ReachableFrom {
	slices.SortStableFunc(list, func(a, b ReachableFrom) int {
		if a.Direct != b.Direct {
			if a.Direct {
				return 1
			}
			return -1
		}
		return strings.Compare(a.Zone+" "+a.By, b.Zone+" "+b.By)
	})
	return slices.Compact(list)
}
