package page

import (
	"maps"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// firstUse offers to make the tables of a host that has none. Nothing is
// written before the person has said so twice.
type firstUse struct {
	*Policy
	facts    engine.StarterFacts
	set      *tables.Set
	err      error
	check    desk.Request
	problems tables.Problems
	create   desk.Request
	at       int            // the selected interface
	zone     *widget.Editor // the zone being typed; nil when none is
	keys     firstUseKeys
	moves    widget.Movement
}

type firstUseKeys struct{ next, prev, typed, wide, create, back widget.Binding }

func newFirstUseKeys() firstUseKeys {
	return firstUseKeys{
		create: widget.Bind("C", "create these tables", "C"),
		next:   widget.Bind("h/l", "other zone", "l", "right"),
		prev:   widget.Bind("h", "zone before", "h", "left").Hidden(),
		typed:  widget.Bind("e", "type a zone", "e", "enter"),
		wide:   widget.Bind("o", "your address, or its network", "o"),
		back:   widget.Bind("Esc", "not now", "esc"),
	}
}

func (k firstUseKeys) list() []widget.Binding {
	return []widget.Binding{k.create, k.next, k.prev, k.typed, k.wide, k.back}
}

// offerTables opens the offer when there are no tables.
func (p *Policy) offerTables(m desk.FirstUseMsg) Effect {
	switch {
	case m.Err != nil:
		return say(Bad, "there are no tables, and none can be offered: %v", m.Err)
	case m.Value == nil:
		return Effect{}
	}
	f := &firstUse{Policy: p, facts: *m.Value, moves: widget.Moves(), keys: newFirstUseKeys()}
	f.facts.Zones = maps.Clone(f.facts.Zones)
	if f.facts.Zones == nil {
		f.facts.Zones = make(map[string]string)
	}
	p.panel = f
	effect := f.changed()
	effect.Go = PolicyScreen
	effect.Say = &Note{Text: "nothing is written before you confirm"}
	return effect
}

// changed makes the tables anew and checks them.
func (f *firstUse) changed() Effect {
	f.set, f.err = engine.Starter(f.facts)
	if f.err != nil {
		return Effect{}
	}
	return Effect{Cmd: f.Calls.Check(&f.check, f.set)}
}

func (f *firstUse) take(msg tea.Msg) (Effect, bool) {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		if f.zone != nil {
			f.zone.Insert(strings.TrimSpace(msg.Content))
		}
		return Effect{}, true
	case desk.CheckedMsg:
		if f.check.Done(msg.N) {
			f.problems = msg.Problems
			return Effect{}, true
		}
	case desk.CreatedMsg:
		if f.create.Done(msg.N) {
			return f.created(msg.Err), true
		}
	}
	return Effect{}, false
}

func (f *firstUse) created(err error) Effect {
	if err != nil {
		return say(Bad, "%v", err)
	}
	f.panel = nil
	return Effect{
		Cmd: f.Desk.Load(f.Calls),
		Say: &Note{Text: "the tables are made; look at them, 3 reviews, A applies them under a countdown", Kind: Good},
	}
}

func (f *firstUse) typing() bool { return f.zone != nil }

func (f *firstUse) bindings() []widget.Binding {
	if f.zone != nil {
		return []widget.Binding{widget.Bind("Enter", "take the zone; empty for none", "enter"), widget.Bind("Esc", "cancel", "esc")}
	}
	var iface, ssh, bad widget.Safe
	if f.selected() == nil {
		iface = "this host has no interface"
	}
	if !f.facts.SSH() {
		ssh = "there is no SSH session"
	}
	if f.err != nil || f.problems.HasErrors() {
		bad = "the tables would have errors"
	}
	k := f.keys
	k.create, k.wide = k.create.Off(bad), k.wide.Off(ssh)
	k.next, k.prev, k.typed = k.next.Off(iface), k.prev.Off(iface), k.typed.Off(iface)
	return k.list()
}

func (f *firstUse) selected() *engine.HostInterface {
	list := f.facts.Listed()
	if f.at >= len(list) {
		return nil
	}
	return &list[f.at]
}

func (f *firstUse) key(k tea.KeyPressMsg) Effect {
	if f.zone != nil {
		return f.zoneKey(k)
	}
	switch keys := &f.keys; {
	case keys.next.Is(k):
		return f.turnZone(1)
	case keys.prev.Is(k):
		return f.turnZone(-1)
	case keys.typed.Is(k):
		if i := f.selected(); i != nil {
			f.zone = widget.NewEditor(f.facts.Zone(*i))
			f.zone.Solid = true
		}
	case keys.wide.Is(k):
		f.facts.Wide = !f.facts.Wide
		return f.changed()
	case keys.create.Is(k):
		return f.askCreate()
	case keys.back.Is(k):
		f.panel = nil
		return Effect{Say: &Note{Text: "nothing was written; R offers it again"}}
	default:
		f.at, _ = f.moves.Step(k, f.at, len(f.facts.Listed()), 6)
	}
	return Effect{}
}

// zoneKey types the zone of the selected interface.
func (f *firstUse) zoneKey(k tea.KeyPressMsg) Effect {
	switch k.String() {
	case "esc":
		f.zone = nil
	case "enter":
		f.facts.Zones[f.selected().Name] = f.zone.Text()
		f.zone = nil
		return f.changed()
	default:
		f.zone.Key(k)
	}
	return Effect{}
}

// turnZone gives the selected interface the next of the usual zones. None
// leaves it out.
func (f *firstUse) turnZone(by int) Effect {
	i := f.selected()
	if i == nil {
		return Effect{}
	}
	usual := []string{"ext", "int", "dmz", tables.Docker, ""}
	at := 0
	for n, zone := range usual {
		if zone == f.facts.Zone(*i) {
			at = n + by
		}
	}
	f.facts.Zones[i.Name] = usual[(at+len(usual))%len(usual)]
	return f.changed()
}

// askCreate asks once more before anything is written.
func (f *firstUse) askCreate() Effect {
	dir := f.dir()
	return Effect{Ask: &Ask{
		Dialog: &widget.Dialog{
			Title: "Create the tables",
			Text: []widget.Safe{
				widget.Format("Six files are made in %s, mode 0640: addresses, services, interfaces, rules, virtuals, options.", dir), "",
				"No rule of the firewall changes before you apply them.",
			},
			Choices: []widget.Choice{{Key: "y", Does: "create them"}},
		},
		Then: func(int) Effect { return Effect{Cmd: f.Calls.Create(&f.create, f.set)} },
	}}
}

func (f *firstUse) dir() string {
	return strings.TrimSuffix(f.Calls.Path(tables.Rules), "/"+tables.Rules.String())
}
