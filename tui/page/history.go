package page

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/find"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// History lists every apply, refusal and boot; each apply with its difference.
type History struct {
	*Shared
	keys    historyKeys
	table   *widget.Table[string]
	filter  finder
	entries []engine.Generation
	records []find.PastRecord // of entries, as the filter sees them
	running string            // the generation that is in force
	ask     desk.Request
	read    bool
	err     error
	detail  *pastDetail // nil: the list is shown
	restore desk.Request
	ticks   int
	top     int // the line where the list begins, or the difference
}

type historyKeys struct{ Open, Restore, Refresh, Against, Back widget.Binding }

// NewHistory makes the page.
func NewHistory(s *Shared) *History {
	h := &History{
		Shared: s, table: newHistoryTable(),
		keys: historyKeys{
			Open:    widget.Bind("Enter", "what it changed", "enter"),
			Restore: widget.Bind("A", "restore its tables ...", "A").Dangerous(),
			Refresh: widget.Bind("R", "read again", "R"),
			Against: widget.Bind("d", "against predecessor/now", "d"),
			Back:    widget.Bind("Esc", "back", "esc"),
		},
	}
	h.filter = newFinder(s.Desk, h.values)
	h.filter.names.SpeakPast()
	return h
}

// values are the terms of the selected entry.
func (h *History) values() []string {
	i, ok := h.table.Selected()
	if !ok {
		return nil
	}
	r := &h.records[i]
	return []string{query.Term(query.Who, r.Who), query.Term(query.State, r.End)}
}

// Title is the name in the tabs.
func (h *History) Title() widget.Safe { return "History" }

// Typing is true while the filter is typed.
func (h *History) Typing() bool { return h.filter.Typing() }

// Bindings are the keys of the page.
func (h *History) Bindings() []widget.Binding {
	switch {
	case h.filter.Typing():
		return h.filter.busy()
	case h.detail != nil:
		return h.detailBindings()
	}
	return h.listBindings()
}

func (h *History) listBindings() []widget.Binding {
	var nothing widget.Safe
	g := h.selected()
	if g == nil {
		nothing = "there is nothing here yet"
	}
	k := h.keys
	return append([]widget.Binding{k.Open.Off(nothing), k.Restore.Off(h.whyNot(g)), h.filter.keys.Filter, k.Refresh}, h.filter.bindings()[1:]...)
}

func (h *History) detailBindings() []widget.Binding {
	k, c := h.keys, newComparisonKeys()
	return []widget.Binding{
		k.Back, c.NextTab, k.Against, k.Restore.Off(h.whyNot(h.selected())), c.Beside, c.Family, c.Next, c.PrevTab, c.Prev, c.Side,
	}
}

// whyNot says why the tables of an entry cannot be restored.
func (h *History) whyNot(g *engine.Generation) widget.Safe {
	switch {
	case g == nil:
		return "there is nothing here yet"
	case g.Event != engine.Applied:
		return "only an apply has tables"
	case g.Pruned:
		return "its tables are not kept any more"
	case g.Damaged != nil:
		return widget.Format("it was changed on disk: %v", g.Damaged)
	case h.Desk.Set() == nil:
		return widget.Format("the tables on disk cannot be read; %s says why", h.problemsKey())
	case h.restore.Busy():
		return "its tables are being read"
	}
	return ""
}

// selected is the entry that is selected; nil when there is none.
func (h *History) selected() *engine.Generation {
	if h.detail != nil {
		return &h.detail.gen
	}
	if i, ok := h.table.Selected(); ok {
		return &h.entries[i]
	}
	return nil
}

// Key handles a key.
func (h *History) Key(k tea.KeyPressMsg) Effect {
	keys := &h.keys
	switch {
	case !h.filter.Typing() && keys.Restore.Is(k):
		return h.askRestore()
	case h.detail != nil:
		return h.detailKey(k)
	}
	if handled, again := h.filter.key(k, h.table); handled {
		if again {
			h.show()
		}
		return Effect{}
	}
	switch {
	case keys.Open.Is(k):
		return h.open()
	case keys.Refresh.Is(k):
		return Effect{Cmd: h.Calls.Entries(&h.ask)}
	default:
		h.table.Key(k)
	}
	return Effect{}
}

