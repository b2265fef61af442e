package apply

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ti-mo/conntrack"
	"github.com/vishvananda/netlink"

	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/plan"
)

// crossing joins the host to a client and a server, forwards between them, and
// translates on two ports: 81 hides the client, and 8080 of the host leads to
// the server's port 80.
func (b *bed) crossing() (client, server *lab.Namespace) {
	b.t.Helper()
	client = b.wire(22)
	here, err := lab.CurrentNamespace()
	if err == nil {
		server, err = lab.NewNamespace()
	}
	if err == nil {
		err = lab.Cable(
			lab.End{In: here, Iface: "eth1", Addrs: lab.Prefixes("198.51.100.1/24 2001:db8:2::1/64")},
			lab.End{In: server, Iface: "eth0", Addrs: lab.Prefixes("198.51.100.2/24 2001:db8:2::2/64")})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { here.Close(); server.Close() })
	for _, f := range []string{"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding"} {
		if err := os.WriteFile(f, []byte("1"), 0); err != nil {
			b.t.Fatal(err)
		}
	}
	for ns, via := range map[*lab.Namespace][2]string{client: {"192.0.2.1", "2001:db8::1"}, server: {"198.51.100.1", "2001:db8:2::1"}} {
		for _, gateway := range via {
			if err := ns.Do(func() error { return defaultRoute(gateway) }); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	for _, f := range []string{"iptables-", "ip6tables-"} {
		for _, chain := range []string{"FORWARD", "INPUT"} {
			b.run(f+string(b.backend), "-A", chain, "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED", "-j", "ACCEPT")
		}
	}
	nat := "iptables-" + string(b.backend)
	b.run(nat, strings.Fields("-t nat -A POSTROUTING -o eth1 -p tcp --dport 81 -j MASQUERADE")...)
	b.run(nat, strings.Fields("-t nat -A PREROUTING -i eth0 -p tcp --dport 8080 -j DNAT --to-destination 198.51.100.2:80")...)
	nat = "ip6tables-" + string(b.backend)
	b.run(nat, strings.Fields("-t nat -A POSTROUTING -o eth1 -p tcp --dport 81 -j MASQUERADE")...)
	b.run(nat, strings.Fields("-t nat -A PREROUTING -i eth0 -p tcp --dport 8080 -j DNAT --to-destination [2001:db8:2::2]:80")...)
	return client, server
}

// defaultRoute leads everything to a gateway.
func defaultRoute(gateway string) error {
	return netlink.RouteAdd(&netlink.Route{Gw: net.ParseIP(gateway)})
}

// ends are the server's ends of connections, by the address that the server
// sees them come from.
type ends struct {
	mu    sync.Mutex
	conns map[string]net.Conn
}

// listen echoes on ports, and keeps the connections.
func (e *ends) listen(t *testing.T, ns *lab.Namespace, ports ...int) {
	t.Helper()
	for _, port := range ports {
		var l net.Listener
		if err := ns.Do(func() (err error) { l, err = net.Listen("tcp", fmt.Sprintf(":%d", port)); return err }); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				e.mu.Lock()
				e.conns[conn.RemoteAddr().String()] = conn
				e.mu.Unlock()
				go io.Copy(conn, conn)
			}
		}()
	}
}

// of is the server's end of a flow, nil when the host is the server.
func (e *ends) of(f conntrack.Flow) net.Conn {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.conns[netip.AddrPortFrom(f.TupleReply.IP.DestinationAddress, f.TupleReply.Proto.DestinationPort).String()]
}

// allFlows are the entries of the conntrack table.
func allFlows(t *testing.T) []conntrack.Flow {
	t.Helper()
	c, err := conntrack.Dial(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	flows, err := c.Dump(nil)
	if err != nil {
		t.Fatal(err)
	}
	return flows
}

// flowFrom is the conntrack entry of a client's connection.
func flowFrom(t *testing.T, conn net.Conn) conntrack.Flow {
	t.Helper()
	from := conn.LocalAddr().(*net.TCPAddr).AddrPort()
	for _, f := range allFlows(t) {
		if f.TupleOrig.IP.SourceAddress == from.Addr().Unmap() && f.TupleOrig.Proto.SourcePort == from.Port() {
			return f
		}
	}
	t.Fatalf("conntrack does not know %s", from)
	return conntrack.Flow{}
}

// What is ended ends at both ends, although neither says anything, and what runs
// beside it over the same path goes on.
func TestEndedFlowsDoNotComeBack(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		client, server := b.crossing()
		served := &ends{conns: make(map[string]net.Conn)}
		served.listen(t, server, 80, 81)
		served.listen(t, client, 7)
		here, err := lab.CurrentNamespace()
		if err != nil {
			t.Fatal(err)
		}
		defer here.Close()
		type path struct {
			from   *lab.Namespace
			name   string
			host   string
			port   int
			victim net.Conn
			flow   conntrack.Flow
			other  net.Conn
		}
		paths := []*path{
			{from: client, name: "to this host", host: "192.0.2.1", port: 22},
			{from: client, name: "to this host over IPv6", host: "2001:db8::1", port: 22},
			{from: client, name: "forwarded", host: "198.51.100.2", port: 80},
			{from: client, name: "forwarded over IPv6", host: "2001:db8:2::2", port: 80},
			{from: client, name: "masqueraded", host: "198.51.100.2", port: 81},
			{from: client, name: "masqueraded over IPv6", host: "2001:db8:2::2", port: 81},
			{from: client, name: "translated", host: "192.0.2.1", port: 8080},
			{from: client, name: "translated over IPv6", host: "2001:db8::1", port: 8080},
			{from: here, name: "from this host", host: "192.0.2.2", port: 7},
			{from: here, name: "from this host over IPv6", host: "2001:db8::2", port: 7},
		}
		var flows []conntrack.Flow
		for _, p := range paths {
			p.victim, p.other = mustDial(t, p.from, p.host, p.port), mustDial(t, p.from, p.host, p.port)
			if !echoes(p.victim, limit) || !echoes(p.other, limit) {
				t.Fatalf("%s: no echo before", p.name)
			}
			p.flow = flowFrom(t, p.victim)
			flows = append(flows, p.flow)
		}
		begin := time.Now()
		done, err := EndFlows(t.Context(), b.k, b.paths, flows)
		if want := (Ended{Ended: len(flows)}); err != nil || done != want {
			t.Errorf("got %+v, %v, want %+v", done, err, want)
		}
		t.Logf("%d idle flows ended in %s", len(flows), time.Since(begin))
		for _, p := range paths {
			if end := served.of(p.flow); end != nil {
				_, _ = end.Write([]byte("pushed")) // an error is as good
				p.victim.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
				if n, err := p.victim.Read(make([]byte, 10)); err == nil && n > 0 {
					t.Errorf("%s: what the server sends still arrives", p.name)
				}
			}
			if echoes(p.victim, aWhile) {
				t.Errorf("%s: the flow goes on", p.name)
			}
			if !echoes(p.other, limit) {
				t.Errorf("%s: another flow has ended too", p.name)
			}
		}
		if left, err := plan.Rollback(b.live()); err != nil || len(left) > 0 {
			t.Errorf("it leaves in the kernel: %v, %v", left, err)
		}
	})
}
