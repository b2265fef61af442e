package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// The ids of the rules that only a trial has.
const (
	idGate = "trial-gate" // in a root chain: leads to the staged twin
	idCut  = "trial-cut"  // in a root chain: flows born in a trial that is over
	idHook = "trial-hook" // in a foreign chain: a hook that only the trial has
	idMark = "trial-mark" // in a staged twin: marks the flows of the trial
	idOver = "trial-over" // in the cut chain

	idTrace = "trial-trace" // in raw: packets whose way the kernel tells
)

// hookID is the id of our hooks at rest.
const hookID = "hook"

// cutChain rejects or drops the flows that were born in a trial that is over.
const cutChain = ruleset.StagedPrefix + "cut"

// gateTimeout is the default timeout of the members of a gate set. Every
// member is added with a timeout of its own; a forgotten one shall not be for
// ever.
const gateTimeout = 60

// MaxTimeout is the longest timeout that ipset takes, in seconds.
const MaxTimeout = 2147483

// Arm is the flip: it fills the twin of the gate with members that expire after
// so many seconds, and swaps both. The swap is one system call for both
// families and all tables; when the time is over the kernel is back on the old
// rules by itself.
func Arm(seconds int) Payload {
	return Payload{Sets: gateMembers(ruleset.TrialNextSet, seconds) +
		fmt.Sprintf("swap %s %s\n", ruleset.TrialSet, ruleset.TrialNextSet)}
}

// Extend lets an open gate run for so many seconds from now on.
func Extend(seconds int) Payload { return Payload{Sets: gateMembers(ruleset.TrialSet, seconds)} }

// Hold keeps the gate open until Close, without a timeout.
func Hold() Payload { return Payload{Sets: gateMembers(ruleset.TrialSet, 0)} }

// Close closes the gate: the rules from before the trial are in force at once.
func Close() Payload { return Payload{Sets: fmt.Sprintf("flush %s\n", ruleset.TrialSet)} }

func gateMembers(set string, seconds int) string {
	seconds = min(max(seconds, 0), MaxTimeout)
	return fmt.Sprintf("add %s %s timeout %d -exist\nadd %s %s timeout %d -exist\n",
		set, ruleset.TrialAll4, seconds, set, ruleset.TrialAll6, seconds)
}

// gateSets lists the sets of a trial that are not staged copies, in an order
// in which they can be destroyed.
func gateSets() []string {
	return []string{ruleset.TrialSet, ruleset.TrialNextSet, ruleset.TrialAll4, ruleset.TrialAll6}
}

// makeGate makes the gate, closed. Its twin is filled for good: the cut rule
// asks for an empty twin, so that it cuts nothing between staging and the flip.
func makeGate() string {
	var b strings.Builder
	fmt.Fprintf(&b, "create %s hash:net family inet\nadd %[1]s 0.0.0.0/1\nadd %[1]s 128.0.0.0/1\n", ruleset.TrialAll4)
	fmt.Fprintf(&b, "create %s hash:net family inet6\nadd %[1]s ::/1\nadd %[1]s 8000::/1\n", ruleset.TrialAll6)
	fmt.Fprintf(&b, "create %s list:set timeout %d\n", ruleset.TrialSet, gateTimeout)
	fmt.Fprintf(&b, "create %s list:set timeout %d\n", ruleset.TrialNextSet, gateTimeout)
	b.WriteString(gateMembers(ruleset.TrialNextSet, 0))
	return b.String()
}

// gate is what a live ruleset says about the gate.
type gate struct{ open, held bool }

func gateOf(sets ruleset.Sets) gate {
	s := sets[ruleset.TrialSet]
	if s == nil {
		return gate{}
	}
	g := gate{held: true}
	for _, name := range []string{ruleset.TrialAll4, ruleset.TrialAll6} {
		i := slices.IndexFunc(s.Members, func(m ruleset.Member) bool { return m.Text == name })
		g.open = g.open || i >= 0
		g.held = g.held && i >= 0 && s.Members[i].Timeout == 0
	}
	return g
}

