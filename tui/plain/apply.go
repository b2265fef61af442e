package plain

import (
	"errors"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/words"
)

// apply asks, saves and starts the transaction.
func (s *session) apply([]string) error {
	if s.trial.pending() {
		s.say("Rules are on trial already.")
		return nil
	}
	p := s.preview()
	if p == nil {
		return nil
	}
	dirty := len(s.desk.Dirty()) > 0
	if p.Diff.Empty() && !dirty {
		s.say("There is nothing to apply: the firewall runs these rules.")
		return nil
	}
	a := applying{preview: p, flows: s.mayEnd(p), override: p.Lockout.Known && !p.Lockout.Safe}
	for {
		ok, err := s.askApply(&a)
		if err != nil || !ok {
			return err
		}
		again := s.start(&a)
		if !again {
			return nil
		}
		a.override = true
	}
}

// applying is an apply that is being asked about.
type applying struct {
	preview  *engine.Preview
	flows    []engine.Flow // those that may end after the confirm
	end      bool          // whether they shall
	override bool          // of the lock-out that is known
}

// endWord behind the answer chooses that grandfathered flows end. It is no
// question of its own: how many lines an apply takes must not depend on the
// flows of the moment, or a script would answer another question than it thinks.
const endWord = "end"

// mayEnd says what an apply means for the flows of now, and gives those that may
// end after the confirm.
func (s *session) mayEnd(p *engine.Preview) []engine.Flow {
	s.say("%s.", words.Difference(p.Diff))
	if p.Diff.Empty() {
		return nil
	}
	m := answer[desk.FlowImpactMsg](s.calls.FlowImpact(&s.ask, p))
	if m.Err != nil {
		s.say("What happens to the flows is not known: %v.", m.Err)
		return nil
	}
	s.say("Flows: %d cut, %d grandfathered, %d newly open.",
		m.Value.Count(engine.Cut), m.Value.Count(engine.Grandfathered), m.Value.Count(engine.Opens))
	return desk.MayEnd(m.Value)
}

// askApply says what will happen and asks whether it shall. Where the rules
// would lock the administrator out, the name of the host must be typed.
func (s *session) askApply(a *applying) (bool, error) {
	if n := s.desk.Staged(); len(s.desk.Dirty()) > 0 {
		s.say("%s saved first.", upperFirst(words.Plural(n, "changed line")))
	}
	s.say("The old rules come back by themselves after %.0f seconds, whatever happens to this session, unless you type the code that is said then.", a.preview.Countdown.Seconds())
	word := "yes"
	if a.override {
		word = s.backend.Host()
		s.sayLockout(a.preview)
		s.say("This locks you out. Type the name of the host, %s, to go on all the same.", word)
	} else {
		s.say("Apply to %s? Type yes.", s.backend.Host())
	}
	if len(a.flows) > 0 {
		s.say("Or type %s %s: then %s after the confirm too.", word, endWord, endsToo(len(a.flows)))
	}
	line, err := s.next("apply")
	if err != nil {
		return false, err
	}
	ok := false
	if ok, a.end = a.understand(line, word); !ok {
		s.say("Not applied.")
	}
	return ok, nil
}

// endsToo is "7 grandfathered flows end".
func endsToo(n int) string {
	if n == 1 {
		return "the grandfathered flow ends"
	}
	return "the " + words.Plural(n, "grandfathered flow") + " end"
}

// understand reads the answer: the word, and behind it whether flows end.
func (a *applying) understand(line, word string) (ok, end bool) {
	said := strings.Fields(line)
	if len(said) == 2 && len(a.flows) > 0 && strings.EqualFold(said[1], endWord) {
		said, end = said[:1], true
	}
	ok = len(said) == 1 && said[0] == word
	return ok, ok && end
}

// start starts the transaction. It reports whether to ask again because the
// rehearsal found a lock-out.
func (s *session) start(a *applying) bool {
	var save *tables.Set
	if len(s.desk.Dirty()) > 0 {
		save = s.desk.Set()
	}
	s.say("Applying.")
	s.after.Ready(nil)
	if a.end {
		s.after.Ready(a.flows)
	}
	m := answer[desk.AppliedMsg](s.calls.Apply(&s.ask, save, a.preview, engine.ApplyRequest{Override: a.override}))
	if m.Saved != nil {
		s.desk.Saved(m.Saved)
	}
	var locked *engine.LockoutError
	switch {
	case errors.As(m.Err, &locked) && !a.override:
		s.say("Not applied: %v.", m.Err)
		return true
	case m.Err != nil:
		s.say("Not applied, nothing was changed: %v.", m.Err)
		return false
	}
	if s.Interactive && s.Discard != nil {
		s.Discard()
	}
	s.after.Began(m.Status.ID)
	s.begin(m.Status)
	return false
}

// finish does what follows when a transaction ended: after a confirm the flows
// end that were chosen for it.
func (s *session) finish(st engine.TrialStatus) {
	flows := s.after.Due(desk.TrialEnded{ID: st.ID, State: st.State})
	if len(flows) == 0 {
		return
	}
	what := "grandfathered flow"
	s.say("Ending %s, which takes some seconds.", words.Plural(len(flows), what))
	m := answer[desk.EndedMsg](s.calls.EndFlows(&s.ask, flows))
	if m.Err != nil {
		s.say("Kept, but the grandfathered flows did not end: %v.", m.Err)
		return
	}
	text, _ := words.Ended(m.Value, what)
	s.say("%s.", upperFirst(text))
}
