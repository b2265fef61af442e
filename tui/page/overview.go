package page

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Overview ties the screens together: how the tables and the firewall stand,
// what moves, and what wants attention.
type Overview struct {
	*Shared
	keys  overviewKeys
	moves widget.Movement

	status    engine.Status
	statusErr error
	known     bool
	foreign   engine.ForeignDrift

	counters    engine.CounterSnapshot
	countersErr error
	traffic     engine.TrafficSnapshot
	trafficErr  error
	zones       zoneHistory
	ticks       int
	ask         struct{ counters, traffic, foreign, timestamps desk.Request }

	docker     containerWatch
	containers *containerList
	inside     bool // the tab of the containers is shown
	list       attentionList
	// listTop is the line where the list begins.
	listTop int
}

type overviewKeys struct{ Apply, Open, Timestamps, Refresh, Containers, BackTab, Overview, Back widget.Binding }

// foreignEvery is how often the rules of others are compared, in seconds: it
// takes a reading of the whole ruleset.
const foreignEvery = 10

// NewOverview makes the page.
func NewOverview(s *Shared) *Overview {
	return &Overview{Shared: s, moves: widget.Moves(), docker: newContainerWatch(), containers: newContainerList(s), keys: overviewKeys{
		Apply:      widget.Bind("A", "review+apply", "A").Dangerous(),
		Open:       widget.Bind("Enter", "open", "enter"),
		Timestamps: widget.Bind("t", "note when flows begin", "t"),
		Refresh:    widget.Bind("R", "refresh now", "R").Hidden(),
		Containers: widget.Bind("Tab", "containers", "tab"),
		Overview:   widget.Bind("Tab", "overview", "tab"),
		BackTab:    widget.Bind("S-Tab", "the other view", "shift+tab").Hidden(),
		Back:       widget.Bind("Esc", "drop the filter, back", "esc").Hidden(),
	}}
}

// Title is the name in the tabs.
func (o *Overview) Title() widget.Safe { return "Overview" }

// Typing reports whether the filter of the containers takes the keys.
func (o *Overview) Typing() bool { return o.inside && o.containers.filter.Typing() }

// Bindings are the keys of the tab.
func (o *Overview) Bindings() []widget.Binding {
	if o.inside {
		return o.containerBindings()
	}
	return o.stateBindings()
}

// stateBindings are the keys of how things stand.
func (o *Overview) stateBindings() []widget.Binding {
	var nothing, on widget.Safe
	if len(o.list.items) == 0 {
		nothing = "nothing wants attention"
	}
	if o.traffic.Timestamps || o.traffic.At.IsZero() {
		on = "the kernel notes already when a flow begins"
	}
	var same widget.Safe
	switch {
	case o.status.Trial != nil:
		same = "an apply is on trial: it must be answered first"
	case o.unapplied() == "":
		same = "there is nothing to apply: the firewall runs these tables"
	}
	k := o.keys
	return []widget.Binding{k.Apply.Off(same), k.Open.Off(nothing), k.Containers, k.Timestamps.Off(on), k.Refresh, k.BackTab, o.docker.binding()}
}

// containerBindings are the keys of the containers.
func (o *Overview) containerBindings() []widget.Binding {
	if o.containers.filter.Typing() {
		return o.containers.filter.busy()
	}
	k := o.keys
	return append(o.containers.bindings(), k.Overview, o.docker.binding(), k.Refresh, k.BackTab, k.Back)
}

