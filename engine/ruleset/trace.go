package ruleset

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

// String is "no", "yes" or "?".
func (a Answer) String() string { return [...]string{"no", "yes", "?"}[a] }

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
	DNATed      bool // the destination has become another
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

	seen []sighting
}

// sighting is the packet as the rules saw it from a step on.
type sighting struct {
	from   int
	packet Packet
}

// Asked is the packet as the rule of the n-th step saw it: translated by the
// rules before, and with the interface that it leaves by once that was decided.
func (t *Trace) Asked(n int) Packet {
	var p Packet
	for _, s := range t.seen {
		if s.from > n {
			break
		}
		p = s.packet
	}
	return p
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
// interface that it came in by, without a routing decision. Tables of nat are
// asked for new flows only. Chains of nftables beside those are asked where their
// priority puts them, see Bases. A nil Route takes the packet for local when its Out
// is empty.
func (t *Tracer) Trace(p Packet, route Route) *Trace {
	w := t.walk(p, route, everyStep)
	w.whole()
	return &Trace{Judgement: w.result, Steps: w.steps, seen: w.seen}
}

// Judge is Trace without the steps, for many packets.
func (t *Tracer) Judge(p Packet, route Route) Judgement {
	var j Judgement
	t.JudgeInto(&j, p, route)
	return j
}

// JudgeInto is Judge for very many packets: it makes no garbage, since the path
// of the judgement before takes the one of this.
func (t *Tracer) JudgeInto(j *Judgement, p Packet, route Route) {
	w := t.judge(p, route, reasons)
	path := j.Path[:0]
	*j = w.result
	j.Path = append(path, w.result.Path...)
	t.walkers.Put(w)
}

// Outcome is the outcome of Judge alone. It makes no garbage either.
func (t *Tracer) Outcome(p Packet, route Route) Outcome {
	w := t.judge(p, route, outcomeOnly)
	outcome := w.result.Outcome
	t.walkers.Put(w)
	return outcome
}

// judge walks with a walker that was used before, if there is one.
func (t *Tracer) judge(p Packet, route Route, keep detail) *walker {
	w, used := t.walkers.Get().(*walker)
	if !used {
		w = new(walker)
	}
	p.normalize()
	*w = walker{
		Tracer: t, packet: p, route: route, keep: keep,
		path: w.path[:0], decided: w.decided[:0], result: Judgement{Path: w.result.Path[:0]},
	}
	w.whole()
	return w
}

// TraceChain walks a packet through one chain only. Out is taken as given, and
// nothing tells local addresses from others. The outcome is empty when the
// packet comes out at the end.
func (t *Tracer) TraceChain(table, chain string, p Packet) *Trace {
	w := t.walk(p, nil, everyStep)
	w.one(table, chain)
	return &Trace{Judgement: w.result, Steps: w.steps, seen: w.seen}
}
