package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// Explanation is the way of one packet through a ruleset.
type Explanation struct {
	*ruleset.Trace
	names map[string]rowName
}

// Row says where the rule of a step came from: the table row and its cells.
// Both are zero for a rule that is not ours.
func (x *Explanation) Row(s ruleset.Step) (RowRef, string) {
	if s.Rule == nil || s.Rule.ID == "" {
		return RowRef{}, ""
	}
	name := x.names[s.Rule.ID]
	return name.ref, name.text
}

// ExplainLive walks a packet through the rules that run. Out forces the
// interface by which it leaves; empty asks the routes.
func (e *Engine) ExplainLive(ctx context.Context, p ruleset.Packet, out string) (*Explanation, error) {
	now, err := e.kernel.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the live ruleset: %w", err)
	}
	return &Explanation{Trace: now.Trace(p, route(out)), names: e.rowNames()}, nil
}

// Explain walks a packet through compiled tables.
func (e *Engine) Explain(set *tables.Set, compiled *Compiled, p ruleset.Packet, out string) *Explanation {
	names := make(map[string]rowName, len(compiled.Rows))
	for id, ref := range compiled.Rows {
		names[id] = rowName{ref: ref, text: rowText(set, ref)}
	}
	return &Explanation{Trace: compiled.Rules.Trace(p, route(out)), names: names}
}

// lockout judges the administrator's own connection by compiled rules.
func lockout(rules *ruleset.Ruleset, admin apply.Connection) Lockout {
	if !admin.Client.IsValid() {
		return Lockout{}
	}
	_, in := routeTo(admin.Client.Addr())
	if in == "" {
		return Lockout{}
	}
	p := ruleset.Packet{
		In: in, Src: admin.Client.Addr(), Dst: admin.Server.Addr(),
		Proto: ruleset.TCP, SrcPort: admin.Client.Port(), DstPort: admin.Server.Port(), TCPFlags: tcpSYN,
	}
	fresh := rules.Trace(p, route("FW"))
	p.State, p.TCPFlags = ruleset.StateEstablished, tcpACK
	open := rules.Trace(p, route("FW"))
	return Lockout{
		Known: true,
		New:   verdictWords(fresh), Open: verdictWords(open),
		Safe: fresh.Outcome == ruleset.Accepted && len(fresh.Doubts) == 0,
	}
}

// The flags of a TCP segment, as in its header.
const (
	tcpSYN = 0x02
	tcpACK = 0x10
)

// verdictWords says an outcome and by which rule.
func verdictWords(t *ruleset.Trace) string {
	words := string(t.Outcome)
	if t.With != "" {
		words += " with " + t.With
	}
	if r := t.Rule(); r != nil && r.ID != "" {
		words += " by " + r.ID
	}
	var doubts []string
	for _, d := range t.Doubts {
		doubts = append(doubts, d.Why)
	}
	if len(doubts) > 0 {
		words += " (not judged: " + strings.Join(doubts, "; ") + ")"
	}
	return words
}
