package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ti-mo/conntrack"
	"github.com/ti-mo/netfilter"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/plan"
)

// Ended is what became of flows that were to end.
type Ended struct {
	// Ended are gone for good, Gone had ended by themselves. Idle are TCP
	// flows whose ends stayed silent although they were asked to speak: their
	// entries are deleted, but an end that sends again may bring one back, if
	// the rules let its packet pass.
	Ended, Gone, Idle int
	// Talking are flows without a connection (UDP, ICMP) whose ends went on
	// sending for as long as they were stopped: their entries are deleted, and
	// the next packet begins a new one, if the rules let it pass.
	Talking int
}

// The limits of ending flows. The rules that stop them outlive the process that
// loads them by a few seconds at most.
const (
	endWindow = 5 * time.Second
	endLimit  = 15 // seconds until the kernel lets go by itself
	// endLatest is for a process that stood still and has had too few rounds.
	endLatest = 12 * time.Second
	askAgain  = 700 * time.Millisecond
	// silence is how long the ends of a flow without a connection must have sent
	// nothing, in seconds, which is how finely conntrack tells its timeouts.
	silence = 2
)

// EndFlows ends flows of this network namespace so that they do not come back.
// Deleting a conntrack entry does not do that: with nf_conntrack_tcp_loose, the
// default, the next packet of either end makes a new one. So the flows are
// marked, and for a moment a rule in front of all others answers their packets
// with resets; sockets of this host are destroyed; and the ends of a flow that is
// idle are made to speak. What knows no resets (UDP, ICMP) is stopped until its
// ends fall silent. Other flows are not touched.
//
// It takes the lock of a transaction, and fails with *PendingError when one is
// under way.
func EndFlows(ctx context.Context, k host.Kernel, paths Paths, flows []conntrack.Flow) (Ended, error) {
	held, err := lockWhenIdle(ctx, paths)
	if err != nil {
		return Ended{}, fmt.Errorf("end flows: %w", err)
	}
	defer held.Close()
	t := newTxn(k, paths)
	if todo, err := t.inherit(ctx); err != nil || todo != remedyNone {
		return Ended{}, errors.New("end flows: an apply did not end cleanly; mfwtui status puts that right")
	}
	if _, err := t.removeStray(ctx); err != nil {
		return Ended{}, fmt.Errorf("end flows: %w", err)
	}
	e := flowEnder{bit: defaultMark, asked: make(map[uint32]time.Time), heard: make(map[uint32]hearing)}
	if err := (conntrackTable{}).forget(e.bit); err != nil {
		return Ended{}, fmt.Errorf("end flows: %w", err)
	}
	if err := e.mark(flows); err != nil {
		return e.done, fmt.Errorf("end flows: %w", err)
	}
	if e.marked == 0 {
		return e.done, nil
	}
	err = e.stop(ctx, k)
	// Whatever happened, nothing of it stays.
	if _, cleaned := t.removeTraces(context.WithoutCancel(ctx)); err == nil {
		err = cleaned
	}
	if err != nil {
		return e.done, fmt.Errorf("end flows: %w", err)
	}
	e.done.Ended = e.marked - e.done.Idle - e.done.Talking // some entries expire meanwhile
	return e.done, nil
}

// flowEnder ends the flows that it marked.
type flowEnder struct {
	bit    uint32
	marked int
	hidden bool // conntrack does not see packets with the bit
	asked  map[uint32]time.Time
	heard  map[uint32]hearing
	done   Ended
}

// hearing is what the timeouts of a flow's entry say, which each packet sets back
// to their beginning: that of the last packet, and the present one, in seconds.
type hearing struct{ began, left uint32 }

// mark puts the bit on the flows; those that are over already are counted.
func (e *flowEnder) mark(flows []conntrack.Flow) error {
	c, err := netfilter.Dial(nil)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, f := range flows {
		switch err := writeMark(c, f, e.bit, e.bit); {
		case errors.Is(err, unix.ENOENT):
			e.done.Gone++
		case err != nil:
			return fmt.Errorf("mark a flow: %w", err)
		default:
			e.marked++
		}
	}
	return nil
}

// stop loads the rules and waits until the flows are over, or the time is.
func (e *flowEnder) stop(ctx context.Context, k host.Kernel) error {
	steps, err := plan.EndFlows(e.bit, endLimit)
	if err != nil {
		return err
	}
	if err := run(ctx, k, steps); err != nil {
		return err
	}
	if steps, err = plan.HidePackets(e.bit); err != nil {
		return err
	}
	e.hidden = run(ctx, k, steps) == nil // without it idle flows are not asked
	tick := time.NewTicker(cutRound)
	defer tick.Stop()
	for round, begin := 0, time.Now(); ; round++ {
		took := time.Since(begin)
		last := took > endLatest || took > endWindow && round >= int(endWindow/cutRound)/2
		left, err := e.round(last)
		if err != nil || left == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// round ends what can be ended now, and says how many flows are left.
func (e *flowEnder) round(last bool) (left int, err error) {
	flows, err := marked(e.bit)
	if err != nil || len(flows) == 0 {
		return 0, err
	}
	c, err := conntrack.Dial(nil)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	for _, f := range flows {
		tcp := f.TupleOrig.Proto.Protocol == unix.IPPROTO_TCP
		over := tcp && (closed(f) || destroySocket(f.TupleReply) == nil || destroySocket(f.TupleOrig) == nil) || !tcp && e.silent(f)
		if !over && !last {
			if tcp {
				e.ask(f)
			}
			left++
			continue
		}
		if err := c.Delete(f); err != nil && !errors.Is(err, unix.ENOENT) {
			return left, err
		}
		switch {
		case over:
			e.done.Ended++
		case tcp:
			e.done.Idle++
		default:
			e.done.Talking++
		}
	}
	return left, nil
}

// silent reports whether the ends of a flow without a connection sent nothing for
// a while. The first time it closes a socket of this host that speaks with
// nobody else.
func (e *flowEnder) silent(f conntrack.Flow) bool {
	h, before := e.heard[f.ID]
	if !before && f.TupleOrig.Proto.Protocol == unix.IPPROTO_UDP && destroyDatagrams(f.TupleReply) != nil {
		_ = destroyDatagrams(f.TupleOrig) // of no socket here: the rules stop it all the same
	}
	if !before || f.Timeout > h.left {
		h.began = f.Timeout
	}
	h.left = f.Timeout
	e.heard[f.ID] = h
	return h.began-h.left >= silence
}

// ask makes both ends of a flow speak, so that they meet the resets. Ends that
// do not answer are not asked all the time: the answer to a segment that does
// not fit is limited to two a second (tcp_invalid_ratelimit).
func (e *flowEnder) ask(f conntrack.Flow) {
	if !e.hidden || time.Since(e.asked[f.ID]) < askAgain {
		return
	}
	e.asked[f.ID] = time.Now()
	// Each end is asked in the name of the one that it believes to speak with.
	askEnd(e.bit, f.TupleOrig.IP.DestinationAddress, f.TupleOrig.Proto.DestinationPort, f.TupleOrig.IP.SourceAddress, f.TupleOrig.Proto.SourcePort)
	askEnd(e.bit, f.TupleReply.IP.DestinationAddress, f.TupleReply.Proto.DestinationPort, f.TupleReply.IP.SourceAddress, f.TupleReply.Proto.SourcePort)
}
