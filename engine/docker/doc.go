// Package docker knows the Docker engine: its containers, their addresses and
// published ports, its networks, and to which of them a rule in its chains
// belongs.
//
// It speaks to the engine's socket on this machine by reading calls only, at
// the API version that the engine offers (20.10 and later), with time limits
// and limits on the size of answers. The socket is trusted like root; the
// strings that come from it are not: container and network names are text to be
// cleaned before it is shown, and nothing of them ever reaches a rule.
//
// Which rule belongs to whom is pure: rules and a snapshot in, names out.
package docker
