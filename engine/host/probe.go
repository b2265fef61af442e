package host

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/vishvananda/netlink"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Probe implements Kernel.
func (r *Real) Probe(ctx context.Context) (Capabilities, error) {
	t, err := r.tools(ctx)
	if err != nil {
		return Capabilities{}, err
	}
	c := Capabilities{Backend: t.backend, OtherTables: t.other, IPv6: hasIPv6()}
	if c.Interfaces, c.Bridges, err = r.Links(ctx); err != nil {
		return Capabilities{}, err
	}
	if c.Version, c.ForwardHook4, err = r.hookOf(ctx, t, ruleset.V4); err != nil {
		return Capabilities{}, err
	}
	c.ForwardHook6 = ruleset.Forward
	if c.IPv6 {
		if _, c.ForwardHook6, err = r.hookOf(ctx, t, ruleset.V6); err != nil {
			return Capabilities{}, err
		}
	}
	c.Missing = r.missing(ctx, t)
	c.DeadMan = len(c.Missing) == 0
	return c, nil
}

// hookOf finds the version of the tool and where to hook our forward chain.
func (r *Real) hookOf(ctx context.Context, t *tools, f ruleset.Family) (version, hook string, err error) {
	l, err := newLister(t.command(f), f)
	if err != nil {
		return "", "", err
	}
	major, minor, patch := l.GetIptablesVersion()
	version = fmt.Sprintf("%d.%d.%d", major, minor, patch)
	if t.backend == Legacy && !slices.Contains(legacyTables(f), ruleset.Filter) {
		return version, ruleset.Forward, nil // to list a chain would create the table
	}
	if r.lockFile != "" {
		// go-iptables would take the machine's lock; a save takes none.
		ts, err := r.startTables(ctx, t, f)()
		return version, ruleset.ForwardHook(ts.Chain(ruleset.Filter, ruleset.Forward)), err
	}
	c, err := r.chain(ctx, l, f, ruleset.Filter, ruleset.Forward)
	if err != nil {
		return "", "", err
	}
	return version, ruleset.ForwardHook(c), nil
}

// Links implements Kernel. It asks by netlink: /sys shows the namespace that
// mounted it.
func (r *Real) Links(context.Context) (interfaces, bridges []string, err error) {
	links, err := netlink.LinkList()
	for try := 1; errors.Is(err, netlink.ErrDumpInterrupted) && try < 5; try++ {
		links, err = netlink.LinkList() // an interface came or went meanwhile
	}
	if err != nil {
		return nil, nil, fmt.Errorf("list the network interfaces: %w", err)
	}
	for _, l := range links {
		name := l.Attrs().Name
		interfaces = append(interfaces, name)
		if l.Type() == "bridge" {
			bridges = append(bridges, name)
		}
	}
	return interfaces, bridges, nil
}
