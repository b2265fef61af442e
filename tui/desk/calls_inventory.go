package desk

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
)

// The answers about what this host has.
type (
	HostServicesMsg   = Reply[[]tables.HostService]
	HostInterfacesMsg = Reply[[]engine.HostInterface]
)

// HostServices lists the services that this host knows by name.
func (c *Calls) HostServices(r *Request) tea.Cmd {
	m := HostServicesMsg{N: c.Number(r)}
	return func() tea.Msg {
		m.Value, m.Err = try(c.backend.HostServices)
		return m
	}
}

// HostInterfaces lists the network interfaces of this host.
func (c *Calls) HostInterfaces(r *Request) tea.Cmd {
	m := HostInterfacesMsg{N: c.Number(r)}
	return func() tea.Msg {
		m.Value, m.Err = try(c.backend.HostInterfaces)
		return m
	}
}
