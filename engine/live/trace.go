package live

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// TracedPacket is a packet with the rules that it really met, as the kernel
// tells of packets that a rule marked with TRACE.
type TracedPacket struct {
	At   time.Time // when it was heard of
	From Header    // as it came, before any translation
	To   Header    // as it was seen last
	// In and Out are interfaces, empty where there was none.
	In, Out string
	Steps   []TraceStep
}

// TraceStep is a rule that a packet matched, or the end of a chain that it came
// to. The kernel does not tell of rules that a packet did not match.
type TraceStep struct {
	Table, Chain string
	// Index counts the rules of the chain from 0, those that trace left out.
	// It is -1 for the end of a chain, and where the rule is not known: one
	// that came or went meanwhile.
	Index int
	// Rule is nil at the end of a chain, and for rules of tables that no
	// iptables shows.
	Rule *ruleset.Rule
	// Policy says that the packet came to the end of a built-in chain.
	Policy bool
	// Verdict is a word such as accept, drop, reject, return, continue,
	// dnat, or "jump" and "goto" with the chain.
	Verdict string
}

// Outcome is what became of the packet as far as rules decide, and what it was
// rejected with; empty when no rule stopped it and the kernel told of none of the
// filter table: there is none, or something else than a rule stopped it before.
func (p *TracedPacket) Outcome() (outcome ruleset.Outcome, with string) {
	if len(p.Steps) == 0 {
		return "", ""
	}
	last := p.Steps[len(p.Steps)-1]
	switch last.Verdict {
	case verdictDrop:
		return ruleset.Dropped, ""
	case verdictReject:
		if r, ok := last.Rule.Target.(ruleset.Reject); ok {
			with = r.With
		}
		return ruleset.Rejected, with
	}
	for _, s := range p.Steps {
		if s.Table == ruleset.Filter {
			return ruleset.Accepted, ""
		}
	}
	return "", ""
}

// Path leads from a built-in chain of the filter table to the rule or policy that
// decided, by the jumps that were taken.
func (p *TracedPacket) Path() []TraceStep {
	var path []TraceStep // all but the last are jumps
	var last []TraceStep
	for _, s := range p.Steps {
		if s.Table != ruleset.Filter {
			continue
		}
		word, _, _ := strings.Cut(s.Verdict, " ")
		switch word {
		case "jump", "goto":
			path = append(path, s)
			last = nil
		case "return":
			path = returned(path)
			last = nil
		case "continue":
		default:
			last = []TraceStep{s}
		}
	}
	return append(path, last...)
}

// returned is a path without its last jump: a chain that was gone to returns to
// the caller of the chain that it was gone to from.
func returned(path []TraceStep) []TraceStep {
	for len(path) > 0 {
		jump := strings.HasPrefix(path[len(path)-1].Verdict, "jump ")
		if path = path[:len(path)-1]; jump {
			break
		}
	}
	return path
}

// The verdicts that end a packet.
const (
	verdictDrop   = "drop"
	verdictReject = "reject"
)

// Traced is what a trace heard.
type Traced struct {
	Packets []TracedPacket
	// Overruns counts how often the kernel had more to tell than was taken;
	// then steps are missing.
	Overruns int
	// Shifted says that rules changed while the kernel told them by their
	// number only: the rules named may be neighbours of the right ones.
	Shifted bool
}

// traceEvent is one message of the kernel: a packet matched a rule, or came to
// the end of a chain.
type traceEvent struct {
	// packet is the same for all events of a packet, and may be the same
	// again for a later one.
	packet uint64
	// stage rises while a packet goes from hook to hook; 0 where not told.
	stage int
	first uint64    // the rule that began to trace, if this event is of one
	step  TraceStep // without a chain when there is none to tell
	// header is how the packet looks; not every event tells.
	header    Header
	hasHeader bool
	in, out   int // indexes of interfaces, 0 where not told
	overrun   bool
}

// How long the last packet may take to its last rule: settleTime without an event,
// and lateTime while no rule has decided about some packet, since the log of the
// kernel comes in batches, the last one a second late. Time is counted in steps: a
// process that stood still takes what was told meanwhile.
const (
	settleStep = 20 * time.Millisecond
	settleTime = 10 * settleStep
	lateTime   = 100 * settleStep
)

