package desk

import (
	"context"

	tea "charm.land/bubbletea/v2"
)

// CountingMsg answers StartCounting and StopCounting.
type CountingMsg struct {
	N       uint64
	Started bool
	Err     error
}

// StartCounting makes the counters count from now.
func (c *Calls) StartCounting(r *Request) tea.Cmd {
	m := CountingMsg{N: c.Number(r), Started: true}
	return func() tea.Msg {
		_, m.Err = within(c.ctx, readLimit, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, c.backend.StartCounting(ctx)
		})
		return m
	}
}

// StopCounting shows all again that the kernel counted.
func (c *Calls) StopCounting(r *Request) tea.Cmd {
	m := CountingMsg{N: c.Number(r)}
	return func() tea.Msg {
		_, m.Err = try(func() (struct{}, error) { return struct{}{}, c.backend.StopCounting() })
		return m
	}
}
