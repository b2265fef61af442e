package engine

import (
	"context"
	"fmt"
	"net/netip"
	"sync/atomic"

	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Fate is what a change of the rules means for a live flow.
type Fate string

// The fates of a flow that a change touches. A flow that goes on and could be
// opened again is not touched.
const (
	// Cut says that its next packet is refused.
	Cut Fate = "cut"
	// Grandfathered says that it goes on, but only because it is open: it
	// could be opened today and not after the change.
	Grandfathered Fate = "grandfathered"
	// Opens says that it could not be opened today, and could after the
	// change.
	Opens Fate = "opens"
)

// FlowImpact is what a change means for the flows of now.
type FlowImpact struct {
	// Judged is how many flows were looked at, Touched are those that the
	// change means something for: cut, then grandfathered, then opening.
	Judged  int
	Touched TouchedList
	// Own is the administrator's own connection; nil when it is not known.
	Own *OwnFlow
}

// Count is how many flows have a fate.
func (i *FlowImpact) Count(fate Fate) (n int) {
	for _, m := range i.Touched.means {
		if m.Fate == fate {
			n++
		}
	}
	return n
}

// OwnFlow is what happens to the administrator's own SSH connection, in words.
// Listed is false when conntrack does not know it.
type OwnFlow struct {
	Client, Server netip.AddrPort
	Listed         bool
	// Open is the verdict after the change for this connection, New for
	// another one like it.
	Open, New         string
	GoesOn, Reopens   bool
	OtherFamily       string // what is known about the other address family
	OtherFamilyPasses bool
}

// FlowImpact judges every live flow by the rules that run and by those that p
// would bring, as the open flow that it is and as a new one.
func (e *Engine) FlowImpact(ctx context.Context, p *Preview) (*FlowImpact, error) {
	if p.Compiled == nil {
		return nil, ErrProblems
	}
	snap, err := e.flows.read(ctx)
	if err != nil {
		return nil, err
	}
	routes, err := readRoutes()
	if err != nil {
		return nil, err
	}
	next := plan.After(p.Live, target(p.Compiled), p.own)
	j := impactJudge{
		flowJudge: flowJudge{routes.to}, before: ruleset.NewTracer(p.Live), after: ruleset.NewTracer(next),
		words: impactWords{config: p.config, names: e.rowNames()},
	}
	for id, ref := range p.Compiled.Rows {
		j.words.names[id] = rowName{ref: ref}
	}
	impact := j.all(snap.Flows)
	impact.Own = j.own(e.admin(), snap.Flows)
	return impact, nil
}

// impactJudge compares two rulesets flow by flow.
type impactJudge struct {
	flowJudge
	before, after *ruleset.Tracer
	words         impactWords
	judged        ruleset.Judgement // room for one
}

// all judges the flows.
func (j *impactJudge) all(flows live.FlowList) *FlowImpact {
	var judged atomic.Int64
	means, told := make([]*Meaning, flows.Len()), newMeanings(&j.words)
	parts(flows.Len(), func(from, to int) {
		one := *j
		one.to = remembered(j.to)
		for i := from; i < to; i++ {
			f := flows.At(i)
			if !closing(&f) {
				judged.Add(1)
			}
			if fate := one.fate(&f); fate != "" {
				means[i] = told.of(fate, one.verdicts(&f))
			}
		}
	})
	return &FlowImpact{Judged: int(judged.Load()), Touched: touchedOf(flows, means)}
}

// fate judges one flow; empty when the change means nothing for it.
func (j *impactJudge) fate(f *live.Flow) Fate {
	if closing(f) {
		return ""
	}
	open := j.onward(f)
	if !j.passes(j.after, open) && j.passes(j.before, open) {
		return Cut
	}
	if f.Replied {
		if answer := j.answer(f); !j.passes(j.after, answer) && j.passes(j.before, answer) {
			return Cut
		}
	}
	fresh := j.fresh(f)
	before, after := j.passes(j.before, fresh), j.passes(j.after, fresh)
	switch {
	case before && !after:
		return Grandfathered
	case after && !before:
		return Opens
	}
	return ""
}

func (j *impactJudge) passes(t *ruleset.Tracer, p ruleset.Packet) bool {
	return t.Outcome(p, j.to) == ruleset.Accepted
}

// verdicts are those about a flow as a new connection.
func (j *impactJudge) verdicts(f *live.Flow) verdicts {
	fresh := j.fresh(f)
	v := verdicts{in: fresh.In}
	j.before.JudgeInto(&j.judged, fresh, j.to)
	v.before, v.beforeBy = j.judged.Outcome, decisionOf(&j.judged, j.words.names)
	j.after.JudgeInto(&j.judged, fresh, j.to)
	v.after, v.afterBy, v.out = j.judged.Outcome, decisionOf(&j.judged, j.words.names), j.judged.Packet.Out
	return v
}

func (j *impactJudge) outcome(v *ruleset.Judgement) string {
	return outcomeWords(v.Outcome, decisionOf(v, j.words.names))
}

func outcomeWords(o ruleset.Outcome, by decision) string {
	words := string(o)
	if name := by.words(); name != "" {
		words += " by " + name
	}
	return words
}

// zoneOf is the zone of an interface, or its name; "FW" for this host.
func (w *impactWords) zoneOf(name string) string {
	if name == "" {
		return "FW"
	}
	for _, i := range w.config.Interfaces {
		if i.Name == name {
			return i.Zone
		}
	}
	return name
}

// own judges the administrator's connection; nil when it is not known.
func (j *impactJudge) own(admin apply.Connection, flows live.FlowList) *OwnFlow {
	if !admin.Client.IsValid() {
		return nil
	}
	f := live.Flow{Proto: ruleset.TCP, Replied: true,
		Orig:  live.Tuple{Src: admin.Client.Addr(), SrcPort: admin.Client.Port(), Dst: admin.Server.Addr(), DstPort: admin.Server.Port()},
		Reply: live.Tuple{Src: admin.Server.Addr(), SrcPort: admin.Server.Port(), Dst: admin.Client.Addr(), DstPort: admin.Client.Port()},
	}
	own := &OwnFlow{Client: admin.Client, Server: admin.Server}
	for _, one := range flows.All() {
		if o := &one.Orig; o.Src == f.Orig.Src && o.SrcPort == f.Orig.SrcPort && one.Proto == ruleset.TCP &&
			one.Reply.SrcPort == f.Reply.SrcPort {
			f, own.Listed = *one, true
		}
	}
	open, answer := j.after.Judge(j.onward(&f), j.to), j.after.Judge(j.answer(&f), j.to)
	fresh := j.after.Judge(j.fresh(&f), j.to)
	own.GoesOn = open.Outcome == ruleset.Accepted && answer.Outcome == ruleset.Accepted
	own.Reopens = fresh.Outcome == ruleset.Accepted && len(fresh.Doubts) == 0
	own.Open, own.New = j.outcome(&open), j.outcome(&fresh)
	j.otherFamily(own, admin)
	return own
}

// otherFamily says whether SSH would also be let in over the other address
// family, from the same side and any address.
func (j *impactJudge) otherFamily(own *OwnFlow, admin apply.Connection) {
	p := ruleset.Packet{
		In: j.from(admin.Client.Addr()), Proto: ruleset.TCP,
		SrcPort: admin.Client.Port(), DstPort: admin.Server.Port(), State: ruleset.StateNew, TCPFlags: tcpSYN,
	}
	family := ruleset.V6
	p.Src, p.Dst = netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
	if admin.Client.Addr().Is6() {
		family = ruleset.V4
		p.Src, p.Dst = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	}
	verdict := j.after.Judge(p, func(netip.Addr) (bool, string) { return true, "" })
	own.OtherFamilyPasses = verdict.Outcome == ruleset.Accepted
	own.OtherFamily = fmt.Sprintf("over IP%s from anywhere: %s", family, j.outcome(&verdict))
}
