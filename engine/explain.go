package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
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
	return &Explanation{Trace: compiled.Rules.Trace(p, route(out)), names: namesIn(set, compiled)}
}

// namesIn says what the row ids of compiled tables stand for.
func namesIn(set *tables.Set, compiled *Compiled) map[string]rowName {
	names := make(map[string]rowName, len(compiled.Rows))
	for id, ref := range compiled.Rows {
		names[id] = rowName{ref: ref, text: rowText(set, ref)}
	}
	return names
}

// lockout judges the administrator's own connection by compiled rules.
func lockout(compiled *Compiled, set *tables.Set, admin apply.Connection) Lockout {
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
	fresh := compiled.Rules.Trace(p, route("FW"))
	p.State, p.TCPFlags = ruleset.StateEstablished, tcpACK
	open := compiled.Rules.Trace(p, route("FW"))
	names := namesIn(set, compiled)
	return Lockout{
		Known: true,
		New:   verdictWords(fresh, names), Open: verdictWords(open, names),
		Safe: fresh.Outcome == ruleset.Accepted && len(fresh.Doubts) == 0,
	}
}

// The flags of a TCP segment, as in its header.
const (
	tcpSYN = 0x02
	tcpACK = 0x10
)

// deciderWords names the table row or the built-in part whose rule decided: the
// last one on the path that has a row, since an action chain ends for many.
// Empty for a rule that is not ours.
func deciderWords(j *ruleset.Judgement, names map[string]rowName) string {
	if ref := deciderRow(j, names); ref.Line > 0 {
		return fmt.Sprintf("%s:%d", ref.Kind, ref.Line)
	}
	for _, s := range slices.Backward(j.Path) {
		if s.Rule != nil && !actionChain(s.Chain) {
			if name := cmp.Or(names[s.Rule.ID].ref.Name, s.Rule.ID); name != "reject" {
				return name
			}
			return finalReject
		}
	}
	return ""
}

// deciderRow is the table row whose rule decided; zero for none.
func deciderRow(j *ruleset.Judgement, names map[string]rowName) RowRef {
	for _, s := range slices.Backward(j.Path) {
		if s.Rule == nil || s.Rule.ID == "" {
			continue
		}
		if ref := names[s.Rule.ID].ref; ref.Line > 0 {
			return ref
		}
	}
	return RowRef{}
}

// actionChain reports whether a chain only carries out what a rule decided.
func actionChain(name string) bool {
	return name == ruleset.ChainAccept || name == ruleset.ChainDrop || name == ruleset.ChainReject
}

// verdictWords says an outcome and by which rule.
func verdictWords(t *ruleset.Trace, names map[string]rowName) string {
	words := string(t.Outcome)
	if t.With != "" {
		words += " with " + t.With
	}
	if by := deciderWords(&t.Judgement, names); by != "" {
		words += " by " + by
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

// finalReject names the rule behind all rows.
const finalReject = "the final reject"
