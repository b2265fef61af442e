package desk

import (
	"net/netip"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// MaxEnded is how many flows are ended at a time: what ends them waits for all
// of them together.
const MaxEnded = 500

// IsBetween reports whether a flow is the TCP connection of a client and a
// server. Behind a translation sshd knows the ends as the reply has them.
func IsBetween(w *engine.Flow, client, server netip.AddrPort) bool {
	from, to := netip.AddrPortFrom(w.Orig.Src, w.Orig.SrcPort), netip.AddrPortFrom(w.Orig.Dst, w.Orig.DstPort)
	back, behind := netip.AddrPortFrom(w.Reply.Dst, w.Reply.DstPort), netip.AddrPortFrom(w.Reply.Src, w.Reply.SrcPort)
	return w.Proto == ruleset.TCP && (client == from || client == back) && (server == to || server == behind)
}

// MayEnd are the flows that may end after the confirm of a change: the
// grandfathered ones, as many as end at a time, but never the administrator's
// own.
func MayEnd(of *engine.FlowImpact) (flows []engine.Flow) {
	cut := of.Count(engine.Cut) // they come first
	for i := range of.Count(engine.Grandfathered) {
		if len(flows) == MaxEnded {
			break
		}
		t := of.Touched.At(cut + i)
		if of.Own == nil || !IsBetween(&t.Flow, of.Own.Client, of.Own.Server) {
			flows = append(flows, t.Flow)
		}
	}
	return flows
}

// AfterConfirm is what follows when a transaction is confirmed that was started
// here: flows that end. It is done once, and never after a rollback.
type AfterConfirm struct {
	id    string // of the transaction; empty before it began
	flows []engine.Flow
}

// Ready notes the flows of a transaction that is about to be started.
func (a *AfterConfirm) Ready(flows []engine.Flow) { a.id, a.flows = "", flows }

// Began notes the transaction that was started.
func (a *AfterConfirm) Began(id string) { a.id = id }

// Due gives the flows when that very transaction was confirmed, and forgets
// them when it ended in any way.
func (a *AfterConfirm) Due(m TrialEnded) []engine.Flow {
	if a.id == "" || m.ID != a.id {
		return nil
	}
	flows := a.flows
	a.id, a.flows = "", nil
	if m.State != engine.Confirmed {
		return nil
	}
	return flows
}
