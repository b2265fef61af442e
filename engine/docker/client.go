package docker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/moby/moby/client"
)

// DefaultSocket is where the engine listens unless DOCKER_HOST says otherwise.
const DefaultSocket = "/var/run/docker.sock"

// How long the engine may take. Listing containers waits for each container's
// lock, which the engine holds for up to a quarter of a second at a start.
const (
	dialLimit = 2 * time.Second
	readLimit = 10 * time.Second
)

// AbsentError says that no engine answers.
type AbsentError struct {
	Socket string
	Err    error
}

func (e *AbsentError) Error() string {
	switch {
	case errors.Is(e.Err, os.ErrNotExist):
		return "no Docker engine: there is no socket " + e.Socket
	case errors.Is(e.Err, os.ErrPermission):
		return "no permission to ask the Docker engine at " + e.Socket
	}
	return fmt.Sprintf("the Docker engine does not answer at %s: %v", e.Socket, e.Err)
}

func (e *AbsentError) Unwrap() error { return e.Err }

// Socket is the path of the engine's socket for a value of DOCKER_HOST, which
// may be empty. An engine on another machine has nothing to do with the rules of
// this one, so only unix sockets will do.
func Socket(dockerHost string) (string, error) {
	if dockerHost == "" {
		return DefaultSocket, nil
	}
	path, ok := strings.CutPrefix(dockerHost, "unix://")
	if !ok || !strings.HasPrefix(path, "/") {
		return "", fmt.Errorf("DOCKER_HOST %q: only a socket of this machine will do, as unix://%s", dockerHost, DefaultSocket)
	}
	return path, nil
}

// connection is one engine that is being asked. It agrees on the version of the
// API once, so each run of the engine gets a connection of its own.
type connection struct {
	api       *client.Client
	transport *http.Transport
}

// connect finds out whether somebody listens; the error is an *AbsentError when
// nobody does.
func connect(ctx context.Context, socket string) (*connection, error) {
	dialer := net.Dialer{Timeout: dialLimit}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "unix", socket)
	}
	probe, err := dial(ctx, "", "")
	if err != nil {
		return nil, &AbsentError{Socket: socket, Err: reason(err)}
	}
	probe.Close()
	transport := &http.Transport{
		DialContext: dial, DisableCompression: true, MaxIdleConns: 2, IdleConnTimeout: time.Minute, ResponseHeaderTimeout: readLimit,
	}
	// The host first: it wants to set up a transport that is then replaced.
	api, err := client.New(client.WithHost("unix://"+socket),
		client.WithHTTPClient(&http.Client{Transport: onlyReads{transport}, CheckRedirect: client.CheckRedirect}))
	if err != nil {
		return nil, fmt.Errorf("ask the Docker engine at %s: %w", socket, err)
	}
	return &connection{api, transport}, nil
}

// reason is the cause of a failed dial without the words around it.
func reason(err error) error {
	var sys *os.SyscallError
	if errors.As(err, &sys) {
		return sys.Err
	}
	return err
}

func (c *connection) close() { c.transport.CloseIdleConnections() }
