package plain

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// preview compiles the tables as edited and compares them with the kernel; nil
// when that is not possible, which was said then.
func (s *session) preview() *engine.Preview {
	if s.desk.Set() == nil {
		s.say("The tables cannot be read. problems says why.")
		return nil
	}
	m := answer[desk.PreviewMsg](s.calls.Preview(&s.ask, s.desk.Set()))
	switch {
	case errors.Is(m.Err, engine.ErrProblems):
		s.say("The tables have errors and cannot be compiled. problems lists them.")
		return nil
	case m.Err != nil:
		s.say("The comparison failed: %v.", m.Err)
		return nil
	}
	return m.Preview
}

// review says what an apply would change.
func (s *session) review([]string) error {
	p := s.preview()
	if p == nil {
		return nil
	}
	s.sayLockout(p)
	if p.Diff.Empty() {
		s.say("No difference: the firewall runs exactly these rules.")
		return nil
	}
	s.say("%s.", words.Difference(p.Diff))
	s.page(append(s.impactWords(p), changeWords(p)...))
	return nil
}

// impactWords says what an apply means for the flows of now, and for new
// connections.
func (s *session) impactWords(p *engine.Preview) []widget.Safe {
	flows := answer[desk.FlowImpactMsg](s.calls.FlowImpact(&s.ask, p))
	if flows.Err != nil {
		s.say("What happens to the flows is not known: %v.", flows.Err)
	}
	policy := answer[desk.PolicyImpactMsg](s.calls.PolicyImpact(&s.ask, p))
	if policy.Err != nil {
		s.say("Which new connections change is not known: %v.", policy.Err)
	}
	lines := slices.Collect(words.Impact(flows.Value, policy.Value))
	if flows.Value != nil && len(desk.MayEnd(flows.Value)) > 0 {
		lines = append(lines, "The grandfathered flows go on only because they are open. apply asks whether they shall end after the confirm.")
	}
	return lines
}

func (s *session) sayLockout(p *engine.Preview) {
	switch {
	case !p.Lockout.Known:
		s.say("Whether you could log in again is not known: this is no SSH session.")
	case p.Lockout.Safe:
		s.say("A new SSH connection from where you are: %s. Good.", p.Lockout.New)
	default:
		s.say("LOCK-OUT: a new SSH connection from where you are: %s.", p.Lockout.New)
	}
}

// changeWords is a difference line by line.
func changeWords(p *engine.Preview) []widget.Safe {
	var out []widget.Safe
	add := func(format string, args ...any) { out = append(out, widget.Format(format, args...)) }
	d := p.Diff
	for _, t := range d.Taken {
		add("Blocked: %v.", t)
	}
	for _, h := range d.Hooks {
		add("Jump from %s to %s, %s: %s.", h.From, h.To, familyWord(h.Family), h.Why)
	}
	for i := range d.Chains {
		c := &d.Chains[i]
		add("Chain %s of table %s, %s%s:", c.Chain, c.Table, familyWord(c.Family), opWords(c.Op))
		for _, l := range c.Lines {
			if word := lineWord(l.Op); word != "" {
				bare := *l.Rule
				bare.ID = ""
				add("%s%s: %s", word, rowName(p.Compiled, l.Rule.ID), strings.TrimSpace(bare.Spec(c.Family)))
			}
		}
	}
	for _, set := range d.Sets {
		add("Set %s%s: %s added, %d removed.", set.Name, opWords(set.Op), words.Plural(len(set.Added), "member"), len(set.Gone))
	}
	return out
}

func opWords(op plan.Op) string {
	switch op {
	case plan.Add:
		return ", new"
	case plan.Remove:
		return ", removed"
	}
	return ""
}

// lineWord is empty for a line that stays.
func lineWord(op plan.Op) string {
	switch op {
	case plan.Add:
		return "Added"
	case plan.Remove:
		return "Removed"
	case plan.Change:
		return "Renamed"
	}
	return ""
}

// rowName is the row that a rule comes from, behind the word for what happens
// to it; empty for a row that is gone, and for a rule of nobody's.
func rowName(c *engine.Compiled, id string) string {
	ref, ok := c.Rows[id]
	switch {
	case ok && ref.Line > 0:
		return fmt.Sprintf(", %s row %d", ref.Kind, ref.Line)
	case ok && ref.Name != "":
		return ", " + ref.Name
	}
	return ""
}

func familyWord(f ruleset.Family) string {
	if f == ruleset.V6 {
		return "IPv6"
	}
	return "IPv4"
}
