package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/engine/compile"
	"github.com/mfwtui/mfwtui/engine/docker"
	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// counterMemory is the last reading, from which the next one takes its rates and
// the order of its rows.
type counterMemory struct {
	at     time.Time
	naming *naming
	rows   []RowCounter
	chains []chainMemory
}

// chainMemory is what a rule of a chain had counted.
type chainMemory struct {
	key     chainKey
	packets uint64
}

// chainKey names a rule of a chain between two readings: a rule that moved is
// another one, so its rate starts anew.
type chainKey struct {
	family       ruleset.Family
	table, chain string
	index        int
	id           string
}

// Counters reads every counter of the kernel.
func (e *Engine) Counters(ctx context.Context) (CounterSnapshot, error) {
	rs, err := e.kernel.ReadRules(ctx)
	if err != nil {
		return CounterSnapshot{}, err
	}
	now, names := time.Now(), e.naming()
	counts, chains := live.CountRows(rs), chainCounters(rs, e.dockerOwners(ctx))
	e.mu.Lock()
	defer e.mu.Unlock()
	rows, ok := e.counted.again(names, counts)
	if !ok {
		rows = rowCounters(names.rows, counts)
	}
	snap := CounterSnapshot{At: now, Rows: rows, Chains: chains}
	e.counted = snap.rate(e.counted)
	e.counted.naming = names
	e.addSince(&snap)
	return snap, nil
}

// again puts new counts into the rows of the last reading, which saves sorting
// them; false when the rows or their names are others by now.
func (m *counterMemory) again(names *naming, counts map[string]live.RuleCount) ([]RowCounter, bool) {
	if m.naming != names || len(m.rows) != len(counts) {
		return nil, false
	}
	rows := slices.Clone(m.rows)
	for i := range rows {
		n, ok := counts[rows[i].ID]
		if !ok {
			return nil, false
		}
		rows[i].V4, rows[i].V6, rows[i].Rate = n.V4, n.V6, 0
	}
	return rows, true
}

// rowCounters joins the counts by row id with the rows that the ids stand for,
// table rows in file order first.
func rowCounters(names map[string]rowName, counts map[string]live.RuleCount) []RowCounter {
	rows := make([]RowCounter, 0, len(counts))
	for id, n := range counts {
		name := names[id]
		if name.ref.Name == "" && name.ref.Line == 0 {
			name.ref.Name = id
		}
		if name.ref.Line == 0 {
			name.text = partText(name.ref.Name)
		}
		rows = append(rows, RowCounter{ID: id, Row: name.ref, Text: name.text, V4: n.V4, V6: n.V6})
	}
	slices.SortFunc(rows, func(a, b RowCounter) int {
		return cmp.Or(
			cmp.Compare(builtIn(a.Row), builtIn(b.Row)), cmp.Compare(a.Row.Kind, b.Row.Kind),
			cmp.Compare(a.Row.Line, b.Row.Line), cmp.Compare(a.ID, b.ID))
	})
	return rows
}

// builtIn sorts the parts that no table row stands for behind those that one
// does.
func builtIn(r compile.RowRef) int {
	if r.Line == 0 {
		return 1
	}
	return 0
}

// rowText is the cells of a row, joined by single spaces.
func rowText(set *tables.Set, ref compile.RowRef) string {
	lines := set.File(ref.Kind).Lines
	if ref.Line < 1 || ref.Line > len(lines) {
		return ref.Name
	}
	var words []string
	for _, c := range lines[ref.Line-1].Cells {
		words = append(words, c.Text)
	}
	return strings.Join(words, " ")
}

// chainCounters lists every rule of every chain, and the policy of each
// built-in chain as index 0.
func chainCounters(rs *ruleset.Ruleset, owners *docker.Owners) []ChainCounter {
	list := make([]ChainCounter, 0, countRules(rs))
	for _, f := range ruleset.Families() {
		ts := rs.All(f)
		for _, t := range ts {
			for _, c := range t.Chains {
				one := ChainCounter{Family: f, Table: t.Name, Chain: c.Name, Owner: live.Owner(ts, t.Name, c.Name).String()}
				if c.Policy != "" {
					one.Words, one.Count = "policy "+c.Policy, c.Counters
					list = append(list, one)
				}
				one.Words = ""
				for i, r := range c.Rules {
					one.Index, one.ID, one.Rule, one.Count = i+1, r.ID, r, r.Counters
					whose := owners.Of(t.Name, c.Name, r)
					one.Container, one.Network = whose.Container, whose.Network
					list = append(list, one)
				}
			}
		}
	}
	return list
}

