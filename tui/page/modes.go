package page

import "github.com/mfwtui/mfwtui/tui/widget"

// Mode is a state of a page in which it has keys of its own: a cell being
// edited, a list that is open.
type Mode struct {
	Name     widget.Safe
	Bindings []widget.Binding
	Use      KeyUse
}

// KeyUse is what the keys of a mode are for.
type KeyUse int

// Commands can be given other keys. What is typed and what answers a question
// cannot, nor what moves in a list of a moment.
const (
	Commands KeyUse = iota + 1
	Answers
)

// Moder is a page with several modes, of which Bindings shows the present one.
// The help lists them all, the main one first; the keys of a page without modes
// are commands. Those of ListModes are left out.
type Moder interface{ Modes() []Mode }

// ListKeys are the keys that every list with a filter has.
func ListKeys() []widget.Binding {
	k := newFindKeys()
	return []widget.Binding{k.Filter, k.Next, k.Prev, k.Marks, k.Value, k.Clear}
}

// ListLegend explains the signs before the rows of a list.
func ListLegend() []widget.Binding {
	return []widget.Binding{
		widget.Bind(">", "the selected row"),
		widget.Bind("/", "a match, while the filter marks instead of hiding"),
	}
}

// ListModes are the modes that every list with a filter has.
func ListModes() []Mode {
	return []Mode{
		{"while a filter is typed", filterBindings(), Answers},
		{"while a value of the row is chosen (.)", valueBindings(), Answers},
	}
}

// Modes are the keys of the rows, of a cell, and of what opens over them.
func (p *Policy) Modes() []Mode {
	l := newProblemKeys()
	var cell []widget.Binding
	for _, b := range (&cellEdit{editor: widget.NewEditor("")}).bindings() {
		cell = append(cell, b.Off("")) // whether a key works just now is no matter here
	}
	cell = append(cell, widget.Bind("^o", "new object, or fill the row from this host", objectKey))
	return []Mode{
		{"Policy", p.tableBindings(), Commands},
		{"Policy, while a cell is edited", cell, Answers},
		{"Policy, while an object is renamed (r)", (&rename{editor: widget.NewEditor("")}).bindings(), Answers},
		{"Policy, in the list of uses (v)", (&useList{}).bindings(), Answers},
		{"Policy, in the list of problems (w)", []widget.Binding{l.Go, l.Take, l.Undo, l.Redo, l.Close}, Commands},
		{"Policy, new object (^o in a cell)", (&objectForm{}).bindings(), Answers},
		{"Policy, in the list of this host (a)", pickBindings("add, or fill the row", ""), Answers},
		{"Policy, when somebody else changed the tables", newThreeWayKeys().list(), Answers},
		{"Policy, when there are no tables yet", newFirstUseKeys().list(), Answers},
	}
}

// Modes are the keys of the walk, of the packet being edited, and of the choice
// of a row.
func (e *Explain) Modes() []Mode {
	var form []widget.Binding
	for _, b := range (&formEdit{editor: widget.NewEditor("")}).bindings() {
		form = append(form, b.Off("")) // whether a key works just now is no matter here
	}
	return []Mode{
		{"Explain", e.walkBindings(), Commands},
		{"Explain, while the packet is edited (e)", form, Answers},
		{"Explain, while a row is chosen (r)", (&rowPicker{}).bindings(), Answers},
	}
}

// Modes are the keys of the two views.
func (o *Overview) Modes() []Mode {
	return []Mode{
		{"Overview", o.stateBindings(), Commands},
		{"Overview, containers (Tab)", o.containerBindings(), Commands},
	}
}

// Legend explains the signs of the containers.
func (o *Overview) Legend() []widget.Binding {
	return []widget.Binding{
		widget.Bind(unfilteredSign, "in the attention list: look at this; of a container: everything reaches the port, no row of ours keeps anybody out"),
		widget.Bind(unreachableSign, "a published port that no row lets anybody reach"),
	}
}

// Modes are the keys of the list and of what an entry changed.
func (h *History) Modes() []Mode {
	return []Mode{
		{"History", h.listBindings(), Commands},
		{"History, what an apply changed (Enter)", h.detailBindings(), Commands},
	}
}

// Modes are the keys of the two lists.
func (f *Flows) Modes() []Mode {
	return []Mode{
		{"Flows", f.flowBindings(), Commands},
		{"Flows, denied packets (Tab)", append(f.denied.bindings(), f.keys.Tab, f.keys.BackTab), Commands},
	}
}

// Legend explains the columns of the flows.
func (f *Flows) Legend() []widget.Binding {
	return []widget.Binding{
		widget.Bind("SYN", "asked, not answered yet; SYN-R: answered, not acknowledged"),
		widget.Bind("ESTAB", "a TCP connection that is open"),
		widget.Bind("FIN-W", "closing; also CLOSEW, LASTAK, TIME-W"),
		widget.Bind("UNREPL", "no answer was seen; REPLY: one was; ASSURD: it goes on"),
		widget.Bind("tcp*", "a marked flow"),
		widget.Bind("RULE", "the row that would admit it today, by the rules that run"),
		widget.Bind("NAT", "which end is rewritten: src, dst or both"),
		widget.Bind("-", "nothing moved since the last reading"),
		widget.Bind("BY", "what denied and logged it: a row, or the final reject"),
		widget.Bind("COUNT", "packets logged, of those that differ in the source port only"),
	}
}

// Legend explains the figures of the counters.
func (c *Counters) Legend() []widget.Binding {
	return []widget.Binding{
		widget.Bind("-", "the family does not have this rule"),
		widget.Bind("LAST", "how long ago it counted, as far as this console saw"),
		widget.Bind("0", "no packet: good on a drop row, proves nothing on an accept row"),
		widget.Bind("OWNER", "ours, docker, built-in, or foreign: never touched"),
		widget.Bind("+3", "a chain that is folded, and how many are below it"),
	}
}

// Legend explains the marks of a difference.
func (r *Review) Legend() []widget.Binding {
	return []widget.Binding{
		widget.Bind("+", "a rule or member that an apply adds"),
		widget.Bind("-", "one that an apply removes"),
		widget.Bind("~", "one that an apply changes"),
	}
}
