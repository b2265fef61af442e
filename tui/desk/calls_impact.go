package desk

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
)

// The answers about the consequences of a change.
type (
	FlowImpactMsg   = Reply[*engine.FlowImpact]
	PolicyImpactMsg = Reply[*engine.PolicyImpact]
)

// TrialEnded tells the pages how a transaction ended.
type TrialEnded struct {
	ID    string
	State engine.TrialState
}

// FlowImpact asks which live flows an apply of p means something for.
func (c *Calls) FlowImpact(r *Request, p *engine.Preview) tea.Cmd {
	return read(c, r, func(ctx context.Context) (*engine.FlowImpact, error) { return c.backend.FlowImpact(ctx, p) })
}

// PolicyImpact asks for which packets an apply of p changes the verdict.
func (c *Calls) PolicyImpact(r *Request, p *engine.Preview) tea.Cmd {
	return read(c, r, func(ctx context.Context) (*engine.PolicyImpact, error) { return c.backend.PolicyImpact(ctx, p) })
}
