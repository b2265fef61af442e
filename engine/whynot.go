package engine

import (
	"fmt"
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// ReasonKind says how it is that a row did not decide about a packet.
type ReasonKind uint8

// The kinds of reasons.
const (
	Absent      ReasonKind = iota // the rules have nothing of this row
	OtherFamily                   // only the other family has
	Decided                       // the row did decide
	Passed                        // it matched, but does not end the way
	Unmet                         // one of its conditions does not hold
	Earlier                       // another rule decided before
	Unreached                     // the way does not lead to its chain
)

// Reason is why a row did not decide about a packet. Step is the rule that
// Words speaks of, without a Rule when there is none.
type Reason struct {
	Kind  ReasonKind
	Step  ruleset.Step
	Words string
}

// RowID is the id of a table row in these rules; false when it has none.
func (x *Explanation) RowID(row RowRef) (string, bool) {
	for id, name := range x.names {
		if name.ref == row {
			return id, true
		}
	}
	return "", false
}

// WhyNot finds why the row with this id did not decide about the packet: the
// first condition that does not hold, or what kept the packet from it.
func (x *Explanation) WhyNot(id string) Reason {
	f := x.Packet.Family()
	own := stepsOf(*x.rules.Tables(f), id)
	if len(own) == 0 {
		if other := ruleset.V4 + ruleset.V6 - f; len(stepsOf(*x.rules.Tables(other), id)) > 0 {
			return Reason{Kind: OtherFamily, Words: fmt.Sprintf("it has IP%s rules only, the packet is IP%s", other, f)}
		}
		return Reason{Kind: Absent, Words: "it is not in these rules"}
	}
	if i := slices.IndexFunc(x.Path, func(s ruleset.Step) bool { return s.Rule != nil && s.Rule.ID == id }); i >= 0 {
		return Reason{Kind: Decided, Step: x.Path[i], Words: "it decides"}
	}
	if r, ok := x.whyMet(id); ok {
		return r
	}
	return x.whyUnmet(own[0], nil)
}

// stepsOf lists the rules of a row, those first that say most about it: the
// translation of a virtual, then the filter.
func stepsOf(ts ruleset.Tables, id string) []ruleset.Step {
	var list []ruleset.Step
	for _, t := range ts {
		for _, c := range t.Chains {
			for i, r := range c.Rules {
				if r.ID == id {
					list = append(list, ruleset.Step{Table: t.Name, Chain: c.Name, Index: i, Rule: r})
				}
			}
		}
	}
	slices.SortStableFunc(list, func(a, b ruleset.Step) int { return weight(a) - weight(b) })
	return list
}

func weight(s ruleset.Step) int {
	_, dnat := s.Rule.Target.(ruleset.DNAT)
	switch {
	case dnat:
		return 0
	case s.Table == ruleset.Filter:
		return 1
	}
	return 2
}

// whyMet explains a row whose rules were asked, by the rule that the packet
// went furthest into.
func (x *Explanation) whyMet(id string) (Reason, bool) {
	var best Reason
	depth, found := 0, false
	for i, s := range x.Steps {
		if s.Rule == nil || s.Rule.ID != id {
			continue
		}
		if s.Matched == ruleset.Yes {
			does := ruleset.Rule{Target: s.Rule.Target}
			return Reason{Kind: Passed, Step: s, Words: "it matches (" + does.Spec(x.Packet.Family()) + "), and the way goes on"}, true
		}
		no, _ := x.tracer.Refusal(s.Rule, x.Asked(i), x.route)
		if !found || weight(s) < weight(best.Step) || weight(s) == weight(best.Step) && no.Met > depth {
			best, depth, found = Reason{Kind: Unmet, Step: s, Words: refusalWords(no)}, no.Met, true
		}
	}
	return best, found
}

func refusalWords(no ruleset.Refusal) string {
	switch {
	case no.Matched == ruleset.Unknown:
		return "it cannot be judged: " + no.Asks
	case no.Has == "":
		return "it asks " + no.Asks
	}
	return "it asks " + no.Asks + ", the packet has " + no.Has
}

// whyUnmet explains why the way did not lead to a rule. Chains that were looked
// at already are not followed again: hand-made rules may go in a circle.
func (x *Explanation) whyUnmet(s ruleset.Step, looked []string) Reason {
	if at, ok := x.lastIn(s.Table, s.Chain); ok {
		last, words := x.Steps[at], "it would match too"
		if no, refused := x.tracer.Refusal(s.Rule, x.Asked(at), x.route); refused {
			words = "besides, " + refusalWords(no)
		}
		return Reason{Kind: Earlier, Step: last, Words: x.label(last) + " comes before it and matches; " + words}
	}
	f := x.Packet.Family()
	if c := x.rules.Tables(f).Chain(s.Table, s.Chain); c != nil && c.Policy != "" || isBase(s.Chain) {
		return x.whyNoStage(s)
	}
	looked = append(looked, s.Chain)
	var next *ruleset.Step
	for _, caller := range callers(x.rules.Tables(f).Table(s.Table), s.Chain) {
		if at, ok := x.lastIn(caller.Table, caller.Chain); ok {
			if no, refused := x.tracer.Refusal(caller.Rule, x.Asked(at), x.route); refused {
				return Reason{Kind: Unreached, Step: caller, Words: fmt.Sprintf("the way into its chain %s: %s", s.Chain, refusalWords(no))}
			}
		}
		if next == nil && !slices.Contains(looked, caller.Chain) {
			next = &caller
		}
	}
	if next == nil {
		return Reason{Kind: Unreached, Words: "no rule leads to its chain " + s.Chain}
	}
	return x.whyUnmet(*next, looked)
}

// lastIn is the step by which the packet left a chain.
func (x *Explanation) lastIn(table, chain string) (int, bool) {
	for i, s := range slices.Backward(x.Steps) {
		if s.Table == table && s.Chain == chain {
			return i, true
		}
	}
	return 0, false
}

// callers are the rules of a table that lead to a chain.
func callers(t *ruleset.Table, chain string) []ruleset.Step {
	var list []ruleset.Step
	for _, c := range t.Chains {
		for i, r := range c.Rules {
			if r.JumpsTo() == chain {
				list = append(list, ruleset.Step{Table: t.Name, Chain: c.Name, Index: i, Rule: r})
			}
		}
	}
	return list
}

func isBase(chain string) bool {
	switch chain {
	case ruleset.Prerouting, ruleset.Input, ruleset.Forward, ruleset.Output, ruleset.Postrouting:
		return true
	}
	return false
}

// whyNoStage explains why the packet does not pass a built-in chain.
func (x *Explanation) whyNoStage(s ruleset.Step) Reason {
	why := "a rule before stops the packet"
	sent := x.Packet.In == ""
	switch {
	case sent && s.Chain != ruleset.Output && s.Chain != ruleset.Postrouting:
		why = "this host sends the packet"
	case !sent && s.Chain == ruleset.Output:
		why = "the packet comes from outside"
	case !sent && x.Local && s.Chain != ruleset.Input && s.Chain != ruleset.Prerouting:
		why = "the packet is for this host"
	case !sent && !x.Local && s.Chain == ruleset.Input:
		why = "the packet is not for this host"
	case s.Table == ruleset.NAT && x.Packet.State&(ruleset.StateNew|ruleset.StateRelated) == 0:
		why = "nat is asked for the first packet of a connection only"
	}
	return Reason{Kind: Unreached, Words: fmt.Sprintf("%s %s is not passed: %s", s.Table, s.Chain, why)}
}

// label is what a person calls a rule: its row, or its place.
func (x *Explanation) label(s ruleset.Step) string {
	if ref, _ := x.Row(s); ref != (RowRef{}) {
		return ref.String()
	}
	return fmt.Sprintf("rule %d of %s %s", s.Index+1, s.Table, s.Chain)
}
