package page

import (
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Review shows what an apply would change, and starts it.
type Review struct {
	*Shared
	keys reviewKeys
	tab  int
	view [3]*widget.Diff

	ask     Request
	of      *tables.Set // the set that preview is about
	preview *engine.Preview
	err     error
	awaits  bool // a comparison was asked for before the tables were read

	applying Request
	since    time.Time
	failed   error // why the last apply did not start
}

type reviewKeys struct{ NextTab, PrevTab, Apply, Refresh, Next, Prev, Side widget.Binding }

// The tabs of the page.
const (
	changesTab = iota
	v4Tab
	v6Tab
	reviewTabs
)

// NewReview makes the page.
func NewReview(s *Shared) *Review {
	return &Review{
		Shared: s,
		view:   [3]*widget.Diff{widget.NewDiff(), widget.NewDiff(), widget.NewDiff()},
		keys: reviewKeys{
			NextTab: widget.Bind("Tab", "next tab", "tab"),
			PrevTab: widget.Bind("S-Tab", "tab before", "shift+tab").Hidden(),
			Apply:   widget.Bind("A", "apply ...", "A").Dangerous(),
			Refresh: widget.Bind("R", "compare again", "R"),
			Next:    widget.Bind("n/N", "next chain", "n"),
			Prev:    widget.Bind("N", "chain before", "N").Hidden(),
			Side:    widget.Bind("left/right", "read long lines", "left", "right").Hidden(),
		},
	}
}

// Title is the name in the tabs.
func (r *Review) Title() widget.Safe { return "Review" }

// Typing is true while an apply is under way: no key counts then.
func (r *Review) Typing() bool { return r.Applying() }

// Applying reports whether an apply was started and has not answered yet.
func (r *Review) Applying() bool { return r.applying.Busy() }

// Bindings are the keys of the page.
func (r *Review) Bindings() []widget.Binding {
	k := r.keys
	return []widget.Binding{
		k.Apply.Off(r.blocked()), k.NextTab, k.Next, k.Refresh, k.PrevTab, k.Prev, k.Side,
	}
}

// blocked says why an apply is not possible now; empty when it is.
func (r *Review) blocked() widget.Safe {
	switch {
	case r.Applying():
		return "an apply is under way"
	case r.Desk.Set() == nil:
		return "the tables cannot be read; w says why"
	case r.preview == nil || r.ask.Busy():
		return "the comparison is not ready yet"
	case r.of != r.Desk.Set():
		return "the tables were edited since; R compares again"
	case r.preview.Compiled == nil, r.preview.Diff == nil:
		return "the tables have errors; w lists them"
	case r.preview.Diff.Empty() && len(r.Desk.Dirty()) == 0:
		return "there is nothing to apply: the firewall runs these rules"
	}
	return ""
}

// Key handles a key.
func (r *Review) Key(k tea.KeyPressMsg) Effect {
	if r.Applying() {
		return Effect{}
	}
	keys := &r.keys
	switch {
	case keys.NextTab.Is(k):
		r.tab = (r.tab + 1) % reviewTabs
	case keys.PrevTab.Is(k):
		r.tab = (r.tab + reviewTabs - 1) % reviewTabs
	case keys.Refresh.Is(k):
		r.failed = nil
		return Effect{Cmd: r.compare()}
	case keys.Next.Is(k):
		r.view[r.tab].Section(true)
	case keys.Prev.Is(k):
		r.view[r.tab].Section(false)
	case keys.Apply.Is(k):
		return r.askApply()
	default:
		r.view[r.tab].Key(k)
	}
	return Effect{}
}

// compare asks for a preview of the tables as edited, as soon as they are read.
func (r *Review) compare() tea.Cmd {
	if r.awaits = r.Desk.Set() == nil; r.awaits {
		return nil
	}
	return r.Calls.Preview(&r.ask, r.Desk.Set())
}

// askApply opens the dialog before an apply. When the rules would lock the
// administrator out, the name of the host must be typed.
func (r *Review) askApply() Effect {
	d := &widget.Dialog{Title: widget.Format("Apply to %s", string(r.Host))}
	if n := len(r.Desk.Dirty()); n > 0 {
		d.Text = append(d.Text, widget.Format("%s with %s saved first.", plural(n, "table"), plural(r.Desk.Staged(), "changed line")))
	}
	d.Text = append(d.Text, widget.Clean(summary(r.preview.Diff)+"."), "",
		widget.Format("The old rules come back by themselves after %d s, whatever happens to this window, unless you type the code that is shown then.",
			int(r.preview.Countdown.Seconds())))
	override := r.lockedOut()
	if override {
		d.Title += ": this locks you out"
		d.Text = append(d.Text, "", r.lockoutText())
		d.Word = r.Host
	}
	d.Choices = []widget.Choice{{Key: "y", Does: "apply, and start the countdown"}}
	return Effect{Ask: &Ask{Dialog: d, Then: func(int) Effect { return r.apply(override) }}}
}

// apply starts the transaction, saving first what was edited.
func (r *Review) apply(override bool) Effect {
	var save *tables.Set
	if len(r.Desk.Dirty()) > 0 {
		save = r.Desk.Set()
	}
	r.failed, r.since = nil, r.Now()
	return Effect{Cmd: r.Calls.Apply(&r.applying, save, r.preview, engine.ApplyRequest{Override: override})}
}

// lockedOut reports whether the rules, as far as is known, refuse a new
// connection of the administrator: by the trace, or by the rehearsal of the
// apply that was tried just now.
func (r *Review) lockedOut() bool {
	return r.rehearsal() != nil || r.preview.Lockout.Known && !r.preview.Lockout.Safe
}

// rehearsal is what the last apply was refused for, when that was a lock-out.
func (r *Review) rehearsal() *engine.LockoutError {
	var refused *engine.LockoutError
	if errors.As(r.failed, &refused) {
		return refused
	}
	return nil
}

func (r *Review) lockoutText() widget.Safe {
	if refused := r.rehearsal(); refused != nil {
		return widget.Clean(refused.Error())
	}
	return widget.Format("a new SSH connection from where you are: %s", r.preview.Lockout.New)
}

// Handle takes messages.
func (r *Review) Handle(msg tea.Msg) Effect {
	switch msg := msg.(type) {
	case Shown:
		if r.of != r.Desk.Set() || r.Now().Sub(r.at()) > 2*time.Second {
			return Effect{Cmd: r.compare()}
		}
	case LoadedMsg:
		r.of = nil
		if r.awaits {
			return Effect{Cmd: r.compare()}
		}
	case PreviewMsg:
		if r.ask.Done(msg.N) {
			r.take(msg)
		}
	case AppliedMsg:
		return r.applied(msg)
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

func (r *Review) take(m PreviewMsg) {
	r.of, r.preview, r.err = m.Set, m.Preview, m.Err
	if m.Preview == nil {
		for _, v := range r.view {
			v.Set(nil)
		}
		return
	}
	r.view[changesTab].Set(changeLines(m.Preview))
	r.view[v4Tab].Set(compiledLines(m.Preview, ruleset.V4))
	r.view[v6Tab].Set(compiledLines(m.Preview, ruleset.V6))
}

// applied takes the answer of an apply. A trial that runs is the console's
// matter; a failure stays here.
func (r *Review) applied(m AppliedMsg) Effect {
	if !r.applying.Done(m.N) {
		return Effect{}
	}
	if r.failed = m.Err; m.Err == nil {
		r.of = nil // the kernel has changed
		return Effect{}
	}
	return say(Bad, "not applied, nothing was changed")
}