// dockerOwners finds whom the rules of Docker belong to; nobody where no engine
// answers.
func (e *Engine) dockerOwners(ctx context.Context) *docker.Owners {
	known := e.docker.read(ctx, e.cfg.DockerHost)
	return known.Snapshot.Owners()
}

// countRules is how many counters a ruleset has at most.
func countRules(rs *ruleset.Ruleset) (n int) {
	for _, f := range ruleset.Families() {
		for _, t := range rs.All(f) {
			for _, c := range t.Chains {
				n += 1 + len(c.Rules)
			}
		}
	}
	return n
}

// Text is the rule in words, without its comment, or the policy. The words of a
// rule are made when they are asked for: a list may have 20,000 of them each
// second, of which one screenful is looked at.
func (c *ChainCounter) Text() string {
	if c.Rule == nil || c.Words != "" {
		return c.Words
	}
	return c.Rule.Spec(c.Family)
}

// Uncounted reports whether the kernel does not count the rule, so that Count says
// nothing.
func (c *ChainCounter) Uncounted() bool { return c.Rule != nil && c.Rule.Uncounted }

func (c *ChainCounter) key() chainKey {
	return chainKey{c.Family, c.Table, c.Chain, c.Index, c.ID}
}

// rate fills in the rates from an earlier reading and returns this one as the
// memory for the next, which may be the earlier one's.
func (s *CounterSnapshot) rate(before counterMemory) counterMemory {
	now := counterMemory{at: s.At, chains: before.chains}
	per := s.At.Sub(before.at).Seconds()
	known := !before.at.IsZero() && per > 0
	oldRow := earlier(before.rows, func(r *RowCounter) string { return r.ID })
	for i := range s.Rows {
		r := &s.Rows[i]
		if was, ok := oldRow(i, r.ID); ok && known {
			r.Rate = perSecond(r.V4.Packets+r.V6.Packets, was.V4.Packets+was.V6.Packets, per)
		}
	}
	oldChain := earlier(before.chains, func(c *chainMemory) chainKey { return c.key })
	if !s.sameRules(before.chains) { // else each takes the place of its own past
		now.chains = make([]chainMemory, len(s.Chains))
	}
	for i := range s.Chains {
		c := &s.Chains[i]
		key := c.key()
		if was, ok := oldChain(i, key); ok && known {
			c.Rate = perSecond(c.Count.Packets, was.packets, per)
		}
		now.chains[i] = chainMemory{key, c.Count.Packets}
	}
	now.rows = slices.Clone(s.Rows) // the caller's list is the caller's
	return now
}

// sameRules reports whether the rules of the chains are those of an earlier
// reading, each at its place.
func (s *CounterSnapshot) sameRules(before []chainMemory) bool {
	if len(before) != len(s.Chains) {
		return false
	}
	for i := range before {
		if before[i].key != s.Chains[i].key() {
			return false
		}
	}
	return true
}

// earlier finds things of an earlier list by their key: at the same place, which
// is where all of them are while nothing was applied, else through a map that is
// made when it is needed first.
func earlier[T any, K comparable](list []T, key func(*T) K) func(at int, k K) (*T, bool) {
	var places map[K]int
	return func(at int, k K) (*T, bool) {
		if at < len(list) && key(&list[at]) == k {
			return &list[at], true
		}
		if places == nil {
			places = make(map[K]int, len(list))
			for i := range list {
				places[key(&list[i])] = i
			}
		}
		if at, ok := places[k]; ok {
			return &list[at], true
		}
		return nil, false
	}
}

// Flows dumps the conntrack table.
func (e *Engine) Flows(ctx context.Context) (FlowSnapshot, error) { return e.flows.read(ctx) }

// EnableAccounting switches the byte counters of conntrack on.
func (e *Engine) EnableAccounting() error { return live.EnableAccounting() }
