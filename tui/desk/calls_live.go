package desk

import (
	"context"
	"net/netip"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
)

// The answers about what is live.
type (
	// EndedMsg answers EndFlows.
	EndedMsg = Reply[engine.EndedFlows]
	// DeniedMsg answers Denied.
	DeniedMsg = Reply[engine.DeniedSnapshot]
	// ToldMsg answers TellAddresses.
	ToldMsg = Reply[engine.AddressFacts]
)

// EndFlows ends flows so that they do not come back.
func (c *Calls) EndFlows(r *Request, flows []engine.Flow) tea.Cmd {
	return read(c, r, func(ctx context.Context) (engine.EndedFlows, error) { return c.backend.EndFlows(ctx, flows) })
}

// OwnConnection is the administrator's SSH connection; not valid when it is not
// known.
func (c *Calls) OwnConnection() (client, server netip.AddrPort) { return c.backend.OwnConnection() }

// Denied asks for the packets that were logged.
func (c *Calls) Denied(r *Request) tea.Cmd { return read(c, r, c.backend.Denied) }

// TellAddresses asks what is known about addresses.
func (c *Calls) TellAddresses(r *Request, addrs []netip.Addr, want engine.AddressWant) tea.Cmd {
	return read(c, r, func(ctx context.Context) (engine.AddressFacts, error) {
		return c.backend.TellAddresses(ctx, addrs, want), nil
	})
}
