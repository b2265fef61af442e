package live

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine/lab"
)

// follow starts to follow the flows of a namespace.
func follow(t *testing.T, ctx context.Context, ns *lab.Namespace, every time.Duration) *Follower {
	t.Helper()
	var feed *Follower
	in(t, ns, func() (err error) { feed, err = FollowFlows(ctx, every); return err })
	return feed
}

// await returns the first snapshot that is right.
func await(t *testing.T, f *Follower, what string, right func(FlowSnapshot) bool) FlowSnapshot {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		snap, err := f.Snapshot(t.Context())
		if err != nil {
			t.Fatalf("the follower ended before %s: %v", what, err)
		}
		if right(snap) {
			return snap
		}
	}
	t.Fatalf("no snapshot shows %s", what)
	return FlowSnapshot{}
}

func has(n int) func(FlowSnapshot) bool {
	return func(s FlowSnapshot) bool { return s.Flows.Len() == n }
}

func TestFollowFlowsSeesFlowsComeAndGo(t *testing.T) {
	ns := newNamespace(t)
	conn := writer(t, ns)
	create(t, conn, numbered(1))
	feed := follow(t, t.Context(), ns, 20*time.Millisecond)
	first := await(t, feed, "the flow that was there", has(1))
	create(t, conn, numbered(2))
	both := await(t, feed, "the new flow", has(2))
	was := first.Flows.At(0)
	if f, ok := seek(both.Flows, func(f *Flow) bool { return f.Orig == was.Orig }); !ok || !f.FirstSeen.Equal(was.FirstSeen) {
		t.Errorf("first seen %s became %s", was.FirstSeen, f.FirstSeen)
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
	f := newFollower(10 * time.Millisecond)
	in(t, ns, func() error { return f.start(t.Context()) })
	f.due = time.Now().Add(time.Hour) // no dump
	go f.run(t.Context())
	await(t, f, "the first dump", has(1))
	create(t, conn, numbered(2), numbered(3))
	await(t, f, "two new flows", has(3))
	if err := conn.Delete(numbered(2)); err != nil {
		t.Fatal(err)
	}
	await(t, f, "the end of one", has(2))
}

func TestOverrunOfTheEventsIsRepairedByADump(t *testing.T) {
	ns := newNamespace(t)
	conn := writer(t, ns)
	f := newFollower(10 * time.Millisecond)
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
	snap := await(t, f, "every flow after an overrun", has(n))
	if snap.Resyncs == 0 {
		t.Error("an overrun was not counted")
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Events are taken over while nobody asks, and who asked and went away is not
// waited for.
func TestASlowReaderGetsTheNewestFlowsAndBlocksNobody(t *testing.T) {
	ns := newNamespace(t)
	conn := writer(t, ns)
	f := newFollower(10 * time.Millisecond)
	in(t, ns, func() error { return f.start(t.Context()) })
	f.due = time.Now().Add(time.Hour) // no dump
	go f.run(t.Context())
	gone, leave := context.WithCancel(t.Context())
	leave()
	const n = 3 * eventQueue // more than wait in the queue
	for i := range n {
		create(t, conn, numbered(i))
		f.Snapshot(gone) // may be answered, or not
	}
	if snap := await(t, f, "every flow", has(n)); snap.Resyncs != 0 {
		t.Errorf("%d resyncs: events were lost while nobody asked", snap.Resyncs)
	}
}

// What a follower that applies no events has must be dumped; where it has it all
// the dump is left out.
func TestATableThatStandsStillIsNotDumped(t *testing.T) {
	ns := newNamespace(t)
	conn := writer(t, ns)
	tests := []struct {
		what    string
		prepare func(f *Follower)
		want    bool // dumped
	}{
		{"an empty table", func(*Follower) {}, false},
		{"an empty table that was read long ago", func(f *Follower) { f.table.dumped = time.Time{} }, false},
		{"a flow that no event told of", func(*Follower) { create(t, conn, numbered(1)) }, true},
		{"the same flow", func(f *Follower) { f.table.dumped = time.Now().Add(time.Hour) }, false}, // however long this takes
		{"the same flow, whose timeout is old", func(f *Follower) { f.table.dumped = time.Now().Add(-2 * timeoutsAge) }, true},
		{"a flow that has counters", func(f *Follower) { f.table.counted = true }, true},
		{"a flow while the kernel counts bytes", func(*Follower) { in(t, ns, EnableAccounting) }, true},
	}
	f := newFollower(time.Second)
	in(t, ns, func() error { return f.start(t.Context()) })
	defer f.stop()
	for _, tt := range tests {
		tt.prepare(f)
		before := f.table.dumped
		f.due = time.Time{}
		in(t, ns, func() error { return f.refresh(t.Context()) })
		if dumped := !f.table.dumped.Equal(before); dumped != tt.want {
			t.Errorf("%s: dumped %v, want %v", tt.what, dumped, tt.want)
		}
	}
}

func TestAFollowerThatEndedSaysSo(t *testing.T) {
	ns := newNamespace(t)
	ctx, stop := context.WithCancel(t.Context())
	f := follow(t, ctx, ns, time.Hour)
	stop()
	<-f.ended
	if _, err := f.Snapshot(t.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v, want that its context ended", err)
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
	case <-time.After(2 * time.Minute):
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
