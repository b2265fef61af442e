package page

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// applyDialog is the dialog before an apply: how long the countdown takes can
// be changed in it, and it says whether the kernel still holds what was
// compared.
type applyDialog struct {
	dialog  *widget.Dialog
	text    func(*applyDialog) []widget.Safe
	toggle  func() // of the flows that end after the confirm
	timeout time.Duration
	still   desk.Request
	live    widget.Safe
}

// timeouts are the steps of the countdown.
var timeouts = [...]time.Duration{
	engine.MinTimeout, 15 * time.Second, 20 * time.Second, 30 * time.Second, 45 * time.Second, time.Minute,
	90 * time.Second, 2 * time.Minute, 3 * time.Minute, 5 * time.Minute, engine.MaxTimeout,
}

// step makes the countdown longer or shorter, within its bounds.
func (a *applyDialog) step(longer bool) {
	if longer {
		for _, t := range timeouts {
			if t > a.timeout {
				a.timeout = t
				break
			}
		}
	} else {
		for i := len(timeouts) - 1; i >= 0; i-- {
			if timeouts[i] < a.timeout {
				a.timeout = timeouts[i]
				break
			}
		}
	}
	a.write()
}

func (a *applyDialog) write() { a.dialog.Text = a.text(a) }

// key is what the dialog does with a key that answers nothing.
func (a *applyDialog) key(k tea.KeyPressMsg) bool {
	switch k.String() {
	case "+", "up":
		a.step(true)
	case "-", "down":
		a.step(false)
	case "x":
		a.toggle()
		a.write()
	default:
		return false
	}
	return true
}

// take takes the answer whether the kernel still holds what was compared; again
// is the key that compares.
func (a *applyDialog) take(m desk.StillLiveMsg, again string) {
	if !a.still.Done(m.N) {
		return
	}
	switch {
	case m.Err != nil:
		a.live = widget.Format("whether the kernel changed since is not known: %v", m.Err)
	case m.Value:
		a.live = "live rules: unchanged since this comparison (just checked)"
	default:
		a.live = widget.Format("live rules: CHANGED since this comparison. Esc, then %s compares again; an apply is refused", again)
	}
	a.write()
}

// wantApply opens the dialog before an apply; while the tables are compared, as
// soon as they are.
func (r *Review) wantApply() Effect {
	why := r.blocked()
	switch {
	case why != "":
		return say(Warn, "%s", why)
	case r.ask.Busy():
		r.wanted = true
		return say(Info, "comparing with the kernel: the question follows")
	}
	return r.askApply()
}

// askApply opens the dialog before an apply. When the rules would lock the
// administrator out, the name of the host must be typed.
func (r *Review) askApply() Effect {
	override := r.lockedOut()
	d := &widget.Dialog{Title: widget.Format("Apply to %s", string(r.Host))}
	if override {
		d.Title += ": this locks you out"
		d.Word = r.Host
	}
	d.Choices = []widget.Choice{{Key: "y", Does: "apply, and start the countdown"}}
	a := &r.asks
	*a = applyDialog{dialog: d, timeout: r.preview.Countdown, toggle: r.toggleEnd, live: "live rules: looking whether they changed since ..."}
	about := r.applyWords()
	a.text = func(a *applyDialog) []widget.Safe { return r.applyText(a, about, override) }
	d.Adjust = a.key
	a.write()
	return Effect{
		Cmd: r.Calls.StillLive(&a.still, r.preview),
		Ask: &Ask{Dialog: d, Then: func(int) Effect { return r.apply(override, a.timeout) }},
	}
}

// applyWords says what an apply changes.
func (r *Review) applyWords() []widget.Safe {
	var text []widget.Safe
	if n := len(r.Desk.Dirty()); n > 0 {
		text = append(text, widget.Format("%s with %s saved first.", words.Plural(n, "table"), r.Desk.StagedLines()))
	}
	text = append(text, widget.Clean(words.Difference(r.preview.Diff)+"."))
	if of := r.comparison.of; of != nil && of.Review.Lost > 0 {
		text = append(text, widget.Format("%s; all others are carried over.", lostWords(of.Review.Lost)))
	} else {
		text = append(text, "All counters are carried over.")
	}
	return text
}

// applyText is what the dialog says: what changes, whether the kernel moved on,
// and how the countdown is.
func (r *Review) applyText(a *applyDialog, about []widget.Safe, override bool) []widget.Safe {
	var text []widget.Safe
	if override { // first, since a low screen leaves out what comes last
		text = append(text, r.lockoutText(), "")
	}
	text = append(append(text, about...), r.comparison.impact.dialogWords(override)...)
	text = append(text, "", widget.Format("COUNTDOWN %s   %s change it", seconds(a.timeout), adjustKeys(override)), a.live,
		"The old rules come back by themselves when it is over, whatever happens to this window, unless you type the code that is shown then.")
	return text
}

// adjustKeys names the keys of the countdown: where a word is typed, signs are
// part of it.
func adjustKeys(word bool) string {
	if word {
		return "up/down"
	}
	return "+/-"
}

// apply starts the transaction, saving first what was edited.
func (r *Review) apply(override bool, timeout time.Duration) Effect {
	var save *tables.Set
	if len(r.Desk.Dirty()) > 0 {
		save = r.Desk.Set()
	}
	r.failed, r.since = nil, r.Now()
	r.after.Ready(r.comparison.impact.toEnd())
	return Effect{Cmd: r.Calls.Apply(&r.applying, save, r.preview, engine.ApplyRequest{Timeout: timeout, Override: override})}
}

// lockedOut reports whether the rules, as far as is known, refuse a new
// connection of the administrator: by the trace, or by the rehearsal of the
// apply that was tried just now.
func (r *Review) lockedOut() bool {
	return r.rehearsal() != nil || r.preview.Lockout.Known && !r.preview.Lockout.Safe
}

func (r *Review) lockoutText() widget.Safe {
	if refused := r.rehearsal(); refused != nil {
		return widget.Clean(refused.Error())
	}
	return widget.Format("a new SSH connection from where you are: %s", r.preview.Lockout.New)
}
