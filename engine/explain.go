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
	names  map[string]rowName
	rules  *ruleset.Ruleset
	tracer *ruleset.Tracer
	route  ruleset.Route
}

// Walk walks a packet through rules whose ids stand for rows of a set.
func Walk(rules *ruleset.Ruleset, set *tables.Set, rows map[string]RowRef, p ruleset.Packet, to ruleset.Route) *Explanation {
	return walk(rules, namesIn(set, &Compiled{Rows: rows}), p, to)
}

func walk(rules *ruleset.Ruleset, names map[string]rowName, p ruleset.Packet, to ruleset.Route) *Explanation {
	tracer := ruleset.NewTracer(rules)
	return &Explanation{Trace: tracer.Trace(p, to), names: names, rules: rules, tracer: tracer, route: to}
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

// RowOf is the table row that an id stands for in these rules; false when the
// id belongs to no row of them.
func (x *Explanation) RowOf(id string) (RowRef, bool) {
	name, ok := x.names[id]
	return name.ref, ok && name.ref.Line > 0
}

// Refusal is the first condition of a step's rule that the packet did not meet,
// n being the number of the step; false when it met all.
func (x *Explanation) Refusal(n int) (ruleset.Refusal, bool) {
	if x.Steps[n].Rule == nil {
		return ruleset.Refusal{}, false
	}
	return x.tracer.Refusal(x.Steps[n].Rule, x.Asked(n), x.route)
}

// ExplainLive walks a packet through the rules that run. Out forces the
// interface by which it leaves; empty asks the routes.
func (e *Engine) ExplainLive(ctx context.Context, p ruleset.Packet, out string) (*Explanation, error) {
	now, err := e.kernel.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the live ruleset: %w", err)
	}
	return walk(now, e.rowNames(), p, route(out)), nil
}

// Explain walks a packet through compiled tables.
func (e *Engine) Explain(set *tables.Set, compiled *Compiled, p ruleset.Packet, out string) *Explanation {
	return Walk(compiled.Rules, set, compiled.Rows, p, route(out))
}

// namesIn says what the row ids of compiled tables stand for.
func namesIn(set *tables.Set, compiled *Compiled) map[string]rowName {
	names := make(map[string]rowName, len(compiled.Rows))
	for id, ref := range compiled.Rows {
		names[id] = rowName{ref: ref, text: rowText(set, ref)}
	}
	return names
}

// Decider is the row that sent the packet to its verdict: the last step of the
// path that came from a table row, else the last built-in part before the
// chains that carry a verdict out. It is zero when a foreign rule or a policy
// decided.
func (x *Explanation) Decider() RowRef {
	var decider RowRef
	for _, s := range x.Path {
		ref, _ := x.Row(s)
		if ref == (RowRef{}) || actionChain(s.Chain) || decider.Line > 0 && ref.Line == 0 {
			continue
		}
		decider = ref
	}
	return decider
}

// DeciderWords is Decider for people: "rules:12", a built-in part, or "the final
// reject"; empty when neither a row nor a part of ours decided.
func (x *Explanation) DeciderWords() string {
	ref := x.Decider()
	if ref.Line == 0 && ref.Name == "reject" {
		return finalReject
	}
	return ref.String()
}

// NotSimulated lists what no walk judges, and what these ways met beside it;
// one that is nil is passed over.
func NotSimulated(ways ...*Explanation) []string {
	list := []string{"rp_filter"} // of the routes, before any rule
	for _, x := range ways {
		if x == nil {
			continue
		}
		for _, d := range x.Doubts {
			if text := d.Why + " in " + d.Chain; !slices.Contains(list, text) {
				list = append(list, text)
			}
		}
	}
	return list
}

// lockout judges the administrator's own connection by compiled rules.
func lockout(compiled *Compiled, set *tables.Set, admin apply.Connection) Lockout {
	verdict := Lockout{Client: admin.Client, Server: admin.Server}
	if !admin.Client.IsValid() {
		return verdict
	}
	_, in := routeTo(admin.Client.Addr())
	if in == "" {
		return verdict
	}
	p := ruleset.Packet{
		In: in, Src: admin.Client.Addr(), Dst: admin.Server.Addr(),
		Proto: ruleset.TCP, SrcPort: admin.Client.Port(), DstPort: admin.Server.Port(), TCPFlags: tcpSYN,
	}
	fresh := compiled.Rules.Trace(p, route("FW"))
	p.State, p.TCPFlags = ruleset.StateEstablished, tcpACK
	open := compiled.Rules.Trace(p, route("FW"))
	names := namesIn(set, compiled)
	verdict.Known = true
	verdict.New, verdict.Open = verdictWords(fresh, names), "is cut: "+verdictWords(open, names)
	if open.Outcome == ruleset.Accepted {
		verdict.Open = "keeps running (" + deciderWords(&open.Judgement, names) + ")"
	}
	verdict.Safe = fresh.Outcome == ruleset.Accepted && len(fresh.Doubts) == 0
	return verdict
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
	return decisionOf(j, names).words()
}

// decision is what deciderWords says, before it is put into words.
type decision struct {
	row  RowRef // zero for none
	name string // of the built-in part
}

func decisionOf(j *ruleset.Judgement, names map[string]rowName) decision {
	if ref := deciderRow(j, names); ref.Line > 0 {
		return decision{row: ref}
	}
	return decision{name: deciderName(j, names)}
}

func (d decision) words() string {
	if d.row.Line > 0 {
		return fmt.Sprintf("%s:%d", d.row.Kind, d.row.Line)
	}
	return d.name
}

// deciderName is the built-in part that decided, or the rule of a row that is no
// longer there.
func deciderName(j *ruleset.Judgement, names map[string]rowName) string {
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
	return decider(j, names).ref
}

// decider is deciderRow with the text of the row.
func decider(j *ruleset.Judgement, names map[string]rowName) rowName {
	for _, s := range slices.Backward(j.Path) {
		if s.Rule == nil || s.Rule.ID == "" {
			continue
		}
		if name := names[s.Rule.ID]; name.ref.Line > 0 {
			return name
		}
	}
	return rowName{}
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
