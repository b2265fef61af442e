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
	blocks []*block
	n      int
}

// perBlock fills one of the allocator's size classes, 32 kB.
const perBlock = 292

// block is a part of a list that is copied as a whole before it is written while
// a snapshot shares it.
type block struct {
	// replies are the addresses of the IPv6 replies that do not mirror the
	// original direction, by place: they are rare.
	replies map[uint16][2]netip.Addr
	entries [perBlock]entry
}

func (b *block) clone() *block {
	c := *b
	if b.replies != nil {
		c.replies = make(map[uint16][2]netip.Addr, len(b.replies))
		for i, pair := range b.replies {
			c.replies[i] = pair
		}
	}
	return &c
}

// entry is a flow as a list keeps it.
type entry struct {
	// addrs are source and destination; of IPv4 also those of the reply.
	addrs              [32]byte
	ports              [4]uint16 // source and destination, and of the reply
	orig, reply        ruleset.Counters
	start, firstSeen   int64 // nanoseconds since 1970, 0 for none
	id, mark, timeout  uint32
	rate               float32
	zone               uint16
	proto, state, bits uint8
}

// The bits of an entry.
const (
	isV6 = 1 << iota
	isAssured
	isReplied
	isSrcNAT
	isDstNAT
	hasOrig
	hasReply
	isMirror // the addresses of the reply are those of the original direction
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
	e := l.entry(i)
	return e.id, e.proto, e.ports[0]
}

// Bytes is what the i-th flow moved in both directions.
func (l FlowList) Bytes(i int) uint64 {
	e := l.entry(i)
	return e.orig.Bytes + e.reply.Bytes
}

// Rate is the rate of the i-th flow, in bytes per second.
func (l FlowList) Rate(i int) float64 { return float64(l.entry(i).rate) }

func (l FlowList) entry(i int) *entry { return &l.blocks[i/perBlock].entries[i%perBlock] }

// All are the flows with their places.
func (l FlowList) All() iter.Seq2[int, *Flow] {
	return func(yield func(int, *Flow) bool) {
		for i := range l.n {
			f := l.At(i)
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
		l.blocks = append(l.blocks, new(block))
	}
	l.blocks[l.n/perBlock].put(l.n%perBlock, e, f)
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
	e := entry{
		ports: [4]uint16{f.Orig.SrcPort, f.Orig.DstPort, f.Reply.SrcPort, f.Reply.DstPort},
		orig:  f.OrigCount, reply: f.ReplyCount, start: nanoseconds(f.Start), firstSeen: nanoseconds(f.FirstSeen),
		id: f.ID, mark: f.Mark, timeout: uint32(f.Timeout / time.Second), rate: float32(f.Rate),
		zone: f.Zone, proto: f.Proto, state: stateNumber(f.State),
		bits: bit(f.Assured, isAssured) | bit(f.Replied, isReplied) | bit(f.SrcNAT, isSrcNAT) | bit(f.DstNAT, isDstNAT) |
			bit(f.Orig.Src.IsValid(), hasOrig) | bit(f.Reply.Src.IsValid(), hasReply),
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
	e.bits |= isV6 | bit(f.Reply.Src == f.Orig.Dst && f.Reply.Dst == f.Orig.Src, isMirror)
	return e
}

// put writes a flow to a place; e is its entry.
func (b *block) put(i int, e *entry, f *Flow) {
	b.entries[i] = *e
	if e.bits&(isV6|hasReply|isMirror) != isV6|hasReply {
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
	e := &b.entries[i]
	f.ID, f.Proto, f.State, f.Mark, f.Zone = e.id, e.proto, flowStates[e.state], e.mark, e.zone
	f.Assured, f.Replied = e.bits&isAssured != 0, e.bits&isReplied != 0
	f.SrcNAT, f.DstNAT = e.bits&isSrcNAT != 0, e.bits&isDstNAT != 0
	f.Timeout, f.Rate = time.Duration(e.timeout)*time.Second, float64(e.rate)
	f.OrigCount, f.ReplyCount, f.Start, f.FirstSeen = e.orig, e.reply, moment(e.start), moment(e.firstSeen)
	f.Orig.SrcPort, f.Orig.DstPort, f.Reply.SrcPort, f.Reply.DstPort = e.ports[0], e.ports[1], e.ports[2], e.ports[3]
	e.getAddrs(f, b.replies[uint16(i)])
}

// getAddrs reads family and addresses; reply are those of an IPv6 reply that does
// not mirror the original direction.
func (e *entry) getAddrs(f *Flow, reply [2]netip.Addr) {
	known, answered := e.bits&hasOrig != 0, e.bits&hasReply != 0
	if e.bits&isV6 == 0 {
		f.Family = ruleset.V4
		if known {
			f.Orig.Src, f.Orig.Dst = e.v4(0), e.v4(4)
		}
		if answered {
			f.Reply.Src, f.Reply.Dst = e.v4(8), e.v4(12)
		}
		return
	}
	f.Family = ruleset.V6
	if known {
		f.Orig.Src, f.Orig.Dst = netip.AddrFrom16([16]byte(e.addrs[:16])), netip.AddrFrom16([16]byte(e.addrs[16:]))
	}
	f.Reply.Src, f.Reply.Dst = reply[0], reply[1]
	if e.bits&isMirror != 0 {
		f.Reply.Src, f.Reply.Dst = f.Orig.Dst, f.Orig.Src
	}
}

func (e *entry) v4(at int) netip.Addr { return netip.AddrFrom4([4]byte(e.addrs[at : at+4])) }
