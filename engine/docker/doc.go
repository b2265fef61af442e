// Package docker is the room for what is known from the Docker engine itself:
// container addresses, labels, published ports, and its restarts.
//
// It holds nothing yet. What the firewall needs of Docker today stands in the
// live rules, and is read there: where to hook (host.ForwardHook) and which
// chains are Docker's (live.Owner). The room will talk to the engine's socket
// by reading calls only, and will trust no string that comes from it.
package docker
