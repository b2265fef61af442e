package ruleset

import (
	"slices"
	"strings"
)

// Answer is what asking a rule gives. Unknown is for what cannot be judged
// from outside: a rate limit, an extension that the package does not know, a
// set that is not there.
type Answer uint8

// The answers.
const (
	No Answer = iota
	Yes
	Unknown
)

// Outcome is what becomes of a packet; empty when no rule decided, which only
// TraceChain can return.
type Outcome string

// The outcomes.
const (
	Accepted Outcome = "accept"
	Dropped  Outcome = "drop"
	Rejected Outcome = "reject"
)

// Step is a rule that a packet met. Index counts from 0. For the policy of a
// built-in chain, Rule is nil and Index is -1.
type Step struct {
	Table, Chain string
	Index        int
	Rule         *Rule
	Matched      Answer
}

// Doubt is a rule that could not be judged and was taken as not matching, or
// an effect that could not be followed. Why says in words what it was.
type Doubt struct {
	Step
	Why string
}

// Judgement is what becomes of a packet, and why.
type Judgement struct {
	Outcome Outcome
	With    string // the reject-with word of a reject

	// Path leads from a built-in chain to the rule that decided, by the
	// jumps that were taken; the decision is the last. For an accepted
	// packet it is the decision of the filter table.
	Path []Step

	// Packet is the packet as it ends: translated, marked, with the
	// interface that it leaves by. The source of a masqueraded packet stays
	// what it was.
	Packet      Packet
	Local       bool // delivered to this host
	DNATed      bool
	SNATed      bool
	Masqueraded bool

	Doubts []Doubt
}

// Rule is the rule that decided; nil for a policy, or when nothing did.
func (j *Judgement) Rule() *Rule {
	if len(j.Path) == 0 {
		return nil
	}
	return j.Path[len(j.Path)-1].Rule
}

// Trace is a judgement with every rule that the packet met, in order.
type Trace struct {
	Judgement
	Steps []Step
}

// Trace walks one packet through the rules, see Tracer.Trace. For many packets
// make a Tracer.
func (rs *Ruleset) Trace(p Packet, route Route) *Trace { return NewTracer(rs).Trace(p, route) }

// TraceChain walks one packet through one chain, see Tracer.TraceChain.
func (rs *Ruleset) TraceChain(table, chain string, p Packet) *Trace {
	return NewTracer(rs).TraceChain(table, chain, p)
}

// Trace walks a packet along its whole way: the tables raw, mangle and nat of
// PREROUTING, the routing decision, mangle, filter, security and nat of INPUT
// or FORWARD, mangle and nat of POSTROUTING; from OUTPUT on when it has no
// interface that it came in by. Tables of nat are asked for new flows only.
// A nil Route takes the packet for local when its Out is empty.
func (t *Tracer) Trace(p Packet, route Route) *Trace {
	w := t.walk(p, route, true)
	w.whole()
	return &Trace{Judgement: w.result, Steps: w.steps}
}

// Judge is Trace without the steps, for many packets.
func (t *Tracer) Judge(p Packet, route Route) Judgement {
	w := t.walk(p, route, false)
	w.whole()
	return w.result
}

// TraceChain walks a packet through one chain only. Out is taken as given, and
// nothing tells local addresses from others. The outcome is empty when the
// packet comes out at the end.
func (t *Tracer) TraceChain(table, chain string, p Packet) *Trace {
	w := t.walk(p, nil, true)
	w.one(table, chain)
	return &Trace{Judgement: w.result, Steps: w.steps}
}

// The stages of a packet's way, in the order of the kernel's hook priorities.
var (
	prerouting  = []stage{{Raw, Prerouting}, {Mangle, Prerouting}, {NAT, Prerouting}}
	input       = []stage{{Mangle, Input}, {Filter, Input}, {Security, Input}, {NAT, Input}}
	forward     = []stage{{Mangle, Forward}, {Filter, Forward}, {Security, Forward}}
	output      = []stage{{Raw, Output}, {Mangle, Output}, {NAT, Output}, {Filter, Output}, {Security, Output}}
	postrouting = []stage{{Mangle, Postrouting}, {NAT, Postrouting}}
)

type stage struct{ table, chain string }

