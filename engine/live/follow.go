package live

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/mdlayher/netlink"
	"github.com/ti-mo/conntrack"
	"golang.org/x/sys/unix"
)

// Follower knows the conntrack table of a network namespace: it reads the table
// when somebody asks, the last reading is old, and events cannot have told it all;
// it takes over events at all times. It makes nothing that nobody asks for, so who asks slowly costs little
// and holds nothing up.
type Follower struct {
	every   time.Duration
	asked   chan chan<- FlowSnapshot
	ended   chan struct{} // closed when the follower has ended, by err
	err     error
	conn    *netlink.Conn
	listen  *listener // nil between an overrun and the next question
	table   flowTable
	due     time.Time // of the next dump
	resyncs int
}

// FollowFlows begins to follow the network namespace of the calling thread, until
// ctx ends or the table can no longer be read. It dumps no more often than about
// every so often.
func FollowFlows(ctx context.Context, every time.Duration) (*Follower, error) {
	namespace, err := os.Open(threadNamespace)
	if err != nil {
		return nil, fmt.Errorf("open network namespace: %w", err)
	}
	f := newFollower(every)
	started := make(chan error)
	go func() {
		defer namespace.Close()
		// Settings are read, and connections made, where this thread is.
		runtime.LockOSThread()
		err := enter(namespace)
		if err == nil {
			err = f.start(ctx)
		}
		started <- err
		if err == nil {
			f.run(ctx)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return f, nil
}

func newFollower(every time.Duration) *Follower {
	return &Follower{every: every, asked: make(chan chan<- FlowSnapshot), ended: make(chan struct{})}
}

// Snapshot is the table of now. It waits while the table is being read; ctx ends
// only the waiting. The error says why the follower has ended.
func (f *Follower) Snapshot(ctx context.Context) (FlowSnapshot, error) {
	answer := make(chan FlowSnapshot, 1) // the follower never waits for who asked
	select {
	case f.asked <- answer:
	case <-f.ended:
		return FlowSnapshot{}, f.err
	case <-ctx.Done():
		return FlowSnapshot{}, fmt.Errorf("read conntrack table: %w", ctx.Err())
	}
	select {
	case snap := <-answer:
		return snap, nil
	case <-f.ended:
		return FlowSnapshot{}, f.err
	case <-ctx.Done():
		return FlowSnapshot{}, fmt.Errorf("read conntrack table: %w", ctx.Err())
	}
}

const threadNamespace = "/proc/thread-self/ns/net"

// enter moves the calling thread into a network namespace. Being there already
// takes no privilege.
func enter(namespace *os.File) error {
	want, err := namespace.Stat()
	if err != nil {
		return err
	}
	here, err := os.Stat(threadNamespace)
	if err != nil {
		return err
	}
	if os.SameFile(want, here) {
		return nil
	}
	if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter network namespace: %w", err)
	}
	return nil
}

// start subscribes before it lists, so that nothing is missed in between.
func (f *Follower) start(ctx context.Context) (err error) {
	if f.conn, err = dialDump(); err != nil {
		return err
	}
	if f.listen, err = listen(); err == nil {
		err = f.dump(ctx)
	}
	if err != nil {
		f.stop()
	}
	return err
}

func (f *Follower) stop() {
	f.conn.Close()
	if f.listen != nil {
		f.listen.close()
	}
}

func (f *Follower) run(ctx context.Context) {
	defer close(f.ended)
	defer f.stop()
	for {
		var events chan conntrack.Event
		var errs chan error
		if f.listen != nil {
			events, errs = f.listen.events, f.listen.errs
		}
		select {
		case <-ctx.Done():
			f.err = ctx.Err()
			return
		case e := <-events:
			f.apply(e)
		case <-errs:
			f.lost()
		case answer := <-f.asked:
			if f.err = f.refresh(ctx); f.err != nil {
				return
			}
			answer <- f.snapshot()
		}
	}
}

func (f *Follower) apply(e conntrack.Event) {
	if e.Flow == nil {
		return
	}
	flow := flowOf(e.Flow)
	if e.Type == conntrack.EventDestroy {
		f.table.remove(&flow)
	} else {
		f.table.update(time.Now(), &flow)
	}
}

// lost ends an event stream that has gaps. The next question opens a new one and
// dumps: not now, since events that overran the buffer would only do so again.
func (f *Follower) lost() {
	f.resyncs++
	f.listen.close()
	f.listen = nil
	f.due = time.Time{}
}

// refresh makes the table whole again: a new stream where the old one was lost,
// and a dump when one is due.
func (f *Follower) refresh(ctx context.Context) (err error) {
	if f.listen == nil {
		if f.listen, err = listen(); err != nil {
			return err
		}
	}
	if time.Now().Before(f.due) || f.still() {
		return nil
	}
	return f.dump(ctx)
}

// timeoutsAge is how old the timeouts of flows may be while nothing else moves.
const timeoutsAge = 5 * time.Second

// still reports whether a dump would tell nothing but newer timeouts: the kernel
// has as many flows as are known, and counts no bytes. It walks its whole table
// for each dump: 10 ms for 262,144 empty buckets (measured).
func (f *Follower) still() bool {
	switch n := f.table.list.n; {
	case n != readSysctl(sysctlCount):
		return false
	case n == 0:
		return true
	}
	return !f.table.counted && readSysctl(sysctlAccounting) == 0 && time.Since(f.table.dumped) < timeoutsAge
}

// dumpShare is how much of the time may go into dumps, as a divisor: a table so
// large that reading it takes longer than a fifth of the interval is read less
// often, and follows events meanwhile.
const dumpShare = 5

func (f *Follower) dump(ctx context.Context) error {
	began := time.Now()
	f.table.begin()
	if err := dumpFlows(ctx, f.conn, func(flow *Flow) { f.table.dump(began, flow) }); err != nil {
		return err
	}
	f.table.end(began)
	// Who asks a little early must not miss a dump.
	f.due = began.Add(max(f.every/2, dumpShare*time.Since(began)))
	return nil
}

func (f *Follower) snapshot() FlowSnapshot {
	snap := snapshotNow()
	snap.Flows, snap.Resyncs = f.table.snapshot(), f.resyncs
	return snap
}
