package ruleset

import (
	"strings"
	"sync"
)

// Tracer walks packets through a ruleset that it prepared once. It does not
// change, so goroutines may share it, as long as nobody changes the ruleset.
type Tracer struct {
	chains map[chainKey]*tracedChain
	sets   map[string]*setIndex
	// stages are the built-in chains of each way, by family.
	stages [len(ways)][V6 + 1][]stage
	// walkers are some that judged before.
	walkers sync.Pool
}

type chainKey struct {
	family       Family
	table, chain string
}

type tracedChain struct {
	name   string
	policy string
	rules  []tracedRule
}

// tracedRule is a rule with what asking it needs at hand.
type tracedRule struct {
	rule     *Rule
	in, out  ifaceAsk
	src, dst Net
	asks     []ask
	to       *tracedChain // of a jump; nil when it is not there
}

// ask judges one match for a packet on its way.
type ask func(w *walker) Answer

// NewTracer prepares the rules and sets of both families. Sets of several
// hundred thousand members take some tens of milliseconds.
func NewTracer(rs *Ruleset) *Tracer {
	t := &Tracer{chains: make(map[chainKey]*tracedChain), sets: indexSets(rs.Sets)}
	for _, f := range Families() {
		for _, table := range rs.All(f) {
			for _, c := range table.Chains {
				t.chains[chainKey{f, table.Name, c.Name}] = &tracedChain{name: c.Name, policy: c.Policy}
			}
		}
	}
	for _, f := range Families() {
		for _, table := range rs.All(f) {
			for _, c := range table.Chains {
				t.chain(f, table.Name, c.Name).rules = t.prepare(f, table.Name, c.Rules)
			}
		}
		for y, part := range ways {
			for _, b := range rs.Bases(f, part) {
				t.stages[y][f] = append(t.stages[y][f], stage{b.Table, t.chain(f, b.Table, b.Chain.Name), b.NAT})
			}
		}
	}
	return t
}

func (t *Tracer) chain(f Family, table, name string) *tracedChain {
	return t.chains[chainKey{f, table, name}]
}

func (t *Tracer) prepare(f Family, table string, rules []*Rule) []tracedRule {
	traced := make([]tracedRule, len(rules))
	for i, r := range rules {
		traced[i] = tracedRule{
			rule: r,
			in:   makeIfaceAsk(r.In), out: makeIfaceAsk(r.Out),
			src: r.Src, dst: r.Dst,
			asks: t.makeAsks(f, r.Matches),
		}
		if to := r.JumpsTo(); to != "" {
			traced[i].to = t.chain(f, table, to)
		}
	}
	return traced
}

func (t *Tracer) makeAsks(f Family, matches []Match) []ask {
	if len(matches) == 0 {
		return nil
	}
	asks := make([]ask, len(matches))
	for i, m := range matches {
		asks[i] = t.makeAsk(f, m)
	}
	return asks
}

// ask judges the whole rule: no, as soon as one part says no, else unknown if
// any part is unknown.
func (r *tracedRule) ask(w *walker) Answer {
	p := &w.packet
	if !r.in.matches(p.In) || !r.out.matches(p.Out) {
		return No
	}
	if proto := r.rule.Proto; proto.Num != 0 && (proto.Num == p.Proto) == proto.Not {
		return No
	}
	if r.src.Prefix.IsValid() && r.src.Prefix.Contains(p.Src) == r.src.Not {
		return No
	}
	if r.dst.Prefix.IsValid() && r.dst.Prefix.Contains(p.Dst) == r.dst.Not {
		return No
	}
	answer := Yes
	if r.rule.Raw != nil {
		answer = Unknown
	}
	for _, ask := range r.asks {
		switch ask(w) {
		case No:
			return No
		case Unknown:
			answer = Unknown
		}
	}
	return answer
}

// unknown says in words which parts of a rule could not be judged.
func (r *tracedRule) unknown(w *walker) string {
	if r.rule.Raw != nil {
		return strings.Join(r.rule.Raw, " ")
	}
	var parts []string
	for i, ask := range r.asks {
		if ask(w) == Unknown {
			words := r.rule.Matches[i].appendWords(nil, w.packet.Family(), r.rule.Proto.Num)
			parts = append(parts, strings.TrimSpace(string(words)))
		}
	}
	return strings.Join(parts, " ")
}

// ifaceAsk is an Iface with the wildcard taken apart.
type ifaceAsk struct {
	name       string
	prefix     bool
	not, asked bool
}

func makeIfaceAsk(i Iface) ifaceAsk {
	name, prefix := strings.CutSuffix(i.Name, "+")
	return ifaceAsk{name: name, prefix: prefix, not: i.Not, asked: i.Name != ""}
}

// matches compares as the kernel does: a packet without that interface has the
// empty name.
func (a *ifaceAsk) matches(name string) bool {
	if !a.asked {
		return true
	}
	if a.prefix {
		return strings.HasPrefix(name, a.name) != a.not
	}
	return (name == a.name) != a.not
}
