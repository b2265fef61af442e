package plan

import (
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Rollback makes the steps that remove every trace of a trial from live: the
// gate is emptied first, which alone brings the old rules back; then gate and
// cut rules, hooks and chains of the trial, and staged sets. It is empty when
// live has no trace.
//
// From the first step on the cut rules are in force: flows that were born in
// the trial end when they send. The second step ends that.
func Rollback(live *ruleset.Ruleset) (Steps, error) {
	var steps Steps
	if gateOf(live.Sets).open {
		steps = append(steps, Close())
	}
	rules, err := payload("", func(f ruleset.Family, out *sheet) { unstage(live, f, out) })
	if err != nil {
		return nil, err
	}
	steps = appendStep(steps, rules)
	var b strings.Builder
	named := namedOutside(live)
	destroyTrialSets(&b, live.Sets, func(name string) bool { return named[name] })
	return appendStep(steps, Payload{Sets: b.String()}), nil
}

// unstage removes what only a trial has from the tables of one family. Nothing
// else is touched, so that all counters stay.
func unstage(live *ruleset.Ruleset, f ruleset.Family, out *sheet) {
	for _, t := range *live.Tables(f) {
		out.in(t.Name)
		var staged []*ruleset.Chain
		for _, c := range t.Chains {
			if isStaged(c.Name) {
				staged = append(staged, c)
				continue
			}
			for _, r := range c.Rules {
				if isTrialRule(r) {
					out.drop(c.Name, r)
				}
			}
		}
		out.remove(staged)
	}
}

// namedOutside finds the staged sets that canonical chains name: a plain load
// was cut short, and another one will put that right.
func namedOutside(live *ruleset.Ruleset) map[string]bool {
	named := map[string]bool{}
	for key, c := range chainsOf(live) {
		if isStaged(key.chain) {
			continue
		}
		for _, r := range settled(c) {
			for _, s := range r.SetNames() {
				named[s] = true
			}
		}
	}
	return named
}
