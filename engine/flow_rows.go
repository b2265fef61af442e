package engine

import (
	"context"
	"fmt"
	"hash/fnv"
	"hash/maphash"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mfwtui/mfwtui/engine/compile"
	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// FlowTeller is what knows which row admits a flow.
type FlowTeller interface {
	// LiveFlows is Flows with what the live rules say about each.
	LiveFlows(ctx context.Context) (LiveFlows, error)
}

// LiveFlows are the flows of one moment; Verdicts has one for each of Flows, in
// their order.
type LiveFlows struct {
	FlowSnapshot
	Verdicts []*FlowVerdict
}

// FlowVerdict is what the live rules say about a flow as a new connection. Flows
// that are alike share one.
type FlowVerdict struct {
	// In and Out are interfaces, empty for this host; From and To their
	// zones, "FW" for this host.
	In, Out, From, To string
	Outcome           ruleset.Outcome
	// Row is the table row that decides, Text its cells; By names it, or the
	// built-in part, such as "rules:12" or "established"; empty when a rule that
	// is not ours decides.
	Row  compile.RowRef
	Text string
	By   string
	// Exact is false when some rule could not be judged; Doubt says which.
	Exact bool
	Doubt string
}

// rulesAge is how old the rules may be by which flows are judged.
const rulesAge = 5 * time.Second

// flowRows judges flows by the live rules and remembers the verdicts: the next
// look only judges flows that are new.
type flowRows struct {
	mu     sync.Mutex
	at     time.Time // when the rules were read
	names  *naming
	hash   string // of the rules
	routes *routes
	judge  flowJudge
	tracer *ruleset.Tracer
	ported bool // some rule asks for source ports
	// verdicts are known by the hash of their case, since whole cases of
	// 100,000 flows take 10 MB; as in the table of flows two share one in 3 of
	// 10^10 tables. Equal verdicts are one, of which distinct are the list.
	verdicts map[uint64]*FlowVerdict
	seed     maphash.Seed
	cases    []uint64 // of the flows that are being judged
	alike    sync.Mutex
	distinct map[FlowVerdict]*FlowVerdict
}

// flowCase is what a verdict depends on. The source port is part of it only
// when some rule asks for source ports: clients choose theirs at random.
type flowCase struct {
	orig       live.Tuple
	proto      uint8
	server     netip.Addr // behind a translation
	serverPort uint16
}

// LiveFlows is Flows with what the live rules say about each.
func (e *Engine) LiveFlows(ctx context.Context) (LiveFlows, error) {
	snap, err := e.Flows(ctx)
	if err != nil {
		return LiveFlows{}, err
	}
	verdicts, err := e.rows.all(ctx, e, snap.Flows)
	return LiveFlows{snap, verdicts}, err
}

// all judges every flow. Without any the rules are not read.
func (r *flowRows) all(ctx context.Context, e *Engine, flows live.FlowList) ([]*FlowVerdict, error) {
	if flows.Len() == 0 {
		return nil, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(ctx, e); err != nil {
		return nil, err
	}
	list := make([]*FlowVerdict, flows.Len())
	r.cases = slices.Grow(r.cases[:0], len(list))[:len(list)]
	parts(len(list), func(from, to int) {
		j := flowJudge{remembered(r.judge.to)}
		for i := from; i < to; i++ {
			f := flows.At(i)
			r.cases[i] = maphash.Comparable(r.seed, r.caseOf(&f))
			if list[i] = r.verdicts[r.cases[i]]; list[i] == nil {
				list[i] = r.one(r.verdict(j, &f))
			}
		}
	})
	if len(r.verdicts) > len(list)+len(list)/4+1000 { // many are of flows that are gone
		r.verdicts = make(map[uint64]*FlowVerdict, len(list))
	}
	for i, v := range list {
		r.verdicts[r.cases[i]] = v
	}
	return list, nil
}

// one is the one verdict that is equal to v.
func (r *flowRows) one(v FlowVerdict) *FlowVerdict {
	r.alike.Lock()
	defer r.alike.Unlock()
	known := r.distinct[v]
	if known == nil {
		known = &v
		r.distinct[v] = known
	}
	return known
}

// refresh reads rules, routes and names again when they are old, and forgets
// the verdicts when something changed.
func (r *flowRows) refresh(ctx context.Context, e *Engine) error {
	if r.tracer != nil && time.Since(r.at) < rulesAge {
		return nil
	}
	rs, err := e.kernel.Read(ctx)
	if err != nil {
		return fmt.Errorf("read the live ruleset: %w", err)
	}
	routes, err := readRoutes()
	if err != nil {
		return err
	}
	names, hash := e.naming(), rulesHash(rs)
	if r.tracer == nil || hash != r.hash || names != r.names || !routes.same(r.routes) {
		r.tracer, r.hash, r.names = ruleset.NewTracer(rs), hash, names
		r.ported, r.seed = asksSourcePorts(rs), maphash.MakeSeed()
		r.verdicts, r.distinct = make(map[uint64]*FlowVerdict), make(map[FlowVerdict]*FlowVerdict)
	}
	r.routes, r.judge, r.at = routes, flowJudge{routes.to}, time.Now()
	return nil
}

// rulesHash is the same for rulesets that decide alike, whatever they counted:
// everybody's rules, not only ours.
func rulesHash(rs *ruleset.Ruleset) string {
	h := fnv.New128a()
	for _, f := range ruleset.Families() {
		for _, t := range rs.All(f) {
			for _, c := range t.Chains {
				fmt.Fprintln(h, f, t.Name, c.Name, c.Policy, c.Base)
				for _, r := range c.Rules {
					fmt.Fprintln(h, r.Text(f))
				}
			}
		}
	}
	for _, name := range rs.Sets.Names() {
		s := rs.Sets[name]
		fmt.Fprintln(h, name, s.Type, s.Family)
		for _, m := range s.Members {
			fmt.Fprintln(h, m.Prefix, m.Port, m.Text)
		}
	}
	return string(h.Sum(nil))
}

// asksSourcePorts reports whether any rule does.
func asksSourcePorts(rs *ruleset.Ruleset) bool {
	for _, f := range ruleset.Families() {
		for _, t := range rs.All(f) {
			for _, c := range t.Chains {
				if slices.ContainsFunc(c.Rules, asksSourcePort) {
					return true
				}
			}
		}
	}
	return false
}

func asksSourcePort(r *ruleset.Rule) bool {
	return slices.ContainsFunc(r.Matches, func(m ruleset.Match) bool {
		switch m := m.(type) {
		case ruleset.MatchPorts:
			return m.Src != nil
		case ruleset.MatchMultiport:
			return m.Src != nil || m.Either != nil
		case ruleset.MatchSet:
			return strings.Contains(m.Dirs, "src")
		}
		return false
	})
}

func (r *flowRows) caseOf(f *live.Flow) flowCase {
	c := flowCase{orig: f.Orig, proto: f.Proto, server: f.Reply.Src, serverPort: f.Reply.SrcPort}
	if !r.ported {
		c.orig.SrcPort = 0
	}
	return c
}

// verdict judges one flow.
func (r *flowRows) verdict(judge flowJudge, f *live.Flow) FlowVerdict {
	p := judge.fresh(f)
	j := r.tracer.Judge(p, judge.to)
	row := decider(&j, r.names.rows)
	v := FlowVerdict{
		In: p.In, Out: j.Packet.Out, Outcome: j.Outcome, Exact: len(j.Doubts) == 0,
		By: deciderWords(&j, r.names.rows), Row: row.ref, Text: row.text,
	}
	if j.Local {
		v.Out = ""
	}
	if v.By == "" && v.Outcome == ruleset.Accepted {
		row, v.By = r.returned(judge, p)
		v.Row, v.Text = row.ref, row.text
	}
	v.From, v.To = r.names.zone(v.In), r.names.zone(v.Out)
	if !v.Exact {
		v.Doubt = j.Doubts[0].Why
	}
	return v
}

// returned is the row that handed a packet back to the chains of others, as
// virtuals for containers do: they accept it, the row is why they are asked.
func (r *flowRows) returned(judge flowJudge, p ruleset.Packet) (rowName, string) {
	for _, s := range r.tracer.Trace(p, judge.to).Steps {
		if s.Matched != ruleset.Yes || s.Rule == nil || s.Table != ruleset.Filter || s.Rule.Target != ruleset.Return {
			continue
		}
		if name := r.names.rows[s.Rule.ID]; name.ref.Line > 0 {
			return name, fmt.Sprintf("%s:%d", name.ref.Kind, name.ref.Line)
		}
	}
	return rowName{}, ""
}
