package live

import (
	"iter"
	"net/netip"
	"slices"
	"time"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// FlowList is any number of flows in less than half of their size: a Flow takes
// 248 bytes, an entry 112, and no entry holds a pointer that the garbage
// collector would follow. The zero value is empty. Copies share their flows, as
// those of a slice do.
type FlowList struct {
	blocks []block
	n      int
}

// perBlock makes both arrays of a block as large as a size class of the
// allocator: 32 and 24 kB.
const perBlock = 512

// block is a part of a list, in two: who its flows are, and what they do. Each
// is copied before it is written while a snapshot shares it, so that a table in
// which only counters moved costs its snapshots the smaller half.
type block struct {
	who  *[perBlock]who
	what *[perBlock]what
	// replies are the addresses of the IPv6 replies that do not mirror the
	// original direction, by place: they are rare.
	replies map[uint16][2]netip.Addr
}

// entry is a flow as a list keeps it.
type entry struct {
	who
	what
}

// who is what stays while a flow lives.
type who struct {
	// addrs are source and destination; of IPv4 also those of the reply.
	addrs            [32]byte
	ports            [4]uint16 // source and destination, and of the reply
	start, firstSeen int64     // nanoseconds since 1970, 0 for none
	id               uint32
	zone             uint16
	proto, form      uint8
}

// The bits of a form.
const (
	isV6 = 1 << iota
	hasOrig
	hasReply
	isMirror // the addresses of the reply are those of the original direction
)

// what is what changes.
type what struct {
	orig, reply   ruleset.Counters
	mark, timeout uint32
	rate          float32
	state, status uint8
}

// The bits of a status.
const (
	isAssured = 1 << iota
	isReplied
	isSrcNAT
	isDstNAT
)

// ListFlows makes a list of flows.
func ListFlows(flows ...Flow) (l FlowList) {
	for i := range flows {
		l.Append(&flows[i])
	}
	return l
}

// Len is the number of flows.
func (l FlowList) Len() int { return l.n }

// At is the i-th flow. Its addresses, times and state are made anew each time:
// what only identifies a flow is cheaper by Ident.
func (l FlowList) At(i int) (f Flow) {
	l.blocks[i/perBlock].get(i%perBlock, &f)
	return f
}

// Ident is what a flow is known by from one list to the next.
func (l FlowList) Ident(i int) (id uint32, proto uint8, srcPort uint16) {
	w := l.who(i)
	return w.id, w.proto, w.ports[0]
}

// Bytes is what the i-th flow moved in both directions.
func (l FlowList) Bytes(i int) uint64 { return uint64(l.what(i).bytes()) }

// Rate is the rate of the i-th flow, in bytes per second.
func (l FlowList) Rate(i int) float64 { return float64(l.what(i).rate) }

func (l FlowList) who(i int) *who   { return &l.blocks[i/perBlock].who[i%perBlock] }
func (l FlowList) what(i int) *what { return &l.blocks[i/perBlock].what[i%perBlock] }

func (w *what) bytes() int64 { return int64(w.orig.Bytes + w.reply.Bytes) }

// All are the flows with their places. Each is gone when the next one comes.
func (l FlowList) All() iter.Seq2[int, *Flow] {
	return func(yield func(int, *Flow) bool) {
		var f Flow
		for i := range l.n {
			f = l.At(i)
			if !yield(i, &f) {
				return
			}
		}
	}
}

// Append adds a flow. A state that no conntrack entry has is not kept, nor what
// of a timeout is less than a second.
func (l *FlowList) Append(f *Flow) {
	e := pack(f)
	l.append(&e, f)
}

func (l *FlowList) append(e *entry, f *Flow) {
	if l.n == len(l.blocks)*perBlock {
		l.blocks = append(l.blocks, block{who: new([perBlock]who), what: new([perBlock]what)})
	}
	b := &l.blocks[l.n/perBlock]
	b.what[l.n%perBlock] = e.what
	b.name(l.n%perBlock, &e.who, f)
	l.n++
}

// shared is a list of the same flows, which does not change when blocks of this
// one are replaced.
func (l FlowList) shared() FlowList { return FlowList{slices.Clone(l.blocks), l.n} }

// flowStates are the states by their number in an entry.
var flowStates = append(tcpStates[:], "", "UNREPLIED", "REPLIED", "ASSURED")

const noState = uint8(len(tcpStates))

func stateNumber(state string) uint8 {
	if i := slices.Index(flowStates, state); i >= 0 {
		return uint8(i)
	}
	return noState
}

// pack makes the entry of a flow, without the addresses of an IPv6 reply that
// does not mirror the original direction.
func pack(f *Flow) entry {
	var e entry
	e.who = who{
		ports: [4]uint16{f.Orig.SrcPort, f.Orig.DstPort, f.Reply.SrcPort, f.Reply.DstPort},
		start: nanoseconds(f.Start), firstSeen: nanoseconds(f.FirstSeen), id: f.ID, zone: f.Zone, proto: f.Proto,
		form: bit(f.Orig.Src.IsValid(), hasOrig) | bit(f.Reply.Src.IsValid(), hasReply),
	}
	e.what = what{
		orig: f.OrigCount, reply: f.ReplyCount, mark: f.Mark, timeout: uint32(f.Timeout / time.Second), rate: float32(f.Rate),
		state:  stateNumber(f.State),
		status: bit(f.Assured, isAssured) | bit(f.Replied, isReplied) | bit(f.SrcNAT, isSrcNAT) | bit(f.DstNAT, isDstNAT),
	}
	if f.Family != ruleset.V6 && !f.Orig.Src.Is6() {
		for n, a := range [...]netip.Addr{f.Orig.Src, f.Orig.Dst, f.Reply.Src, f.Reply.Dst} {
			if a.Is4() {
				v4 := a.As4()
				copy(e.addrs[4*n:], v4[:])
			}
		}
		return e
	}
	if f.Orig.Src.IsValid() {
		src, dst := f.Orig.Src.As16(), f.Orig.Dst.As16()
		copy(e.addrs[:], src[:])
		copy(e.addrs[16:], dst[:])
	}
	e.form |= isV6 | bit(f.Reply.Src == f.Orig.Dst && f.Reply.Dst == f.Orig.Src, isMirror)
	return e
}

// name writes who a flow is.
func (b *block) name(i int, w *who, f *Flow) {
	b.who[i] = *w
	if w.form&(isV6|hasReply|isMirror) != isV6|hasReply {
		delete(b.replies, uint16(i))
		return
	}
	if b.replies == nil {
		b.replies = make(map[uint16][2]netip.Addr)
	}
	b.replies[uint16(i)] = [2]netip.Addr{f.Reply.Src, f.Reply.Dst}
}

func bit(on bool, bit uint8) uint8 {
	if on {
		return bit
	}
	return 0
}

func nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func moment(nanoseconds int64) time.Time {
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds)
}

