package page

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// threeWay shows what somebody else changed on disk beside what was changed
// here, and how both started. Nothing is written while it is open.
type threeWay struct {
	*Policy
	theirs *tables.Set
	merges []*tables.Merge // of the tables that changed, Unchanged hunks included
	hunks  []hunkRef       // what changed, in order
	at     int             // the selected one of hunks
	top    int             // the first line that is shown
	moves  widget.Movement
	keys   threeWayKeys
}

type threeWayKeys struct{ mine, theirs, both, merge, take, back widget.Binding }

func newThreeWayKeys() threeWayKeys {
	return threeWayKeys{
		mine:   widget.Bind("m", "mine", "m"),
		theirs: widget.Bind("t", "theirs", "t"),
		both:   widget.Bind("b", "both", "b"),
		merge:  widget.Bind("M", "merge", "M"),
		take:   widget.Bind("T", "take theirs, drop mine", "T"),
		back:   widget.Bind("Esc", "back, nothing written", "esc"),
	}
}

func (k threeWayKeys) list() []widget.Binding {
	return []widget.Binding{k.mine, k.theirs, k.both, k.merge, k.take, k.back}
}

// hunkRef is a change of one table.
type hunkRef struct {
	*tables.Hunk
	kind tables.Kind
}

// compare opens the comparison with what is on disk.
func (p *Policy) compare(theirs *tables.Set) Effect {
	w := &threeWay{Policy: p, theirs: theirs, moves: widget.Moves(), keys: newThreeWayKeys()}
	for _, k := range tables.Kinds() {
		base, mine, other := p.Desk.Base().File(k), p.Desk.Set().File(k), theirs.File(k)
		if mine.Equal(base) && other.Equal(base) {
			continue
		}
		m, err := tables.Merge3(base, mine, other)
		if err != nil {
			return say(Bad, "the tables on disk cannot be merged: %v", err)
		}
		w.merges = append(w.merges, m)
		for i := range m.Hunks {
			if h := &m.Hunks[i]; h.Origin != tables.Unchanged {
				w.hunks = append(w.hunks, hunkRef{h, k})
			}
		}
	}
	w.nextOpen()
	p.edit, p.rename, p.list, p.uses, p.panel = nil, nil, nil, nil, w
	return Effect{Go: PolicyScreen}
}

// nextOpen selects the first conflict without an answer from the selected
// change on, or the first one at all.
func (w *threeWay) nextOpen() {
	for i := range w.hunks {
		n := (w.at + i) % len(w.hunks)
		if h := w.hunks[n]; h.Origin == tables.Conflict && h.Take == tables.Undecided {
			w.at = n
			return
		}
	}
}

// open counts the conflicts without an answer.
func (w *threeWay) open() int {
	n := 0
	for _, m := range w.merges {
		n += m.Open()
	}
	return n
}

func (w *threeWay) typing() bool { return false }

func (w *threeWay) bindings() []widget.Binding {
	var choose, merge widget.Safe
	if h := w.selected(); h == nil || h.Origin != tables.Conflict {
		choose = "only a conflict has a choice"
	}
	if n := w.open(); n > 0 {
		merge = widget.Format("first choose in %s", words.Plural(n, "conflict"))
	}
	k := w.keys
	k.mine, k.theirs, k.both, k.merge = k.mine.Off(choose), k.theirs.Off(choose), k.both.Off(choose), k.merge.Off(merge)
	return k.list()
}

func (w *threeWay) selected() *hunkRef {
	if w.at >= len(w.hunks) {
		return nil
	}
	return &w.hunks[w.at]
}

func (w *threeWay) key(k tea.KeyPressMsg) Effect {
	keys := &w.keys
	switch {
	case keys.mine.Is(k):
		w.choose(tables.Mine)
	case keys.theirs.Is(k):
		w.choose(tables.Theirs)
	case keys.both.Is(k):
		w.choose(tables.Both)
	case keys.merge.Is(k):
		return w.merge()
	case keys.take.Is(k):
		return w.adopt(w.theirs, w.theirs)
	case keys.back.Is(k):
		w.panel = nil
		w.disk.back = nil
		w.refresh()
		return Effect{Say: &Note{Text: "nothing was written; your changes are here, theirs are on disk", Kind: Warn}}
	default:
		w.at, _ = w.moves.Step(k, w.at, len(w.hunks), 6)
	}
	return Effect{}
}

// choose answers the selected conflict and goes on to the next open one.
func (w *threeWay) choose(side tables.Side) {
	if h := w.selected(); h != nil && h.Origin == tables.Conflict {
		h.Take = side
		w.nextOpen()
	}
}

// merge takes both changes over.
func (w *threeWay) merge() Effect {
	next := w.theirs
	for _, m := range w.merges {
		f, err := m.File()
		if err != nil {
			return say(Bad, "not merged: %v", err)
		}
		if !f.Equal(next.File(m.Kind)) {
			next = next.With(f)
		}
	}
	return w.adopt(w.theirs, next)
}

// take leaves every message to the page.
func (w *threeWay) take(tea.Msg) (Effect, bool) { return Effect{}, false }