// refreshEvery is how often the list is read anew while it is visible, in
// seconds: another administrator may apply something.
const refreshEvery = 5

// Handle takes messages.
func (h *History) Handle(msg tea.Msg) Effect {
	switch msg := msg.(type) {
	case Shown:
		return Effect{Cmd: h.Calls.Entries(&h.ask)}
	case Tick:
		h.table.Rest()
		if h.ticks++; h.ticks%refreshEvery == 0 && !h.ask.Busy() {
			return Effect{Cmd: h.Calls.Entries(&h.ask)}
		}
	case desk.EntriesMsg:
		if h.ask.Done(msg.N) {
			h.take(msg)
		}
	case desk.RecalledMsg:
		h.detail.take(msg)
	case desk.PastTablesMsg:
		return h.restored(msg)
	case ShowFilter:
		h.filter.Set(msg.Text)
		h.show()
	case tea.PasteMsg:
		h.filter.Paste(msg.Content)
		h.show()
	}
	return Effect{}
}

func (h *History) take(m desk.EntriesMsg) {
	if h.read, h.err = true, m.Err; m.Err != nil {
		return
	}
	h.entries, h.running = m.Value, words.Running(m.Value)
	h.records = find.PastRecords(m.Value)
	h.show()
}

// show gives the list its rows.
func (h *History) show() {
	src := h.source()
	src.Keep, src.Mark = h.filter.ask(func(i int) query.Record { return &h.records[i] })
	h.table.Set(src)
}

// Copied is what the console's copy key takes: the difference that is shown, or
// the selected entry.
func (h *History) Copied() string {
	g := h.selected()
	switch {
	case g == nil:
		return ""
	case h.detail != nil && h.detail.comparison.of != nil:
		return h.entryText(g) + "\n" + h.detail.comparison.of.Text(desk.MaxCopy+1)
	}
	return h.entryText(g)
}

// entryText is an entry in one line of text.
func (h *History) entryText(g *engine.Generation) string {
	words := []string{string(words.PastWhen(g)), g.Who, string(h.end(g))}
	if g.Reason != "" {
		words = append(words, g.Reason)
	}
	return string(widget.Clean(strings.Join(append(words, g.ID), "  ")))
}

// askRestore asks before the tables of an apply take the place of the ones
// being edited.
func (h *History) askRestore() Effect {
	g := *h.selected()
	d := &widget.Dialog{
		Title: "Restore these tables?",
		Text: []widget.Safe{
			widget.Format("The tables of the apply of %s by %s take the place of those that are edited here.", string(words.PastWhen(&g)), g.Who), "",
			widget.Format("Nothing is saved or applied by that: %s shows what would change, and %s there applies it on trial like any other change. On %s %s takes it back.",
				h.screenName(ReviewScreen, "Review"), h.keyName(ReviewScreen, "A"), h.screenName(PolicyScreen, "Policy"), h.undoKey()),
		},
		Choices: []widget.Choice{{Key: "r", Does: "take them and review"}},
	}
	if n := h.Desk.Staged(); n > 0 {
		d.Text = append(d.Text, "", widget.Format("%s that is not saved is replaced; %s brings it back too.", words.Plural(n, "changed line"), h.undoKey()))
	}
	return Effect{Ask: &Ask{Dialog: d, Then: func(int) Effect { return Effect{Cmd: h.Calls.PastTables(&h.restore, g)} }}}
}

// restored puts the tables on the desk and goes to Review.
func (h *History) restored(m desk.PastTablesMsg) Effect {
	switch {
	case !h.restore.Done(m.N):
		return Effect{}
	case m.Err != nil:
		return say(Bad, "not restored: %v", m.Err)
	case h.Desk.Set() == nil:
		return say(Bad, "not restored: the tables on disk cannot be read")
	case !h.Desk.Replace(m.Set):
		return say(Info, "these are the tables that are edited here")
	}
	e := say(Good, "taken: the tables of %s, not applied; %s on %s undoes it", string(words.PastWhen(&m.Of)), h.undoKey(), h.screenName(PolicyScreen, "Policy"))
	e.Cmd, e.Go = h.Desk.Check(h.Calls), ReviewScreen
	return e
}
