package live

import (
	"net/netip"
	"time"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Tuple is one direction of a flow. For ICMP, SrcPort is the identifier and
// DstPort holds type<<8|code.
type Tuple struct {
	Src, Dst         netip.Addr
	SrcPort, DstPort uint16
}

// Flow is one conntrack entry.
type Flow struct {
	ID          uint32
	Family      ruleset.Family
	Proto       uint8
	Orig, Reply Tuple
	// State is the TCP state ("ESTABLISHED", …); for other protocols
	// "ASSURED", "REPLIED" or "UNREPLIED".
	State   string
	Assured bool
	Replied bool
	SrcNAT  bool
	DstNAT  bool
	Mark    uint32
	Zone    uint16
	Timeout time.Duration
	// Counters are zero while accounting is off.
	OrigCount, ReplyCount ruleset.Counters
	// Start is zero while timestamps are off; FirstSeen is when we saw the
	// flow first.
	Start, FirstSeen time.Time
	// Rate is bytes per second in both directions since the last snapshot.
	Rate float64
}

// FlowSnapshot is every flow at one moment. Nothing changes it later.
type FlowSnapshot struct {
	At         time.Time
	Flows      FlowList
	Accounting bool // whether byte counters are on
	Max        int  // net.netfilter.nf_conntrack_max
	// Resyncs counts how often the event stream overran and was repaired by
	// a dump.
	Resyncs int
}
