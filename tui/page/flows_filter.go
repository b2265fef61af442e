package page

import (
	"net/netip"
	"strconv"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/query"
)

// flowKeys are what the filter of the flows may ask.
var flowKeys = []query.Key{
	query.Src, query.Dst, query.IP, query.Zone, query.Port, query.DPort, query.SPort, query.Proto, query.State, query.NAT,
	query.Iface, query.Family,
}

// flowStates are the states that conntrack gives.
var flowStates = []string{
	"ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE", "LISTEN", "SYN_SENT2",
	"REPLIED", "UNREPLIED", "ASSURED",
}

// flowRecord is a flow as the filter sees it. An address that is rewritten
// counts beside the one that stands for it. It comes from where its beginner is
// and goes to where the answers come from.
type flowRecord struct {
	*engine.Flow
	ways  *flowWays
	names *deskNames
}

func (r *flowRecord) ends() (from, to flowEnd) {
	cfg := r.names.config()
	return r.ways.end(r.Orig.Src, cfg), r.ways.end(r.Reply.Src, cfg)
}

// Addrs appends both addresses of a side.
func (r *flowRecord) Addrs(k query.Key, to []query.Span) []query.Span {
	if k == query.Src {
		return both(to, r.Orig.Src, r.Reply.Dst)
	}
	return both(to, r.Orig.Dst, r.Reply.Src)
}

func both(to []query.Span, a, b netip.Addr) []query.Span {
	if a.IsValid() {
		to = append(to, query.AddrSpan(a))
	}
	if b.IsValid() && b != a {
		to = append(to, query.AddrSpan(b))
	}
	return to
}

// Ports appends both ports of a side.
func (r *flowRecord) Ports(k query.Key, to []query.Ports) []query.Ports {
	if !hasPorts(r.Flow) {
		return to
	}
	a, b := r.Orig.DstPort, r.Reply.SrcPort
	if k == query.SPort {
		a, b = r.Orig.SrcPort, r.Reply.DstPort
	}
	return append(to, query.Ports{Lo: a, Hi: a}, query.Ports{Lo: b, Hi: b})
}

// Words appends protocol, state, family or what is rewritten.
func (r *flowRecord) Words(k query.Key, to []string) []string {
	switch k {
	case query.Zone:
		from, dest := r.ends()
		return append(to, from.zone, dest.zone)
	case query.Iface:
		from, dest := r.ends()
		return append(to, from.iface, dest.iface)
	case query.Proto:
		to = append(to, protoName(r.Flow), strconv.Itoa(int(r.Proto)))
		if name := protocolName(r.Proto); name != "" {
			to = append(to, name)
		}
	case query.State:
		to = append(to, r.State)
		if r.Assured && r.State != "ASSURED" {
			to = append(to, "ASSURED")
		}
	case query.Family:
		to = append(to, familyWord(r.Family))
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

func familyWord(f ruleset.Family) string {
	if f == ruleset.V6 {
		return "v6"
	}
	return "v4"
}

// Text appends what the columns show.
func (r *flowRecord) Text(to []byte) []byte {
	to = append(append(to, protoName(r.Flow)...), ' ')
	to = append(append(to, r.State...), ' ')
	to = appendEnd(to, r.Orig.Src, r.Orig.SrcPort, hasPorts(r.Flow))
	return appendEnd(append(to, ' '), r.Orig.Dst, r.Orig.DstPort, hasPorts(r.Flow))
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

// record is a flow as the filter sees it.
func (f *Flows) record(w *engine.Flow) *flowRecord {
	return &flowRecord{Flow: w, ways: &f.ways, names: &f.filter.names.deskNames}
}

// values are the terms of the selected flow.
func (f *Flows) values() []string {
	i, ok := f.table.Selected()
	if !ok || i >= len(f.snap.Flows) {
		return nil
	}
	w := &f.snap.Flows[i]
	terms := []string{query.Term(query.Src, w.Orig.Src.String()), query.Term(query.Dst, w.Orig.Dst.String())}
	if hasPorts(w) {
		terms = append(terms, query.Term(query.DPort, strconv.Itoa(int(w.Orig.DstPort))))
	}
	if from, to := f.record(w).ends(); from.zone != "" && to.zone != "" {
		terms = append(terms, query.Term(query.Zone, from.zone+">"+to.zone))
	}
	return append(terms, query.Term(query.Proto, protoName(w)), query.Term(query.State, w.State))
}
