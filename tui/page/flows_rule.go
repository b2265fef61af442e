package page

import (
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/find"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// newRuleKey makes a row out of what is selected.
func newRuleKey() widget.Binding { return widget.Bind("r", "new rule for it", "r") }

// makeRule makes a row that admits the selected flow as a new connection.
func (f *Flows) makeRule() Effect {
	w, v := f.selected(), f.verdict()
	if w == nil {
		return say(Info, "choose a flow; %s makes a rule for it", f.keyName(FlowsScreen, "r"))
	}
	if v == nil {
		return say(Warn, "no row made: the zones of this flow are not known")
	}
	before := 0
	if v.Outcome != ruleset.Accepted && v.Row.Kind == tables.Rules {
		before = denyingLine(f.Desk.Config(), v.Row.Line, v.From)
	}
	return f.admit(wantedOf(w, v, before))
}

// wantedOf is the connection of a flow as the rows judge it: behind the
// translation of its destination, before that of its source.
func wantedOf(w *engine.Flow, v *engine.FlowVerdict, before int) tables.Wanted {
	want := tables.Wanted{From: v.From, To: v.To, Src: w.Orig.Src, Dst: w.Orig.Dst, Proto: w.Proto, Port: w.Orig.DstPort, Before: before}
	if w.DstNAT {
		want.Dst, want.Port = w.Reply.Src, w.Reply.SrcPort
	}
	return want
}

// denyingLine is a line of the applied rules when the rules as edited still have
// a row there that denies what comes from a zone; 0 when not.
func denyingLine(cfg *tables.Config, line int, from string) int {
	if cfg == nil {
		return 0
	}
	for _, r := range cfg.Rules {
		if r.Num == line && r.SrcZone == from && r.Action.Verb != tables.Accept {
			return line
		}
	}
	return 0
}

// admit makes a row that admits a connection, and the objects that it needs, in
// one step that can be taken back; and goes to the row.
func (s *Shared) admit(w tables.Wanted) Effect {
	set, cfg := s.Desk.Set(), s.Desk.Config()
	switch {
	case set == nil:
		return say(Bad, "no row made: the tables on disk cannot be read; %s says why", s.problemsKey())
	case cfg == nil || !s.Desk.Checked():
		return say(Warn, "no row made: the tables are still being checked; press it again")
	case w.From == tables.FW:
		return say(Warn, "no row made: this host sends it itself, and rows judge only what comes in")
	}
	next, line, err := set.Admit(cfg, w)
	if err != nil {
		return say(Bad, "no row made: %v", err)
	}
	at := desk.Place{Kind: tables.Rules, Line: line}
	if !s.Desk.Put(at, next) {
		return say(Info, "no row made: there is one like this")
	}
	e := say(Good, "%s made, %s takes it back; %s", at, s.undoKey(), madeObjects(set, next))
	e.Cmd, e.Go, e.Tell = s.Desk.Check(s.Calls), PolicyScreen, ShowPlace{at}
	return e
}

// madeObjects says which objects a set has that the one before had not.
func madeObjects(old, next *tables.Set) string {
	var made []string
	for _, k := range []tables.Kind{tables.Addresses, tables.Services} {
		had := find.DefinedNames(old, k)
		for _, name := range find.DefinedNames(next, k) {
			if !slices.Contains(had, name) {
				made = append(made, name)
			}
		}
	}
	if len(made) == 0 {
		return "its objects were there"
	}
	return "new: " + strings.Join(made, ", ")
}
