package plan

import (
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// edit is one change of a chain that is changed rule by rule: without a rule,
// the rule with this number goes, with one it comes to stand there. Numbers
// count from 1 and hold when the edits are done in order.
type edit struct {
	at   int
	rule *ruleset.Rule
}

// maxEdits bounds the edits of one chain: the tools look for each number from
// the start of the chain.
const maxEdits = 500

// edits are the changes that make a live IPv6 chain as wanted and leave the
// rules that stay alone, with their counters; nil when the chain is to be
// written anew. ip6tables-nft-restore 1.8.9 loads every rule with counters of
// zero, whatever the text says, so that a chain which is written anew loses
// them. What the staged copy counted is lost there either way.
func (l *loader) edits(f ruleset.Family, table string, c *ruleset.Chain, staged map[string]bool) []edit {
	live := l.live.Tables(f).Chain(table, c.Name)
	if f != ruleset.V6 || live == nil {
		return nil
	}
	before := live.Rules // as they stand, gate and all: numbers count them
	if !slices.ContainsFunc(before, counted) {
		return nil
	}
	after := make([]*ruleset.Rule, len(c.Rules))
	for i, r := range c.Rules {
		after[i] = withSets(r, staged)
	}
	list, at, keeps := []edit{}, 1, false
	for _, p := range align(textsOfRules(f, before), textsOfRules(f, after)) {
		switch {
		case p.b < 0:
			list = append(list, edit{at: at})
		case p.a < 0:
			list = append(list, edit{at: at, rule: after[p.b]})
			at++
		default:
			keeps = keeps || counted(before[p.a])
			at++
		}
	}
	if !keeps || len(list) > maxEdits {
		return nil
	}
	return list
}

func textsOfRules(f ruleset.Family, rules []*ruleset.Rule) []string {
	texts := make([]string, len(rules))
	for i, r := range rules {
		texts[i] = r.Text(f)
	}
	return texts
}

func writeEdits(chain string, edits []edit, out *sheet) {
	for _, e := range edits {
		if e.rule == nil {
			out.cut(chain, e.at)
		} else {
			out.put(chain, e.at, withCounters(e.rule, ruleset.Counters{}))
		}
	}
}
