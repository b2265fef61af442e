package desk

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
)

// TracedMsg answers TracePackets.
type TracedMsg struct{ Reply[*engine.PacketTrace] }

// TracePackets lets the kernel tell about packets for as long as the request
// says. Loading the rules for it, and taking them away, comes on top.
func (c *Calls) TracePackets(r *Request, req engine.TraceRequest) tea.Cmd {
	var m TracedMsg
	m.N = c.Number(r)
	return func() tea.Msg {
		m.Value, m.Err = within(c.ctx, req.For+readLimit, func(ctx context.Context) (*engine.PacketTrace, error) {
			return c.backend.TracePackets(ctx, req)
		})
		return m
	}
}
