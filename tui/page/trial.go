package page

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Trial is the screen while new rules are on trial: a countdown that is the
// guardian's, and the code that keeps the rules. A key counts only when the
// code is on the screen and the keyboard was quiet before.
type Trial struct {
	*Shared
	keys trialKeys

	status engine.TrialStatus
	at     time.Time // when status was read
	err    error     // why the last reading failed
	quiet  widget.Quiet
	typed  string
	answer Request
	wrong  bool
}

type trialKeys struct{ Keep, Back, More, Look widget.Binding }

// moreTime is what one "+" adds.
const moreTime = 60 * time.Second

// NewTrial makes the page.
func NewTrial(s *Shared) *Trial {
	return &Trial{Shared: s, keys: trialKeys{
		Keep: widget.Bind("code+Enter", "KEEP", "enter"),
		Back: widget.Bind("^r", "ROLL BACK NOW", "ctrl+r"),
		More: widget.Bind("+", "60 s more", "+"),
		Look: widget.Bind("Tab", "look around", "tab"),
	}}
}

// Title is the name in the tabs.
func (t *Trial) Title() widget.Safe { return "Trial" }

// Typing is always true: every letter belongs to the code.
func (t *Trial) Typing() bool { return true }

// Bindings are the keys of the page.
func (t *Trial) Bindings() []widget.Binding {
	var busy, code widget.Safe
	if t.answer.Busy() {
		busy = "waiting for the guardian's answer"
	}
	if code = busy; t.status.Code == "" {
		code = "there is no code yet"
	}
	return []widget.Binding{t.keys.Keep.Off(code), t.keys.Back.Off(busy), t.keys.More.Off(busy), t.keys.Look}
}

// Open starts the screen for a transaction.
func (t *Trial) Open(st engine.TrialStatus) {
	if t.status.ID != st.ID || t.status.Code != st.Code {
		t.quiet, t.typed, t.wrong = widget.NewQuiet(t.Now()), "", false
	}
	t.Take(st, nil)
}

// Take takes a reading of the guardian.
func (t *Trial) Take(st engine.TrialStatus, err error) {
	t.err = err
	if err == nil {
		t.status, t.at = st, t.Now()
	}
}

// Left is the time until the rollback, as the guardian said last.
func (t *Trial) Left() time.Duration { return max(t.status.Left-t.Now().Sub(t.at), 0) }

// Key handles a key.
func (t *Trial) Key(k tea.KeyPressMsg) Effect {
	if t.quiet.Swallow(t.Now()) || k.IsRepeat {
		return Effect{}
	}
	switch {
	case t.keys.Look.Is(k):
		return Effect{Go: Back}
	case t.answer.Busy():
		return Effect{}
	case t.keys.Back.Is(k):
		return Effect{Cmd: t.Calls.Reject(&t.answer)}
	case t.keys.More.Is(k):
		return Effect{Cmd: t.Calls.Extend(&t.answer, moreTime)}
	case t.status.Code == "":
		return Effect{}
	case t.keys.Keep.Is(k):
		return t.keep()
	case k.String() == "backspace":
		t.typed = t.typed[:max(len(t.typed)-1, 0)]
	case len(k.Text) == 1 && len(t.typed) < len(t.status.Code):
		t.typed, t.wrong = t.typed+strings.ToUpper(k.Text), false
	}
	return Effect{}
}

// keep confirms when the code is right.
func (t *Trial) keep() Effect {
	typed := t.typed
	t.typed = ""
	if !strings.EqualFold(typed, t.status.Code) {
		t.wrong = typed != ""
		return Effect{}
	}
	return Effect{Cmd: t.Calls.Confirm(&t.answer, t.status.Code)}
}

// Handle takes messages.
func (t *Trial) Handle(msg tea.Msg) Effect {
	switch msg := msg.(type) {
	case Shown: // a key meant for the screen before must not count here
		t.quiet, t.typed = widget.NewQuiet(t.Now()), ""
	case AnsweredMsg:
		if !t.answer.Done(msg.N) {
			break
		}
		if msg.Err != nil {
			return say(Bad, "%v", msg.Err)
		}
		if msg.What == Extend {
			t.Take(msg.Status, nil)
			return say(Info, "%s left", Clock(msg.Status.Left))
		}
	}
	return Effect{}
}

