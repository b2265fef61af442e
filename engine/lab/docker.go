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

// nftables are what engine 29 (moby v2.0.0-beta.24) writes for the same network and
// port where its back end is nftables.
const nftables = `table ip docker-bridges {
	map filter-forward-in-jumps {
		type ifname : verdict
		elements = { "docker0" : jump filter-forward-in__docker0 }
	}
	map filter-forward-out-jumps {
		type ifname : verdict
		elements = { "docker0" : jump filter-forward-out__docker0 }
	}
	map nat-postrouting-in-jumps {
		type ifname : verdict
		elements = { "docker0" : jump nat-postrouting-in__docker0 }
	}
	map nat-postrouting-out-jumps {
		type ifname : verdict
		elements = { "docker0" : jump nat-postrouting-out__docker0 }
	}
	chain filter-FORWARD {
		type filter hook forward priority filter; policy accept;
		oifname vmap @filter-forward-in-jumps
		iifname vmap @filter-forward-out-jumps
	}
	chain nat-OUTPUT {
		type nat hook output priority -100; policy accept;
		ip daddr != 127.0.0.0/8 fib daddr type local counter jump nat-prerouting-and-output
	}
	chain nat-POSTROUTING {
		type nat hook postrouting priority srcnat; policy accept;
		iifname vmap @nat-postrouting-out-jumps
		oifname vmap @nat-postrouting-in-jumps
	}
	chain nat-PREROUTING {
		type nat hook prerouting priority dstnat; policy accept;
		fib daddr type local counter jump nat-prerouting-and-output
	}
	chain nat-prerouting-and-output {
		iifname != "docker0" tcp dport 8080 counter dnat to 172.17.0.2:80 comment "DNAT"
	}
	chain raw-PREROUTING {
		type filter hook prerouting priority raw; policy accept;
		ip daddr 172.17.0.2 iifname != "docker0" counter drop comment "DROP DIRECT ACCESS"
		ip daddr 172.17.0.3 iifname != "docker0" counter drop comment "DROP DIRECT ACCESS"
	}
	chain filter-forward-in__docker0 {
		ct state established,related counter accept
		iifname "docker0" counter accept comment "ICC"
		ip daddr 172.17.0.2 tcp dport 80 counter accept
		counter drop comment "UNPUBLISHED PORT DROP"
	}
	chain filter-forward-out__docker0 {
		ct state established,related counter accept
		counter accept comment "OUTGOING"
	}
	chain nat-postrouting-in__docker0 {
	}
	chain nat-postrouting-out__docker0 {
		oifname != "docker0" ip saddr 172.17.0.0/16 counter masquerade comment "MASQUERADE"
	}
}
`

// nftables6 is the same for IPv6.
func nftables6() string {
	return strings.NewReplacer(
		"table ip ", "table ip6 ", "ip daddr", "ip6 daddr", "ip saddr", "ip6 saddr",
		"172.17.0.2:80", "[fd00:17::2]:80", "172.17.0.0/16", "fd00:17::/64",
		"172.17.0.2", "fd00:17::2", "172.17.0.3", "fd00:17::3", "127.0.0.0/8", "::1",
		"tcp dport 8080", "ip6 saddr != fe80::/10 tcp dport 8080",
	).Replace(nftables)
}

// builtIn makes the built-in chains of iptables, which are there before Docker's
// engine starts on a host whose firewall is loaded at boot.
const builtIn = `*raw
:PREROUTING ACCEPT [0:0]
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
COMMIT
*filter
:FORWARD ACCEPT [0:0]
COMMIT
`

// startNFT is startDocker for an engine that writes nftables.
func startNFT(ctx context.Context, fw, web *Host, opts Options) error {
	for _, f := range ruleset.Families() {
		if err := fw.restore(ctx, opts.Backend, f, builtIn); err != nil {
			return err
		}
	}
	path, err := findTool("nft")
	if err != nil {
		return err
	}
	if _, err := fw.RunInput(ctx, nftables+nftables6(), path, "-f", "-"); err != nil {
		return fmt.Errorf("load rules on %s: %w", fw.Name, err)
	}
	return fw.proxy(8080, netip.AddrPortFrom(web.V4, 80))
}

// startDocker does what the daemon does for the containers: its chains, and the
// proxy in user space that it runs for each published port.
func startDocker(ctx context.Context, fw, web *Host, opts Options) error {
	if opts.DockerNFT {
		return startNFT(ctx, fw, web, opts)
	}
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
