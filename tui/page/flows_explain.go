package page

import (
	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/words"
)

// explain shows the first packet of the selected flow on Explain.
func (f *Flows) explain() Effect {
	w := f.selected()
	if w == nil {
		return say(Info, "choose a flow; Enter explains it")
	}
	p := firstPacket(w)
	if v := f.verdict(); v != nil {
		if p.In = v.In; p.In == "" {
			p.In = tables.FW
		}
	}
	return Effect{Go: ExplainScreen, Tell: ShowPacket{Packet: p}}
}

// firstPacket is the packet that opened a flow. By which interface it came is
// not known to conntrack.
func firstPacket(w *engine.Flow) ruleset.Packet {
	p := ruleset.Packet{Src: w.Orig.Src, Dst: w.Orig.Dst, Proto: w.Proto, State: ruleset.StateNew}
	switch {
	case words.HasPorts(w):
		p.SrcPort, p.DstPort = w.Orig.SrcPort, w.Orig.DstPort
	case w.Proto == ruleset.ICMP, w.Proto == ruleset.ICMPv6:
		p.ICMPType, p.ICMPCode = uint8(w.Orig.DstPort>>8), uint8(w.Orig.DstPort)
	}
	if p.Proto == ruleset.ICMP && w.Family == ruleset.V6 {
		p.Proto = ruleset.ICMPv6
	}
	return p
}

// selected is the selected flow; nil for none.
func (f *Flows) selected() *engine.Flow {
	if i, ok := f.table.Selected(); ok && i < f.snap.Flows.Len() {
		w := f.snap.Flows.At(i)
		return &w
	}
	return nil
}

// verdict is what the live rules say about the selected flow; nil when that is
// not known.
func (f *Flows) verdict() *engine.FlowVerdict {
	if i, ok := f.table.Selected(); ok && i < len(f.snap.Verdicts) {
		return f.snap.Verdicts[i]
	}
	return nil
}
