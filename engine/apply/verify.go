package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// checkLanded compares what the kernel shows with what was loaded: each chain
// that the payload declares holds exactly its rules, each rule that it inserts
// stands once, each set that it makes has exactly its members. An exit status
// proves neither that a tool did its work nor that it did not.
func checkLanded(live *ruleset.Ruleset, steps plan.Steps) error {
	for _, p := range steps {
		for _, f := range ruleset.Families() {
			text := p.V4
			if f == ruleset.V6 {
				text = p.V6
			}
			if err := checkRules(*live.Tables(f), f, text); err != nil {
				return err
			}
		}
		if err := checkSets(live.Sets, p.Sets); err != nil {
			return err
		}
	}
	return nil
}

func checkRules(live ruleset.Tables, f ruleset.Family, text string) error {
	declared, inserted, err := parsePayload(f, text)
	if err != nil {
		return err
	}
	for _, t := range declared {
		for _, c := range t.Chains {
			there := live.Chain(t.Name, c.Name)
			if there == nil {
				return fmt.Errorf("read back: %s %s chain %s is not there", f, t.Name, c.Name)
			}
			if !slices.EqualFunc(there.Rules, c.Rules, func(a, b *ruleset.Rule) bool { return sameRule(f, a, b) }) {
				return fmt.Errorf("read back: %s %s chain %s has other rules than were loaded", f, t.Name, c.Name)
			}
		}
	}
	for _, in := range inserted {
		if n := count(live.Chain(in.table, in.chain), f, in.rule); n != 1 {
			return fmt.Errorf("read back: rule %q stands %d times in %s %s chain %s", in.rule.Text(f), n, f, in.table, in.chain)
		}
	}
	return nil
}

// insertion is a rule that a payload puts into a chain that it does not
// declare.
type insertion struct {
	table, chain string
	rule         *ruleset.Rule
}

// parsePayload reads a text of package plan: what it declares, and what it
// inserts elsewhere.
func parsePayload(f ruleset.Family, text string) (ruleset.Tables, []insertion, error) {
	var plain strings.Builder
	var inserted []insertion
	table := ""
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "*") {
			table = strings.TrimSpace(line[1:])
		}
		rest, ok := strings.CutPrefix(line, "-I ")
		if !ok {
			plain.WriteString(line)
			continue
		}
		chain, words, _ := strings.Cut(strings.TrimSpace(rest), " ")
		r, err := ruleset.ParseRule(f, words)
		if err != nil {
			return nil, nil, fmt.Errorf("read back: %w", err)
		}
		inserted = append(inserted, insertion{table, chain, r})
	}
	declared, err := ruleset.ParseTables(f, []byte(plain.String()))
	return declared, inserted, err
}

func sameRule(f ruleset.Family, a, b *ruleset.Rule) bool {
	return a.ID == b.ID && a.Comment == b.Comment && ruleset.SameSpec(f, a, b)
}

func count(c *ruleset.Chain, f ruleset.Family, want *ruleset.Rule) int {
	if c == nil {
		return 0
	}
	n := 0
	for _, r := range c.Rules {
		if sameRule(f, r, want) {
			n++
		}
	}
	return n
}

func checkSets(live ruleset.Sets, text string) error {
	// The option of an add is no word of its member.
	want, err := ruleset.ParseSets([]byte(strings.ReplaceAll(text, " -exist\n", "\n")))
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	for name, s := range want {
		there := live[name]
		switch {
		case there == nil:
			return fmt.Errorf("read back: set %s is not there", name)
		case !there.SameKind(s):
			return fmt.Errorf("read back: set %s is of another type than was made", name)
		case !there.EqualMembers(s):
			return fmt.Errorf("read back: set %s has %d members, %d were loaded", name, len(there.Members), len(s.Members))
		}
	}
	return nil
}

// gateOpen reports whether the gate lets both families through to the new
// rules.
func gateOpen(sets ruleset.Sets) bool {
	gate := sets[ruleset.TrialSet]
	if gate == nil {
		return false
	}
	for _, all := range []string{ruleset.TrialAll4, ruleset.TrialAll6} {
		if !slices.ContainsFunc(gate.Members, func(m ruleset.Member) bool { return m.Text == all }) {
			return false
		}
	}
	return true
}

// census is a hash over everything that a running trial stands on, apart from
// the gate's members: the staged chains, and each rule of ours anywhere.
// Foreign rules and counters do not count.
func census(live *ruleset.Ruleset) string {
	h := sha256.New()
	var line []byte
	for _, f := range ruleset.Families() {
		for _, t := range *live.Tables(f) {
			chains := slices.Clone(t.Chains)
			slices.SortFunc(chains, func(a, b *ruleset.Chain) int { return strings.Compare(a.Name, b.Name) })
			for _, c := range chains {
				for _, r := range c.Rules {
					if !r.Owned() {
						continue
					}
					line = append(line[:0], f.String()+" "+t.Name+" "+c.Name+" "+r.ID+" "...)
					line = append(r.AppendSpec(line, f), '\n')
					h.Write(line)
				}
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// disturbance says what somebody else did to a running trial; empty when it is
// whole. An unknown census is not compared.
func disturbance(live *ruleset.Ruleset, j journal) string {
	switch {
	case j.Census != "" && census(live) != j.Census:
		return "somebody else changed or flushed the rules of the trial"
	case j.DeadMan && !gateOpen(live.Sets):
		return "somebody else flushed the sets, which closed the trial: the old rules were back at once"
	}
	return ""
}
