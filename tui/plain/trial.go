package plain

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/words"
)

// trial is the transaction that is pending, and what was said about its clock.
type trial struct {
	status engine.TrialStatus
	at     time.Time // when status was read
	said   time.Duration
}

func (t *trial) pending() bool { return t.status.ID != "" }

// isCode reports whether a line is the code of the trial that runs.
func (s *session) isCode(line string) bool {
	return s.trial.pending() && strings.EqualFold(strings.TrimSpace(line), s.trial.status.Code)
}

// warnAt are the times left at which the clock speaks by itself.
var warnAt = [...]time.Duration{60 * time.Second, 30 * time.Second, 10 * time.Second}

// due is the mark that the clock has passed and that was not said yet; 0 for
// none.
func (t *trial) due(left time.Duration) time.Duration {
	mark := time.Duration(0)
	for _, w := range warnAt {
		if left <= w && w < t.said {
			mark = w
		}
	}
	return mark
}

// idleEvery is how often somebody else's trial is looked for, in seconds.
const idleEvery = 5

// second looks at the clock.
func (s *session) second() {
	s.ticks++
	if !s.trial.pending() {
		if s.ticks%idleEvery == 0 {
			s.findTrial()
		}
		return
	}
	m := answer[desk.TrialMsg](s.calls.Trial(&s.ask))
	switch {
	case m.Err != nil:
		if left := s.left(); s.trial.due(left) > 0 {
			s.trial.said = s.trial.due(left)
			s.say("The guardian does not answer: %v. About %s left.", m.Err, seconds(left))
		}
	case !m.Pending:
		s.ended()
	default:
		s.trial.status, s.trial.at = m.Status, s.Now()
		if mark := s.trial.due(m.Status.Left); mark > 0 {
			s.trial.said = mark
			s.say("%s until the old rules come back. Type the code %s to keep the new ones.", upperFirst(seconds(m.Status.Left)), spelled(m.Status.Code))
		}
	}
}

// findTrial looks whether a trial runs, be it another administrator's.
func (s *session) findTrial() {
	m := answer[desk.TrialMsg](s.calls.Trial(&s.ask))
	if m.Err == nil && m.Pending && m.Status.Code != "" {
		s.begin(m.Status)
	}
}

// begin says that new rules are on trial.
func (s *session) begin(st engine.TrialStatus) {
	if st.State == engine.Confirmed {
		s.sayEnd(st, s.Now())
		return
	}
	s.trial = trial{status: st, at: s.Now(), said: st.Left}
	s.say("NEW RULES ARE ON TRIAL, started by %s.", st.Who)
	for _, text := range st.Proof {
		s.say("Verified: %s.", text)
	}
	s.say("%s until the old rules come back.", upperFirst(seconds(st.Left)))
	s.say("Open a NEW SSH connection now: this one lives on although new ones may be refused. proof says whether it came through.")
	s.say("The code is %s. Type it to keep the new rules, reject to go back now, extend for 60 seconds more, time for the clock.", spelled(st.Code))
}

// spelled is a code with its letters apart, as a screen reader reads it, and
// together.
func spelled(code string) string {
	return code + ", letter by letter " + strings.Join(strings.Split(code, ""), " ")
}

func seconds(d time.Duration) string {
	return words.Plural(int((max(d, 0)+time.Second-1)/time.Second), "second")
}

// left is the time until the rollback, as the guardian said last.
func (s *session) left() time.Duration {
	return max(s.trial.status.Left-s.Now().Sub(s.trial.at), 0)
}

// ended says how the trial that was followed ended.
func (s *session) ended() {
	id := s.trial.status.ID
	s.trial = trial{}
	m := answer[desk.HistoryMsg](s.calls.History(&s.ask))
	for _, g := range m.Value {
		if g.ID == id {
			s.sayEnd(engine.TrialStatus{ID: id, State: g.Result, Reason: g.Reason}, g.When.Add(g.Took))
			return
		}
	}
	s.say("The trial has ended. status at a shell prompt says how.")
}

// sayEnd says how a transaction ended, and does what follows from that.
func (s *session) sayEnd(st engine.TrialStatus, at time.Time) {
	switch st.State {
	case engine.Confirmed:
		s.say("Kept: the new rules stay.")
	case engine.RolledBack:
		s.say("Rolled back at %s: %s.", at.Format("15:04:05"), st.Reason)
		s.say("The tables keep your changes. Not saved: %s.", words.Plural(s.desk.Staged(), "changed line"))
	default:
		s.say("The trial has ended: %s %s.", st.State, st.Reason)
	}
	s.finish(st)
}

// needTrial reports whether a trial runs, and says so when none does.
func (s *session) needTrial() bool {
	if !s.trial.pending() {
		s.say("No rules are on trial.")
	}
	return s.trial.pending()
}

func (s *session) time([]string) error {
	if s.needTrial() {
		s.say("%s until the old rules come back. The code is %s.", upperFirst(seconds(s.left())), spelled(s.trial.status.Code))
	}
	return nil
}

// confirm keeps the new rules; only the whole code does.
func (s *session) confirm(args []string) error {
	if !s.needTrial() {
		return nil
	}
	code := s.trial.status.Code
	if len(args) != 1 || !strings.EqualFold(args[0], code) {
		s.say("That was not the code. Nothing was confirmed. The code is %s.", spelled(code))
		return nil
	}
	s.answered(answer[desk.AnsweredMsg](s.calls.Confirm(&s.ask, code)))
	return nil
}

func (s *session) reject([]string) error {
	if s.needTrial() {
		s.answered(answer[desk.AnsweredMsg](s.calls.Reject(&s.ask)))
	}
	return nil
}

// moreTime is what extend gives when no number is said.
const moreTime = 60 * time.Second

func (s *session) extend(args []string) error {
	if !s.needTrial() {
		return nil
	}
	by := moreTime
	if len(args) > 0 {
		n, err := strconv.Atoi(args[0])
		if err != nil || n <= 0 || n > int(engine.MaxTimeout.Seconds()) {
			s.say("%s is no number of seconds.", args[0])
			return nil
		}
		by = time.Duration(n) * time.Second
	}
	s.answered(answer[desk.AnsweredMsg](s.calls.Extend(&s.ask, by)))
	return nil
}

// answered says what an answer to the trial did.
func (s *session) answered(m desk.AnsweredMsg) {
	switch {
	case m.Err != nil:
		s.say("%s.", upperFirst(m.Err.Error()))
	case m.What == desk.Extend:
		s.trial = trial{status: m.Status, at: s.Now(), said: m.Status.Left}
		s.say("%s left.", upperFirst(seconds(m.Status.Left)))
	default:
		s.trial = trial{}
		s.sayEnd(m.Status, s.Now())
	}
}

// proof says what came through since the flip.
func (s *session) proof([]string) error {
	if !s.needTrial() {
		return nil
	}
	m := answer[desk.ProofMsg](s.calls.Proof(&s.ask))
	switch {
	case errors.Is(m.Err, engine.ErrNoTrial):
		s.say("The trial ends at this moment.")
		return nil
	case m.Err != nil:
		s.say("Not known: %v.", m.Err)
		return nil
	}
	for _, line := range words.Proof(&m.Value) {
		s.line(line)
	}
	return nil
}
