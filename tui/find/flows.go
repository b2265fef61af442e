package find

import (
	"net/netip"
	"strconv"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/words"
)

// flowKeys are what the filter of the flows may ask.
var flowKeys = []query.Key{
	query.Src, query.Dst, query.IP, query.Zone, query.Port, query.DPort, query.SPort, query.Proto, query.State, query.NAT,
	query.Rule, query.Iface, query.Family,
}

// flowStates are the states that conntrack gives.
var flowStates = []string{
	"ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE", "LISTEN", "SYN_SENT2",
	"REPLIED", "UNREPLIED", "ASSURED",
}

// SpeakFlows makes the language that of the flows.
func (n *Names) SpeakFlows() { n.Speak(flowKeys, map[query.Key][]string{query.State: flowStates}) }

// FlowRecord is a flow as the filter sees it. An address that is rewritten
// counts beside the one that stands for it.
type FlowRecord struct {
	engine.Flow
	Verdict *engine.FlowVerdict // nil when the rules are not known
	Names   func(netip.Addr) string
}

// Take makes the record that of a flow of a snapshot.
func (r *FlowRecord) Take(snap *engine.LiveFlows, i int) *FlowRecord {
	r.Flow, r.Verdict = snap.Flows.At(i), nil
	if i < len(snap.Verdicts) {
		r.Verdict = snap.Verdicts[i]
	}
	return r
}

// Addrs appends both addresses of a side.
func (r *FlowRecord) Addrs(k query.Key, to []query.Span) []query.Span {
	if k == query.Src {
		return AppendAddrs(to, r.Orig.Src, r.Reply.Dst)
	}
	return AppendAddrs(to, r.Orig.Dst, r.Reply.Src)
}

// AppendAddrs appends the valid ones of two addresses, once when they are the
// same.
func AppendAddrs(to []query.Span, a, b netip.Addr) []query.Span {
	if a.IsValid() {
		to = append(to, query.AddrSpan(a))
	}
	if b.IsValid() && b != a {
		to = append(to, query.AddrSpan(b))
	}
	return to
}

// Ports appends both ports of a side.
func (r *FlowRecord) Ports(k query.Key, to []query.Ports) []query.Ports {
	if !words.HasPorts(&r.Flow) {
		return to
	}
	a, b := r.Orig.DstPort, r.Reply.SrcPort
	if k == query.SPort {
		a, b = r.Orig.SrcPort, r.Reply.DstPort
	}
	return append(to, query.Ports{Lo: a, Hi: a}, query.Ports{Lo: b, Hi: b})
}

// Words appends protocol, state, family or what is rewritten.
func (r *FlowRecord) Words(k query.Key, to []string) []string {
	switch k {
	case query.Zone, query.Iface, query.Rule:
		return r.judged(k, to)
	case query.Proto:
		to = append(to, words.Protocol(&r.Flow), strconv.Itoa(int(r.Proto)))
		if name := words.OtherProtocol(r.Proto); name != "" {
			to = append(to, name)
		}
	case query.State:
		to = append(to, r.State)
		if r.Assured && r.State != "ASSURED" {
			to = append(to, "ASSURED")
		}
	case query.Family:
		to = append(to, r.Family.String())
	case query.NAT:
		if r.SrcNAT {
			to = append(to, "src")
		}
		if r.DstNAT {
			to = append(to, "dst")
		}
		if !r.SrcNAT && !r.DstNAT {
			to = append(to, "none")
		}
	}
	return to
}

// judged appends what the live rules say about the flow.
func (r *FlowRecord) judged(k query.Key, to []string) []string {
	v := r.Verdict
	switch {
	case v == nil:
		return to
	case k == query.Zone:
		return append(to, v.From, v.To)
	case k == query.Iface:
		return append(to, v.In, v.Out)
	}
	return append(to, v.By)
}

// Text appends what the columns show, the names of all its ends too.
func (r *FlowRecord) Text(to []byte) []byte {
	to = append(append(to, words.Protocol(&r.Flow)...), ' ')
	to = append(append(to, r.State...), ' ')
	to = appendEnd(to, r.Orig.Src, r.Orig.SrcPort, words.HasPorts(&r.Flow))
	to = appendEnd(append(to, ' '), r.Orig.Dst, r.Orig.DstPort, words.HasPorts(&r.Flow))
	for _, a := range [...]netip.Addr{r.Orig.Src, r.Orig.Dst, r.Reply.Src} {
		if name := r.Names(a); name != "" {
			to = append(append(to, ' '), name...)
		}
	}
	return to
}

func appendEnd(to []byte, a netip.Addr, port uint16, ports bool) []byte {
	if !a.IsValid() {
		return to
	}
	if ports {
		return netip.AddrPortFrom(a, port).AppendTo(to)
	}
	return a.AppendTo(to)
}
