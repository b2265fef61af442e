package engine

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// PacketTracer is what hears from the kernel which rules real packets meet.
type PacketTracer interface {
	// TracePackets lets the kernel tell about packets for a while. It changes
	// no verdict. While it lasts nothing can be applied; while a trial is
	// pending it fails.
	TracePackets(ctx context.Context, req TraceRequest) (*PacketTrace, error)
}

// The values of a trace, see live.
type (
	TracedPacket = live.TracedPacket
	TraceStep    = live.TraceStep
	PacketHeader = live.Header
)

// ErrTraceTaken says that another program reads what the kernel tells.
var ErrTraceTaken = live.ErrTraceTaken

// TraceRequest says which packets, as they are on the wire before anything is
// translated: what is zero may be anything.
type TraceRequest struct {
	Src, Dst         netip.Addr
	Proto            uint8
	SrcPort, DstPort uint16
	// Replies are the packets of the other direction; what translation makes
	// of them is taken from the live rules.
	Replies bool
	// For is how long, Packets how many of them at most.
	For     time.Duration // 0: 10 s
	Packets int           // 0: 100
}

// The limits of a trace.
const (
	traceFor        = 10 * time.Second
	MaxTraceFor     = time.Minute
	tracePackets    = 100
	maxTracePackets = plan.MaxTraced
	// traceReserve is how much longer the rules may live than the trace: what
	// loading and removing them takes.
	traceReserve = 5 * time.Second
)

func (r *TraceRequest) normalize() {
	if r.For <= 0 {
		r.For = traceFor
	}
	if r.Packets <= 0 {
		r.Packets = tracePackets
	}
	r.For, r.Packets = min(r.For, MaxTraceFor), min(r.Packets, maxTracePackets)
}

// PacketTrace is what real packets met.
type PacketTrace struct {
	Packets []TracedPacket
	// Overruns is not zero when the kernel told more than could be taken.
	Overruns int
	// Shifted says that the rules changed meanwhile on a back end that tells
	// them by number: those named may be neighbours of the right ones.
	Shifted bool
	Took    time.Duration
	names   map[string]rowName
}

