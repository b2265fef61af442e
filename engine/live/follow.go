package live

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/mdlayher/netlink"
	"github.com/ti-mo/conntrack"
	"golang.org/x/sys/unix"
)

// FollowFlows sends a snapshot at once and then every interval until ctx ends;
// it keeps the table current from events between dumps. The channel holds only
// the newest snapshot: a slow reader misses old ones and blocks nobody.
//
// It follows the network namespace of the calling thread. The channel is closed
// when ctx ends, or when the table can no longer be read.
func FollowFlows(ctx context.Context, every time.Duration) (<-chan FlowSnapshot, error) {
	namespace, err := os.Open(threadNamespace)
	if err != nil {
		return nil, fmt.Errorf("open network namespace: %w", err)
	}
	f := &follower{every: every, out: make(chan FlowSnapshot, 1)}
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
	return f.out, nil
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

// follower is one run of FollowFlows.
type follower struct {
	every   time.Duration
	out     chan FlowSnapshot
	conn    *netlink.Conn
	listen  *listener // nil between an overrun and the next dump
	table   flowTable
	due     time.Time // of the next dump
	resyncs int
}

// start subscribes before it lists, so that nothing is missed in between.
func (f *follower) start(ctx context.Context) (err error) {
	if f.conn, err = dialDump(); err != nil {
		return err
	}
	if f.listen, err = listen(); err == nil {
		err = f.dump(ctx)
	}
	if err != nil {
		f.stop()
		return err
	}
	f.publish()
	return nil
}

func (f *follower) stop() {
	f.conn.Close()
	if f.listen != nil {
		f.listen.close()
	}
}

func (f *follower) run(ctx context.Context) {
	defer close(f.out)
	defer f.stop()
	tick := time.NewTicker(f.every)
	defer tick.Stop()
	for {
		var events chan conntrack.Event
		var errs chan error
		if f.listen != nil {
			events, errs = f.listen.events, f.listen.errs
		}
		select {
		case <-ctx.Done():
			return
		case e := <-events:
			f.apply(e)
		case <-errs:
			f.lost()
		case <-tick.C:
			if f.refresh(ctx) != nil {
				return
			}
			f.publish()
		}
	}
}

func (f *follower) apply(e conntrack.Event) {
	if e.Flow == nil {
		return
	}
	if e.Type == conntrack.EventDestroy {
		f.table.remove(flowOf(e.Flow))
	} else {
		f.table.update(time.Now(), flowOf(e.Flow))
	}
}

// lost ends an event stream that has gaps. The next tick opens a new one and
// dumps: not now, since events that overran the buffer would only do so again.
func (f *follower) lost() {
	f.resyncs++
	f.listen.close()
	f.listen = nil
	f.due = time.Time{}
}

// refresh makes the table whole again: a new stream where the old one was lost,
// and a dump when one is due.
func (f *follower) refresh(ctx context.Context) (err error) {
	if f.listen == nil {
		if f.listen, err = listen(); err != nil {
			return err
		}
	}
	if time.Now().Before(f.due) {
		return nil
	}
	return f.dump(ctx)
}

// dumpShare is how much of the time may go into dumps, as a divisor: a table so
// large that reading it takes longer than a fifth of the interval is read less
// often, and follows events meanwhile.
const dumpShare = 5

func (f *follower) dump(ctx context.Context) error {
	began := time.Now()
	flows, err := dumpFlows(ctx, f.conn)
	if err != nil {
		return err
	}
	now := time.Now()
	f.table.replace(now, flows)
	// A tick that comes a little early must not miss its dump.
	f.due = began.Add(max(f.every/2, dumpShare*now.Sub(began)))
	return nil
}

// publish replaces the snapshot that nobody has fetched yet.
func (f *follower) publish() {
	snap := snapshotNow()
	snap.Flows, snap.Resyncs = slices.Clone(f.table.flows), f.resyncs
	select {
	case <-f.out:
	default:
	}
	f.out <- snap // only this goroutine sends, so there is room
}
