package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/florianl/go-nflog/v2"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// logTrace hears of traced packets from the legacy back end, which logs them to
// the netlink group 0 when the kernel's logger is netlink.
type logTrace struct {
	log    *nflog.Nflog
	rules  *ruleset.Ruleset
	read   readRules
	heard  chan traceEvent
	cancel context.CancelFunc
}

// logQueue is how many events wait until the rules are known.
const logQueue = 4096

func openLogTrace() (*logTrace, error) {
	log, err := nflog.Open(&nflog.Config{Group: 0, Copymode: nflog.CopyPacket, Bufsize: headerBytes})
	if err != nil {
		return nil, fmt.Errorf("open the log of traced packets: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t := &logTrace{log: log, heard: make(chan traceEvent, logQueue), cancel: cancel}
	if err := log.RegisterWithErrorFunc(ctx, t.take, t.failed); err != nil {
		cancel()
		log.Close()
		if taken(err) {
			return nil, ErrTraceTaken
		}
		return nil, fmt.Errorf("read log group 0: %w", err)
	}
	return t, nil
}

func (t *logTrace) Close() error {
	t.cancel()
	return t.log.Close()
}

func (t *logTrace) learn(ctx context.Context, read readRules) (err error) {
	t.read = read
	t.rules, err = read(ctx)
	return err
}

// take turns a message into an event. The queue is not waited for: the library
// must get back to its socket.
func (t *logTrace) take(a nflog.Attribute) int {
	if a.Prefix == nil || a.Payload == nil || a.Hook == nil {
		return 0
	}
	step, ok := parseTracePrefix(*a.Prefix)
	header, hasHeader := parseHeader(*a.Payload)
	if !ok || !hasHeader {
		return 0
	}
	e := traceEvent{
		packet: packetIdentity(*a.Payload), stage: logStages[*a.Hook&7], step: step,
		header: header, hasHeader: true, in: index(a.InDev), out: index(a.OutDev),
	}
	select {
	case t.heard <- e:
	default:
	}
	return 0
}

// logStages order the hooks of netfilter in the way of a packet: PREROUTING,
// INPUT, FORWARD, OUTPUT, POSTROUTING.
var logStages = [8]int{1, 2, 2, 1, 3}

func (t *logTrace) failed(err error) int {
	if !errors.Is(err, unix.ENOBUFS) {
		return 1
	}
	select {
	case t.heard <- traceEvent{overrun: true}:
	default:
	}
	return 0
}

// events names the rules of what was heard.
func (t *logTrace) events(ctx context.Context, out chan<- traceEvent) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-t.heard:
			if !e.overrun {
				t.name(&e)
			}
			if !sendEvent(ctx, out, e) {
				return
			}
		}
	}
}

// name finds the rule of an event. The kernel tells its number only, and calls
// a last rule that takes everything the policy, or the end of the chain.
func (t *logTrace) name(e *traceEvent) {
	s, at := &e.step, e.step.Index
	s.Index = -1
	table := t.rules.Tables(ruleset.OfAddr(e.header.Src)).Table(s.Table)
	if table == nil {
		return
	}
	chain := table.Chain(s.Chain)
	switch {
	case chain == nil:
	case at < len(chain.Rules):
		s.Rule, s.Index, s.Policy = chain.Rules[at], indexBehind(chain, at), false
		s.Verdict = ruleVerdict(s.Rule, "?")
		if tracing(s.Rule) {
			e.first = uint64(at) + 1
		}
	case s.Policy:
		s.Verdict = strings.ToLower(chain.Policy)
	}
}

// tracePrefix starts what the kernel logs of traced packets.
const tracePrefix = "TRACE: "

// parseTracePrefix reads "TRACE: filter:INPUT:rule:3 "; the index of the step
// then is the number of the rule, from 0.
func parseTracePrefix(text string) (TraceStep, bool) {
	text, ok := strings.CutPrefix(strings.TrimRight(text, " \x00"), tracePrefix)
	table, text, hasTable := strings.Cut(text, ":")
	number := strings.LastIndexByte(text, ':')
	if !ok || !hasTable || number < 0 {
		return TraceStep{}, false
	}
	n, err := strconv.Atoi(text[number+1:])
	kind := strings.LastIndexByte(text[:number], ':')
	if err != nil || n < 1 || kind < 0 {
		return TraceStep{}, false
	}
	s := TraceStep{Table: table, Chain: text[:kind], Index: n - 1}
	switch text[kind+1 : number] {
	case "policy":
		s.Policy = true
	case "return":
		s.Verdict = "return"
	}
	return s, true
}

// packetIdentity is a number that stays the same while a packet is translated
// and routed: made of what no rule changes. Neither addresses nor ports are part
// of it, nor what else NAT and mangling may write.
func packetIdentity(b []byte) uint64 {
	h := fnv.New64a()
	var proto byte
	switch {
	case b[0]>>4 == 4:
		size := int(b[0]&0x0f) * 4
		proto = b[9]
		h.Write(b[2:8]) // length, identification, fragment
		b = b[min(size, len(b)):]
	default:
		proto = b[6]
		h.Write(b[4:6])
		b = b[40:]
	}
	h.Write([]byte{proto})
	switch {
	case proto == ruleset.TCP && len(b) >= 16:
		h.Write(b[4:14]) // sequence, acknowledgement, flags
	case proto == ruleset.UDP && len(b) >= 8:
		h.Write(b[8:])
	case (proto == ruleset.ICMP || proto == ruleset.ICMPv6) && len(b) >= 8:
		h.Write(b[:2])
		h.Write(b[6:8])
	default:
		h.Write(b)
	}
	return h.Sum64()
}

// shifted reports whether the rules are not those that were learnt.
func (t *logTrace) shifted(ctx context.Context) bool {
	now, err := t.read(ctx)
	return err != nil || !sameRules(now, t.rules)
}

// sameRules compares what rules say, whatever they counted.
func sameRules(a, b *ruleset.Ruleset) bool {
	return bytes.Equal(ruleTexts(a), ruleTexts(b))
}

func ruleTexts(rs *ruleset.Ruleset) []byte {
	var out []byte
	for _, f := range ruleset.Families() {
		for _, t := range *rs.Tables(f) {
			for _, c := range t.Chains {
				out = fmt.Appendln(out, f, t.Name, c.Name, c.Policy)
				for _, r := range c.Rules {
					out = fmt.Appendln(out, r.Text(f))
				}
			}
		}
	}
	return out
}
