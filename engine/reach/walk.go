package reach

import (
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// world is one ruleset of one family, in a space.
type world struct {
	space      *space
	family     ruleset.Family
	rules      *ruleset.Ruleset
	interfaces *interfaces
	facts      Facts
	marked     bool // some rule marks packets before rules ask for marks
	blocks     map[blockKey]*block
	open       []string // the chains being worked out: a loop is cut
	doubts     map[string]bool
}

type blockKey struct {
	table, chain string
	at           moment
}

// end is a way in which a chain ends a packet's walk through a table.
type end struct {
	outcome ruleset.Outcome
	to      ruleset.DNAT // of nat PREROUTING; zero for none
}

// block is what a run of rules does: the packets that it ends in each way, and
// those that leave the chain by RETURN or a goto that came back. The sets of a
// block do not overlap, and what is in none of them goes on.
type block struct {
	ends map[end]set
	exit set
}

func newWorld(f ruleset.Family, s *space, x *interfaces, rs *ruleset.Ruleset, facts Facts) *world {
	w := &world{
		space: s, family: f, rules: rs, interfaces: x, facts: facts,
		blocks: make(map[blockKey]*block), doubts: make(map[string]bool),
	}
	w.marked = marksEarly(rs.All(f))
	return w
}

// marksEarly reports whether a rule sets a mark where rules of the filter table
// could ask for it. Ours mark in mangle FORWARD, for nat POSTROUTING.
func marksEarly(tables ruleset.Tables) bool {
	for _, t := range tables {
		if t.Name == ruleset.NAT {
			continue
		}
		for _, c := range t.Chains {
			for _, r := range c.Rules {
				switch r.Target.(type) {
				case ruleset.SetMark, ruleset.SetConnMark:
					if !r.Owned() {
						return true
					}
				}
			}
		}
	}
	return false
}

// then is what two runs of rules do one after the other.
func (w *world) then(a, b *block) *block {
	s := w.space
	done := w.decided(a)
	sum := &block{ends: make(map[end]set, len(a.ends)+len(b.ends)), exit: s.or(a.exit, s.minus(b.exit, done))}
	for e, packets := range a.ends {
		sum.ends[e] = packets
	}
	for e, packets := range b.ends {
		sum.ends[e] = s.or(sum.ends[e], s.minus(packets, done))
	}
	return sum
}

// decided is everything that does not go on behind a block.
func (w *world) decided(b *block) set {
	done := b.exit
	for _, packets := range b.ends {
		done = w.space.or(done, packets)
	}
	return done
}

// run is what rules do. Halves are worked out on their own and then joined:
// adding rule by rule would copy the whole diagram for each.
func (w *world) run(table string, rules []*ruleset.Rule, at moment) *block {
	switch len(rules) {
	case 0:
		return &block{}
	case 1:
		return w.rule(table, rules[0], at)
	}
	half := len(rules) / 2
	return w.then(w.run(table, rules[:half], at), w.run(table, rules[half:], at))
}

// rule is what one rule does.
func (w *world) rule(table string, r *ruleset.Rule, at moment) *block {
	if r.Target == nil || ruleset.OnlyLooks(r.Target) {
		return &block{}
	}
	matched, known := w.condition(r, at)
	if matched == nothing {
		return &block{}
	}
	if !known {
		w.doubt(table, r)
		return &block{}
	}
	ending := func(e end) *block { return &block{ends: map[end]set{e: matched}} }
	switch t := r.Target.(type) {
	case ruleset.Jump:
		return w.jump(table, t, matched, at)
	case ruleset.Reject:
		return ending(end{outcome: ruleset.Rejected})
	case ruleset.DNAT:
		return ending(end{outcome: ruleset.Accepted, to: t})
	case ruleset.SNAT, ruleset.Masquerade:
		return ending(end{outcome: ruleset.Accepted})
	case ruleset.Verdict:
		switch t {
		case ruleset.Accept:
			return ending(end{outcome: ruleset.Accepted})
		case ruleset.Drop:
			return ending(end{outcome: ruleset.Dropped})
		}
		return &block{exit: matched}
	case ruleset.NoTrack, ruleset.UnknownTarget:
		w.doubt(table, r)
	}
	return &block{}
}

func (w *world) jump(table string, t ruleset.Jump, matched set, at moment) *block {
	inner := w.chain(table, t.Chain, at)
	b := &block{ends: make(map[end]set, len(inner.ends))}
	done := nothing
	for e, packets := range inner.ends {
		b.ends[e] = w.space.and(matched, packets)
		done = w.space.or(done, b.ends[e])
	}
	if t.Goto {
		b.exit = w.space.minus(matched, done)
	}
	return b
}

// chain is what a chain does with the packets that enter it. A chain that is not
// there does nothing.
func (w *world) chain(table, name string, at moment) *block {
	key := blockKey{table, name, at}
	if b := w.blocks[key]; b != nil {
		return b
	}
	c := w.rules.All(w.family).Chain(table, name)
	if c == nil || slices.Contains(w.open, name) {
		return &block{}
	}
	w.open = append(w.open, name)
	b := w.run(table, c.Rules, at)
	w.open = w.open[:len(w.open)-1]
	b = &block{ends: b.ends} // who returns goes on at the caller
	w.blocks[key] = b
	return b
}

func (w *world) doubt(table string, r *ruleset.Rule) {
	w.doubts[table+": "+strings.TrimSpace(r.Spec(w.family))] = true
}

// base is what a base chain does with packets: those that go on, by the
// translation that they get; those that it stops are left out.
func (w *world) base(c ruleset.BaseChain, at moment, packets set) (pass map[ruleset.DNAT]set) {
	pass = make(map[ruleset.DNAT]set)
	b := w.chain(c.Table, c.Name, at)
	rest := w.space.minus(packets, w.decided(b))
	if c.Policy == string(ruleset.Drop) {
		rest = nothing
	}
	pass[ruleset.DNAT{}] = rest
	for e, some := range b.ends {
		if e.outcome == ruleset.Accepted {
			pass[e.to] = w.space.or(pass[e.to], w.space.and(packets, some))
		}
	}
	return pass
}

// filters are the packets that pass the base chains of a hook that do not
// translate.
func (w *world) filters(hook string, at moment, packets set) set {
	for _, c := range w.rules.Bases(w.family, hook) {
		if !c.NAT {
			packets = w.base(c, at, packets)[ruleset.DNAT{}]
		}
	}
	return packets
}

// translations are the packets that pass the base chains of PREROUTING which
// translate, by the translation that they get. The first one that translates a
// packet is the last one that is asked.
func (w *world) translations(at moment, packets set) map[ruleset.DNAT]set {
	all := map[ruleset.DNAT]set{{}: packets}
	for _, c := range w.rules.Bases(w.family, ruleset.Prerouting) {
		if !c.NAT {
			continue
		}
		pass := w.base(c, at, all[ruleset.DNAT{}])
		delete(all, ruleset.DNAT{})
		for to, some := range pass {
			all[to] = w.space.or(all[to], some)
		}
	}
	return all
}

// flow is the packets that one translation lets through; the zero translation
// is none.
type flow struct {
	to      ruleset.DNAT
	packets set
}

// passing are the packets that reach this host or leave it again, by the
// translation that they got.
func (w *world) passing() []flow {
	s := w.space
	at := moment{state: ruleset.StateNew}
	packets := s.minus(everything, s.within(inField, []span{one(number(hostAtom))}))
	packets = w.filters(ruleset.Prerouting, at, packets)
	at.outKnown = true
	var flows []flow
	for to, some := range w.translations(moment{state: at.state}, packets) {
		if to == (ruleset.DNAT{}) {
			flows = append(flows, flow{to, s.and(some, w.delivered(at))})
			continue
		}
		flows = append(flows, w.translated(to, some)...)
	}
	return slices.DeleteFunc(flows, func(f flow) bool { return f.packets == nothing })
}

// delivered are the packets that the chains behind the routing decision let
// through.
func (w *world) delivered(at moment) set {
	s := w.space
	local := s.within(outField, []span{one(number(hostAtom))})
	in := w.filters(ruleset.Input, at, local)
	through := w.filters(ruleset.Forward, at, s.not(local))
	through = w.filters(ruleset.Postrouting, at, through)
	return s.or(in, through)
}
