package engine

import "github.com/mfwtui/mfwtui/engine/ruleset"

// Agreement is how what a real packet met compares with a walk.
type Agreement int

// The agreements.
const (
	// Agrees: the same row or part decided, in the same way.
	Agrees Agreement = iota
	// Later: the packet belongs to a connection that was open already, and the
	// walk is that of a first one.
	Later
	// Differs: something else decided, or decided otherwise.
	Differs
	// Untold: the kernel told of no rule that decides.
	Untold
)

// establishedPart lets the later packets of a connection pass.
const establishedPart = "established"

// Agree compares a real packet of a trace with this walk of one like it.
func (x *Explanation) Agree(t *PacketTrace, p *TracedPacket) Agreement {
	outcome, _ := p.Outcome()
	by := t.By(p)
	switch {
	case outcome == "":
		return Untold
	case by == establishedPart && x.Packet.State&ruleset.StateNew != 0: // beside it the walk notes a translation
		return Later
	case outcome != x.Outcome || by != deciderWords(&x.Judgement, x.names):
		return Differs
	case by == "" && !sameEnd(x.Path, p.Path()):
		return Differs
	}
	return Agrees
}

// sameEnd reports whether the same foreign rule, or the same policy, ended both
// paths.
func sameEnd(walked []ruleset.Step, real []TraceStep) bool {
	if len(walked) == 0 || len(real) == 0 {
		return len(walked) == len(real)
	}
	a, b := walked[len(walked)-1], real[len(real)-1]
	if a.Table != b.Table || a.Chain != b.Chain || (a.Rule == nil) != (b.Rule == nil) {
		return false
	}
	return a.Rule == nil || a.Index == b.Index
}