// verdict is how a chain was left.
type verdict uint8

const (
	fellThrough verdict = iota // at its end, or by RETURN
	accepted
	stopped // dropped or rejected: result has it
)

// walker is one packet on its way.
type walker struct {
	*Tracer
	packet  Packet
	route   Route
	table   string
	record  bool
	steps   []Step
	path    []Step // the jumps that were taken to get here
	decided []Step // the path to the decision of the last stage
	result  Judgement
}

func (t *Tracer) walk(p Packet, route Route, record bool) *walker {
	p.normalize()
	return &walker{Tracer: t, packet: p, route: route, record: record}
}

// whole walks the whole way.
func (w *walker) whole() {
	out := w.packet.Out
	defer func() { w.result.Packet = w.packet }()
	if w.packet.In == "" {
		if w.pass(output) {
			w.pass(postrouting)
		}
		return
	}
	w.packet.Out = "" // not known before the routing decision
	if !w.pass(prerouting) {
		return
	}
	w.result.Local = out == ""
	if w.route != nil {
		w.result.Local, out = w.route(w.packet.Dst)
	}
	if w.result.Local {
		w.pass(input)
		return
	}
	w.packet.Out = out
	if w.pass(forward) {
		w.pass(postrouting)
	}
}

// one walks a single chain.
func (w *walker) one(table, chain string) {
	if c := w.chain(w.packet.Family(), table, chain); c != nil {
		switch w.enter(table, c) {
		case accepted:
			w.result.Outcome = Accepted
			w.result.Path = w.decided
		case stopped:
			w.result.Path = w.decided
		}
	}
	w.result.Packet = w.packet
}

// pass asks the stages in order and reports whether the packet goes on.
func (w *walker) pass(stages []stage) bool {
	for _, s := range stages {
		if s.table == NAT && !w.packet.translates() {
			continue
		}
		c := w.chain(w.packet.Family(), s.table, s.chain)
		if c == nil {
			continue
		}
		if !w.base(s.table, c) {
			return false
		}
	}
	w.result.Outcome = Accepted
	return true
}

// base asks a built-in chain, whose policy decides what no rule did.
func (w *walker) base(table string, c *tracedChain) bool {
	v := w.enter(table, c)
	if v == fellThrough {
		w.decided = []Step{{Table: table, Chain: c.name, Index: -1, Matched: Yes}}
		if c.policy == string(Drop) {
			w.result.Outcome, v = Dropped, stopped
		}
	}
	if table == Filter || v == stopped {
		w.result.Path = w.decided
	}
	return v != stopped
}

// enter walks a chain from the outside.
func (w *walker) enter(table string, c *tracedChain) verdict {
	w.table = table
	w.path = w.path[:0]
	return w.walkChain(c)
}

// walkChain asks the rules of a chain. A goto leaves the chain for good: what
// the other chain returns is what this one returns.
func (w *walker) walkChain(c *tracedChain) verdict {
	for i := range c.rules {
		r := &c.rules[i]
		answer := r.ask(w)
		if w.record {
			w.steps = append(w.steps, w.step(c, i, answer))
		}
		switch answer {
		case No:
			continue
		case Unknown:
			w.doubt(c, i, r.unknown(w))
			continue
		}
		if j, ok := r.rule.Target.(Jump); ok {
			v := w.jump(c, i, r)
			if v != fellThrough || j.Goto {
				return v
			}
			continue
		}
		if v, done := w.apply(c, i, r); done {
			return v
		}
	}
	return fellThrough
}

// jump walks the chain that a rule leads to.
func (w *walker) jump(c *tracedChain, i int, r *tracedRule) verdict {
	switch {
	case r.to == nil:
		w.doubt(c, i, "chain "+r.rule.JumpsTo()+" is not there")
		return fellThrough
	case len(w.path) > w.deepest:
		w.doubt(c, i, "chain "+r.rule.JumpsTo()+" leads back to itself")
		return fellThrough
	}
	w.path = append(w.path, w.step(c, i, Yes))
	v := w.walkChain(r.to)
	w.path = w.path[:len(w.path)-1]
	return v
}

func (w *walker) step(c *tracedChain, i int, answer Answer) Step {
	return Step{Table: w.table, Chain: c.name, Index: i, Rule: c.rules[i].rule, Matched: answer}
}

