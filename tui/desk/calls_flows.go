package desk

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
)

// LiveFlowsMsg answers LiveFlows. The flows may be known although Err is set:
// then nothing says which rows admit them.
type LiveFlowsMsg = Reply[engine.LiveFlows]

// LiveFlows reads every flow, and what the live rules say about each.
func (c *Calls) LiveFlows(r *Request) tea.Cmd { return read(c, r, c.backend.LiveFlows) }
