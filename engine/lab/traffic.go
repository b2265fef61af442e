package lab

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// errand is something that a host does again and again. Over which families it
// does it depends on the target's addresses.
type errand struct {
	from, to string
	proto    uint8
	port     uint16
	every    time.Duration // from the end of one to the start of the next
	hold     time.Duration // how long a connection is kept and talked on
}

// The errands of the demo. They fit the sample tables: with these loaded about
// a third is refused, and without any rules Docker's own decide.
var demoErrands = []errand{
	// The administrator's session, visitors of the web servers, a resolver.
	{Client1, Firewall, ruleset.TCP, 22, 2 * time.Second, 45 * time.Second},
	{Client1, Firewall, ruleset.TCP, 80, time.Second, 4 * time.Second},
	{Client2, Firewall, ruleset.TCP, 80, 3 * time.Second, 8 * time.Second},
	{Client2, Firewall, ruleset.TCP, 8443, 2 * time.Second, 12 * time.Second},
	{Client1, Firewall, ruleset.TCP, 8080, 2 * time.Second, 6 * time.Second},
	{Client2, Firewall, ruleset.TCP, 8080, 4 * time.Second, 3 * time.Second},
	{Client1, Firewall, ruleset.ICMP, 0, time.Second, 0},
	// Those who try doors.
	{Client2, Firewall, ruleset.TCP, 25, 2 * time.Second, time.Second},
	{Client2, Firewall, ruleset.TCP, 5432, 3 * time.Second, time.Second},
	{Client2, Inside, ruleset.TCP, 22, 5 * time.Second, time.Second},
	{Client1, Firewall, ruleset.UDP, 53, 2 * time.Second, 0},
	{Client3, Firewall, ruleset.TCP, 22, time.Second, time.Second},
	{Client3, Firewall, ruleset.UDP, 53, time.Second, 0},
	{Client3, Firewall, ruleset.ICMP, 0, time.Second, 0},
	// Work inside.
	{Inside, Firewall, ruleset.TCP, 22, 5 * time.Second, 60 * time.Second},
	{Inside, Firewall, ruleset.UDP, 53, time.Second, 0},
	{Inside, Client2, ruleset.TCP, 443, time.Second, 10 * time.Second},
	{Inside, Client1, ruleset.TCP, 80, 2 * time.Second, 5 * time.Second},
	{Inside, Client1, ruleset.UDP, 123, 4 * time.Second, 0},
	{Inside, Client1, ruleset.ICMP, 0, 2 * time.Second, 0},
}

// containerErrands are those that need the containers.
var containerErrands = []errand{
	{Inside, Web, ruleset.TCP, 80, 2 * time.Second, 4 * time.Second},
	{Inside, DB, ruleset.TCP, 5432, time.Second, 30 * time.Second},
	{Web, Client2, ruleset.TCP, 443, 3 * time.Second, 6 * time.Second},
	{Web, Inside, ruleset.TCP, 5432, 3 * time.Second, time.Second},
	{Web, DB, ruleset.TCP, 5432, time.Second, 20 * time.Second},
	{Web, Firewall, ruleset.UDP, 53, 2 * time.Second, 0},
}

// StartTraffic starts servers on every host and errands of TCP, UDP and ICMP
// between them, in both families, some of which any sensible firewall refuses.
// It is a few hundred packets a second at most, and ends with stop, which
// waits, or with ctx.
func (l *Lab) StartTraffic(ctx context.Context) (stop func(), err error) {
	errands := demoErrands
	if l.hosts[Web] != nil {
		errands = slices.Concat(errands, containerErrands)
	}
	if err := l.serveTraffic(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var busy sync.WaitGroup
	for _, e := range errands {
		for _, f := range ruleset.Families() {
			busy.Go(func() { l.repeat(ctx, e, f) })
		}
	}
	return func() { cancel(); busy.Wait() }, nil
}

// serveTraffic starts the servers that the errands go to.
func (l *Lab) serveTraffic() error {
	ports := map[string][]uint16{
		Firewall: {22, 53},
		Inside:   {22, 80, 443, 5432},
		Client1:  {80, 123},
		Client2:  {80, 443},
		Web:      {80},
		DB:       {5432},
	}
	for name, list := range ports {
		if h := l.hosts[name]; h != nil {
			if err := h.Serve(list...); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *Lab) repeat(ctx context.Context, e errand, f ruleset.Family) {
	from, to := l.hosts[e.from], l.hosts[e.to].Addr(f)
	for {
		// Spread out, so that the errands do not march in step.
		pause := e.every/2 + rand.N(e.every)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		e.run(ctx, from, to)
	}
}

// run does the errand once. What becomes of it is the firewall's business.
func (e errand) run(ctx context.Context, from *Host, to netip.Addr) {
	switch e.proto {
	case ruleset.TCP:
		from.talk(ctx, netip.AddrPortFrom(to, e.port), 0, e.hold)
	case ruleset.UDP:
		from.Probe(UDP(to, e.port))
	default:
		from.Probe(Ping(to))
	}
}

// loginPort is the port from which the first client is logged in to the firewall
// host, in both senses of a demo: whoever looks at it is the one who does.
const loginPort = 50000

// sshConnection is what SSH_CONNECTION says to who is logged in.
func (l *Lab) sshConnection() string {
	return fmt.Sprintf("%s %d %s 22", l.hosts[Client1].V4, loginPort, l.Firewall.V4)
}

// stayLoggedIn keeps one SSH connection of the first client as long as ctx, and
// makes it anew when something ends it.
func (l *Lab) stayLoggedIn(ctx context.Context) {
	for ctx.Err() == nil {
		l.hosts[Client1].talk(ctx, netip.AddrPortFrom(l.Firewall.V4, 22), loginPort, 24*time.Hour)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// talk keeps a connection for a while and says something now and then. It comes
// from a port of the kernel's choice when from is 0.
func (h *Host) talk(ctx context.Context, to netip.AddrPort, from uint16, hold time.Duration) {
	var conn net.Conn
	err := h.Do(func() (err error) {
		dialer := net.Dialer{Timeout: 2 * time.Second}
		if from != 0 {
			dialer.LocalAddr = &net.TCPAddr{Port: int(from)}
		}
		conn, err = dialer.DialContext(ctx, "tcp", to.String())
		return err
	})
	if err != nil {
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	conn.SetDeadline(time.Now().Add(hold))
	go io.Copy(io.Discard, conn) // ends with the connection
	words := []byte("line " + strconv.Itoa(int(to.Port())) + " of a conversation that nobody reads\n")
	for {
		size := 1 + rand.N(20)
		for range size {
			if _, err := conn.Write(words); err != nil {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(200*time.Millisecond + rand.N(time.Second)):
		}
	}
}