// Render draws the page.
func (t *Trial) Render(width, height int) View {
	lines, codeAt := t.clock(width), -1
	if height > 16 { // air around the clock where there is room
		lines = append(append([]string{""}, lines...), "")
	}
	lines = append(lines, t.rule(width))
	codeAt = len(lines)
	lines = append(lines, t.code(width)...)
	var cursor *Point
	if codeAt < height {
		cursor = &Point{X: min(codeColumn+len(t.typed), width-1), Y: codeAt + 1}
	}
	lines = append(lines, t.rule(width))
	lines = append(lines, t.proof(width)...)
	return View{Lines: widget.Fit(lines, height), Cursor: cursor}
}

func (t *Trial) clock(width int) []string {
	switch t.status.State {
	case "prepared":
		return []string{t.line(width).Put(t.Styles.Strong, "  BEING PREPARED: nothing has changed yet").String()}
	case "confirming":
		return []string{t.line(width).Put(t.Styles.Strong, "  BEING CONFIRMED: the new rules stay").String()}
	}
	left := t.Left()
	how := t.Styles.Strong
	if left < 10*time.Second {
		how = t.Styles.Alarm
	}
	bar := max(width-30, 10)
	first := t.line(width).Text("  ROLLBACK IN  ").Put(how, " "+Clock(left)+" ").Text("  ").
		Put(how, widget.Bar(float64(left), float64(t.status.Timeout), bar, t.Styles.Glyphs)).String()
	holder := "by the kernel itself, and by the guardian"
	if !t.status.DeadMan {
		holder = "by the guardian alone (this kernel lacks a timed set)"
	}
	lines := []string{first, "",
		t.line(width).Text(widget.Format("  The old rules come back %s (pid %d),", holder, t.status.Guardian)).String(),
		t.line(width).Text("  even if this window, this SSH session or mfwtui dies.").String()}
	if t.err != nil {
		lines = append(lines, t.line(width).Put(t.Styles.Warn, widget.Format("  the guardian was last heard %s ago: %v", age(t.Now().Sub(t.at)), t.err)).String())
	}
	return lines
}

// codeColumn is where the typed code stands.
const codeColumn = 30

func (t *Trial) code(width int) []string {
	if t.status.Code == "" {
		return []string{t.line(width).Text("  the new rules are not in force yet ...").String(), ""}
	}
	shown := t.line(width).Text("  this code proves that you").To(codeColumn).Put(t.Styles.Alarm, " "+widget.Clean(t.status.Code)+" ").String()
	typed := t.line(width).Text("  can read; type it, Enter:").To(codeColumn).
		Put(t.Styles.Input, widget.Clean(t.typed+strings.Repeat("_", max(len(t.status.Code)-len(t.typed), 0))))
	switch {
	case t.answer.Busy():
		typed.Text("   asking the guardian ...")
	case t.wrong:
		typed.Put(t.Styles.Bad, "   that was not the code")
	}
	return []string{shown, typed.String()}
}

// proof lists what was verified, and what the person should still do.
func (t *Trial) proof(width int) []string {
	lines := []string{t.line(width).Put(t.Styles.Strong, "  PROOF").String()}
	for _, text := range t.status.Proof {
		lines = append(lines, t.line(width).Put(t.Styles.Good, "  ok  ").Text(widget.Clean(text)).String())
	}
	lines = append(lines,
		t.line(width).Text("  now you: open a NEW SSH connection to this host before you keep the rules;").String(),
		t.line(width).Text("  this one lives on although new ones may be refused.").String(), "",
		t.line(width).Put(t.Styles.Dim, widget.Format("  from another login:  mfwtui confirm %s   or   mfwtui reject", t.status.Code)).String(),
		t.line(width).Put(t.Styles.Dim, widget.Format("  started by %s at %s", t.status.Who, t.status.Since.Format("15:04:05"))).String())
	return lines
}
