package engine

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fakeDNS answers after a while, and counts.
type fakeDNS struct {
	took  time.Duration
	names map[string][]string

	mu          sync.Mutex
	asked       int
	busy, most  int
	interrupted int
}

func (d *fakeDNS) lookup(ctx context.Context, addr string) ([]string, error) {
	d.count(1)
	defer d.count(-1)
	select {
	case <-time.After(d.took):
	case <-ctx.Done():
		d.mu.Lock()
		d.interrupted++
		d.mu.Unlock()
		return nil, ctx.Err()
	}
	if names, ok := d.names[addr]; ok {
		return names, nil
	}
	return nil, errors.New("no such host")
}

func (d *fakeDNS) count(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n > 0 {
		d.asked++
	}
	d.busy += n
	d.most = max(d.most, d.busy)
}

// numberedAddrs are public addresses from a number on.
func numberedAddrs(from, n int) (addrs []netip.Addr) {
	for i := from; i < from+n; i++ {
		addrs = append(addrs, netip.AddrFrom4([4]byte{203, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	return addrs
}

func TestNamesAreRememberedForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dns := &fakeDNS{took: 50 * time.Millisecond, names: map[string][]string{"203.0.0.1": {"b.example.", "a.example."}}}
		r := reverseNames{lookup: dns.lookup}
		addrs := numberedAddrs(1, 2) // the second has no name
		for _, c := range []struct {
			after time.Duration
			asked int // altogether
		}{{0, 2}, {noNameAge - time.Second, 2}, {2 * time.Second, 3}, {nameAge, 5}} {
			time.Sleep(c.after)
			names, waiting := r.names(t.Context(), addrs, time.Second)
			if len(names) != 1 || names[addrs[0]] != "a.example" || waiting != 0 || dns.asked != c.asked {
				t.Errorf("after %s: %v, %d waiting, %d asked, want %d", c.after, names, waiting, dns.asked, c.asked)
			}
		}
	})
}

// A slow name server holds nobody up: what it says later is there at a later
// call, and no more is asked at once than is bearable.
func TestASlowNameServerHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		addrs := numberedAddrs(1, 40)
		dns := &fakeDNS{took: time.Second, names: make(map[string][]string)}
		for _, a := range addrs {
			dns.names[a.String()] = []string{"host.example"}
		}
		r := reverseNames{lookup: dns.lookup}
		begin := time.Now()
		names, waiting := r.names(t.Context(), addrs, namePatience)
		if took := time.Since(begin); took != namePatience || len(names) != 0 || waiting != len(addrs) {
			t.Errorf("%d names, %d waiting after %s", len(names), waiting, took)
		}
		time.Sleep(5 * time.Second)
		names, waiting = r.names(t.Context(), addrs, namePatience)
		if len(names) != len(addrs) || waiting != 0 || dns.asked != len(addrs) || dns.most != reverseWorkers {
			t.Errorf("%d names, %d waiting, %d asked, %d at once", len(names), waiting, dns.asked, dns.most)
		}
	})
}

func TestANameServerThatDoesNotAnswerIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dns := &fakeDNS{took: time.Hour}
		r := reverseNames{lookup: dns.lookup}
		r.names(t.Context(), numberedAddrs(1, 3), namePatience)
		time.Sleep(reverseTimeout)
		if _, waiting := r.names(t.Context(), numberedAddrs(1, 3), namePatience); waiting != 0 || dns.interrupted != 3 {
			t.Errorf("%d waiting, %d given up", waiting, dns.interrupted)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		begin := time.Now()
		if r.names(ctx, numberedAddrs(9, 1), namePatience); time.Since(begin) != 0 {
			t.Errorf("a call that was given up took %s", time.Since(begin))
		}
		time.Sleep(reverseTimeout)
	})
}

// Who looks elsewhere, or switches names off, asks no more about what was seen
// before.
func TestWhatIsNoLongerWantedIsNotAskedAbout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dns := &fakeDNS{took: time.Second}
		e := &Engine{reverse: reverseNames{lookup: dns.lookup}}
		want := AddressWant{Names: true}
		if facts := e.TellAddresses(t.Context(), numberedAddrs(1, 1000), want); facts.Waiting != 1000 {
			t.Errorf("%d waiting, want 1000", facts.Waiting)
		}
		e.TellAddresses(t.Context(), numberedAddrs(5000, 1), want) // waits 0.7 s, in which no slot gets free
		e.TellAddresses(t.Context(), numberedAddrs(1, 1000), AddressWant{})
		time.Sleep(time.Minute)
		if dns.asked > reverseWorkers+1 {
			t.Errorf("%d asked, want %d at most", dns.asked, reverseWorkers+1)
		}
		before := dns.asked
		e.TellAddresses(t.Context(), numberedAddrs(7000, 10), AddressWant{})
		time.Sleep(time.Minute)
		if dns.asked != before {
			t.Errorf("%d asked although nobody wanted names", dns.asked-before)
		}
	})
}

func TestFewNamesAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dns := &fakeDNS{}
		r := reverseNames{lookup: dns.lookup}
		for i := 0; i < 3*reverseKnown; i += reverseQueue {
			r.names(t.Context(), numberedAddrs(i, reverseQueue), time.Second)
			time.Sleep(time.Millisecond)
			synctest.Wait()
		}
		if len(r.known) > reverseKnown || len(r.known) < reverseKnown/2 {
			t.Errorf("%d are remembered, want %d at most", len(r.known), reverseKnown)
		}
		newest := numberedAddrs(3*reverseKnown-1, 1)[0]
		if _, known := r.known[newest]; !known {
			t.Error("the newest is forgotten")
		}
	})
}

func TestANameServerMayLie(t *testing.T) {
	long := fmt.Sprintf("%0254d.example.", 0)
	for _, c := range []struct {
		names []string
		want  string
	}{
		{[]string{"host.example."}, "host.example"},
		{[]string{"_dmarc.host-1.example"}, "_dmarc.host-1.example"},
		{[]string{"\x1b[31mred.example.", "ok.example."}, "ok.example"},
		{[]string{"a b.example.", "<script>.example.", "\u202egpj.example."}, ""},
		{[]string{long, "."}, ""},
		{nil, ""},
	} {
		if got := bestName(c.names); got != c.want {
			t.Errorf("%q: %q, want %q", c.names, got, c.want)
		}
	}
}

func TestOnlyAddressesThatCanHaveNamesAreAskedAbout(t *testing.T) {
	for addr, want := range map[string]bool{
		"203.0.113.9": true, "192.168.0.31": true, "2001:db8::9": true, "fd00::1": true,
		"127.0.0.1": false, "::1": false, "224.0.0.251": false, "ff02::fb": false, "fe80::1": false, "fe80::1%eth0": false,
		"0.0.0.0": false, "::": false, "255.255.255.255": false,
	} {
		if got := hasName(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %t, want %t", addr, got, want)
		}
	}
	if hasName(netip.Addr{}) {
		t.Error("no address at all has a name")
	}
}
