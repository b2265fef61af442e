package page

import (
	"encoding/json"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Explain walks a packet through the live rules and the staged ones, side by
// side.
type Explain struct {
	*Shared
	keys   explainKeys
	form   packetForm
	family ruleset.Family // meant by names that have addresses of both
	edit   *formEdit      // nil: the form is not being edited
	pick   *rowPicker     // nil: no row is being chosen

	ask   desk.Request
	again bool              // something changed while a walk was under way
	set   *tables.Set       // that the answer is about
	ways  []engine.BothWays // the one that is shown first, then the other family
	err   error
	sides [2]walkView
	focus int // side that the keys move in
	why   engine.RowRef
	real  realPackets // heard from the kernel
}

// The sides.
const (
	liveSide = iota
	stagedSide
)

type explainKeys struct {
	Edit, FromFlow, Family, Why, Side, Go, Trace, JSON, Refresh, BackSide, Back widget.Binding
}

// NewExplain makes the page.
func NewExplain(s *Shared) *Explain {
	return &Explain{
		Shared: s, family: ruleset.V4,
		form: packetForm{protoField: "tcp", stateField: "NEW"},
		keys: explainKeys{
			Edit:     widget.Bind("e", "edit the packet", "e"),
			FromFlow: widget.Bind("i", "from a flow", "i"),
			Family:   widget.Bind("f", "v4<>v6", "f"),
			Why:      widget.Bind("r", "why not a row", "r"),
			Side:     widget.Bind("Tab", "live, staged", "tab"),
			Go:       widget.Bind("Enter", "go to the row", "enter"),
			Trace:    widget.Bind("T", "real packets, 10 s", "T"),
			JSON:     widget.Bind("J", "copy as JSON", "J"),
			Refresh:  widget.Bind("R", "walk again", "R").Hidden(),
			BackSide: widget.Bind("S-Tab", "the other side", "shift+tab").Hidden(),
			Back:     widget.Bind("Esc", "hide the real packets", "esc").Hidden(),
		},
		sides: [2]walkView{newWalkView(), newWalkView()},
	}
}

// Title is the name in the tabs.
func (e *Explain) Title() widget.Safe { return "Explain" }

// Typing reports whether the form or the choice of a row takes the keys.
func (e *Explain) Typing() bool { return e.edit != nil || e.pick != nil }

// Bindings are the keys of the page.
func (e *Explain) Bindings() []widget.Binding {
	switch {
	case e.edit != nil:
		return e.edit.bindings()
	case e.pick != nil:
		return e.pick.bindings()
	}
	return e.walkBindings()
}

// walkBindings are the keys while nothing is typed.
func (e *Explain) walkBindings() []widget.Binding {
	var none, family, row widget.Safe
	if len(e.ways) == 0 {
		none = widget.Format("there is no packet yet; %s writes one", e.keyName(ExplainScreen, "e"))
	}
	if family = none; len(e.ways) == 1 {
		family = "this packet exists in one family only; names that have addresses of both can be switched"
	}
	if _, ok := e.selectedRow(); !ok {
		row = "this rule comes from no table row"
	}
	k := e.keys
	return []widget.Binding{
		k.Edit, k.FromFlow, k.Family.Off(family), k.Why.Off(none), k.Go.Off(row), k.Side.Off(none),
		k.Trace.Off(e.traceKeyOff()), k.JSON.Off(none), k.BackSide.Off(none), k.Refresh.Off(none), k.Back,
	}
}

// Key handles a key.
func (e *Explain) Key(k tea.KeyPressMsg) Effect {
	keys := &e.keys
	switch {
	case e.edit != nil:
		return e.editKey(k)
	case e.pick != nil:
		return e.pickKey(k)
	case e.sides[e.focus].key(k):
	case keys.Edit.Is(k):
		e.startEdit()
	case keys.FromFlow.Is(k):
		return Effect{Go: FlowsScreen, Tell: PickPacket{}}
	case keys.Family.Is(k):
		e.family = ruleset.V4 + ruleset.V6 - e.family
		e.ways[0], e.ways[1] = e.ways[1], e.ways[0]
		e.lay()
	case keys.Why.Is(k):
		e.startPick()
	case keys.Side.Is(k), keys.BackSide.Is(k):
		e.focus = 1 - e.focus
	case keys.Go.Is(k):
		return e.goToRow()
	case keys.Trace.Is(k):
		return e.trace()
	case keys.Back.Is(k):
		e.dropTrace()
	case keys.JSON.Is(k):
		return e.copyJSON()
	case keys.Refresh.Is(k):
		return e.walk()
	}
	return Effect{}
}

// Handle takes messages.
func (e *Explain) Handle(msg tea.Msg) Effect {
	switch msg := msg.(type) {
	case Shown:
		if e.set != nil && e.set != e.Desk.Set() {
			return e.walk()
		}
	case ShowPacket:
		e.edit, e.pick, e.form = nil, nil, formOf(msg.Packet)
		e.family = msg.Packet.Family()
		return e.walk()
	case tea.PasteMsg:
		e.paste(msg.Content)
	case desk.ExplainedMsg:
		if e.ask.Done(msg.N) {
			return e.take(msg)
		}
	case desk.TracedMsg:
		if e.real.ask.Done(msg.N) {
			return e.takeTrace(msg)
		}
	}
	return Effect{}
}

// walk asks for the way of the packet in the form.
func (e *Explain) walk() Effect {
	questions, wrong := e.form.questions(e.Desk.Config(), e.family)
	switch {
	case wrong != nil:
		return say(Warn, "%s: %s", fieldNames[wrong.field], wrong.text)
	case e.Desk.Set() == nil:
		return say(Warn, "the tables are not read yet")
	case e.ask.Busy():
		e.again = true
		return Effect{}
	}
	e.again = false
	e.family = questions[0].Packet.Family()
	return Effect{Cmd: e.Calls.Explain(&e.ask, e.Desk.Set(), questions)}
}

func (e *Explain) take(m desk.ExplainedMsg) Effect {
	if e.again {
		return e.walk()
	}
	e.err, e.set, e.ways = m.Err, m.Set, m.Value
	if e.err != nil {
		e.ways = nil
	}
	e.lay()
	return Effect{}
}

// lay prepares both sides of the way that is shown.
func (e *Explain) lay() {
	e.sides[liveSide].show(e.explained(liveSide))
	e.sides[stagedSide].show(e.explained(stagedSide))
}

// explained is the way on a side; nil when there is none.
func (e *Explain) explained(side int) *engine.Explanation {
	switch {
	case len(e.ways) == 0:
		return nil
	case side == liveSide:
		return e.ways[0].Live
	}
	return e.ways[0].Staged
}

// selectedRow is the row of the selected rule in the tables as edited; what
// runs may stand on another line there.
func (e *Explain) selectedRow() (engine.RowRef, bool) {
	v := &e.sides[e.focus]
	step, ok := v.selected()
	if !ok || step.Rule == nil {
		return engine.RowRef{}, false
	}
	for _, x := range []*engine.Explanation{e.explained(stagedSide), v.x} {
		if x == nil {
			continue
		}
		if ref, ok := x.RowOf(step.Rule.ID); ok {
			return ref, true
		}
	}
	return engine.RowRef{}, false
}

func (e *Explain) goToRow() Effect {
	ref, ok := e.selectedRow()
	if !ok {
		return Effect{}
	}
	return Effect{Go: PolicyScreen, Tell: ShowPlace{desk.Place{Kind: ref.Kind, Line: ref.Line}}}
}

func (e *Explain) copyJSON() Effect {
	out := e.ways[0].Record(e.why)
	if t := e.real.heard; t != nil && e.traceShown() {
		trace := t.Record()
		out.Trace = &trace
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return say(Bad, "copy as JSON: %v", err)
	}
	effect := say(Info, "copied %d bytes of JSON, if this terminal allows it (OSC 52)", len(text))
	effect.Copy = string(text)
	return effect
}
