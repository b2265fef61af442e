package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

const bit = 0x4000000

// transition is a change from a live ruleset to a target.
type transition struct {
	name string
	live *ruleset.Ruleset
	want plan.Target
	own  plan.Ownership // recorded for live
}

// transitions are changes between random targets on a host with foreign
// objects, the first apply and the removal of everything among them.
func transitions(t *testing.T, n int) []transition {
	t.Helper()
	var out []transition
	for seed := range uint64(n) {
		a, b := randomTarget(seed), randomTarget(seed+1000)
		k := fakeWith(t, parse(t, foreign4, foreign6, foreignSets))
		empty := read(t, k)
		load(t, k, must(t)(plan.Confirm(empty, a, plan.Ownership{})))
		out = append(out, transition{"a to b", read(t, k), b, recorded(a)})
		if seed%3 == 0 {
			out = append(out, transition{"damaged to b", damaged(read(t, k), seed), b, recorded(a)})
		}
		if seed%3 == 1 {
			out = append(out, transition{"adopt", uncommented(read(t, k)), b, plan.Ownership{}})
		}
		if seed%4 == 0 {
			out = append(out, transition{"first apply", empty, b, plan.Ownership{}})
			out = append(out, transition{"to nothing", read(t, k), plan.Target{}, recorded(a)})
		}
	}
	return out
}

// damaged moves our first hook in one built-in chain to its end, doubles it in
// another, takes it from a third, and puts a rule into a chain of ours.
func damaged(rs *ruleset.Ruleset, seed uint64) *ruleset.Ruleset {
	for i, at := range hooked {
		c := rs.V4.Chain(at[0], at[1])
		if c == nil || len(c.Rules) == 0 || c.Rules[0].ID != "hook" {
			continue
		}
		hook := c.Rules[0]
		switch (i + int(seed)) % 3 {
		case 0:
			c.Rules = append(c.Rules[1:], hook)
		case 1:
			c.Rules = append(c.Rules, hook)
		case 2:
			c.Rules = c.Rules[1:]
		}
	}
	c := rs.V6.Chain(ruleset.Filter, "ext_inp")
	c.Rules = append(c.Rules, &ruleset.Rule{Target: ruleset.Jump{Chain: ruleset.ChainAccept}})
	return rs
}

// uncommented is a ruleset as MicroFW would have left it: the same layout
// without a comment of ours, recorded nowhere.
func uncommented(rs *ruleset.Ruleset) *ruleset.Ruleset {
	for _, f := range ruleset.Families() {
		for _, table := range *rs.Tables(f) {
			for _, c := range table.Chains {
				for _, r := range c.Rules {
					r.ID = ""
				}
			}
		}
	}
	return rs
}

func TestAHostOfMicroFWIsAdoptedWithoutATrialWhenOnlyCommentsDiffer(t *testing.T) {
	for seed := range uint64(20) {
		want := randomTarget(seed)
		k := fakeWith(t, parse(t, foreign4, foreign6, foreignSets))
		load(t, k, must(t)(plan.Confirm(read(t, k), want, plan.Ownership{})))
		live := uncommented(read(t, k))
		if steps := must(t)(plan.Stage(live, want, plan.Ownership{}, bit)); len(steps) > 0 {
			t.Fatalf("seed %d: %v is staged", seed, steps)
		}
		d := plan.Compare(live, want, plan.Ownership{})
		for _, c := range d.Chains {
			if !c.CommentsOnly() {
				t.Fatalf("seed %d: %s %s %s changes more than comments:\n%s", seed, c.Family, c.Table, c.Chain, d.Unified())
			}
		}
		if len(d.Sets)+len(d.Hooks)+len(d.Taken) > 0 {
			t.Fatalf("seed %d: %s", seed, d.Unified())
		}
	}
}

func TestTheDiffIsEmptyAfterAPlainLoadAndAfterATrial(t *testing.T) {
	for _, tr := range transitions(t, 40) {
		own := recorded(tr.want)
		plain := fakeWith(t, tr.live)
		load(t, plain, must(t)(plan.Confirm(tr.live, tr.want, tr.own)))
		if d := plan.Compare(read(t, plain), tr.want, own); !d.Empty() {
			t.Fatalf("%s: after a plain load:\n%s", tr.name, d.Unified())
		}
		tried := fakeWith(t, tr.live)
		load(t, tried, must(t)(plan.Stage(tr.live, tr.want, tr.own, bit)))
		flip(t, tried)
		load(t, tried, must(t)(plan.Confirm(read(t, tried), tr.want, tr.own)))
		if d := plan.Compare(read(t, tried), tr.want, own); !d.Empty() {
			t.Fatalf("%s: after a trial:\n%s", tr.name, d.Unified())
		}
		predicted := dump(plan.After(tr.live, tr.want, tr.own))
		for how, k := range map[string]bed{"a plain load": plain, "a trial": tried} {
			if diff := cmp.Diff(predicted, dump(read(t, k))); diff != "" {
				t.Fatalf("%s: %s does not end as predicted:\n%s", tr.name, how, diff)
			}
		}
		again, err := plan.Confirm(read(t, tried), tr.want, own)
		if err != nil || len(again) > 0 {
			t.Fatalf("%s: a second confirm does %v, %v", tr.name, again, err)
		}
	}
}

