package engine

import "net/netip"

// OwnConnectionTeller is what knows over which connection a person sits here.
type OwnConnectionTeller interface {
	// OwnConnection is the administrator's SSH connection as SSH_CONNECTION
	// tells it, which is a hint only; not valid when it tells none.
	OwnConnection() (client, server netip.AddrPort)
}

// OwnConnection is the administrator's SSH connection.
func (e *Engine) OwnConnection() (client, server netip.AddrPort) {
	c := e.admin()
	return c.Client, c.Server
}
