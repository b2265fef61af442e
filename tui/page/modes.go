package page

import "github.com/mfwtui/mfwtui/tui/widget"

// Mode is a state of a page in which it has keys of its own: a cell being
// edited, a list that is open.
type Mode struct {
	Name     widget.Safe
	Bindings []widget.Binding
}

// Moder is a page with several modes, of which Bindings shows the present one.
// The help lists them all, the main one first. Those of ListModes are left out.
type Moder interface{ Modes() []Mode }

// Sign is a mark or a word that a page draws, with what it means.
type Sign struct{ Sign, Means widget.Safe }

// Legender is a page that explains its signs in the help.
type Legender interface{ Legend() []Sign }

// ListKeys are the keys that every list with a filter has.
func ListKeys() []widget.Binding {
	k := newFindKeys()
	return []widget.Binding{k.Filter, k.Next, k.Prev, k.Marks, k.Value}
}

// ListModes are the modes that every list with a filter has.
func ListModes() []Mode {
	return []Mode{
		{"while a filter is typed", filterBindings()},
		{"while a value of the row is chosen (.)", valueBindings()},
	}
}

// Modes are the keys of the rows, of a cell and of the list of problems.
func (p *Policy) Modes() []Mode {
	l := newProblemKeys()
	var cell []widget.Binding
	for _, b := range (&cellEdit{editor: widget.NewEditor("")}).bindings() {
		cell = append(cell, b.Off("")) // whether a key works just now is no matter here
	}
	return []Mode{
		{"Policy", p.tableBindings()},
		{"Policy, while a cell is edited", cell},
		{"Policy, in the list of problems (w)", []widget.Binding{l.Go, l.Take, l.Undo, l.Redo, l.Close}},
	}
}

// Legend explains the marks before a row.
func (p *Policy) Legend() []Sign {
	return []Sign{
		{"+", "the row is not on disk like this yet"},
		{"E", "the row has an error, which blocks an apply"},
		{"W", "the row has a warning"},
		{"x", "the row is switched off"},
		{"tab*", "the table has changes that are not saved"},
	}
}

// Legend explains the columns of the flows.
func (f *Flows) Legend() []Sign {
	return []Sign{
		{"SYN", "asked, not answered yet; SYN-R: answered, not acknowledged"},
		{"ESTAB", "a TCP connection that is open"},
		{"FIN-W", "closing; also CLOSEW, LASTAK, TIME-W"},
		{"UNREPL", "no answer was seen; REPLY: one was; ASSURD: it goes on"},
		{"NAT", "which end is rewritten: src, dst or both"},
		{"-", "nothing moved since the last reading"},
	}
}

// Legend explains the figures of the counters.
func (c *Counters) Legend() []Sign {
	return []Sign{
		{"-", "the family does not have this rule"},
		{"0", "no packet: good on a drop row, proves nothing on an accept row"},
		{"OWNER", "ours, docker, built-in, or foreign: never touched"},
	}
}

// Legend explains the marks of a difference.
func (r *Review) Legend() []Sign {
	return []Sign{
		{"+", "a rule or member that an apply adds"},
		{"-", "one that an apply removes"},
		{"~", "one that an apply changes"},
	}
}
