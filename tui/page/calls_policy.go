package page

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// CompiledMsg answers Compile. Rows is nil when the tables have errors.
type CompiledMsg struct {
	N        uint64
	Set      *tables.Set
	Rows     *compiledRows
	Problems tables.Problems
	Err      error
}

// RenamedMsg answers Rename. Set is nil when the name cannot be taken, and Err
// says why.
type RenamedMsg struct {
	N        uint64
	Set      *tables.Set
	Problems tables.Problems
	Err      error
}

// HitsMsg answers Hits.
type HitsMsg = Reply[map[string]rowHits]

// rowHits is what the rules of a row counted, by family.
type rowHits struct {
	v4, v6 ruleset.Counters
	rate   float64
	last   time.Time // when it was seen to grow; zero for never
}

func (h *rowHits) packets() uint64 { return h.v4.Packets + h.v6.Packets }

// add adds what another rule counted.
func (h *rowHits) add(o rowHits) {
	h.v4, h.v6, h.rate = h.v4.Add(o.v4), h.v6.Add(o.v6), h.rate+o.rate
	if o.last.After(h.last) {
		h.last = o.last
	}
}

// Compile compiles a set and finds the rules of each row.
func (c *Calls) Compile(r *Request, set *tables.Set) tea.Cmd {
	m := CompiledMsg{N: c.number(r), Set: set}
	return func() tea.Msg {
		m.Rows, m.Err = try(func() (*compiledRows, error) {
			var compiled *engine.Compiled
			if compiled, m.Problems = c.backend.Compile(set); compiled == nil {
				return nil, nil
			}
			m.Problems = append(m.Problems, insightProblems(c.backend.Insights(set), m.Problems)...)
			m.Problems.Sort()
			return newCompiledRows(set, compiled), nil
		})
		return m
	}
}

// insightProblems are warnings about rows that do nothing, except where the
// check has said so of a row in its own words.
func insightProblems(insights []engine.RowInsight, known tables.Problems) tables.Problems {
	var problems tables.Problems
	for _, one := range insights {
		said := slices.ContainsFunc(known, func(p tables.Problem) bool {
			return p.File == tables.Rules.String() && p.Line == one.Line && strings.HasPrefix(p.Text, "never ")
		})
		if !said {
			problems = append(problems, tables.Problem{
				File: tables.Rules.String(), Line: one.Line, Col: 1, Cell: -1, Severity: tables.Warning, Text: one.String(),
			})
		}
	}
	return problems
}

// Rename gives an object another name, and finds the problems of the set with
// it.
func (c *Calls) Rename(r *Request, set *tables.Set, o object, to string) tea.Cmd {
	m := RenamedMsg{N: c.number(r)}
	return func() tea.Msg {
		m.Set, m.Err = try(func() (*tables.Set, error) {
			next, _, err := set.Rename(o.class, o.name, to)
			if err == nil {
				_, m.Problems = c.backend.Check(next)
			}
			return next, err
		})
		return m
	}
}

// Hits reads what each row counted, by its id; before is the reading before.
func (c *Calls) Hits(r *Request, before map[string]rowHits) tea.Cmd {
	return read(c, r, func(ctx context.Context) (map[string]rowHits, error) {
		snap, err := c.backend.Counters(ctx)
		if err != nil {
			return nil, err
		}
		hits := make(map[string]rowHits, len(snap.Rows))
		for i := range snap.Rows {
			row := &snap.Rows[i]
			now := rowHits{v4: row.V4, v6: row.V6, rate: row.Rate}
			if was, ok := before[row.ID]; ok {
				if now.last = was.last; now.packets() > was.packets() {
					now.last = snap.At
				}
			}
			hits[row.ID] = now
		}
		return hits, nil
	})
}
