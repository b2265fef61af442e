package ruleset

import (
	"slices"
	"strings"
)

// way is a part of a packet's way.
type way uint8

const (
	prerouting way = iota
	input
	forward
	output
	postrouting
)

// ways are the hooks that they stand for.
var ways = [...]string{prerouting: Prerouting, input: Input, forward: Forward, output: Output, postrouting: Postrouting}

// stage is a base chain that is there.
type stage struct {
	table string
	chain *tracedChain
	nat   bool
}

// detail is what a walk keeps; each has what those before it have.
type detail uint8

const (
	outcomeOnly detail = iota
	reasons
	everyStep
)

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
	keep    detail
	steps   []Step
	seen    []sighting
	path    []Step // the jumps that were taken to get here
	decided []Step // the path to the decision of the last stage
	mapped  bool   // a chain that translates has done so on this part of the way
	result  Judgement
}

func (t *Tracer) walk(p Packet, route Route, keep detail) *walker {
	p.normalize()
	return &walker{Tracer: t, packet: p, route: route, keep: keep}
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
func (w *walker) pass(y way) bool {
	w.mapped = false
	for _, s := range w.stages[y][w.packet.Family()] {
		if s.nat && (w.mapped || !w.packet.translates()) {
			continue // nf_nat_inet_fn asks no further chain
		}
		if !w.base(s.table, s.chain) {
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
		if w.keep >= reasons {
			w.decided = append(w.decided[:0], Step{Table: table, Chain: c.name, Index: -1, Matched: Yes})
		}
		if c.policy == string(Drop) {
			w.result.Outcome, v = Dropped, stopped
		}
	}
	if table == Filter || v == stopped {
		w.result.Path = append(w.result.Path[:0], w.decided...)
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
		if w.keep == everyStep {
			w.note(w.step(c, i, answer))
		}
		switch answer {
		case No:
			continue
		case Unknown:
			if w.keep >= reasons && !OnlyLooks(r.rule.Target) {
				w.doubt(c, i, r.unknown(w))
			}
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
	case w.inside(c, r.to):
		w.doubt(c, i, "chain "+r.rule.JumpsTo()+" leads back to itself")
		return fellThrough
	}
	w.path = append(w.path, w.step(c, i, Yes))
	v := w.walkChain(r.to)
	w.path = w.path[:len(w.path)-1]
	return v
}

// inside reports whether the walk is in a chain already: the kernel refuses
// loops, hand-made rulesets may have them.
func (w *walker) inside(current, to *tracedChain) bool {
	return to == current || slices.ContainsFunc(w.path, func(s Step) bool { return s.Chain == to.name })
}

// note keeps a step, and the packet when it is another than before.
func (w *walker) note(s Step) {
	if len(w.seen) == 0 || w.seen[len(w.seen)-1].packet != w.packet {
		w.seen = append(w.seen, sighting{len(w.steps), w.packet})
	}
	w.steps = append(w.steps, s)
}

func (w *walker) step(c *tracedChain, i int, answer Answer) Step {
	return Step{Table: w.table, Chain: c.name, Index: i, Rule: c.rules[i].rule, Matched: answer}
}

func (w *walker) doubt(c *tracedChain, i int, why string) {
	if w.keep < reasons {
		return
	}
	w.result.Doubts = append(w.result.Doubts, Doubt{Step: w.step(c, i, Unknown), Why: why})
}

// decide remembers how the walk came to its decision.
func (w *walker) decide(c *tracedChain, i int) {
	if w.keep < reasons {
		return
	}
	w.decided = append(append(w.decided[:0], w.path...), w.step(c, i, Yes))
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
		w.mapped = true
		w.dnat(c, i, t)
		return accepted, true
	case SNAT:
		w.decide(c, i)
		w.mapped = true
		w.snat(c, i, t)
		return accepted, true
	case Masquerade:
		w.decide(c, i)
		w.mapped = true
		w.result.Masqueraded = true
		w.packet.State |= StateSNAT
		return accepted, true
	case SetMark:
		w.packet.Mark = w.packet.Mark&^t.Mask ^ t.Value
	case SetConnMark:
		if w.packet.tracked() {
			w.packet.ConnMark = w.packet.ConnMark&^t.Mask ^ t.Value
		}
	case NoTrack:
		w.packet.State = StateUntracked
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

// dnat rewrites the destination. A packet that has the new one already does not
// count as translated (nf_nat_setup_info sets IPS_DST_NAT when the tuple
// changes).
func (w *walker) dnat(c *tracedChain, i int, t DNAT) {
	if t.From != t.To {
		w.doubt(c, i, "which address of the range it gets")
	}
	dst, port := w.packet.Dst, newPort(t, w.packet.DstPort)
	if t.From.IsValid() {
		dst = t.From
	}
	if dst == w.packet.Dst && port == w.packet.DstPort {
		return
	}
	w.packet.Dst, w.packet.DstPort = dst, port
	w.packet.State |= StateDNAT
	w.result.DNATed = true
}

// newPort is what nf_nat_core makes of a port: one inside the range stays,
// another becomes its first, or is shifted when there is a base.
func newPort(t DNAT, port uint16) uint16 {
	size := int(t.Ports.Hi) - int(t.Ports.Lo) + 1
	switch {
	case t.Ports == PortRange{}:
		return port
	case t.Base != 0:
		return t.Ports.Lo + uint16((int(port)-int(t.Base))&0xffff%size)
	case !t.Ports.Contains(port):
		return t.Ports.Lo
	}
	return port
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

// unknownTarget knows what ends tracking, and what only looks. Everything else
// is a doubt.
func (w *walker) unknownTarget(c *tracedChain, i int, t UnknownTarget) {
	var name string
	if len(t.Words) > 0 {
		name = t.Words[0]
	}
	switch {
	case name == "NOTRACK":
		w.packet.State = StateUntracked
	case name == "CT":
		if slices.Contains(t.Words, "--notrack") {
			w.packet.State = StateUntracked
		}
	case !OnlyLooks(t):
		w.doubt(c, i, "target "+strings.Join(t.Words, " "))
	}
}

// OnlyLooks reports whether a target lets the packet pass and changes nothing
// that a rule of ours asks: then it does not matter whether its rule matches.
func OnlyLooks(t Target) bool {
	var u UnknownTarget
	switch t := t.(type) {
	case NFLog, Traced:
		return true
	case UnknownTarget:
		u = t
	}
	if len(u.Words) == 0 {
		return false
	}
	switch u.Words[0] {
	case "LOG", "NFLOG", "ULOG", "AUDIT", "TRACE", "LED", "IDLETIMER", "RATEEST", "CHECKSUM", "CLASSIFY", "DSCP", "ECN",
		"TOS", "TCPMSS", "TCPOPTSTRIP", "TEE", "SECMARK", "CONNSECMARK":
		return true
	}
	return false
}
