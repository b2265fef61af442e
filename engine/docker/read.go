package docker

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// Read asks the engine once. The error is an *AbsentError when nobody listens
// on the socket.
func Read(ctx context.Context, socket string) (Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	c, err := connect(ctx, socket)
	if err != nil {
		return Snapshot{}, err
	}
	defer c.close()
	return c.read(ctx)
}

func (c *connection) read(ctx context.Context) (Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	snap := Snapshot{At: time.Now(), Firewall: "iptables"}
	info, err := c.api.Info(ctx, client.InfoOptions{})
	if err != nil {
		return Snapshot{}, fmt.Errorf("ask the Docker engine about itself: %w", err)
	}
	snap.Version, snap.API = info.Info.ServerVersion, c.api.ClientVersion()
	if f := info.Info.FirewallBackend; f != nil && f.Driver != "" {
		snap.Firewall = f.Driver
	}
	networks, err := c.api.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return Snapshot{}, fmt.Errorf("list the networks of Docker: %w", err)
	}
	bridges := make(map[string]string)
	for i := range networks.Items {
		n := networkOf(&networks.Items[i].Network)
		snap.Networks = append(snap.Networks, n)
		bridges[n.ID] = n.Bridge
	}
	containers, err := c.api.ContainerList(ctx, client.ContainerListOptions{All: true})
	if err != nil {
		return Snapshot{}, fmt.Errorf("list the containers of Docker: %w", err)
	}
	for i := range containers.Items {
		if item := &containers.Items[i]; isID(item.ID) {
			snap.Containers = append(snap.Containers, containerOf(item, bridges))
		}
	}
	snap.sorted()
	return snap, nil
}

var idForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

func isID(id string) bool { return idForm.MatchString(id) }

// bridgeName is the option of a bridge network that names its interface.
const bridgeName = "com.docker.network.bridge.name"

func networkOf(n *network.Network) Network {
	out := Network{ID: n.ID, Name: n.Name, Driver: n.Driver, Internal: n.Internal}
	if n.Driver == "bridge" {
		out.Bridge = n.Options[bridgeName]
		if out.Bridge == "" && isID(n.ID) {
			out.Bridge = "br-" + n.ID[:12]
		}
	}
	for _, c := range n.IPAM.Config {
		if c.Subnet.IsValid() {
			out.Subnets = append(out.Subnets, c.Subnet.Masked())
		}
	}
	return out
}

func containerOf(c *container.Summary, bridges map[string]string) Container {
	out := Container{ID: c.ID, Name: nameOf(c), State: string(c.State), Mode: c.HostConfig.NetworkMode}
	if c.NetworkSettings != nil {
		for name, e := range c.NetworkSettings.Networks {
			if e != nil {
				out.Endpoints = append(out.Endpoints, Endpoint{
					Network: e.NetworkID, Name: name, Bridge: bridges[e.NetworkID], V4: e.IPAddress, V6: e.GlobalIPv6Address,
				})
			}
		}
	}
	for _, p := range c.Ports {
		if proto, ok := protocols[p.Type]; ok && p.PublicPort != 0 {
			out.Published = append(out.Published, Port{
				Host: netip.AddrPortFrom(p.IP, p.PublicPort), Proto: proto, Container: p.PrivatePort,
			})
		}
	}
	return out
}

// nameOf is the container's own name: the list also has one for each link to
// it, as "/other/alias".
func nameOf(c *container.Summary) string {
	for _, n := range c.Names {
		if n = strings.TrimPrefix(n, "/"); !strings.Contains(n, "/") {
			return n
		}
	}
	return c.ID[:12]
}
