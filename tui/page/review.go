package page

import (
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Review shows what an apply would change, and starts it.
type Review struct {
	*Shared
	keys       reviewKeys
	comparison comparison
	after      desk.AfterConfirm
	ending     desk.Request // of flows, after a confirm
	top        int          // the line where the comparison begins
	raw        *rawText     // nil: the text for the restore tools is not shown
	save       *savePanel   // nil: no file name is being typed

	ask     desk.Request
	of      *tables.Set // the set that preview is about
	preview *engine.Preview
	err     error
	errors  tables.Problems // those that keep the tables from being compiled
	// problems counts all of them in words.
	problems string
	awaits   bool // a comparison was asked for before the tables were read
	// wanted says that an apply was asked for while the tables were compared.
	wanted bool

	asks     applyDialog
	applying desk.Request
	since    time.Time
	failed   error // why the last apply did not start
}

type reviewKeys struct{ Apply, Refresh, Open, Explain, Raw, Tabs, Write, End, Close widget.Binding }

// NewReview makes the page.
func NewReview(s *Shared) *Review {
	r := &Review{
		Shared: s, comparison: newComparison(s),
		keys: reviewKeys{
			Apply:   widget.Bind("A", "apply ...", "A").Dangerous(),
			Refresh: widget.Bind("R", "compare again", "R"),
			Open:    widget.Bind("Enter", "go to the row", "enter"),
			Explain: widget.Bind("Enter", "explain the flow", "enter"),
			Raw:     widget.Bind("t", "restore text", "t"),
			Tabs:    widget.Bind("d", "one below the other", "d").Hidden(),
			Write:   widget.Bind("W", "write to a file", "W"),
			End:     widget.Bind("x", "end flows after the confirm", "x"),
			Close:   widget.Bind("Esc", "back", "esc"),
		},
	}
	r.comparison.impact = newImpact(s)
	return r
}

// Title is the name in the tabs.
func (r *Review) Title() widget.Safe { return "Review" }

// Typing is true while an apply is under way, when no key counts, and while the
// name of a file is typed.
func (r *Review) Typing() bool { return r.Applying() || r.save != nil }

// Applying reports whether an apply was started and has not answered yet.
func (r *Review) Applying() bool { return r.applying.Busy() }

// Bindings are the keys of the page.
func (r *Review) Bindings() []widget.Binding {
	k, c := r.keys, r.comparison.keys
	switch {
	case r.save != nil:
		return r.save.bindings()
	case r.raw != nil:
		return []widget.Binding{k.Apply.Off(r.blocked()), k.Raw, k.Close, c.Next, c.Prev, c.Side}
	}
	var nothing widget.Safe
	if r.comparison.of == nil {
		nothing = "the comparison is not ready yet"
	}
	end := k.End.Off(r.comparison.impact.noEnd())
	if r.comparison.tab == impactTab {
		return []widget.Binding{
			k.Apply.Off(r.blocked()), c.NextTab, k.Explain, end, k.Write.Off(nothing), c.Next, k.Raw.Off(nothing), c.Beside, c.Family,
			k.Refresh, k.Tabs, c.PrevTab, c.Prev, c.Side,
		}
	}
	return []widget.Binding{
		k.Apply.Off(r.blocked()), c.NextTab, k.Open, k.Raw.Off(nothing), k.Write.Off(nothing), c.Beside, c.Family,
		c.Next, k.Refresh, end.Hidden(), k.Tabs, c.PrevTab, c.Prev, c.Side,
	}
}

// blocked says why an apply is not possible now; empty when it is.
func (r *Review) blocked() widget.Safe {
	switch {
	case r.Applying():
		return "an apply is under way"
	case r.Desk.Set() == nil:
		return widget.Format("the tables cannot be read; %s says why", r.problemsKey())
	case r.ask.Busy(): // an apply waits for it
	case r.preview == nil:
		return widget.Format("there is no comparison; %s compares", r.keyName(ReviewScreen, "R"))
	case r.of != r.Desk.Set():
		return widget.Format("the tables were edited since; %s compares again", r.keyName(ReviewScreen, "R"))
	case r.preview.Compiled == nil, r.preview.Diff == nil:
		return "the tables have errors; Enter goes to the first one"
	case len(r.preview.Diff.Taken) > 0:
		return widget.Clean(r.preview.Diff.Taken[0].Error())
	case r.preview.Diff.Empty() && len(r.Desk.Dirty()) == 0:
		return "there is nothing to apply: the firewall runs these rules"
	}
	return ""
}

// Key handles a key.
func (r *Review) Key(k tea.KeyPressMsg) Effect {
	keys := &r.keys
	switch {
	case r.Applying():
	case r.save != nil:
		return r.saveKey(k)
	case keys.Apply.Is(k):
		return r.wantApply()
	case r.raw != nil:
		r.rawKey(k)
	case keys.Refresh.Is(k):
		r.failed = nil
		return Effect{Cmd: r.compare()}
	case keys.Open.Is(k):
		return r.openRow()
	case keys.Raw.Is(k):
		return r.openRaw()
	case keys.Write.Is(k):
		return r.openSave()
	case keys.Tabs.Is(k):
		r.comparison.layout = asTabs
	case keys.End.Is(k):
		r.toggleEnd()
	default:
		r.comparison.key(k)
	}
	return Effect{}
}

// openRow goes to the selected row in its table, to the first error, or with the
// selected flow to Explain.
func (r *Review) openRow() Effect {
	if p, ok := r.firstError(); ok {
		if at, ok := placeOf(p); ok {
			return Effect{Go: PolicyScreen, Tell: ShowPlace{At: at}}
		}
		return say(Warn, "%s is no place in a table", p.File)
	}
	if r.comparison.tab == impactTab {
		return r.comparison.impact.explain()
	}
	e := r.comparison.rows.selected()
	switch {
	case e == nil:
		return say(Warn, "no row changes")
	case e.After == nil:
		return say(Info, "this row is gone; %s on %s brings it back when it was deleted here", r.undoKey(), r.screenName(PolicyScreen, "Policy"))
	}
	return Effect{Go: PolicyScreen, Tell: ShowPlace{At: desk.Place{Kind: e.Kind, Line: e.Now}}}
}

// firstError is the first problem that keeps the tables from being compiled.
func (r *Review) firstError() (tables.Problem, bool) {
	if len(r.errors) == 0 {
		return tables.Problem{}, false
	}
	return r.errors[0], true
}

// placeOf is the cell that a problem is about; false when it is about no table.
func placeOf(p tables.Problem) (desk.Place, bool) {
	for _, k := range tables.Kinds() {
		if k.String() == p.File {
			return desk.Place{Kind: k, Line: max(p.Line, 1), Cell: max(p.Cell, 0)}, true
		}
	}
	return desk.Place{}, false
}

// compare asks for a preview of the tables as edited, as soon as they are read.
func (r *Review) compare() tea.Cmd {
	if r.awaits = r.Desk.Set() == nil; r.awaits {
		return nil
	}
	return r.Calls.Preview(&r.ask, r.Desk.Set())
}

// Handle takes messages.
func (r *Review) Handle(msg tea.Msg) Effect {
	switch msg := msg.(type) {
	case Hidden:
		r.wanted = false
	case Shown:
		if r.of != r.Desk.Set() || r.Now().Sub(r.at()) > 2*time.Second {
			return Effect{Cmd: r.compare()}
		}
	case desk.LoadedMsg:
		r.of = nil
		if r.awaits {
			return Effect{Cmd: r.compare()}
		}
	case desk.PreviewMsg:
		if r.ask.Done(msg.N) {
			return r.take(msg)
		}
	case desk.FlowImpactMsg, desk.PolicyImpactMsg:
		r.takeImpact(msg)
	case desk.TrialEnded:
		return r.trialEnded(msg)
	case desk.EndedMsg:
		return r.ended(msg)
	case desk.AppliedMsg:
		return r.applied(msg)
	case desk.StillLiveMsg:
		r.asks.take(msg, r.keyName(ReviewScreen, "R"))
	case desk.PayloadMsg:
		r.raw.take(msg)
	case desk.WrittenMsg:
		return r.written(msg)
	case tea.PasteMsg:
		if r.save != nil {
			r.save.paste(msg.Content)
		}
	}
	return Effect{}
}

// at is when the comparison was made.
func (r *Review) at() time.Time {
	if r.preview == nil {
		return time.Time{}
	}
	return r.preview.At
}

func (r *Review) take(m desk.PreviewMsg) Effect {
	r.of, r.preview, r.err = m.Set, m.Preview, m.Err
	r.comparison.set(m.Compared)
	r.raw, r.errors, r.problems = nil, nil, ""
	if m.Preview == nil || m.Err != nil {
		r.comparison.impact.forget()
	}
	wanted := r.wanted
	r.wanted = false
	if m.Preview == nil {
		return Effect{}
	}
	r.problems = problemsText(m.Preview.Problems)
	for _, p := range m.Preview.Problems {
		if p.Severity == tables.Error {
			r.errors = append(r.errors, p)
		}
	}
	if m.Err != nil {
		return Effect{}
	}
	impact := r.comparison.impact.ask(m.Preview)
	if !wanted {
		return Effect{Cmd: impact}
	}
	asked := r.wantApply()
	asked.Cmd = tea.Batch(impact, asked.Cmd)
	return asked
}

// Copied is what the console's copy key takes: the text that is shown, up to
// what a terminal takes.
func (r *Review) Copied() string {
	switch {
	case r.raw != nil:
		return r.raw.text(desk.MaxCopy + 1)
	case r.comparison.of != nil:
		text := r.comparison.of.Text(desk.MaxCopy + 1)
		return text + r.comparison.impact.Text(desk.MaxCopy-len(text))
	}
	return ""
}

// applied takes the answer of an apply. A trial that runs is the console's
// matter; a failure stays here.
func (r *Review) applied(m desk.AppliedMsg) Effect {
	if !r.applying.Done(m.N) {
		return Effect{}
	}
	if r.failed = m.Err; m.Err == nil {
		r.after.Began(m.Status.ID)
		r.comparison.impact.end = false
		r.of = nil // the kernel has changed
		return Effect{}
	}
	return say(Bad, "not applied, nothing was changed")
}

// rehearsal is what the last apply was refused for, when that was a lock-out.
func (r *Review) rehearsal() *engine.LockoutError {
	var refused *engine.LockoutError
	if errors.As(r.failed, &refused) {
		return refused
	}
	return nil
}
