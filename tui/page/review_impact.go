package page

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// impact shows the consequences of a change: for the flows of now, and for the
// new connections that it allows, denies or sends elsewhere.
type impact struct {
	*Shared
	words.Consequences
	flowAsk, policyAsk desk.Request

	// counts is how many flows there are of each fate, groups are the flows
	// with similar ones as one line.
	counts map[engine.Fate]int
	groups engine.TouchedGroups
	// ending are the grandfathered flows that may end after the confirm; end is
	// whether they shall.
	ending []engine.Flow
	end    bool

	parts []impactPart
	size  int // entries of all parts
	at    int // the selected entry
	view  *widget.Diff
	moves widget.Movement
	page  int
	top   int // the line where the list begins
	width int
}

// impactPart is a heading with the entries under it.
type impactPart struct {
	head func() widget.Safe
	size int
	line func(i int) widget.DiffLine
}

func newImpact(s *Shared) *impact {
	return &impact{Shared: s, view: widget.NewDiff(), moves: widget.Moves(), page: 10}
}

// ask asks for the consequences of an apply; what was known is about another
// one. There are none when nothing changes.
func (p *impact) ask(of *engine.Preview) tea.Cmd {
	p.forget()
	if of == nil || of.Compiled == nil || of.Diff == nil || of.Diff.Empty() {
		return nil
	}
	return tea.Batch(p.Calls.FlowImpact(&p.flowAsk, of), p.Calls.PolicyImpact(&p.policyAsk, of))
}

// forget drops what is known, and the answers that are under way.
func (p *impact) forget() {
	p.flowAsk.Drop()
	p.policyAsk.Drop()
	p.Consequences, p.counts, p.groups, p.ending = words.Consequences{}, nil, engine.TouchedGroups{}, nil
	p.lay()
}

// known reports whether there are consequences, or will be.
func (p *impact) known() bool {
	return p.flowAsk.Busy() || p.policyAsk.Busy() || p.Flows != nil || p.Policy != nil || p.FlowErr != nil || p.PolicyErr != nil
}

// take takes an answer; false when it is none of these that count.
func (p *impact) take(msg tea.Msg) bool {
	switch msg := msg.(type) {
	case desk.FlowImpactMsg:
		if !p.flowAsk.Done(msg.N) {
			return false
		}
		if p.FlowErr = msg.Err; msg.Err == nil {
			p.Flows = msg.Value
			p.count()
		}
	case desk.PolicyImpactMsg:
		if !p.policyAsk.Done(msg.N) {
			return false
		}
		if p.PolicyErr = msg.Err; msg.Err == nil {
			p.Policy = msg.Value
		}
	default:
		return false
	}
	p.lay()
	return true
}

// count counts the fates, and finds the flows that may end after the confirm.
func (p *impact) count() {
	p.counts = make(map[engine.Fate]int)
	p.groups = p.Flows.Groups()
	for _, fate := range []engine.Fate{engine.Cut, engine.Grandfathered, engine.Opens} {
		p.counts[fate] = p.Flows.Count(fate)
	}
	p.ending = desk.MayEnd(p.Flows)
}

// noEnd says why no flows can be ended after a confirm; empty when some can.
func (p *impact) noEnd() widget.Safe {
	switch {
	case p.flowAsk.Busy():
		return "the flows are still being judged"
	case len(p.ending) == 0:
		return "no flow is grandfathered by this change"
	}
	return ""
}

// toEnd are the flows that end after the confirm; none when that was not
// chosen.
func (p *impact) toEnd() []engine.Flow {
	if !p.end {
		return nil
	}
	return p.ending
}

// key handles movement.
func (p *impact) key(k tea.KeyPressMsg) bool {
	at, ok := p.moves.Step(k, p.at, p.size, p.page)
	if !ok {
		return p.view.Key(k)
	}
	p.choose(at)
	return true
}

// choose selects an entry and scrolls to it.
func (p *impact) choose(at int) {
	p.at = max(min(at, p.size-1), 0)
	p.view.Reveal(p.lineOf(p.at))
}

// chooseAt selects the entry on a line of what was drawn last; false for none.
func (p *impact) chooseAt(line int) (again, ok bool) {
	first, _, _ := p.view.Place()
	want := first - 1 + line - p.top
	if line < p.top || line >= p.top+p.page {
		return false, false
	}
	for at := range p.size {
		if p.lineOf(at) == want {
			again, p.at = p.at == at, at
			return again, true
		}
	}
	return false, false
}

// next selects the first entry of the next part, or of the one before.
func (p *impact) next(forward bool) {
	first := 0
	for _, part := range p.parts {
		switch {
		case forward && first > p.at:
			p.choose(first)
			return
		case !forward && first+part.size >= p.at:
			p.choose(first)
			return
		}
		first += part.size
	}
}

// lineOf is the line of an entry: there is a heading above each part.
func (p *impact) lineOf(at int) int {
	first := 0
	for n, part := range p.parts {
		if at < first+part.size {
			return at + n + 1
		}
		first += part.size
	}
	return 0
}

// selected are the touched flows or the set of packets that are selected; both
// nil for neither.
func (p *impact) selected() (*engine.TouchedFlows, *engine.PacketSet) {
	at := p.at
	if at < p.groups.Len() {
		t := p.groups.At(at)
		return &t, nil
	}
	at -= p.groups.Len()
	if p.Policy == nil {
		return nil, nil
	}
	for _, kind := range words.SetKinds(p.Policy) {
		if at < len(kind.Sets) {
			return nil, &kind.Sets[at]
		}
		at -= len(kind.Sets)
	}
	return nil, nil
}

// explain shows the selected flow, as a new connection, on Explain.
func (p *impact) explain() Effect {
	t, set := p.selected()
	switch {
	case set != nil:
		return say(Info, "this is a set of packets; %s on %s walks one of them", p.keyName(ExplainScreen, "e"), p.screenName(ExplainScreen, "Explain"))
	case t == nil:
		return say(Info, "no flow is selected")
	}
	packet := firstPacket(&t.Flow)
	if t.From == tables.FW {
		packet.In = tables.FW
	}
	return Effect{Go: ExplainScreen, Tell: ShowPacket{Packet: packet}}
}
