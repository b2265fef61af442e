package apply

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ti-mo/conntrack"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/plan"
)

// inside runs something in a namespace, nil being that of the test.
func inside(ns *lab.Namespace, do func() error) error {
	if ns == nil {
		return do()
	}
	return ns.Do(do)
}

// datagrams is one end of an exchange without a connection.
type datagrams interface {
	// send sends one datagram with a text, answered tells whether one with
	// such a text came back within a time.
	send(text string) error
	answered(within time.Duration, texts ...string) bool
}

// aMoment is aWhile for datagrams that no queue holds back.
const aMoment = 200 * time.Millisecond

// pushed is what a server sends by itself, provoked what a client sends while its
// flow is being ended.
const pushed, provoked = "pushed", "provoked"

// udpClient is a connected UDP socket; push makes the other end send by itself.
type udpClient struct {
	net.Conn
	server net.PacketConn
}

func (c *udpClient) send(text string) error {
	_, err := c.Write([]byte(text))
	return err
}

func (c *udpClient) push() {
	from := c.LocalAddr().(*net.UDPAddr)
	_, _ = c.server.WriteTo([]byte(pushed), from) // the end of it may be that it cannot
}

func (c *udpClient) answered(within time.Duration, texts ...string) bool {
	c.SetReadDeadline(time.Now().Add(within))
	for text := make([]byte, 100); ; {
		n, err := c.Read(text)
		if err != nil || slices.Contains(texts, string(text[:n])) {
			return err == nil
		}
	}
}

// serveUDP answers datagrams on a port with themselves.
func serveUDP(t *testing.T, ns *lab.Namespace, port int) net.PacketConn {
	t.Helper()
	var conn net.PacketConn
	err := inside(ns, func() (err error) { conn, err = net.ListenPacket("udp", fmt.Sprintf(":%d", port)); return err })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		text := make([]byte, 100)
		for {
			n, from, err := conn.ReadFrom(text)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				_, _ = conn.WriteTo(text[:n], from)
			}
		}
	}()
	return conn
}

