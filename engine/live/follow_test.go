package live

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine/lab"
)

// follow starts to follow the flows of a namespace.
func follow(t *testing.T, ctx context.Context, ns *lab.Namespace, every time.Duration) <-chan FlowSnapshot {
	t.Helper()
	var feed <-chan FlowSnapshot
	in(t, ns, func() (err error) { feed, err = FollowFlows(ctx, every); return err })
	return feed
}

// await returns the first snapshot that is right.
func await(t *testing.T, feed <-chan FlowSnapshot, what string, right func(FlowSnapshot) bool) FlowSnapshot {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case snap, ok := <-feed:
			if !ok {
				t.Fatalf("the feed ended before %s", what)
			}
			if right(snap) {
				return snap
			}
		case <-deadline:
			t.Fatalf("no snapshot shows %s", what)
		}
	}
}

func has(n int) func(FlowSnapshot) bool {
	return func(s FlowSnapshot) bool { return len(s.Flows) == n }
}

func TestFollowFlowsSeesFlowsComeAndGo(t *testing.T) {
	ns := newNamespace(t)
	conn := writer(t, ns)
	create(t, conn, numbered(1))
	feed := follow(t, t.Context(), ns, 20*time.Millisecond)
	first := await(t, feed, "the flow that was there", has(1))
	create(t, conn, numbered(2))
	both := await(t, feed, "the new flow", has(2))
	i := slices.IndexFunc(both.Flows, func(f Flow) bool { return f.Orig == first.Flows[0].Orig })
	if i < 0 || !both.Flows[i].FirstSeen.Equal(first.Flows[0].FirstSeen) {
		t.Errorf("first seen %v became %v", first.Flows, both.Flows)
	}
	if err := conn.Delete(numbered(1)); err != nil {
		t.Fatal(err)
	}
	last := await(t, feed, "the flow that ended", has(1))
	if last.Resyncs != 0 {
		t.Errorf("%d resyncs without an overrun", last.Resyncs)
	}
}

func TestEventsAloneKeepTheTableCurrent(t *testing.T) {
	ns := newNamespace(t)
	conn := writer(t, ns)
	create(t, conn, numbered(1))
	f := &follower{every: 10 * time.Millisecond, out: make(chan FlowSnapshot, 1)}
	in(t, ns, func() error { return f.start(t.Context()) })
	f.due = time.Now().Add(time.Hour) // no dump
	go f.run(t.Context())
	await(t, f.out, "the first dump", has(1))
	create(t, conn, numbered(2), numbered(3))
	await(t, f.out, "two new flows", has(3))
	if err := conn.Delete(numbered(2)); err != nil {
		t.Fatal(err)
	}
	await(t, f.out, "the end of one", has(2))
}

func TestOverrunOfTheEventsIsRepairedByADump(t *testing.T) {
	ns := newNamespace(t)
	conn := writer(t, ns)
	f := &follower{every: 10 * time.Millisecond, out: make(chan FlowSnapshot, 1)}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	in(t, ns, func() error { return f.start(ctx) })
	f.due = time.Now().Add(time.Hour) // no dump but that of the repair
	if err := f.listen.conn.SetReadBuffer(1); err != nil {
		t.Fatal(err)
	}
	const n = 4000 // the queue and the smallest buffer hold about 1,030
	for i := range n {
		create(t, conn, numbered(i))
	}
	done := make(chan error, 1)
	go func() { done <- ns.Do(func() error { f.run(ctx); return nil }) }()
	snap := await(t, f.out, "every flow after an overrun", has(n))
	if snap.Resyncs == 0 {
		t.Error("an overrun was not counted")
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestASlowReaderGetsTheNewestSnapshotAndBlocksNobody(t *testing.T) {
	ns := newNamespace(t)
	conn := writer(t, ns)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	feed := follow(t, ctx, ns, 5*time.Millisecond)
	create(t, conn, numbered(1), numbered(2))
	time.Sleep(100 * time.Millisecond) // twenty snapshots that nobody fetches
	if snap := <-feed; len(snap.Flows) != 2 {
		t.Errorf("the waiting snapshot has %d flows, want the newest with 2", len(snap.Flows))
	}
	stop()
	for range feed { // ends: the feed is closed although nobody was reading
	}
}

func TestEndingWithEventsInFlightDoesNotHang(t *testing.T) {
	ns := newNamespace(t)
	conn := writer(t, ns)
	var l *listener
	in(t, ns, func() (err error) { l, err = listen(); return err })
	for i := range eventQueue + 200 { // the worker is blocked on a full channel
		create(t, conn, numbered(i))
	}
	ended := make(chan struct{})
	go func() { defer close(ended); l.close() }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("close waits for a worker that waits for a reader")
	}
}

func TestFollowFlowsSaysWhatItCannotDo(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	ns := newNamespace(t)
	err := ns.Do(func() error { _, err := FollowFlows(ctx, time.Second); return err })
	if err == nil {
		t.Error("a feed started although its context had ended")
	}
}
