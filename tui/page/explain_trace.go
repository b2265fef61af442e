package page

import (
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// traceWindow is how long the kernel tells of real packets.
const traceWindow = 10 * time.Second

// realPackets are what the kernel told about packets like the one that is
// walked. There is one trace at a time, whatever page is shown meanwhile.
type realPackets struct {
	ask    desk.Request
	packet ruleset.Packet // that it was asked about
	began  time.Time
	heard  *engine.PacketTrace // nil: not yet, or an error
	err    error
	asked  bool // false: there is nothing to show
}

// traceKeyOff says why no trace can begin; empty when one can.
func (e *Explain) traceKeyOff() widget.Safe {
	switch {
	case e.real.ask.Busy():
		return "the kernel is telling of packets already; one trace at a time"
	case len(e.ways) == 0:
		return widget.Format("there is no packet yet; %s writes one", e.keyName(ExplainScreen, "e"))
	}
	return ""
}

// trace asks the kernel about real packets like the one that is shown, from
// whatever source port.
func (e *Explain) trace() Effect {
	p := e.ways[0].Packet
	e.real = realPackets{ask: e.real.ask, packet: p, began: e.Now(), asked: true}
	return Effect{Cmd: e.Calls.TracePackets(&e.real.ask, engine.TraceRequest{
		Src: p.Src, Dst: p.Dst, Proto: p.Proto, DstPort: p.DstPort, For: traceWindow,
	})}
}

// takeTrace takes what the kernel told, and says it where another packet is
// shown by now.
func (e *Explain) takeTrace(m desk.TracedMsg) Effect {
	e.real.heard, e.real.err = m.Value, m.Err
	switch {
	case e.traceShown():
		return Effect{}
	case m.Err != nil:
		return say(Bad, "%s: %v", e.tracedTuple(), m.Err)
	}
	return say(Info, "the trace of %s is done: %s", e.tracedTuple(), words.Plural(len(m.Value.Packets), "packet"))
}

// dropTrace takes what was heard off the screen; the kernel is not stopped by
// it.
func (e *Explain) dropTrace() { e.real.asked = e.real.ask.Busy() }

// traceShown reports whether the packet that the trace is about is the one that
// is shown.
func (e *Explain) traceShown() bool {
	if !e.real.asked || len(e.ways) == 0 {
		return false
	}
	a, b := &e.ways[0].Packet, &e.real.packet
	return a.Src == b.Src && a.Dst == b.Dst && a.Proto == b.Proto && a.DstPort == b.DstPort
}

// tracedTuple names the packets that the trace is about.
func (e *Explain) tracedTuple() widget.Safe {
	p := &e.real.packet
	return widget.Format("%s %s > %s", ruleset.ProtocolName(p.Proto), words.Endpoint(p.Src, 0, false), words.Endpoint(p.Dst, p.DstPort, hasPortsProto(p.Proto)))
}
