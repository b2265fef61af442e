package apply

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// rehearsal is what loading the rules elsewhere showed.
type rehearsal struct {
	proof []string
	err   error
}

func (r *rehearsal) prove(format string, args ...any) {
	r.proof = append(r.proof, fmt.Sprintf(format, args...))
}

// rehearse loads exactly what will be loaded, with the same tools, in a scratch
// network namespace that has nothing else, reads it back, and opens a
// connection to the SSH port from the administrator's own address. The tools'
// --test would find neither a jump to a chain that is not there nor a rule that
// locks everybody out. Where namespaces cannot be made it says so and lets the
// rules pass: the trial is still safe.
func rehearse(ctx context.Context, k host.Kernel, req Request) rehearsal {
	var r rehearsal
	if _, ok := k.(*host.Real); !ok {
		return r // a kernel in memory is in no namespace
	}
	scratch, err := lab.NewNamespace()
	if err != nil {
		r.prove("not rehearsed: %v", err)
		return r
	}
	defer scratch.Close()
	// All programs are started on the thread that Do locks.
	if r.err = scratch.Do(func() error { return tryLoad(ctx, k, req.Want) }); r.err != nil {
		r.err = fmt.Errorf("rehearsal: %w", r.err)
		return r
	}
	r.prove("rehearsed: the exact rules were loaded in a scratch network namespace and read back unchanged")
	r.knock(scratch, req)
	return r
}

func tryLoad(ctx context.Context, k host.Kernel, want plan.Target) error {
	if err := k.RestoreBoth(ctx, stubs(want.Hooks, ruleset.V4), stubs(want.Hooks, ruleset.V6)); err != nil {
		return err
	}
	t := txn{k: k}
	return t.bring(ctx, want, plan.Owned(want.Rules))
}

// stubs are the foreign chains that hooks stand in, Docker's for instance,
// empty and reached from FORWARD.
func stubs(hooks []ruleset.Hook, f ruleset.Family) string {
	p := ruleset.NewPrinter(f)
	for _, h := range hooks {
		if h.Family != f || isBuiltin(h.From) {
			continue
		}
		p.Table(h.Table)
		p.Declare(h.From)
		p.WriteRule(ruleset.Append, ruleset.Forward, &ruleset.Rule{Target: ruleset.Jump{Chain: h.From}}, false)
		p.Commit()
	}
	text, err := p.Text()
	if err != nil {
		return "" // the load of the hooks themselves will tell
	}
	return text
}

// knock opens a connection as the administrator would.
func (r *rehearsal) knock(scratch *lab.Namespace, req Request) {
	client, server := req.Admin.Client, req.Admin.Server
	if !client.IsValid() || !server.IsValid() {
		r.prove("no SSH connection to try: not checked whether you could log in again")
		return
	}
	iface, err := ingress(client.Addr())
	if err != nil {
		r.prove("not checked whether you could log in again: %v", err)
		return
	}
	err = dialThrough(scratch, iface, client, server)
	var refused *LockoutError
	switch {
	case err == nil:
		r.prove("a new connection from your address %s to %s through %s was let in", client.Addr(), server, iface)
	case errors.As(err, &refused) && req.Override:
		r.prove("%v; you chose to go on", err)
	case errors.As(err, &refused):
		r.err = err
	default:
		r.prove("not checked whether you could log in again: %v", err)
	}
}

// ingress is the interface through which the administrator comes, taken from
// the route back.
func ingress(client netip.Addr) (string, error) {
	if client.IsLinkLocalUnicast() || client.IsLoopback() {
		return "", fmt.Errorf("%s comes from no network", client)
	}
	routes, err := netlink.RouteGet(client.AsSlice())
	if err != nil {
		return "", fmt.Errorf("find the route to %s: %w", client, err)
	}
	link, err := netlink.LinkByIndex(routes[0].LinkIndex)
	if err != nil {
		return "", fmt.Errorf("find the interface to %s: %w", client, err)
	}
	if link.Attrs().Name == "lo" {
		return "", fmt.Errorf("%s is this host", client)
	}
	return link.Attrs().Name, nil
}

// knockLimit is how long an answer to the SYN may take: a lost neighbour
// solicitation and a lost SYN are sent again after a second each.
const knockLimit = 2500 * time.Millisecond

// A knock that was given up so much too late proves no lock-out: this process
// stood still and did not see the answer. It is tried again, a few times.
const (
	knockLate  = 200 * time.Millisecond
	knockTries = 3
)

// dialThrough connects from a peer namespace with the client's address, into
// the scratch one with the server's.
func dialThrough(scratch *lab.Namespace, iface string, client, server netip.AddrPort) error {
	peer, err := lab.NewNamespace()
	if err != nil {
		return err
	}
	defer peer.Close()
	here := lab.End{In: scratch, Iface: iface, Addrs: single(server.Addr())}
	there := lab.End{In: peer, Iface: "client", Addrs: single(client.Addr())}
	if err := lab.Cable(here, there); err != nil {
		return err
	}
	if err := errors.Join(routeBy(here, client.Addr()), routeBy(there, server.Addr())); err != nil {
		return err
	}
	var listener net.Listener
	err = scratch.Do(func() (err error) {
		listener, err = net.Listen("tcp", server.String())
		return err
	})
	if err != nil {
		return err
	}
	defer listener.Close()
	return peer.Do(func() error {
		for try := 1; ; try++ {
			begin := time.Now()
			d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(client), Timeout: knockLimit}
			conn, err := d.Dial("tcp", server.String())
			if err == nil {
				return conn.Close()
			}
			if time.Since(begin) < knockLimit+knockLate || try == knockTries {
				return &LockoutError{Why: fmt.Sprintf("your address %s could not open a new connection to %s through %s", client.Addr(), server, iface)}
			}
		}
	})
}

func single(a netip.Addr) []netip.Prefix { return []netip.Prefix{netip.PrefixFrom(a, a.BitLen())} }

// routeBy reaches an address directly through an interface, whatever its
// network is.
func routeBy(e lab.End, to netip.Addr) error {
	return e.In.Do(func() error {
		link, err := netlink.LinkByName(e.Iface)
		if err != nil {
			return err
		}
		dst := &net.IPNet{IP: to.AsSlice(), Mask: net.CIDRMask(to.BitLen(), to.BitLen())}
		return netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: dst, Scope: netlink.SCOPE_LINK})
	})
}
