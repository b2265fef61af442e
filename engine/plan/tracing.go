package plan

import (
	"fmt"
	"net/netip"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// TracedPackets are packets that the kernel is to tell about, as they are on the
// wire before anything is translated. What is zero may be anything.
type TracedPackets struct {
	Family           ruleset.Family // counts when neither address is given
	Src, Dst         netip.Addr
	Proto            uint8
	SrcPort, DstPort uint16 // of TCP and UDP
}

// tracingSets hold every address of a family for as long as packets are traced:
// afterwards the rules match nothing, with no process alive.
var tracingSets = map[ruleset.Family]string{
	ruleset.V4: ruleset.StagedPrefix + "trace4",
	ruleset.V6: ruleset.StagedPrefix + "trace6",
}

// tracingRate is how many packets a second a rule traces beyond the first burst:
// each makes a message for every rule that it meets.
const tracingRate = "10/sec"

// MaxTraced is how many packets a rule can be asked to trace at once.
const MaxTraced = 1000

// TracePackets makes the steps that let the kernel tell which rules some packets
// meet, for at most so many seconds, and about that many packets of each kind.
// No rule decides about them otherwise.
//
// Everything is of a trial by its names, so Rollback removes it, and so does any
// later command when this one dies. No trial may be staged.
func TracePackets(kinds []TracedPackets, packets, seconds int) (Steps, error) {
	rules := make(map[ruleset.Family][]*ruleset.Rule)
	for _, k := range kinds {
		f, r := tracingRule(k, packets)
		rules[f] = append(rules[f], r)
	}
	var sets string
	for f := range rules {
		sets += everything(tracingSets[f], f, seconds)
	}
	step, err := payload(sets, func(f ruleset.Family, out *sheet) {
		out.in(ruleset.Raw)
		for _, chain := range []string{ruleset.Prerouting, ruleset.Output} {
			for _, r := range rules[f] {
				out.top(chain, r)
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("rules that trace packets: %w", err)
	}
	return Steps{step}, nil
}

// tracingRule traces packets of one kind while the set of its family has
// members.
func tracingRule(k TracedPackets, packets int) (ruleset.Family, *ruleset.Rule) {
	f := k.Family
	for _, a := range []netip.Addr{k.Src, k.Dst} {
		if a.IsValid() {
			f = ruleset.OfAddr(a)
		}
	}
	r := &ruleset.Rule{ID: idTrace, Src: exactly(k.Src), Dst: exactly(k.Dst), Proto: ruleset.Proto{Num: k.Proto}, Target: ruleset.Traced{}}
	if src, dst := portAsked(k.SrcPort), portAsked(k.DstPort); src != nil || dst != nil {
		r.Matches = append(r.Matches, ruleset.MatchPorts{Src: src, Dst: dst})
	}
	r.Matches = append(r.Matches,
		ruleset.MatchSet{Name: tracingSets[f], Dirs: "src"},
		ruleset.MatchLimit{Average: tracingRate, Burst: uint32(min(max(packets, 1), MaxTraced))})
	return f, r
}

func exactly(a netip.Addr) ruleset.Net {
	if !a.IsValid() {
		return ruleset.Net{}
	}
	return ruleset.Net{Prefix: netip.PrefixFrom(a, a.BitLen())}
}

func portAsked(p uint16) *ruleset.PortRange {
	if p == 0 {
		return nil
	}
	r := ruleset.Port(p)
	return &r
}