// TracePackets lets the kernel tell which rules packets meet.
func (e *Engine) TracePackets(ctx context.Context, req TraceRequest) (*PacketTrace, error) {
	req.normalize()
	kinds, err := e.tracedKinds(ctx, &req)
	if err != nil {
		return nil, err
	}
	steps, err := plan.TracePackets(kinds, req.Packets, int((req.For + traceReserve).Seconds()))
	if err != nil {
		return nil, err
	}
	can, err := e.kernel.Probe(ctx)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	var heard live.Traced
	err = apply.TracePackets(ctx, e.kernel, e.paths, steps, can.Backend == host.Legacy, func(load func() error) error {
		tracer, err := live.OpenTracer(can.Backend)
		if err != nil {
			return err
		}
		defer tracer.Close()
		if err := load(); err != nil {
			return err
		}
		heard, err = tracer.Listen(ctx, e.kernel.Read, req.Packets, req.For)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &PacketTrace{
		Packets: heard.Packets, Overruns: heard.Overruns, Shifted: heard.Shifted,
		Took: time.Since(began), names: e.rowNames(),
	}, nil
}

// tracedKinds are the packets of a request as rules can ask for them.
func (e *Engine) tracedKinds(ctx context.Context, req *TraceRequest) ([]plan.TracedPackets, error) {
	there := plan.TracedPackets{Src: req.Src, Dst: req.Dst, Proto: req.Proto, SrcPort: req.SrcPort, DstPort: req.DstPort}
	kinds := []plan.TracedPackets{there}
	if req.Replies {
		kinds = append(kinds, reversed(there))
		translated, err := e.translated(ctx, there)
		if err != nil {
			return nil, err
		}
		if back := reversed(translated); back != kinds[1] {
			kinds = append(kinds, back)
		}
	}
	if req.Src.IsValid() || req.Dst.IsValid() {
		return kinds, nil
	}
	both := make([]plan.TracedPackets, 0, 2*len(kinds))
	for _, f := range ruleset.Families() {
		for _, k := range kinds {
			if k.Family = f; !slices.Contains(both, k) {
				both = append(both, k)
			}
		}
	}
	return both, nil
}

func reversed(k plan.TracedPackets) plan.TracedPackets {
	k.Src, k.Dst, k.SrcPort, k.DstPort = k.Dst, k.Src, k.DstPort, k.SrcPort
	return k
}

// translated is what the live rules make of packets on their way, so that the
// answers to them can be told.
func (e *Engine) translated(ctx context.Context, k plan.TracedPackets) (plan.TracedPackets, error) {
	if !k.Src.IsValid() || !k.Dst.IsValid() {
		return k, nil
	}
	now, err := e.kernel.Read(ctx)
	if err != nil {
		return k, fmt.Errorf("read the live ruleset: %w", err)
	}
	p := ruleset.Packet{Src: k.Src, Dst: k.Dst, Proto: k.Proto, SrcPort: k.SrcPort, DstPort: k.DstPort, TCPFlags: tcpSYN}
	if local, in := routeTo(k.Src); !local {
		p.In = in
	}
	end := ruleset.NewTracer(now).Judge(p, route(""))
	if end.DNATed {
		k.Dst, k.DstPort = end.Packet.Dst, end.Packet.DstPort
	}
	switch {
	case end.SNATed:
		k.Src, k.SrcPort = end.Packet.Src, 0
	case end.Masqueraded:
		k.Src, k.SrcPort = sourceTo(k.Dst), 0
	}
	return k, nil
}

// sourceTo is the address of this host from which it speaks to another; not
// valid when it cannot be told.
func sourceTo(dst netip.Addr) netip.Addr {
	routes, err := netlink.RouteGet(net.IP(dst.AsSlice()))
	if err != nil || len(routes) == 0 {
		return netip.Addr{}
	}
	a, _ := netip.AddrFromSlice(routes[0].Src)
	return a.Unmap()
}

// Row says where the rule of a step came from, as Explanation.Row does.
func (t *PacketTrace) Row(s TraceStep) (RowRef, string) {
	if s.Rule == nil || s.Rule.ID == "" {
		return RowRef{}, ""
	}
	name := t.names[s.Rule.ID]
	return name.ref, name.text
}

// By names the row or the built-in part that decided about a packet; empty when
// it was a rule that is not ours, or a policy.
func (t *PacketTrace) By(p *TracedPacket) string {
	var j ruleset.Judgement
	for _, s := range p.Path() {
		j.Path = append(j.Path, ruleset.Step{Table: s.Table, Chain: s.Chain, Index: s.Index, Rule: s.Rule, Matched: ruleset.Yes})
	}
	return deciderWords(&j, t.names)
}

// PacketWay are packets of one direction that met the same rules.
type PacketWay struct {
	First *TracedPacket
	Count int
	Last  time.Time
}

// Ways puts packets together that met the same rules, in the order of the first
// of each.
func (t *PacketTrace) Ways() []PacketWay {
	var ways []PacketWay
	for i := range t.Packets {
		p := &t.Packets[i]
		at := slices.IndexFunc(ways, func(w PacketWay) bool { return sameWay(w.First, p) })
		if at < 0 {
			ways, at = append(ways, PacketWay{First: p}), len(ways)
		}
		ways[at].Count++
		ways[at].Last = p.At
	}
	return ways
}

// sameWay compares packets by the rules that they met. Their source ports may
// differ.
func sameWay(a, b *TracedPacket) bool {
	return a.In == b.In && a.Out == b.Out && a.From.Src == b.From.Src && a.From.Dst == b.From.Dst &&
		a.From.Proto == b.From.Proto && a.From.DstPort == b.From.DstPort && slices.Equal(a.Steps, b.Steps)
}
