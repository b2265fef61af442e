package engine

import (
	"net/netip"
	"runtime"
	"sync"

	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// flowJudge asks rulesets about flows that conntrack knows.
type flowJudge struct{ to ruleset.Route }

// from is the interface that packets from an address come in by: the one that
// answers would leave by, empty for this host's own.
func (j flowJudge) from(src netip.Addr) string {
	local, out := j.to(src)
	if local {
		return ""
	}
	return out
}

// fresh is the packet that would open the flow anew: its original tuple, before
// any translation.
func (j flowJudge) fresh(f *live.Flow) ruleset.Packet {
	p := tuplePacket(f, &f.Orig)
	p.In = j.from(f.Orig.Src)
	p.State, p.TCPFlags = ruleset.StateNew, tcpSYN
	if p.In == "" { // this host opened it
		_, p.Out = j.to(f.Reply.Src)
	}
	return p
}

// onward is the next packet of a flow as the filter table sees it, and answer
// the next one of the other direction: conntrack has translated them already.
func (j flowJudge) onward(f *live.Flow) ruleset.Packet {
	p := tuplePacket(f, &f.Orig)
	p.In = j.from(f.Orig.Src)
	p.Dst, p.DstPort = f.Reply.Src, f.Reply.SrcPort
	return j.established(p, f)
}

func (j flowJudge) answer(f *live.Flow) ruleset.Packet {
	p := tuplePacket(f, &f.Reply)
	p.In = j.from(f.Reply.Src)
	p.Dst, p.DstPort = f.Orig.Src, f.Orig.SrcPort
	return j.established(p, f)
}

func (j flowJudge) established(p ruleset.Packet, f *live.Flow) ruleset.Packet {
	p.State, p.TCPFlags = ruleset.StateEstablished, tcpACK
	if f.SrcNAT {
		p.State |= ruleset.StateSNAT
	}
	if f.DstNAT {
		p.State |= ruleset.StateDNAT
	}
	p.ConnMark = f.Mark
	if p.In == "" {
		_, p.Out = j.to(p.Dst)
	}
	return p
}

// tuplePacket is a packet with the addresses and ports of a tuple. For ICMP
// conntrack keeps an identifier where ports would be; a flow begins with an
// echo request in all practice.
func tuplePacket(f *live.Flow, t *live.Tuple) ruleset.Packet {
	p := ruleset.Packet{Src: t.Src, Dst: t.Dst, Proto: f.Proto}
	switch f.Proto {
	case ruleset.TCP, ruleset.UDP:
		p.SrcPort, p.DstPort = t.SrcPort, t.DstPort
	case ruleset.ICMP:
		p.ICMPType = 8
	case ruleset.ICMPv6:
		p.ICMPType = 128
	}
	return p
}

// closing reports whether a flow has no packets to come that matter.
func closing(f *live.Flow) bool {
	switch f.State {
	case "TIME_WAIT", "CLOSE", "LAST_ACK":
		return true
	}
	return false
}

// parts calls do with a part of the indexes below n on every core.
func parts(n int, do func(from, to int)) {
	workers := runtime.GOMAXPROCS(0)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() { do(w*n/workers, (w+1)*n/workers) })
	}
	all.Wait()
}
