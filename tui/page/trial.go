package page

import (
	"errors"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/desk"
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
	answer desk.Request
	wrong  bool

	ask      desk.Request
	asked    time.Time
	rest     time.Duration // until the next proof is asked for
	proof    engine.TrialProof
	proofErr error
	heard    time.Time     // when the terminal said something last
	trip     time.Duration // how long its answer took; 0 when not known
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
	if t.status.ID != st.ID {
		t.proof, t.proofErr, t.rest = engine.TrialProof{}, nil, 0
		t.ask.Drop()
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

// Heard notes a sign of life of the terminal: a key, or an answer that took so
// long (0 when it was not asked).
func (t *Trial) Heard(trip time.Duration) {
	t.heard = t.Now()
	if trip > 0 {
		t.trip = trip
	}
}

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

// RollsBack reports whether a key is the one that brings the old rules back,
// which works also where this screen has no room.
func (t *Trial) RollsBack(k tea.KeyPressMsg) bool { return t.keys.Back.Is(k) }

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
		return Effect{Cmd: t.look()}
	case Tick:
		return Effect{Cmd: t.look()}
	case desk.ProofMsg:
		if t.ask.Done(msg.N) {
			t.takeProof(msg)
		}
	case desk.AnsweredMsg:
		if !t.answer.Done(msg.N) {
			break
		}
		if msg.Err != nil {
			return say(Bad, "%v", msg.Err)
		}
		if msg.What == desk.Extend {
			t.Take(msg.Status, nil)
			return say(Info, "%s left", Clock(msg.Status.Left))
		}
	}
	return Effect{}
}

// proofShare is how much of the time may go into the proofs, as a divisor:
// reading a very large ruleset takes longer than a second.
const proofShare = 4

// look asks for the proofs, at most once a second.
func (t *Trial) look() tea.Cmd {
	if t.status.ID == "" || t.ask.Busy() || t.Now().Sub(t.asked) < t.rest {
		return nil
	}
	t.asked = t.Now()
	return t.Calls.Proof(&t.ask)
}

func (t *Trial) takeProof(m desk.ProofMsg) {
	t.rest = proofShare * t.Now().Sub(t.asked)
	switch {
	case errors.Is(m.Err, engine.ErrNoTrial): // it ends at this moment
	case m.Err != nil:
		t.proofErr = m.Err
	case m.Value.ID == t.status.ID:
		t.proof, t.proofErr = m.Value, nil
	}
}