// Key handles a key.
func (o *Overview) Key(k tea.KeyPressMsg) Effect {
	keys := &o.keys
	switch {
	case o.Typing():
		return o.containers.key(k)
	case keys.Containers.Is(k), keys.BackTab.Is(k):
		o.inside = !o.inside
	case keys.Refresh.Is(k):
		o.docker.ticks = 0 // the containers too
		return Effect{Cmd: tea.Batch(o.refresh(), o.compare())}
	case o.docker.repair.Is(k):
		return o.docker.mend(o.Calls)
	case o.inside && keys.Back.Is(k):
		o.inside = o.containers.escape()
	case o.inside:
		return o.containers.key(k)
	case keys.Apply.Is(k):
		return Effect{Go: ReviewScreen}
	case keys.Open.Is(k):
		return o.list.open()
	case keys.Timestamps.Is(k):
		return Effect{Cmd: o.Calls.EnableTimestamps(&o.ask.timestamps)}
	default:
		o.list.move(k, o.moves)
	}
	return Effect{}
}

// Copied is the selected item, or the selected container.
func (o *Overview) Copied() string {
	if o.inside {
		return o.containers.copied()
	}
	return o.list.selected()
}

// Handle takes messages.
func (o *Overview) Handle(msg tea.Msg) Effect {
	switch msg := msg.(type) {
	case Shown:
		o.list.set(o.attention())
		return Effect{Cmd: tea.Batch(o.refresh(), o.compare())}
	case Tick:
		if o.ticks++; o.ticks%foreignEvery == 0 {
			return Effect{Cmd: tea.Batch(o.refresh(), o.compare())}
		}
		return Effect{Cmd: o.refresh()}
	case desk.TimestampsMsg:
		return o.switched(msg)
	case ShowContainers:
		o.inside = true
		return Effect{}
	case tea.PasteMsg:
		o.containers.paste(msg.Content)
		return Effect{}
	default:
		o.take(msg)
	}
	e := o.docker.handle(o.Calls, msg)
	if _, ok := msg.(desk.ContainersMsg); ok {
		o.containers.take(&o.docker.view)
	}
	o.list.set(o.attention())
	return e
}

// take takes an answer of the engine.
func (o *Overview) take(msg tea.Msg) {
	switch msg := msg.(type) {
	case desk.TrialEnded: // what an apply left wants to be seen, not the containers
		o.inside = false
	case desk.StatusMsg:
		o.known, o.statusErr = true, msg.Err
		if msg.Err == nil {
			o.status = msg.Value
		}
	case desk.CountersMsg:
		if o.ask.counters.Done(msg.N) {
			if o.countersErr = msg.Err; msg.Err == nil {
				o.counters = msg.Value
				o.containers.counts = msg.Value
			}
		}
	case desk.TrafficMsg:
		if o.ask.traffic.Done(msg.N) {
			if o.trafficErr = msg.Err; msg.Err == nil {
				o.traffic = msg.Value
				if cfg := o.Desk.Config(); cfg != nil && o.traffic.Rated {
					o.zones.add(desk.ZoneRates(cfg, &o.traffic))
				}
			}
		}
	case desk.ForeignMsg:
		if o.ask.foreign.Done(msg.N) && msg.Err == nil {
			o.foreign = msg.Value
		}
	}
}

func (o *Overview) switched(m desk.TimestampsMsg) Effect {
	if !o.ask.timestamps.Done(m.N) {
		return Effect{}
	}
	if m.Err != nil {
		return say(Bad, "%v", m.Err)
	}
	e := say(Good, "nf_conntrack_timestamp=1 until boot: new flows have an age; =0 takes it back")
	e.Cmd = o.refresh()
	return e
}

// refresh asks for what moves.
func (o *Overview) refresh() tea.Cmd {
	cmds := []tea.Cmd{o.docker.refresh(o.Calls)}
	if !o.ask.counters.Busy() {
		cmds = append(cmds, o.Calls.Counters(&o.ask.counters))
	}
	if !o.ask.traffic.Busy() {
		cmds = append(cmds, o.Calls.Traffic(&o.ask.traffic))
	}
	return tea.Batch(cmds...)
}

// compare asks what others did to their rules.
func (o *Overview) compare() tea.Cmd {
	if o.ask.foreign.Busy() {
		return nil
	}
	return o.Calls.ForeignDrift(&o.ask.foreign)
}
