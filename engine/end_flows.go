package engine

import (
	"context"

	"github.com/ti-mo/conntrack"

	"github.com/mfwtui/mfwtui/engine/apply"
)

// FlowEnder is what ends live flows.
type FlowEnder interface {
	// EndFlows ends flows so that they do not come back with their next
	// packet, and touches no others. It takes up to six seconds.
	EndFlows(ctx context.Context, flows []Flow) (EndedFlows, error)
}

// EndedFlows is what became of flows that were to end, see apply.Ended.
type EndedFlows = apply.Ended

// EndFlows ends flows so that they do not come back with their next packet.
func (e *Engine) EndFlows(ctx context.Context, flows []Flow) (EndedFlows, error) {
	native := make([]conntrack.Flow, len(flows))
	for i := range flows {
		native[i] = flows[i].Native()
	}
	return apply.EndFlows(ctx, e.kernel, e.paths, native)
}