func (w *walker) doubt(c *tracedChain, i int, why string) {
	w.result.Doubts = append(w.result.Doubts, Doubt{Step: w.step(c, i, Unknown), Why: why})
}

// decide remembers how the walk came to its decision.
func (w *walker) decide(c *tracedChain, i int) {
	w.decided = append(slices.Clone(w.path), w.step(c, i, Yes))
}

// apply does what the target of a matching rule says. done is false when the
// packet goes on to the next rule.
func (w *walker) apply(c *tracedChain, i int, r *tracedRule) (v verdict, done bool) {
	switch t := r.rule.Target.(type) {
	case Verdict:
		return w.verdict(c, i, t)
	case Reject:
		w.decide(c, i)
		w.result.Outcome, w.result.With = Rejected, t.With
		return stopped, true
	case DNAT:
		w.decide(c, i)
		w.dnat(c, i, t)
		return accepted, true
	case SNAT:
		w.decide(c, i)
		w.snat(c, i, t)
		return accepted, true
	case Masquerade:
		w.decide(c, i)
		w.result.Masqueraded = true
		w.packet.State |= StateSNAT
		return accepted, true
	case SetMark:
		w.packet.Mark = w.packet.Mark&^t.Mask ^ t.Value
	case SetConnMark:
		if w.packet.tracked() {
			w.packet.ConnMark = w.packet.ConnMark&^t.Mask ^ t.Value
		}
	case UnknownTarget:
		w.unknownTarget(c, i, t)
	}
	return fellThrough, false
}

func (w *walker) verdict(c *tracedChain, i int, t Verdict) (verdict, bool) {
	switch t {
	case Return:
		return fellThrough, true
	case Drop:
		w.decide(c, i)
		w.result.Outcome = Dropped
		return stopped, true
	}
	w.decide(c, i)
	return accepted, true
}

// dnat rewrites the destination as nf_nat_core does: a port inside the range
// stays, another becomes its first, or is shifted when there is a base.
func (w *walker) dnat(c *tracedChain, i int, t DNAT) {
	w.result.DNATed = true
	w.packet.State |= StateDNAT
	if t.From.IsValid() {
		w.packet.Dst = t.From
	}
	if t.From != t.To {
		w.doubt(c, i, "which address of the range it gets")
	}
	size := int(t.Ports.Hi) - int(t.Ports.Lo) + 1
	switch {
	case t.Ports == PortRange{}:
	case t.Base != 0:
		shift := (int(w.packet.DstPort) - int(t.Base)) & 0xffff % size
		w.packet.DstPort = t.Ports.Lo + uint16(shift)
	case !t.Ports.Contains(w.packet.DstPort):
		w.packet.DstPort = t.Ports.Lo
	}
}

func (w *walker) snat(c *tracedChain, i int, t SNAT) {
	w.result.SNATed = true
	w.packet.State |= StateSNAT
	if t.From.IsValid() {
		w.packet.Src = t.From
	}
	if t.From != t.To {
		w.doubt(c, i, "which address of the range it gets")
	}
	if t.Ports != (PortRange{}) && !t.Ports.Contains(w.packet.SrcPort) {
		w.packet.SrcPort = t.Ports.Lo
	}
}

// unknownTarget knows the targets that let the packet pass and change nothing
// that a rule of ours asks, and NOTRACK. Everything else is a doubt.
func (w *walker) unknownTarget(c *tracedChain, i int, t UnknownTarget) {
	var name string
	if len(t.Words) > 0 {
		name = t.Words[0]
	}
	switch name {
	case "NOTRACK":
		w.packet.State = StateUntracked
		return
	case "CT":
		if slices.Contains(t.Words, "--notrack") {
			w.packet.State = StateUntracked
		}
		return
	case "LOG", "NFLOG", "ULOG", "AUDIT", "TRACE", "LED", "IDLETIMER", "RATEEST", "CHECKSUM", "CLASSIFY", "DSCP", "ECN",
		"TOS", "TCPMSS", "TCPOPTSTRIP", "TEE", "SECMARK", "CONNSECMARK":
		return
	}
	w.doubt(c, i, "target "+strings.Join(t.Words, " "))
}
