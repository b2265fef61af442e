package plan

import (
	"fmt"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// endingSets hold every address of a family, for as long as flows are ended: when
// their timeout is over the rules that ask them match nothing any more, with no
// process alive.
var endingSets = map[ruleset.Family]string{
	ruleset.V4: ruleset.StagedPrefix + "end4",
	ruleset.V6: ruleset.StagedPrefix + "end6",
}

// EndFlows makes the steps that stop the flows whose conntrack mark has a bit,
// for at most so many seconds: in front of everything that filters, TCP is
// answered with a reset and the rest is dropped. What this host itself sends
// over TCP passes, so that resets get out. Packets that carry the bit as their
// own mark are hidden from conntrack: those with which the ends of a flow are
// made to speak.
//
// Everything is of a trial by its names, so Rollback removes it, and so does any
// later command when this one dies. No trial may be staged.
func EndFlows(bit uint32, seconds int) (Steps, error) {
	var sets strings.Builder
	for f, name := range endingSets {
		sets.WriteString(everything(name, f, seconds))
	}
	rules, err := payload(sets.String(), func(f ruleset.Family, out *sheet) {
		out.in(ruleset.Filter)
		writeCutChain(out)
		for _, chain := range []string{ruleset.Input, ruleset.Forward} {
			out.top(chain, endRule(f, bit, ruleset.Proto{}))
		}
		out.top(ruleset.Output, endRule(f, bit, ruleset.Proto{Num: ruleset.TCP, Not: true}))
	})
	if err != nil {
		return nil, err
	}
	return Steps{rules}, nil
}

// everything makes a set of every address of a family, which is empty after so
// many seconds.
func everything(name string, f ruleset.Family, seconds int) string {
	family, low, high := "inet", "0.0.0.0/1", "128.0.0.0/1"
	if f == ruleset.V6 {
		family, low, high = "inet6", "::/1", "8000::/1"
	}
	return fmt.Sprintf("create %s hash:net family %s timeout %d\nadd %[1]s %[4]s\nadd %[1]s %[5]s\n", name, family, seconds, low, high)
}

// HidePackets makes the step that keeps conntrack from packets with a mark. It
// is for after EndFlows, and apart from it: a kernel may lack what it takes.
func HidePackets(bit uint32) (Steps, error) {
	rule, err := payload("", func(f ruleset.Family, out *sheet) {
		out.in(ruleset.Raw)
		out.top(ruleset.Output, &ruleset.Rule{
			ID: idCut, Matches: []ruleset.Match{ruleset.MatchMark{Value: bit, Mask: bit}}, Target: ruleset.NoTrack{},
		})
	})
	if err != nil {
		return nil, err
	}
	return Steps{rule}, nil
}

// endRule stops flows with a bit while the set of the family has members.
func endRule(f ruleset.Family, bit uint32, proto ruleset.Proto) *ruleset.Rule {
	return &ruleset.Rule{
		ID: idCut, Proto: proto,
		Matches: []ruleset.Match{
			ruleset.MatchConnMark{Value: bit, Mask: bit},
			ruleset.MatchSet{Name: endingSets[f], Dirs: "src"},
		},
		Target: ruleset.Jump{Chain: cutChain},
	}
}
