package lab

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"strings"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// docker4 is what Docker 20.10 writes for its default network with one
// published port, 8080 of the host to 80 of the container web. The daemon sets
// the policy of FORWARD when it was the one to switch forwarding on.
const docker4 = `*filter
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -j RETURN
COMMIT
*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
`

// docker6 is the same for IPv6, which 20.10 writes with --ip6tables.
func docker6() string {
	return strings.NewReplacer(
		"172.17.0.2/32", "fd00:17::2/128",
		"172.17.0.0/16", "fd00:17::/64",
		"172.17.0.2:80", "[fd00:17::2]:80",
		"127.0.0.0/8", "::1/128",
	).Replace(docker4)
}

// startDocker does what the daemon does for the containers: its chains, and the
// proxy in user space that it runs for each published port.
func startDocker(ctx context.Context, fw, web *Host, opts Options) error {
	if err := fw.restore(ctx, opts.Backend, ruleset.V4, docker4); err != nil {
		return err
	}
	if opts.Docker6 {
		if err := fw.restore(ctx, opts.Backend, ruleset.V6, docker6()); err != nil {
			return err
		}
	}
	return fw.proxy(8080, netip.AddrPortFrom(web.V4, 80))
}

// proxy joins connections that arrive at a port of the host itself, and are not
// translated before, with a container. Over IPv6 this is the only way to a
// container that is published by Docker 20.10 without --ip6tables.
func (h *Host) proxy(port uint16, to netip.AddrPort) error {
	for _, addr := range h.addrs {
		var l *net.TCPListener
		err := h.Do(func() (err error) {
			l, err = net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(addr, port)))
			return err
		})
		if err != nil {
			return fmt.Errorf("host %s: publish port %d: %w", h.Name, port, err)
		}
		context.AfterFunc(h.ctx, func() { l.Close() })
		h.servers.Go(func() { h.accept(l, func(conn *net.TCPConn) { h.join(conn, to) }) })
	}
	return nil
}

// join copies between a connection and a new one until either side ends.
func (h *Host) join(conn *net.TCPConn, to netip.AddrPort) {
	var there *net.TCPConn
	err := h.Do(func() (err error) {
		there, err = net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(to))
		return err
	})
	if err != nil {
		return
	}
	defer there.Close()
	defer context.AfterFunc(h.ctx, func() { there.Close() })()
	go func() {
		io.Copy(there, conn)
		there.CloseWrite()
	}()
	io.Copy(conn, there)
}

// restore loads rules with the host's own tool.
func (h *Host) restore(ctx context.Context, backend host.Backend, f ruleset.Family, text string) error {
	path, err := findTool(restoreTool(backend, f))
	if err != nil {
		return err
	}
	if _, err := h.RunInput(ctx, text, path, "--noflush", "--wait"); err != nil {
		return fmt.Errorf("load rules on %s: %w", h.Name, err)
	}
	return nil
}

func restoreTool(backend host.Backend, f ruleset.Family) string {
	name := "iptables"
	if f == ruleset.V6 {
		name = "ip6tables"
	}
	if backend != "" {
		name += "-" + string(backend)
	}
	return name + "-restore"
}

// findTool looks for a program, also where an administrator's programs are: the
// search path of an ordinary user on Debian lacks these directories.
func findTool(name string) (string, error) {
	for _, candidate := range []string{name, "/usr/sbin/" + name, "/sbin/" + name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed, or not in the search path", name)
}
