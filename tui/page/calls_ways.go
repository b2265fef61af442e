package page

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
)

// WaysMsg answers Ways.
type WaysMsg = Reply[engine.Ways]

// Ways reads by which interfaces addresses are reached.
func (c *Calls) Ways(r *Request) tea.Cmd { return read(c, r, c.backend.Ways) }
