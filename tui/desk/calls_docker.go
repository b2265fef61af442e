package desk

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
)

// The answers to Containers and RepairHooks.
type (
	ContainersMsg = Reply[engine.ContainerView]
	RepairedMsg   = Reply[[]engine.HookPlace]
)

// Containers asks what Docker runs, and who reaches it.
func (c *Calls) Containers(r *Request) tea.Cmd { return read(c, r, c.backend.Containers) }

// RepairHooks moves our hooks to where they work.
func (c *Calls) RepairHooks(r *Request) tea.Cmd { return read(c, r, c.backend.RepairHooks) }
