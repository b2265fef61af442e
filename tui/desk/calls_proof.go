package desk

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
)

// The answers to Proof, Traffic and ForeignDrift.
type (
	ProofMsg   = Reply[engine.TrialProof]
	TrafficMsg = Reply[engine.TrafficSnapshot]
	ForeignMsg = Reply[engine.ForeignDrift]
)

// TimestampsMsg answers EnableTimestamps.
type TimestampsMsg struct {
	N   uint64
	Err error
}

// Proof asks what came through since the flip.
func (c *Calls) Proof(r *Request) tea.Cmd { return read(c, r, c.backend.Proof) }

// Traffic reads interfaces and flows.
func (c *Calls) Traffic(r *Request) tea.Cmd { return read(c, r, c.backend.Traffic) }

// ForeignDrift asks what others did to their rules.
func (c *Calls) ForeignDrift(r *Request) tea.Cmd { return read(c, r, c.backend.ForeignDrift) }

// EnableTimestamps makes conntrack note when a flow begins.
func (c *Calls) EnableTimestamps(r *Request) tea.Cmd {
	m := TimestampsMsg{N: c.Number(r)}
	return func() tea.Msg {
		_, m.Err = try(func() (struct{}, error) { return struct{}{}, c.backend.EnableTimestamps() })
		return m
	}
}
