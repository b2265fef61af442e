package live

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"testing"
	"time"
)

// shout sends datagrams to a port, which the rules of the namespace log.
func shout(port, n int) error {
	c, err := net.ListenPacket("udp", "") // not connected: no refusal comes back
	if err != nil {
		return err
	}
	defer c.Close()
	to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
	for range n {
		if _, err := c.WriteTo(make([]byte, 100), to); err != nil {
			return err
		}
	}
	return nil
}

// A reader that is held up loses packets, which is counted; it holds nobody up,
// and hears what comes after.
func TestWhatAHeldUpReaderOfTheLogLosesIsCounted(t *testing.T) {
	const group = 28006
	ns := newNamespace(t)
	rule := []string{"-A", "OUTPUT", "-p", "udp", "--dport", "9998:9999", "-j", "NFLOG", "--nflog-group", fmt.Sprint(group), "--nflog-prefix", "mfw:cafe0001"}
	in(t, ns, func() error { return exec.Command("iptables", rule...).Run() })
	ctx, stop := context.WithCancel(t.Context())
	r := &deniedReader{out: make(chan DeniedSnapshot, 1), stop: stop}
	r.table.groups = make(map[deniedKey]*Denied)
	in(t, ns, func() error { return r.start(ctx, group) })
	defer r.log.Close()
	defer stop() // which Close waits for
	counted := func(port uint16) (packets, overruns uint64) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, d := range r.table.groups {
			if d.DstPort == port {
				packets += d.Count
			}
		}
		return packets, r.table.overruns
	}
	r.mu.Lock() // no packet is taken
	const sent = 50_000
	in(t, ns, func() error { return shout(9999, sent) })
	r.mu.Unlock()
	var heard, overruns uint64
	for begin := time.Now(); overruns == 0 && time.Since(begin) < 2*time.Minute; time.Sleep(10 * time.Millisecond) {
		heard, overruns = counted(9999)
	}
	if overruns == 0 || heard >= sent {
		t.Fatalf("%d overruns, %d of %d packets heard", overruns, heard, sent)
	}
	for begin := time.Now(); time.Since(begin) < 2*time.Minute; time.Sleep(50 * time.Millisecond) {
		in(t, ns, func() error { return shout(9998, 1) })
		if now, _ := counted(9998); now > 0 {
			return
		}
	}
	t.Error("nothing is heard after an overrun")
}
