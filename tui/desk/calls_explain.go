package desk

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
)

// ExplainedMsg answers Explain: the way of each packet that was asked about.
type ExplainedMsg struct {
	Reply[[]engine.BothWays]
	Set *tables.Set
}

// Explain walks packets through the live rules and through a set.
func (c *Calls) Explain(r *Request, set *tables.Set, questions []engine.Question) tea.Cmd {
	m := ExplainedMsg{Set: set}
	m.N = c.Number(r)
	return func() tea.Msg {
		m.Value, m.Err = within(c.ctx, readLimit, func(ctx context.Context) ([]engine.BothWays, error) {
			var list []engine.BothWays
			for _, q := range questions {
				both, err := c.backend.ExplainBoth(ctx, set, q)
				if err != nil {
					return nil, err
				}
				list = append(list, both)
			}
			return list, nil
		})
		return m
	}
}
