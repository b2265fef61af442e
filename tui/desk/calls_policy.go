package desk

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
	Rows     *Compiled
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
type HitsMsg = Reply[map[string]RowHits]

// RowHits is what the rules of a row counted, by family, and how many of the flows
// of now it would decide about.
type RowHits struct {
	V4, V6 ruleset.Counters
	Rate   float64
	Last   time.Time // when it was seen to grow; zero for never
	Flows  int       // -1: not known
}

// Packets are those of both families.
func (h *RowHits) Packets() uint64 { return h.V4.Packets + h.V6.Packets }

// Add adds what another rule counted.
func (h *RowHits) Add(o RowHits) {
	h.V4, h.V6, h.Rate = h.V4.Add(o.V4), h.V6.Add(o.V6), h.Rate+o.Rate
	if o.Last.After(h.Last) {
		h.Last = o.Last
	}
	if h.Flows += o.Flows; o.Flows < 0 {
		h.Flows = -1
	}
}

// Compile compiles a set and finds the rules of each row.
func (c *Calls) Compile(r *Request, set *tables.Set) tea.Cmd {
	m := CompiledMsg{N: c.Number(r), Set: set}
	return func() tea.Msg {
		m.Rows, m.Err = try(func() (*Compiled, error) {
			var compiled *engine.Compiled
			if compiled, m.Problems = c.backend.Compile(set); compiled == nil {
				return nil, nil
			}
			m.Problems = append(m.Problems, insightProblems(c.backend.Insights(set), m.Problems)...)
			m.Problems.Sort()
			return newCompiled(set, compiled), nil
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
func (c *Calls) Rename(r *Request, set *tables.Set, class tables.Object, name, to string) tea.Cmd {
	m := RenamedMsg{N: c.Number(r)}
	return func() tea.Msg {
		m.Set, m.Err = try(func() (*tables.Set, error) {
			next, _, err := set.Rename(class, name, to)
			if err == nil {
				_, m.Problems = c.backend.Check(next)
			}
			return next, err
		})
		return m
	}
}

// Hits reads what each row counted and how many flows are its own, by its id;
// before is the reading before. Flows that cannot be read leave the rest known.
func (c *Calls) Hits(r *Request, before map[string]RowHits) tea.Cmd {
	return read(c, r, func(ctx context.Context) (map[string]RowHits, error) {
		snap, err := c.backend.Counters(ctx)
		if err != nil {
			return nil, err
		}
		flows := c.flowsOfRows(ctx)
		hits := make(map[string]RowHits, len(snap.Rows))
		for i := range snap.Rows {
			row := &snap.Rows[i]
			now := RowHits{V4: row.V4, V6: row.V6, Rate: row.Rate, Flows: -1}
			if flows != nil {
				now.Flows = flows[row.Row.String()]
			}
			if was, ok := before[row.ID]; ok {
				if now.Last = was.Last; now.Packets() > was.Packets() {
					now.Last = snap.At
				}
			}
			hits[row.ID] = now
		}
		return hits, nil
	})
}

// flowsOfRows counts the flows of now by the row that would decide about them;
// nil when they are not known.
func (c *Calls) flowsOfRows(ctx context.Context) map[string]int {
	flows, err := c.backend.LiveFlows(ctx)
	if err != nil {
		return nil
	}
	n := make(map[string]int)
	for _, v := range flows.Verdicts {
		n[v.By]++
	}
	return n
}
