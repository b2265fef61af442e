package live

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// told is an event at a rule of a chain.
func told(packet uint64, stage int, chain string) traceEvent {
	return traceEvent{packet: packet, stage: stage, step: TraceStep{Table: ruleset.Filter, Chain: chain}}
}

func began(packet, rule uint64) traceEvent { return traceEvent{packet: packet, first: rule} }

func TestEventsBecomePackets(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []traceEvent
		want   string // the chains of each packet
	}{
		{"events of packets that mix", []traceEvent{told(1, 0, "A"), told(2, 0, "B"), told(1, 0, "C")}, "A C, B"},
		{"an identity that comes again", []traceEvent{began(1, 7), told(1, 0, "A"), began(1, 7), told(1, 0, "B")}, "A, B"},
		{"two rules that trace one packet", []traceEvent{began(1, 7), began(1, 8), told(1, 0, "A")}, "A"},
		{"a packet that comes back to an earlier hook", []traceEvent{told(1, 1, "A"), told(1, 3, "B"), told(1, 1, "C")}, "A B, C"},
		{"a packet that only began", []traceEvent{began(1, 7), began(1, 7), told(1, 0, "A")}, "A"},
		{"more packets than asked for", []traceEvent{told(1, 0, "A"), told(2, 0, "B"), told(3, 0, "C"), told(4, 0, "D"), told(3, 0, "E")}, "A, B, C E"},
		{"an event without a rule", []traceEvent{told(1, 0, ""), told(1, 0, "A")}, "A"},
		{"a packet more than asked for with a known identity", []traceEvent{told(1, 0, "A"), told(2, 0, "B"), began(3, 7), told(3, 0, "C"), began(3, 7), told(3, 0, "D")}, "A, B, C"},
	} {
		a := assembler{limit: 3, open: make(map[uint64]*assembling)}
		for _, e := range c.events {
			a.add(time.Unix(0, 0), &e)
		}
		var packets []string
		for _, p := range a.traced().Packets {
			var chains []string
			for _, s := range p.Steps {
				chains = append(chains, s.Chain)
			}
			packets = append(packets, strings.Join(chains, " "))
		}
		if got := strings.Join(packets, ", "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// A trace ends soon after its last packet has come to a decision, else when its
// time is over.
func TestATraceLastsAsLongAsItMust(t *testing.T) {
	for _, c := range []struct {
		packets  int
		verdicts []string // of each packet; one more every 0.91 s, as batches of a log come
		want     time.Duration
	}{
		{0, []string{"accept"}, 10 * time.Second},
		{1, []string{"accept"}, 10 * time.Second},
		{2, []string{"accept"}, settleTime},
		{2, []string{"jump B"}, lateTime},
		{2, []string{"jump B", "drop"}, 900*time.Millisecond + settleTime}, // in whole steps
	} {
		synctest.Test(t, func(t *testing.T) {
			events := make(chan traceEvent, 2*c.packets)
			begin := time.Now()
			go func() {
				for _, verdict := range c.verdicts {
					for i := range c.packets {
						e := told(uint64(i+1), 0, "A")
						e.step.Verdict = verdict
						events <- e
					}
					time.Sleep(910 * time.Millisecond)
				}
			}()
			heard, err := collect(t.Context(), events, 2, 10*time.Second)
			took := time.Since(begin)
			time.Sleep(time.Minute) // the end of who sends
			steps := 0
			for _, p := range heard.Packets {
				steps += len(p.Steps)
			}
			if err != nil || took != c.want || len(heard.Packets) != c.packets || steps != c.packets*len(c.verdicts) {
				t.Errorf("%d packets with %q: %d with %d steps after %s, %v, want them after %s", c.packets, c.verdicts, len(heard.Packets), steps, took, err, c.want)
			}
		})
	}
}

func TestThePathLeadsToTheDecision(t *testing.T) {
	for _, c := range []struct{ steps, want, outcome string }{
		{"INPUT jump A; A return; INPUT jump B; B accept", "INPUT B", "accept"},
		{"INPUT jump A; A jump B; B goto C; C return; A return; INPUT drop", "INPUT", "drop"},
		{"INPUT jump A; A goto B; B reject", "INPUT A B", "reject"},
		{"INPUT continue; INPUT accept", "INPUT", "accept"},
		{"INPUT jump A; A return", "", "accept"},
		{"", "", ""},
	} {
		var p TracedPacket
		for _, text := range strings.Split(c.steps, "; ") {
			if chain, verdict, ok := strings.Cut(text, " "); ok {
				rule := &ruleset.Rule{Target: ruleset.Reject{With: "tcp-reset"}}
				p.Steps = append(p.Steps, TraceStep{Table: ruleset.Filter, Chain: chain, Verdict: verdict, Rule: rule})
			}
		}
		var chains []string
		for _, s := range p.Path() {
			chains = append(chains, s.Chain)
		}
		outcome, _ := p.Outcome()
		if got := strings.Join(chains, " "); got != c.want || string(outcome) != c.outcome {
			t.Errorf("%s: %s by %q, want %s by %q", c.steps, outcome, got, c.outcome, c.want)
		}
	}
}

func TestWhatTheLegacyBackEndLogsIsRead(t *testing.T) {
	for text, want := range map[string]string{
		"TRACE: filter:INPUT:rule:3 ":                  "filter INPUT 2 policy=false ok=true",
		"TRACE: raw:PREROUTING:policy:1 ":              "raw PREROUTING 0 policy=true ok=true",
		"TRACE: nat:a:b:return:12 \x00":                "nat a:b 11 policy=false return ok=true",
		"TRACE: nat:A:rule:0 ":                         "  0 policy=false ok=false",
		"TRACE: nat:rule ":                             "  0 policy=false ok=false",
		"TRACE: ":                                      "  0 policy=false ok=false",
		"TRACE: filter:INPUT:rule:9999999999999999999": "  0 policy=false ok=false",
		"mfw:reject":                                   "  0 policy=false ok=false",
	} {
		s, ok := parseTracePrefix(text)
		got := fmt.Sprintf("%s %s %d policy=%t", s.Table, s.Chain, s.Index, s.Policy)
		if s.Verdict != "" {
			got += " " + s.Verdict
		}
		if got += fmt.Sprintf(" ok=%t", ok); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// The kernel calls a last rule that takes everything the policy of the chain.
func TestARuleIsFoundByItsNumber(t *testing.T) {
	tables, err := ruleset.ParseTables(ruleset.V4, []byte("*raw\n:PREROUTING DROP [0:0]\n:U - [0:0]\n"+
		"-A PREROUTING -p udp -m comment --comment \"mfw:trial-trace\" -j TRACE\n-A PREROUTING -j U\n-A PREROUTING -j ACCEPT\nCOMMIT\n"))
	if err != nil {
		t.Fatal(err)
	}
	trace := logTrace{rules: &ruleset.Ruleset{V4: tables}}
	for text, want := range map[string]string{
		"TRACE: raw:PREROUTING:rule:2":   "1 jump U policy=false",
		"TRACE: raw:PREROUTING:policy:3": "2 accept policy=false", // not counted: the rule that traces
		"TRACE: raw:PREROUTING:policy:4": "0 drop policy=true",
		"TRACE: raw:U:return:1":          "0 return policy=false",
		"TRACE: raw:GONE:rule:1":         "0  policy=false",
		"TRACE: nat:PREROUTING:rule:1":   "0  policy=false",
	} {
		step, ok := parseTracePrefix(text)
		e := traceEvent{step: step, header: Header{Src: netip.MustParseAddr("10.0.0.1")}}
		trace.name(&e)
		if got := fmt.Sprintf("%d %s policy=%t", e.step.Index+1, e.step.Verdict, e.step.Policy); got != want || !ok {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// netlink attributes of a trace, and of a rule.
func attribute(kind uint16, data ...byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(len(data)+4))
	b = append(binary.NativeEndian.AppendUint16(b, kind), data...)
	return append(b, make([]byte, (4-len(b)%4)%4)...)
}

func number(kind uint16, n uint32) []byte {
	return attribute(kind, binary.BigEndian.AppendUint32(nil, n)...)
}

func handle(kind uint16, n uint64) []byte {
	return attribute(kind, binary.BigEndian.AppendUint64(nil, n)...)
}

// Rules are found by their handles; those that iptables does not show, and those
// that came meanwhile, are told as far as they are known.
func TestARuleIsFoundByItsHandle(t *testing.T) {
	tables, err := ruleset.ParseTables(ruleset.V4, []byte("*filter\n:INPUT DROP [0:0]\n:U - [0:0]\n"+
		"-A INPUT -j U\n-A INPUT -j REJECT --reject-with icmp-port-unreachable\nCOMMIT\n"))
	if err != nil {
		t.Fatal(err)
	}
	trace := nftTrace{rules: &ruleset.Ruleset{V4: tables}, handles: map[nftRule]nftPlace{
		{unix.NFPROTO_IPV4, "filter", 5}: {"INPUT", 0}, {unix.NFPROTO_IPV4, "filter", 6}: {"INPUT", 1},
		{unix.NFPROTO_INET, "mine", 2}: {"in", 4},
	}}
	for _, c := range []struct {
		name         string
		family       byte
		table, chain string
		kind         uint32
		handle       uint64
		verdict      int32
		want         string
	}{
		{"a jump", unix.NFPROTO_IPV4, "filter", "INPUT", unix.NFT_TRACETYPE_RULE, 5, -3, "filter INPUT 1 jump U policy=false"},
		{"a reject, which nft calls a drop", unix.NFPROTO_IPV4, "filter", "INPUT", unix.NFT_TRACETYPE_RULE, 6, 0, "filter INPUT 2 reject policy=false"},
		{"a policy", unix.NFPROTO_IPV4, "filter", "INPUT", unix.NFT_TRACETYPE_POLICY, 0, 0, "filter INPUT 0 accept policy=true"},
		{"the end of a chain", unix.NFPROTO_IPV4, "filter", "U", unix.NFT_TRACETYPE_RETURN, 0, -1, "filter U 0 return policy=false"},
		{"the end of a chain as a rule without a handle", unix.NFPROTO_IPV4, "filter", "U", unix.NFT_TRACETYPE_RULE, 0, -1, "filter U 0 return policy=false"},
		{"the end of a built-in chain", unix.NFPROTO_IPV4, "filter", "INPUT", unix.NFT_TRACETYPE_RETURN, 0, -1, "  1  policy=false"},
		{"a rule that came meanwhile", unix.NFPROTO_IPV4, "filter", "INPUT", unix.NFT_TRACETYPE_RULE, 9, 0, "filter INPUT 0 drop policy=false"},
		{"a rule of another table", unix.NFPROTO_INET, "mine", "in", unix.NFT_TRACETYPE_RULE, 2, 0, "inet mine in 5 drop policy=false"},
		{"a chain that is gone", unix.NFPROTO_IPV6, "filter", "INPUT", unix.NFT_TRACETYPE_RULE, 5, 1, "ip6 filter INPUT 0 accept policy=false"},
	} {
		message := slices.Concat([]byte{c.family, 0, 0, 0},
			attribute(unix.NFTA_TRACE_TABLE, append([]byte(c.table), 0)...), attribute(unix.NFTA_TRACE_CHAIN, append([]byte(c.chain), 0)...),
			number(unix.NFTA_TRACE_TYPE, c.kind), number(unix.NFTA_TRACE_ID, 7), number(unix.NFTA_TRACE_POLICY, 1),
			attribute(unix.NFTA_TRACE_VERDICT, number(unix.NFTA_VERDICT_CODE, uint32(c.verdict))...))
		if c.handle != 0 {
			message = append(message, handle(unix.NFTA_TRACE_RULE_HANDLE, c.handle)...)
		}
		e, ok := trace.decode(message)
		got := fmt.Sprintf("%s %s %d %s policy=%t", e.step.Table, e.step.Chain, e.step.Index+1, e.step.Verdict, e.step.Policy)
		if got != c.want || !ok || e.packet != 7 {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if _, ok := trace.decode(message[:len(message)-1]); ok {
			t.Errorf("%s: a message that is cut short makes sense", c.name)
		}
	}
}

// What NAT and mangling write does not change who a packet is; what tells it from
// the next one does.
func TestAPacketStaysTheSameWhenItIsTranslated(t *testing.T) {
	tcp := func(id byte, src, port byte, seq byte) []byte {
		b := make([]byte, 40)
		b[0], b[5], b[9], b[15], b[21], b[27], b[33] = 0x45, id, ruleset.TCP, src, port, seq, 2
		return b
	}
	if packetIdentity(tcp(1, 1, 1, 1)) != packetIdentity(tcp(1, 2, 2, 1)) {
		t.Error("a translated packet counts as another")
	}
	for what, other := range map[string][]byte{"identification": tcp(2, 1, 1, 1), "sequence": tcp(1, 1, 1, 2)} {
		if packetIdentity(tcp(1, 1, 1, 1)) == packetIdentity(other) {
			t.Errorf("another %s is not another packet", what)
		}
	}
	for n := range 40 {
		packetIdentity(append(tcp(1, 1, 1, 1)[:20:20], make([]byte, n)...)) // however short
	}
}

func FuzzDecodeTrace(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, 8, 0, 1, 0, 'r', 'a', 'w', 0})
	f.Add([]byte{2, 0, 0, 0, 12, 0, 5, 0, 8, 0, 1, 0, 0, 0, 0, 1})
	t := nftTrace{rules: &ruleset.Ruleset{}}
	f.Fuzz(func(_ *testing.T, message []byte) {
		t.decode(message)
		decodeHandle(message)
	})
}
