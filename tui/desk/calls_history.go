package desk

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
)

// The answers to the calls of the History page.
type (
	// EntriesMsg answers Entries.
	EntriesMsg Reply[[]engine.Generation]
	// RecalledMsg answers Recall.
	RecalledMsg struct {
		N     uint64
		Value *engine.Recalled
		Err   error

		Compared *Compared
	}
	// PastTablesMsg answers PastTables.
	PastTablesMsg struct {
		N   uint64
		Of  engine.Generation
		Set *tables.Set
		Err error
	}
)

// Entries lists what happened, for the page that shows it.
func (c *Calls) Entries(r *Request) tea.Cmd {
	m := EntriesMsg{N: c.Number(r)}
	return func() tea.Msg {
		m.Value, m.Err = within(c.ctx, readLimit, func(context.Context) ([]engine.Generation, error) { return c.backend.History() })
		return m
	}
}

// Recall compares a generation with another one.
func (c *Calls) Recall(r *Request, id string, against engine.Against) tea.Cmd {
	m := RecalledMsg{N: c.Number(r)}
	return func() tea.Msg {
		m.Value, m.Err = try(func() (*engine.Recalled, error) {
			v, err := c.backend.Recall(id, against)
			if err == nil {
				m.Compared = NewCompared(v.Review, v.Diff)
			}
			return v, err
		})
		return m
	}
}

// PastTables reads the tables of a generation.
func (c *Calls) PastTables(r *Request, of engine.Generation) tea.Cmd {
	m := PastTablesMsg{N: c.Number(r), Of: of}
	return func() tea.Msg {
		m.Set, m.Err = try(func() (*tables.Set, error) { return c.backend.PastTables(of.ID) })
		return m
	}
}
