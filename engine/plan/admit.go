package plan

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Finding is what would become of a packet, in words for the person who is
// about to apply.
type Finding struct {
	ruleset.Judgement
	State    ruleset.State // StateNew or StateEstablished
	Admitted bool
	// Certain is false when a rule on the way could not be judged.
	Certain bool
	Text    string
}

// WouldAdmit judges a connection to this host under a ruleset (that of After):
// first as a new one, which is what logging in again needs, then as the one
// that runs now. The packet must say by which interface it comes in; the
// finding says so when it does not.
func WouldAdmit(rs *ruleset.Ruleset, p ruleset.Packet) [2]Finding {
	tracer := ruleset.NewTracer(rs)
	var out [2]Finding
	for i, state := range []ruleset.State{ruleset.StateNew, ruleset.StateEstablished} {
		p.State = state
		out[i] = admit(tracer, p)
	}
	return out
}

func admit(tracer *ruleset.Tracer, p ruleset.Packet) Finding {
	if p.In == "" {
		return Finding{State: p.State, Text: subject(p) + ": cannot be judged, since it is not known by which interface it comes in"}
	}
	j := tracer.Judge(p, nil)
	f := Finding{
		Judgement: j, State: p.State,
		Admitted: j.Outcome == ruleset.Accepted && j.Packet.Dst == p.Dst,
		Certain:  len(j.Doubts) == 0,
	}
	f.Text = fmt.Sprintf("%s: %s %s", subject(p), outcomeText(&f, p), decisionText(&j, p.Family()))
	if !f.Certain {
		f.Text += "; not certain: " + j.Doubts[0].Why
	}
	return f
}

func subject(p ruleset.Packet) string {
	what := "a new connection"
	if p.State == ruleset.StateEstablished {
		what = "the running connection"
	}
	return fmt.Sprintf("%s from %s to %s", what, p.Src, net.JoinHostPort(p.Dst.String(), strconv.Itoa(int(p.DstPort))))
}

func outcomeText(f *Finding, p ruleset.Packet) string {
	switch {
	case f.Outcome == ruleset.Accepted && f.Packet.Dst != p.Dst:
		return fmt.Sprintf("redirected to %s and accepted", f.Packet.Dst)
	case f.Outcome == ruleset.Accepted:
		return "accepted"
	case f.Outcome == ruleset.Rejected:
		return "rejected with " + f.With
	}
	return "dropped"
}

// decisionText names the rule that decided and the chains that led to it.
func decisionText(j *ruleset.Judgement, f ruleset.Family) string {
	if len(j.Path) == 0 {
		return "by no rule"
	}
	var chains []string
	for _, step := range j.Path {
		chains = append(chains, step.Chain)
	}
	last := j.Path[len(j.Path)-1]
	where := fmt.Sprintf("%s %s %s", f, last.Table, strings.Join(chains, " > "))
	if last.Rule == nil {
		return "by the policy of " + where
	}
	return fmt.Sprintf("by rule %d of %s: %s", last.Index+1, where, last.Rule.Text(f))
}
