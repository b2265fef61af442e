package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/engine/compile"
	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// counterMemory is the last reading, from which the next one takes its rates.
type counterMemory struct {
	at     time.Time
	rows   map[string]uint64
	chains map[chainKey]uint64
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
	rs, err := e.kernel.Read(ctx)
	if err != nil {
		return CounterSnapshot{}, err
	}
	now := time.Now()
	snap := CounterSnapshot{At: now, Rows: e.rowCounters(rs), Chains: chainCounters(rs)}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.counted = snap.rate(e.counted)
	return snap, nil
}

// rowCounters joins the counts by row id with the rows that the ids stand for,
// table rows in file order first.
func (e *Engine) rowCounters(rs *ruleset.Ruleset) []RowCounter {
	names, counts := e.naming().rows, live.CountRows(rs)
	rows := make([]RowCounter, 0, len(counts))
	for id, n := range counts {
		name := names[id]
		if name.ref.Name == "" && name.ref.Line == 0 {
			name.ref.Name = id
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
func chainCounters(rs *ruleset.Ruleset) []ChainCounter {
	var list []ChainCounter
	for _, f := range ruleset.Families() {
		ts := *rs.Tables(f)
		for _, t := range ts {
			for _, c := range t.Chains {
				one := ChainCounter{Family: f, Table: t.Name, Chain: c.Name, Owner: live.Owner(ts, t.Name, c.Name).String()}
				if c.Policy != "" {
					one.Text, one.Count = "policy "+c.Policy, c.Counters
					list = append(list, one)
				}
				for i, r := range c.Rules {
					one.Index, one.ID, one.Text, one.Count = i+1, r.ID, r.Spec(f), r.Counters
					list = append(list, one)
				}
			}
		}
	}
	return list
}

// rate fills in the rates from an earlier reading and returns this one as the
// memory for the next.
func (s *CounterSnapshot) rate(before counterMemory) counterMemory {
	now := counterMemory{at: s.At, rows: make(map[string]uint64, len(s.Rows)), chains: make(map[chainKey]uint64, len(s.Chains))}
	per := s.At.Sub(before.at).Seconds()
	known := !before.at.IsZero() && per > 0
	for i := range s.Rows {
		r := &s.Rows[i]
		n := r.V4.Packets + r.V6.Packets
		now.rows[r.ID] = n
		if was, ok := before.rows[r.ID]; ok && known && n >= was {
			r.Rate = float64(n-was) / per
		}
	}
	for i := range s.Chains {
		c := &s.Chains[i]
		key := chainKey{c.Family, c.Table, c.Chain, c.Index, c.ID}
		now.chains[key] = c.Count.Packets
		if was, ok := before.chains[key]; ok && known && c.Count.Packets >= was {
			c.Rate = float64(c.Count.Packets-was) / per
		}
	}
	return now
}

// Flows dumps the conntrack table.
func (e *Engine) Flows(ctx context.Context) (FlowSnapshot, error) { return e.flows.read(ctx) }

// EnableAccounting switches the byte counters of conntrack on.
func (e *Engine) EnableAccounting() error { return live.EnableAccounting() }
