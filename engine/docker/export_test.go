package docker

import "testing"

// Serve answers as an engine with some containers on a socket of its own.
func Serve(t *testing.T, answers map[string]string) (socket string) {
	socket, _ = serve(t, answers)
	return socket
}