// get reads the flow at a place into f, which must be zero.
func (b *block) get(i int, f *Flow) {
	n, w := &b.who[i], &b.what[i]
	f.ID, f.Proto, f.Zone, f.Start, f.FirstSeen = n.id, n.proto, n.zone, moment(n.start), moment(n.firstSeen)
	f.Orig.SrcPort, f.Orig.DstPort, f.Reply.SrcPort, f.Reply.DstPort = n.ports[0], n.ports[1], n.ports[2], n.ports[3]
	n.getAddrs(f, b.replies[uint16(i)])
	f.State, f.Mark, f.Timeout, f.Rate = flowStates[w.state], w.mark, time.Duration(w.timeout)*time.Second, float64(w.rate)
	f.Assured, f.Replied = w.status&isAssured != 0, w.status&isReplied != 0
	f.SrcNAT, f.DstNAT = w.status&isSrcNAT != 0, w.status&isDstNAT != 0
	f.OrigCount, f.ReplyCount = w.orig, w.reply
}

// getAddrs reads family and addresses; reply are those of an IPv6 reply that does
// not mirror the original direction.
func (w *who) getAddrs(f *Flow, reply [2]netip.Addr) {
	known, answered := w.form&hasOrig != 0, w.form&hasReply != 0
	if w.form&isV6 == 0 {
		f.Family = ruleset.V4
		if known {
			f.Orig.Src, f.Orig.Dst = w.v4(0), w.v4(4)
		}
		if answered {
			f.Reply.Src, f.Reply.Dst = w.v4(8), w.v4(12)
		}
		return
	}
	f.Family = ruleset.V6
	if known {
		f.Orig.Src, f.Orig.Dst = netip.AddrFrom16([16]byte(w.addrs[:16])), netip.AddrFrom16([16]byte(w.addrs[16:]))
	}
	f.Reply.Src, f.Reply.Dst = reply[0], reply[1]
	if w.form&isMirror != 0 {
		f.Reply.Src, f.Reply.Dst = f.Orig.Dst, f.Orig.Src
	}
}

func (w *who) v4(at int) netip.Addr { return netip.AddrFrom4([4]byte(w.addrs[at : at+4])) }