// collect puts events together to packets until the time is over, or until so
// many packets are complete.
func collect(ctx context.Context, events <-chan traceEvent, limit int, window time.Duration) (Traced, error) {
	a := assembler{limit: limit, open: make(map[uint64]*assembling)}
	end := time.NewTimer(window)
	defer end.Stop()
	var settling <-chan time.Time
	var quiet, late time.Duration
	for {
		select {
		case <-ctx.Done():
			return Traced{}, ctx.Err()
		case <-end.C:
			return a.traced(), nil
		case <-settling:
			quiet, late = quiet+settleStep, late+settleStep
			if quiet >= settleTime && a.decided() || late >= lateTime {
				return a.traced(), nil
			}
		case e, ok := <-events:
			if !ok {
				return a.traced(), nil
			}
			if a.add(time.Now(), &e) {
				quiet = 0
			}
			if a.full() && settling == nil {
				end.Stop()
				tick := time.NewTicker(settleStep)
				defer tick.Stop()
				settling = tick.C
			}
		}
	}
}

// assembler puts the events of packets together.
type assembler struct {
	limit    int
	packets  []*assembling
	open     map[uint64]*assembling // the latest with this identity
	overruns int
}

// assembling is a packet on its way.
type assembling struct {
	TracedPacket
	in, out int
	stage   int
	first   uint64 // while nothing but rules that trace was met
	begun   bool
}

func (a *assembler) full() bool { return len(a.packets) >= a.limit }

// decided reports whether every packet has come to a decision.
func (a *assembler) decided() bool {
	return !slices.ContainsFunc(a.packets, func(p *assembling) bool { return !p.decided() })
}

// add takes in an event, and reports whether it is of a packet that counts.
func (a *assembler) add(now time.Time, e *traceEvent) bool {
	if e.overrun {
		a.overruns++
		return false
	}
	p := a.open[e.packet]
	if p == nil || p.endsBefore(e) {
		if delete(a.open, e.packet); a.full() {
			return false
		}
		p = &assembling{TracedPacket: TracedPacket{At: now}}
		a.packets, a.open[e.packet] = append(a.packets, p), p
	}
	p.add(e)
	return true
}

// decided reports whether a rule stopped the packet, or the filter table let it
// pass: then not much can follow.
func (p *TracedPacket) decided() bool {
	if len(p.Steps) == 0 {
		return false
	}
	switch p.Steps[len(p.Steps)-1].Verdict {
	case verdictDrop, verdictReject:
		return true
	}
	path := p.Path()
	if len(path) == 0 {
		return false
	}
	word, _, _ := strings.Cut(path[len(path)-1].Verdict, " ")
	return word != "jump" && word != "goto"
}

// endsBefore reports whether an event is of a later packet with the same
// identity: one that is back at an earlier hook, or that begins to be traced.
func (p *assembling) endsBefore(e *traceEvent) bool {
	if e.stage != 0 && e.stage < p.stage {
		return true
	}
	return e.first != 0 && (p.begun || p.first == e.first)
}

func (p *assembling) add(e *traceEvent) {
	p.stage = max(p.stage, e.stage)
	if e.hasHeader {
		if !p.From.Src.IsValid() {
			p.From = e.header
		}
		p.To = e.header
	}
	if p.in == 0 {
		p.in = e.in
	}
	if e.out != 0 {
		p.out = e.out
	}
	if e.first != 0 {
		p.first = e.first
		return // a rule of ours, there for this trace only
	}
	p.begun = true
	if e.step.Chain != "" {
		p.Steps = append(p.Steps, e.step)
	}
}

// traced are the packets with the names of their interfaces.
func (a *assembler) traced() Traced {
	names := interfaceNames()
	result := Traced{Overruns: a.overruns, Packets: make([]TracedPacket, 0, len(a.packets))}
	for _, p := range a.packets {
		if !p.begun {
			continue // seen at its first rule only
		}
		p.In, p.Out = names[p.in], names[p.out]
		result.Packets = append(result.Packets, p.TracedPacket)
	}
	return result
}

// tracing reports whether a rule is there for a trace only.
func tracing(r *ruleset.Rule) bool {
	_, traces := r.Target.(ruleset.Traced)
	return traces && r.Owned()
}

// indexBehind is the index of a rule without the rules that trace.
func indexBehind(c *ruleset.Chain, i int) int {
	n := i
	for _, r := range c.Rules[:i] {
		if tracing(r) {
			n--
		}
	}
	return n
}

// ruleVerdict is what a rule does with a packet that matches; fallback is for
// targets that are not known.
func ruleVerdict(r *ruleset.Rule, fallback string) string {
	switch t := r.Target.(type) {
	case ruleset.Verdict:
		return strings.ToLower(string(t))
	case ruleset.Reject:
		return verdictReject
	case ruleset.Jump:
		if t.Goto {
			return "goto " + t.Chain
		}
		return "jump " + t.Chain
	case ruleset.DNAT:
		return "dnat"
	case ruleset.SNAT:
		return "snat"
	case ruleset.Masquerade:
		return "masquerade"
	case ruleset.UnknownTarget:
		return fallback
	}
	return "continue"
}
