package apply

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/plan"
)

// wire joins the host to a client in another namespace, both families, and
// answers on these ports with an echo.
func (b *bed) wire(ports ...int) *lab.Namespace {
	b.t.Helper()
	here, err := lab.CurrentNamespace()
	if err != nil {
		b.t.Fatal(err)
	}
	client, err := lab.NewNamespace()
	if err != nil {
		needs(b.t, err.Error())
	}
	b.t.Cleanup(func() { here.Close(); client.Close() })
	err = lab.Cable(
		lab.End{In: here, Iface: "eth0", Addrs: lab.Prefixes("192.0.2.1/24 2001:db8::1/64")},
		lab.End{In: client, Iface: "eth0", Addrs: lab.Prefixes("192.0.2.2/24 2001:db8::2/64")})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, p := range ports {
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", p))
		if err != nil {
			b.t.Fatal(err)
		}
		b.t.Cleanup(func() { l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go io.Copy(conn, conn)
			}
		}()
	}
	return client
}

// both are the addresses of the host.
var both = []string{"192.0.2.1", "2001:db8::1"}

// aWhile is how long nothing may come before it counts as nothing.
const aWhile = time.Second

// dial opens a connection, within a time.
func dial(t *testing.T, from *lab.Namespace, host string, port int, within time.Duration) (net.Conn, error) {
	t.Helper()
	var conn net.Conn
	err := from.Do(func() (err error) {
		d := net.Dialer{Timeout: within}
		conn, err = d.DialContext(context.Background(), "tcp", net.JoinHostPort(host, fmt.Sprint(port)))
		return err
	})
	if err == nil {
		t.Cleanup(func() { conn.Close() })
	}
	return conn, err
}

func mustDial(t *testing.T, from *lab.Namespace, host string, port int) net.Conn {
	t.Helper()
	conn, err := dial(t, from, host, port, limit)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// echoes reports whether a flow still carries data both ways, within a time:
// limit where it must, aWhile where it must not.
func echoes(conn net.Conn, within time.Duration) bool {
	conn.SetDeadline(time.Now().Add(within))
	want := []byte("hello")
	if _, err := conn.Write(want); err != nil {
		return false
	}
	got := make([]byte, len(want))
	_, err := io.ReadFull(conn, got)
	return err == nil && bytes.Equal(got, want)
}

// F74, F75: what began in a trial that is rolled back has ended when that is
// told; what was there before goes on.
func TestFlowsOfARejectedTrialEnd(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		client := b.wire(22, 80)
		b.apply(letting(22))
		var before, born []net.Conn
		for _, h := range both {
			before = append(before, mustDial(t, client, h, 22))
			if _, err := dial(t, client, h, 80, aWhile); err == nil {
				t.Fatalf("%s port 80 is open before the trial", h)
			}
		}
		s := b.start(letting(22, 80), plenty)
		for _, h := range both {
			born = append(born, mustDial(t, client, h, 80))
		}
		if flows, err := marked(defaultMark); err != nil || len(flows) != len(born) {
			t.Errorf("marked flows: %v, %v", flows, err)
		}
		if _, err := Reject(t.Context(), b.paths, "", "bob"); err != nil {
			t.Fatal(err)
		}
		for i := range both {
			if echoes(born[i], aWhile) {
				t.Errorf("%s: a flow of the trial goes on", both[i])
			}
			if !echoes(before[i], limit) {
				t.Errorf("%s: a flow from before the trial ended", both[i])
			}
		}
		b.ended(s.ID, RolledBack, "rejected")
		if flows, err := marked(defaultMark); err != nil || len(flows) > 0 {
			t.Errorf("marked flows left: %v, %v", flows, err)
		}
		for _, h := range both {
			if _, err := dial(t, client, h, 80, aWhile); err == nil {
				t.Errorf("%s port 80 is open after the rollback", h)
			}
		}
	})
}

// What began in a trial that was confirmed goes on, also when a later trial is
// rolled back.
func TestFlowsOfAConfirmedTrialStay(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		client := b.wire(22, 80)
		b.apply(letting(22))
		s := b.start(letting(22, 80), plenty)
		var born []net.Conn
		for _, h := range both {
			born = append(born, mustDial(t, client, h, 80))
		}
		if _, err := Confirm(t.Context(), b.paths, s.Code, "bob"); err != nil {
			t.Fatal(err)
		}
		b.idle()
		if flows, err := marked(defaultMark); err != nil || len(flows) > 0 {
			t.Errorf("marked flows left: %v, %v", flows, err)
		}
		s = b.start(letting(22, 80, 443), plenty)
		if _, err := Reject(t.Context(), b.paths, "", "bob"); err != nil {
			t.Fatal(err)
		}
		b.ended(s.ID, RolledBack, "")
		for i := range both {
			if !echoes(born[i], limit) {
				t.Errorf("%s: a confirmed flow ended", both[i])
			}
		}
	})
}

// B6: with every process dead, the cut rule alone stops the flows of the
// trial.
func TestCutRuleNeedsNobody(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		client := b.wire(22, 80)
		b.apply(letting(22))
		var born net.Conn
		b.inTime(letting(22, 80), time.Second, func(s Status) (err error) {
			born, err = dial(t, client, both[0], 80, s.Left)
			b.killGuardians()
			return err
		})
		b.until("the gate closes", func() bool { return !gateOpen(b.live().Sets) })
		if echoes(born, aWhile) {
			t.Error("a flow of the trial goes on")
		}
	})
}

// F77, B7: rules under which the administrator could not log in again are
// found before they are in force, by a real SYN.
func TestLockoutIsFound(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		b.wire()
		for i, h := range both {
			client := netip.MustParseAddr([]string{"192.0.2.2", "2001:db8::2"}[i])
			admin := Connection{
				Client: netip.AddrPortFrom(client, 40000),
				Server: netip.AddrPortFrom(netip.MustParseAddr(h), 22),
			}
			for _, c := range []struct {
				name     string
				port     uint16
				override bool
				proof    string
				lockout  bool
			}{
				{"let in", 22, false, "a new connection from your address", false},
				{"locked out", 80, false, "", true},
				{"locked out, and told to go on", 80, true, "you chose to go on", false},
			} {
				req := b.request(letting(c.port), 10*time.Second)
				req.Admin, req.Override = admin, c.override
				r := rehearse(t.Context(), b.k, req)
				_, lockout := r.err.(*LockoutError)
				if lockout != c.lockout || !lockout && r.err != nil {
					t.Errorf("%s from %s: %v, want a lock-out: %v", c.name, client, r.err, c.lockout)
				}
				if got := fmt.Sprint(r.proof); !bytes.Contains([]byte(got), []byte(c.proof)) {
					t.Errorf("%s from %s: proof %s, want %q", c.name, client, got, c.proof)
				}
			}
		}
	})
}

// B1.3: what --test does not find, the rehearsal does, and nothing is changed.
func TestRehearsalFindsWhatOnlyTheKernelRefuses(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		bad := letting(22)
		zone := bad.Rules.V4.Chain("filter", "ext_inp")
		zone.Rules[0] = loopTo("MFWINPUT")
		if _, err := Start(t.Context(), b.k, b.paths, b.request(bad, time.Second)); err == nil {
			t.Error("a loop of chains was accepted")
		}
		b.idle()
		b.runs(plan.Target{})
		if history, err := History(b.paths); err != nil || len(history) != 1 || history[0].Event != Refused || !history[0].Pruned {
			t.Errorf("history: %+v, %v", history, err)
		}
	})
}