func dialUDP(t *testing.T, ns *lab.Namespace, host string, server net.PacketConn) *udpClient {
	t.Helper()
	port := server.LocalAddr().(*net.UDPAddr).Port
	var conn net.Conn
	err := inside(ns, func() (err error) {
		conn, err = net.Dial("udp", net.JoinHostPort(host, fmt.Sprint(port)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &udpClient{conn, server}
}

// pinger sends echo requests of one identifier.
type pinger struct {
	net.PacketConn
	to net.Addr
	id int
	v6 bool
}

func newPinger(t *testing.T, ns *lab.Namespace, host string, id int) *pinger {
	t.Helper()
	p := &pinger{to: &net.IPAddr{IP: net.ParseIP(host)}, id: id, v6: strings.Contains(host, ":")}
	network, any := "ip4:icmp", "0.0.0.0"
	if p.v6 {
		network, any = "ip6:ipv6-icmp", "::"
	}
	err := inside(ns, func() (err error) { p.PacketConn, err = net.ListenPacket(network, any); return err })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func (p *pinger) send(text string) error {
	m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: p.id, Seq: 1, Data: []byte(text)}}
	if p.v6 {
		m.Type = ipv6.ICMPTypeEchoRequest
	}
	packet, err := m.Marshal(nil) // the kernel fills in the checksum of ICMPv6
	if err == nil {
		_, err = p.WriteTo(packet, p.to)
	}
	return err
}

func (p *pinger) answered(within time.Duration, texts ...string) bool {
	p.SetReadDeadline(time.Now().Add(within))
	packet := make([]byte, 200)
	for {
		n, _, err := p.ReadFrom(packet)
		if err != nil {
			return false
		}
		proto := unix.IPPROTO_ICMP
		if p.v6 {
			proto = unix.IPPROTO_ICMPV6
		}
		m, err := icmp.ParseMessage(proto, packet[:n])
		if err != nil || m.Type != ipv4.ICMPTypeEchoReply && m.Type != ipv6.ICMPTypeEchoReply {
			continue
		}
		if echo, ok := m.Body.(*icmp.Echo); ok && echo.ID == p.id && slices.Contains(texts, string(echo.Data)) {
			return true
		}
	}
}

// ping reports whether a datagram with a text is answered. The queues of a machine
// under load may lose some.
func ping(d datagrams, text string) bool {
	for range 20 {
		if d.send(text) == nil && d.answered(limit/20, text) {
			return true
		}
	}
	return false
}

// flowsWith are the conntrack entries of a protocol that have a port, or
// identifier, at either end.
func flowsWith(t *testing.T, proto uint8, port uint16) (list []conntrack.Flow) {
	t.Helper()
	for _, f := range allFlows(t) {
		p := f.TupleOrig.Proto
		if p.Protocol == proto && (p.SourcePort == port || p.DestinationPort == port || proto != unix.IPPROTO_UDP && p.ICMPID == port) {
			list = append(list, f)
		}
	}
	return list
}

// What knows no connection stays away too: what either end sends while a flow is
// being ended arrives nowhere and makes no entry, over both families, through
// this host, to it and from it; what runs beside it goes on.
func TestEndedDatagramFlowsDoNotComeBackByTheirNextPacket(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		client, server := b.crossing()
		here, there, away := serveUDP(t, nil, 53), serveUDP(t, server, 53), serveUDP(t, client, 53)
		type path struct {
			name          string
			victim, other datagrams
			proto         uint8
			port          uint16
			flow          conntrack.Flow
		}
		var paths []*path
		udp := func(name string, from *lab.Namespace, host string, server net.PacketConn) {
			p := &path{name: "UDP " + name, proto: unix.IPPROTO_UDP}
			victim := dialUDP(t, from, host, server)
			p.victim, p.other, p.port = victim, dialUDP(t, from, host, server), victim.LocalAddr().(*net.UDPAddr).AddrPort().Port()
			paths = append(paths, p)
		}
		echo := func(name string, from *lab.Namespace, host string) {
			id := 2000 + 2*len(paths)
			p := &path{name: "ICMP " + name, proto: unix.IPPROTO_ICMP, port: uint16(id)}
			if strings.Contains(host, ":") {
				p.proto = unix.IPPROTO_ICMPV6
			}
			p.victim, p.other = newPinger(t, from, host, id), newPinger(t, from, host, id+1)
			paths = append(paths, p)
		}
		for _, host := range both {
			udp("to "+host, client, host, here)
			echo("to "+host, client, host)
		}
		for _, host := range []string{"198.51.100.2", "2001:db8:2::2"} {
			udp("through to "+host, client, host, there)
			echo("through to "+host, client, host)
		}
		for _, host := range []string{"192.0.2.2", "2001:db8::2"} {
			udp("from this host to "+host, nil, host, away)
			echo("from this host to "+host, nil, host)
		}
		var flows []conntrack.Flow
		for _, p := range paths {
			if !ping(p.victim, "before") || !ping(p.other, "before") {
				t.Fatalf("%s: no answer before", p.name)
			}
			found := flowsWith(t, p.proto, p.port)
			if len(found) != 1 {
				t.Fatalf("%s: %d entries before", p.name, len(found))
			}
			p.flow = found[0]
			flows = append(flows, p.flow)
		}
		stopped := loaded{b.k, sync.OnceFunc(func() {
			for _, p := range paths {
				provoke(p.victim)
			}
		})}
		begin := time.Now()
		done, err := EndFlows(t.Context(), stopped, b.paths, flows)
		if want := (Ended{Ended: len(flows)}); err != nil || done != want {
			t.Errorf("got %+v, %v, want %+v", done, err, want)
		}
		t.Logf("%d flows ended in %s", len(flows), time.Since(begin))
		for _, p := range paths {
			if p.victim.answered(aMoment, pushed, provoked) {
				t.Errorf("%s: an end was reached while the flow was being ended", p.name)
			}
			if left := flowsWith(t, p.proto, p.port); len(left) > 0 {
				t.Errorf("%s: it came back as %+v", p.name, left[0].TupleOrig)
			}
			if !ping(p.other, "after") {
				t.Errorf("%s: another flow has ended too", p.name)
			}
		}
		if left, err := plan.Rollback(b.live()); err != nil || len(left) > 0 {
			t.Errorf("it leaves in the kernel: %v, %v", left, err)
		}
	})
}

// loaded is a kernel that calls then when rules were loaded.
type loaded struct {
	host.Kernel
	then func()
}

func (k loaded) RestoreBoth(ctx context.Context, v4, v6 string) error {
	err := k.Kernel.RestoreBoth(ctx, v4, v6)
	k.then()
	return err
}

// provoke lets both ends send.
func provoke(d datagrams) {
	_ = d.send(provoked) // an error is as good
	if c, ok := d.(*udpClient); ok {
		c.push()
	}
}

// An end that goes on sending is stopped for a while, and is told of: nothing
// keeps its next packet from beginning a new flow.
func TestAnEndThatGoesOnSendingIsToldOf(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		client, _ := b.crossing()
		victim := dialUDP(t, client, "192.0.2.1", serveUDP(t, nil, 53))
		if !ping(victim, "before") {
			t.Fatal("no answer before")
		}
		var longest atomic.Int64 // pause of the sender
		go func() {
			for last := time.Now(); t.Context().Err() == nil; time.Sleep(200 * time.Millisecond) {
				_ = victim.send("still there")
				longest.Store(max(longest.Load(), int64(time.Since(last))))
				last = time.Now()
			}
		}()
		// A sender that stands still for so long has fallen silent.
		const silent = int64(silence*time.Second) / 2
		var done Ended
		var err error
		for range 10 {
			longest.Store(0)
			done, err = EndFlows(t.Context(), b.k, b.paths, flowsWith(t, unix.IPPROTO_UDP, 53))
			if longest.Load() < silent {
				break
			}
		}
		if want := (Ended{Talking: 1}); err != nil || done != want {
			t.Errorf("got %+v, %v, want %+v", done, err, want)
		}
		if !victim.answered(limit, "still there") {
			t.Error("what the rules let pass begins no new flow")
		}
	})
}