// flip opens the gate for good, if there is one.
func flip(t *testing.T, b bed) {
	t.Helper()
	if read(t, b).Sets[ruleset.TrialSet] != nil {
		load(t, b, plan.Steps{plan.Arm(30), plan.Hold()})
	}
}

func TestRollbackFromAnyPrefixOfStagingRestoresEverything(t *testing.T) {
	for _, tr := range transitions(t, 12) {
		stage := units(must(t)(plan.Stage(tr.live, tr.want, tr.own, bit)))
		for n := range len(stage) + 2 {
			k := fakeWith(t, tr.live)
			loadUnits(t, k, stage[:min(n, len(stage))])
			if n > len(stage) {
				flip(t, k)
			}
			before := plan.Fingerprint(tr.live, tr.own)
			if after := plan.Fingerprint(read(t, k), tr.own); after != before {
				t.Fatalf("%s: %d of %d units change the fingerprint", tr.name, n, len(stage))
			}
			rollbackInPieces(t, k)
			if diff := cmp.Diff(saveAll(tr.live), saveAll(read(t, k))); diff != "" {
				t.Fatalf("%s: rollback after %d of %d units:\n%s", tr.name, n, len(stage), diff)
			}
		}
	}
}

// rollbackInPieces rolls back through a kill after each unit.
func rollbackInPieces(t *testing.T, b bed) {
	t.Helper()
	for range 1000 {
		us := units(must(t)(plan.Rollback(read(t, b))))
		if len(us) == 0 {
			return
		}
		loadUnits(t, b, us[:1])
	}
	t.Fatal("rollback does not end")
}

// saveAll prints everything, counters included.
func saveAll(rs *ruleset.Ruleset) string {
	return saveText(rs, ruleset.V4) + saveText(rs, ruleset.V6) + dump(&ruleset.Ruleset{Sets: rs.Sets})
}

func TestConfirmFinishesFromAnyPrefixOfItself(t *testing.T) {
	for _, tr := range transitions(t, 7) {
		own := plan.Ownership{Chains: append(recorded(tr.want).Chains, tr.own.Chains...), Sets: append(recorded(tr.want).Sets, tr.own.Sets...)}
		for _, trial := range []bool{true, false} {
			start := fakeWith(t, tr.live)
			if trial {
				load(t, start, must(t)(plan.Stage(tr.live, tr.want, tr.own, bit)))
				flip(t, start)
			}
			from := read(t, start)
			confirm := units(must(t)(plan.Confirm(from, tr.want, own)))
			for n := range len(confirm) + 1 {
				k := fakeWith(t, from)
				loadUnits(t, k, confirm[:n])
				load(t, k, must(t)(plan.Confirm(read(t, k), tr.want, own)))
				if d := plan.Compare(read(t, k), tr.want, own); !d.Empty() {
					t.Fatalf("%s: trial %v: confirm after %d of %d units:\n%s", tr.name, trial, n, len(confirm), d.Unified())
				}
				if rest, err := plan.Rollback(read(t, k)); err != nil || len(rest) > 0 {
					t.Fatalf("%s: trial %v: confirm after %d of %d units leaves %v, %v", tr.name, trial, n, len(confirm), rest, err)
				}
			}
		}
	}
}

func TestForeignObjectsNeverChange(t *testing.T) {
	foreign := read(t, fakeWith(t, parse(t, foreign4, foreign6, foreignSets)))
	for _, tr := range transitions(t, 12) {
		k := fakeWith(t, tr.live)
		load(t, k, must(t)(plan.Stage(tr.live, tr.want, tr.own, bit)))
		flip(t, k)
		load(t, k, must(t)(plan.Confirm(read(t, k), tr.want, tr.own)))
		load(t, k, must(t)(plan.Teardown(read(t, k), recorded(tr.want))))
		if diff := cmp.Diff(saveAll(foreign), saveAll(read(t, k))); diff != "" {
			t.Fatalf("%s: after stage, confirm and teardown:\n%s", tr.name, diff)
		}
	}
}
