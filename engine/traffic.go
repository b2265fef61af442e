package engine

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Observer tells what moves through the firewall as a whole.
type Observer interface {
	// Traffic reads the interfaces and the flows; rates are since the last
	// call.
	Traffic(ctx context.Context) (TrafficSnapshot, error)
	// EnableTimestamps makes conntrack note when a flow begins.
	EnableTimestamps() error
	// ForeignDrift tells what others did to their rules since ours are in
	// force.
	ForeignDrift(ctx context.Context) (ForeignDrift, error)
}

// TrafficSnapshot is what moves at one moment.
type TrafficSnapshot struct {
	At time.Time
	// Rated says that there was a look before, so that rates are known.
	Rated      bool
	Interfaces []InterfaceTraffic
	// Flows counts the conntrack entries, Max is how many fit. FlowsErr says
	// why they are not known.
	Flows, Max             int
	Accounting, Timestamps bool
	FlowsErr               error
	// Top are the flows that move the most bytes, the first the most.
	Top []FlowPath
}

// InterfaceTraffic is what one interface does, per second.
type InterfaceTraffic struct {
	Name    string
	Up      bool
	In, Out float64 // bytes
	New     float64 // flows that begin by packets that come in here
}

// FlowPath is a flow with its way through this host.
type FlowPath struct {
	Flow
	// From and To are the zones, "FW" for this host, and By the row that
	// admits the flow, or the built-in part; all are empty when the live rules
	// cannot be read.
	From, To, By string
	// You marks the administrator's own session.
	You bool
}

// trafficMemory is the last look, from which the next one takes its rates.
type trafficMemory struct {
	mu     sync.Mutex
	at     time.Time
	counts map[string]live.Interface
	flows  time.Time          // of the last snapshot that was seen
	fresh  map[string]float64 // the flows that began before it, by interface
}

// topPaths is how many flows Traffic follows along their way.
const topPaths = 16

// Traffic reads the interfaces and the flows.
func (e *Engine) Traffic(ctx context.Context) (TrafficSnapshot, error) {
	interfaces, err := live.ReadInterfaces()
	if err != nil {
		return TrafficSnapshot{}, err
	}
	now := time.Now()
	flows, flowsErr := e.flows.read(ctx)
	snap := TrafficSnapshot{
		At: now, Flows: flows.Flows.Len(), Max: flows.Max, Accounting: flows.Accounting, FlowsErr: flowsErr,
		Timestamps: readSysctl(timestampsName) == "1",
		Top:        e.follow(ctx, busiest(flows.Flows, topPaths)),
	}
	e.moved.mu.Lock()
	defer e.moved.mu.Unlock()
	snap.Rated = e.moved.rate(&snap, interfaces)
	snap.addNew(e.moved.born(flows, e.flows.followed()))
	return snap, nil
}

// rate fills in the interfaces with what they moved since the last look, and
// remembers this one.
func (m *trafficMemory) rate(snap *TrafficSnapshot, interfaces []live.Interface) bool {
	took := snap.At.Sub(m.at).Seconds()
	known := !m.at.IsZero() && took > 0
	before := m.counts
	m.at, m.counts = snap.At, make(map[string]live.Interface, len(interfaces))
	for _, i := range interfaces {
		m.counts[i.Name] = i
		one := InterfaceTraffic{Name: i.Name, Up: i.Up}
		// One that was made anew under its old name counts from zero again.
		if old, ok := before[i.Name]; ok && known && old.Index == i.Index {
			one.In = perSecond(i.Received.Bytes, old.Received.Bytes, took)
			one.Out = perSecond(i.Sent.Bytes, old.Sent.Bytes, took)
		}
		snap.Interfaces = append(snap.Interfaces, one)
	}
	return known
}

func perSecond(now, before uint64, seconds float64) float64 {
	if now < before {
		return 0
	}
	return float64(now-before) / seconds
}

// born counts the flows that began since the last snapshot, per second and by
// interface. A snapshot that was seen already gives what it gave then.
func (m *trafficMemory) born(flows FlowSnapshot, followed time.Time) map[string]float64 {
	took := flows.At.Sub(m.flows).Seconds()
	if took <= 0 {
		return m.fresh
	}
	since := m.flows
	m.flows, m.fresh = flows.At, nil
	if since.IsZero() || followed.IsZero() || since.Before(followed) {
		return nil
	}
	m.fresh = make(map[string]float64)
	for name, n := range newBy(flows.Flows, since, ingress()) {
		m.fresh[name] = float64(n) / took
	}
	return m.fresh
}

// addNew spreads the flows that began over the interfaces.
func (s *TrafficSnapshot) addNew(by map[string]float64) {
	for i := range s.Interfaces {
		s.Interfaces[i].New = by[s.Interfaces[i].Name]
	}
}

// newBy counts the flows that were seen first after a moment, by the interface
// that their beginner is behind.
func newBy(flows FlowList, since time.Time, in func(netip.Addr) string) map[string]int {
	by := make(map[string]int)
	for _, f := range flows.All() {
		if f.FirstSeen.After(since) {
			by[in(f.Orig.Src)]++
		}
	}
	return by
}

// maxAsked bounds how many addresses are looked up in one second: in a flood
// from made-up addresses the rest counts for no interface.
const maxAsked = 1000

// ingress finds the interface that an address is behind, empty for this host.
func ingress() func(netip.Addr) string {
	known := make(map[netip.Addr]string)
	return func(a netip.Addr) string {
		name, ok := known[a]
		if !ok && len(known) < maxAsked {
			if local, in := routeTo(a); !local {
				name = in
			}
			known[a] = name
		}
		return name
	}
}

// busiest are the n flows that move the most bytes.
func busiest(flows FlowList, n int) []Flow {
	var top []Flow
	for i := range flows.Len() {
		rate := flows.Rate(i)
		if rate <= 0 || len(top) == n && rate <= top[n-1].Rate {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, rate, func(t Flow, rate float64) int { return cmp.Compare(rate, t.Rate) })
		top = slices.Insert(top, at, flows.At(i))
		top = top[:min(len(top), n)]
	}
	return top
}

// follow finds the way of flows.
func (e *Engine) follow(ctx context.Context, flows []Flow) []FlowPath {
	admin := e.admin()
	verdicts, err := e.rows.all(ctx, e, live.ListFlows(flows...))
	list := make([]FlowPath, 0, len(flows))
	for i, f := range flows {
		p := FlowPath{Flow: f, You: isSession(&f, admin)}
		if err == nil {
			p.From, p.To, p.By = verdicts[i].From, verdicts[i].To, verdicts[i].By
		}
		list = append(list, p)
	}
	return list
}

// isSession reports whether a flow is this very SSH connection.
func isSession(f *Flow, c apply.Connection) bool {
	return f.Proto == ruleset.TCP && c.Client.IsValid() &&
		f.Orig.Src == c.Client.Addr() && f.Orig.SrcPort == c.Client.Port() && f.Reply.Src == c.Server.Addr()
}

const timestampsName = "net.netfilter.nf_conntrack_timestamp"

// EnableTimestamps makes conntrack note when a flow begins. Flows that exist
// already stay without.
func (e *Engine) EnableTimestamps() error {
	if err := os.WriteFile("/proc/sys/net/netfilter/nf_conntrack_timestamp", []byte("1"), 0); err != nil {
		return fmt.Errorf("switch conntrack timestamps on: %w", err)
	}
	return nil
}
