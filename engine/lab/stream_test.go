package lab

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// streamRules let port 5001 through to the internal host and nothing else.
const streamRules = `*filter
:FORWARD DROP [0:0]
-A FORWARD -p udp --dport 5001 -j ACCEPT
COMMIT
`

// leakyRules lose a tenth of what is allowed and pass a tenth of what is not.
const leakyRules = `*filter
:FORWARD DROP [0:0]
-A FORWARD -p udp --dport 5001 -m statistic --mode nth --every 10 --packet 0 -j DROP
-A FORWARD -p udp --dport 5002 -m statistic --mode nth --every 10 --packet 0 -j ACCEPT
-A FORWARD -p udp --dport 5001 -j ACCEPT
COMMIT
`

// stream sends an allowed and a denied stream to the internal host. What the
// machine itself drops, or has no time to send, proves nothing: then it sends
// again, more slowly and for longer.
func stream(t *testing.T, l *Lab, f ruleset.Family, rate int, took time.Duration) (allowed, denied Tally) {
	t.Helper()
	from, to := l.Host(Client1), l.Host(Inside)
	for range 6 {
		before := queueDrops(t)
		ctx, stop := context.WithTimeout(t.Context(), took)
		tallies, err := RunStreams(ctx,
			Stream{From: from, To: to, Dst: netip.AddrPortFrom(to.Addr(f), 5001), Rate: rate},
			Stream{From: from, To: to, Dst: netip.AddrPortFrom(to.Addr(f), 5002), Rate: rate})
		stop()
		if err != nil {
			t.Fatal(err)
		}
		allowed, denied = tallies[0], tallies[1]
		if drops := queueDrops(t) - before; drops == 0 && allowed.Sent >= 100 && denied.Sent >= 100 {
			return allowed, denied
		}
		rate, took = rate/2, took*2
	}
	t.Fatalf("%s: this machine could not carry the streams: allowed: %s; denied: %s", f, allowed, denied)
	return allowed, denied
}

func queueDrops(t *testing.T) int {
	t.Helper()
	n, err := QueueDrops()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestStreamsLoseAndLeakNothingUnderRulesThatStay(t *testing.T) {
	eachBackend(t, Options{NoDocker: true}, func(t *testing.T, l *Lab, backend host.Backend) {
		for _, f := range ruleset.Families() {
			if err := l.Firewall.restore(t.Context(), backend, f, streamRules); err != nil {
				t.Fatal(err)
			}
			allowed, denied := stream(t, l, f, 20_000, time.Second)
			t.Logf("%s allowed: %s; denied: %s", f, allowed, denied)
			if allowed.Lost() != 0 || allowed.Twice != 0 {
				t.Errorf("%s allowed: %s, want none lost", f, allowed)
			}
			if denied.Received != 0 {
				t.Errorf("%s denied: %s, want none received", f, denied)
			}
		}
	})
}

func TestStreamsCountEveryLossAndLeak(t *testing.T) {
	l := newLab(t, Options{NoDocker: true})
	for _, f := range ruleset.Families() {
		if err := l.Firewall.restore(t.Context(), "", f, leakyRules); err != nil {
			t.Fatal(err)
		}
		allowed, denied := stream(t, l, f, 2_000, 300*time.Millisecond)
		// One less where the rules have counted an earlier try.
		if n := allowed.Lost() - allowed.Sent/10; n < 0 || n > 1 {
			t.Errorf("%s allowed: %s, want a tenth lost", f, allowed)
		}
		if n := denied.Received - denied.Sent/10; n < 0 || n > 1 {
			t.Errorf("%s denied: %s, want a tenth received", f, denied)
		}
	}
}

func TestReceivedNumbersAreCountedOnce(t *testing.T) {
	var r received
	for _, n := range []uint64{0, 200, 63, 64, 200, 0} {
		r.add(n)
	}
	if r.count != 4 || r.twice != 2 {
		t.Errorf("%d received and %d twice, want 4 and 2", r.count, r.twice)
	}
}