// stagedName is the name of the staged copy of a chain or set: the prefix and
// the name, whose tail gives way to a hash when that is too long.
func stagedName(name string, limit int) string {
	s := ruleset.StagedPrefix + name
	if len(s) <= limit {
		return s
	}
	sum := sha256.Sum256([]byte(name))
	tail := "-" + hex.EncodeToString(sum[:4])
	return ruleset.CutName(s, limit-len(tail)) + tail
}

func stagedChain(name string) string { return stagedName(name, ruleset.MaxChainName) }
func stagedSet(name string) string   { return stagedName(name, ruleset.MaxSetName) }

func isStaged(name string) bool { return strings.HasPrefix(name, ruleset.StagedPrefix) }

// isTrialSet reports whether a set exists for a trial only.
func isTrialSet(name string) bool {
	return isStaged(name) || isNext(name) || slices.Contains(gateSets(), name)
}

// isTrialRule reports whether a rule outside of the staged chains belongs to a
// trial: it carries the comment that we gave it.
func isTrialRule(r *ruleset.Rule) bool {
	return r.ID == idGate || r.ID == idCut || r.ID == idHook || r.ID == idTrace
}

// settled is a chain's rules without those of a trial.
func settled(c *ruleset.Chain) []*ruleset.Rule {
	if c == nil {
		return nil
	}
	if !slices.ContainsFunc(c.Rules, isTrialRule) {
		return c.Rules
	}
	return slices.DeleteFunc(slices.Clone(c.Rules), isTrialRule)
}

func inTrial() ruleset.Match { return ruleset.MatchSet{Name: ruleset.TrialSet, Dirs: "src"} }

// gateRule leads to the staged twin while the gate is open. It goes rather
// than jumps, so that a RETURN in the twin leaves the root chain too. Without
// a twin it leaves the root chain itself.
func gateRule(twin string) *ruleset.Rule {
	r := &ruleset.Rule{ID: idGate, Matches: []ruleset.Match{inTrial()}, Target: ruleset.Return}
	if twin != "" {
		r.Target = ruleset.Jump{Chain: twin, Goto: true}
	}
	return r
}

// trialHook is a hook that is there only while the gate is open.
func trialHook(twin string) *ruleset.Rule {
	return &ruleset.Rule{ID: idHook, Matches: []ruleset.Match{inTrial()}, Target: ruleset.Jump{Chain: twin}}
}

// cutRule stops flows that were born in a trial which is over. Before the flip
// the twin of the gate is full, and flows that an earlier trial marked pass.
func cutRule(bit uint32) *ruleset.Rule {
	return &ruleset.Rule{
		ID: idCut,
		Matches: []ruleset.Match{
			ruleset.MatchConnMark{Value: bit, Mask: bit},
			ruleset.MatchSet{Name: ruleset.TrialNextSet, Dirs: "src", Not: true},
		},
		Target: ruleset.Jump{Chain: cutChain},
	}
}

// cutRules are what the cut chain holds: a reset for TCP, silence for the
// rest.
func cutRules() []*ruleset.Rule {
	return []*ruleset.Rule{
		{ID: idOver, Proto: ruleset.Proto{Num: ruleset.TCP}, Target: ruleset.Reject{With: "tcp-reset"}},
		{ID: idOver, Target: ruleset.Drop},
	}
}

// markRule marks the flows that begin in the trial.
func markRule(bit uint32) *ruleset.Rule {
	return &ruleset.Rule{
		ID:      idMark,
		Matches: []ruleset.Match{ruleset.MatchState{States: ruleset.StateNew}},
		Target:  ruleset.SetConnMark{Value: bit, Mask: bit},
	}
}

// hookRule is a hook at rest.
func hookRule(to string) *ruleset.Rule {
	return &ruleset.Rule{ID: hookID, Target: ruleset.Jump{Chain: to}}
}
