package lab

import (
	"context"
	"fmt"
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

func loadDocker(ctx context.Context, fw *Host, opts Options) error {
	if err := fw.restore(ctx, opts.Backend, ruleset.V4, docker4); err != nil {
		return err
	}
	if !opts.Docker6 {
		return nil
	}
	return fw.restore(ctx, opts.Backend, ruleset.V6, docker6())
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
