package engine

import (
	"context"
	"net/netip"
)

// FlowNames are what the tables and Docker call the ends of flows.
type FlowNames struct {
	objects, containers map[netip.Addr]string
}

// FlowNames are the names of now: of address objects by the applied tables, and
// of containers.
func (e *Engine) FlowNames(ctx context.Context) FlowNames {
	known := e.docker.read(ctx, e.cfg.DockerHost)
	return FlowNames{objects: e.naming().hosts, containers: known.Snapshot.ContainerNames()}
}

// Object is the name of the address object that is just this address; empty for
// none.
func (n FlowNames) Object(a netip.Addr) string { return n.objects[a] }

// Container is the name of the container that a flow goes to, or else comes
// from; empty when it does neither.
func (n FlowNames) Container(f *Flow) string { return n.containers[ContainerEnd(f, n.containers)] }

// ContainerEnd is the address of the container that a flow goes to, or else comes
// from; not valid when it does neither. The names of containers are by address.
func ContainerEnd(f *Flow, containers map[netip.Addr]string) netip.Addr {
	for _, a := range [...]netip.Addr{f.Orig.Dst, f.Reply.Src, f.Orig.Src} {
		if _, ok := containers[a]; ok {
			return a
		}
	}
	return netip.Addr{}
}
