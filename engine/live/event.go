package live

import (
	"fmt"
	"time"

	"github.com/ti-mo/conntrack"
	"github.com/ti-mo/netfilter"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// listener is a connection of its own for conntrack events: one that listens
// cannot ask.
type listener struct {
	conn   *conntrack.Conn
	events chan conntrack.Event
	// errs reports the end of the listener: an overrun (ENOBUFS), or a
	// message that could not be read.
	errs chan error
}

// The socket holds what comes in while a dump is being read: 8 MB are about
// 20,000 events. The channel lets the reader of the socket run ahead.
const (
	eventBuffer = 8 << 20
	eventQueue  = 1024
)

// listen subscribes in the network namespace of the calling thread.
func listen() (*listener, error) {
	conn, err := conntrack.Dial(nil)
	if err != nil {
		return nil, fmt.Errorf("connect to conntrack events: %w", err)
	}
	// Without the privilege to exceed the system's limit the buffer is
	// smaller, and an overrun more likely.
	_ = conn.SetReadBuffer(eventBuffer)
	l := &listener{conn: conn, events: make(chan conntrack.Event, eventQueue)}
	if l.errs, err = conn.Listen(l.events, 1, netfilter.GroupsCT); err != nil {
		conn.Close()
		return nil, fmt.Errorf("listen to conntrack events: %w", err)
	}
	return l, nil
}

// close ends the subscription. conntrack's Close waits for its worker, which
// may be blocked on either channel, so both are emptied meanwhile.
func (l *listener) close() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.conn.Close()
	}()
	for {
		select {
		case <-l.events:
		case <-l.errs:
		case <-done:
			return
		}
	}
}

// flowOf is a flow as an event tells it: without counters, except at its end.
func flowOf(c *conntrack.Flow) Flow {
	f := Flow{
		ID:      c.ID,
		Family:  ruleset.OfAddr(c.TupleOrig.IP.SourceAddress),
		Proto:   c.TupleOrig.Proto.Protocol,
		Orig:    tupleOf(c.TupleOrig),
		Reply:   tupleOf(c.TupleReply),
		Mark:    c.Mark,
		Zone:    c.Zone,
		Timeout: time.Duration(c.Timeout) * time.Second,
	}
	if !c.Timestamp.Start.IsZero() {
		f.Start = c.Timestamp.Start
	}
	var tcp uint8
	if c.ProtoInfo.TCP != nil {
		tcp = c.ProtoInfo.TCP.State
	}
	f.setState(c.Status, tcp)
	return f
}

func tupleOf(c conntrack.Tuple) Tuple {
	t := Tuple{Src: c.IP.SourceAddress, Dst: c.IP.DestinationAddress, SrcPort: c.Proto.SourcePort, DstPort: c.Proto.DestinationPort}
	if c.Proto.ICMPv4 || c.Proto.ICMPv6 {
		t.SrcPort = c.Proto.ICMPID
		t.DstPort = uint16(c.Proto.ICMPType)<<8 | uint16(c.Proto.ICMPCode)
	}
	return t
}

// Native is the flow in the terms of the conntrack library, as far as the kernel
// needs it to find the entry.
func (f *Flow) Native() conntrack.Flow {
	return conntrack.Flow{
		ID: f.ID, Zone: f.Zone, Mark: f.Mark,
		TupleOrig: nativeTuple(f, &f.Orig), TupleReply: nativeTuple(f, &f.Reply),
	}
}

func nativeTuple(f *Flow, t *Tuple) conntrack.Tuple {
	n := conntrack.Tuple{
		IP:    conntrack.IPTuple{SourceAddress: t.Src, DestinationAddress: t.Dst},
		Proto: conntrack.ProtoTuple{Protocol: f.Proto},
	}
	switch f.Proto {
	case ruleset.ICMP, ruleset.ICMPv6:
		n.Proto.ICMPv4, n.Proto.ICMPv6 = f.Proto == ruleset.ICMP, f.Proto == ruleset.ICMPv6
		n.Proto.ICMPID, n.Proto.ICMPType, n.Proto.ICMPCode = t.SrcPort, uint8(t.DstPort>>8), uint8(t.DstPort)
	default:
		n.Proto.SourcePort, n.Proto.DestinationPort = t.SrcPort, t.DstPort
	}
	return n
}
