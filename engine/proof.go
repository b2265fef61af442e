package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// Prover tells, while new rules are on trial, whether they let people in.
type Prover interface {
	// Proof looks at what happened since the flip. ErrNoTrial says that no
	// rules are on trial.
	Proof(ctx context.Context) (TrialProof, error)
}

// ErrNoTrial says that no rules are on trial.
var ErrNoTrial = errors.New("no rules are on trial")

// TrialProof is what happened since the new rules are in force.
type TrialProof struct {
	ID string // of the transaction
	At time.Time
	// Since is when Logins and Denied begin to count: the flip, or later when
	// nobody looked then.
	Since time.Time
	// Client is where the administrator sits, invalid when that is not known;
	// Port the one of the SSH server.
	Client netip.Addr
	Port   uint16
	// Verdict is what the new rules say about a new connection of Client, in
	// words; empty when it is not known. Open is true when they accept it.
	Verdict string
	Open    bool
	// Logins are the new connections to the SSH port, the latest first. Why
	// they are not known is in LoginsErr.
	Logins    []Login
	LoginsErr error
	// Denied are the rows that turned packets away, the most first.
	Denied []DeniedRow
	// Services are the TCP ports that this host listens on, loopback apart.
	Services    []Service
	ServicesErr error
}

// Login is a connection to the SSH port that began in the trial.
type Login struct {
	From netip.AddrPort
	// At is when it began, or was seen first.
	At time.Time
	// Done says that the handshake was completed: both directions pass.
	Done    bool
	Verdict string // what accepted it, in words
}

// DeniedRow is a row, or a built-in part, that turned packets away.
type DeniedRow struct {
	ID   string
	Row  RowRef
	Text string // the cells of the row; empty for a built-in part
	// Packets is how many since the flip.
	Packets uint64
}

// Service is a port that a program on this host listens on.
type Service struct {
	Port uint16
	// Reachable says that the new rules let somebody in, as far as the trace
	// of a packet tells.
	Reachable bool
	// Clients are those who are connected now, Cut those of them that could
	// not connect again.
	Clients, Cut int
}

// defaultSSHPort is where the SSH server is looked for when the console was
// not started in an SSH session.
const defaultSSHPort = 22

// Proof looks at conntrack, at the counters and at the sockets, and compares
// with the baseline that was taken at the flip.
func (e *Engine) Proof(ctx context.Context) (TrialProof, error) {
	st, pending, err := e.Trial(ctx)
	if err != nil {
		return TrialProof{}, err
	}
	if !pending || st.State != OnTrial {
		return TrialProof{}, ErrNoTrial
	}
	rs, err := e.kernel.Read(ctx)
	if err != nil {
		return TrialProof{}, fmt.Errorf("read the live ruleset: %w", err)
	}
	flows, flowsErr := e.flows.read(ctx)
	base, err := e.baseline(ctx, st.ID, rs)
	if err != nil {
		return TrialProof{}, err
	}
	p := TrialProof{ID: st.ID, At: time.Now(), Since: base.At, Client: e.admin().Client.Addr(), Port: e.sshPort(), LoginsErr: flowsErr}
	names := e.trialNames(st.ID)
	p.Denied = base.denied(rs, names)
	w := newWitness(rs, names)
	if p.Client.IsValid() {
		p.Open, p.Verdict = w.judge(p.Client, e.admin().Server.Addr(), p.Port)
	}
	for _, f := range base.logins(flows.Flows, p.Port, w.local) {
		_, verdict := w.judge(f.Orig.Src, f.Orig.Dst, f.Orig.DstPort)
		p.Logins = append(p.Logins, Login{
			From: netip.AddrPortFrom(f.Orig.Src, f.Orig.SrcPort), At: began(&f), Done: handshaken(&f), Verdict: verdict,
		})
	}
	p.Services, p.ServicesErr = w.services(rs, flows.Flows, p.Client)
	return p, nil
}

// sshPort is the port by which the administrator came.
func (e *Engine) sshPort() uint16 {
	return cmp.Or(e.admin().Server.Port(), defaultSSHPort)
}

// trialNames are the rows of the tables on trial by id. They are read once: a
// generation never changes.
func (e *Engine) trialNames(id string) map[string]rowName {
	e.proofs.mu.Lock()
	defer e.proofs.mu.Unlock()
	if e.proofs.named == id {
		return e.proofs.names
	}
	e.proofs.named, e.proofs.names = id, nil
	list, _ := apply.History(e.paths) // without it, rows have no names
	for _, g := range list {
		if g.ID != id {
			continue
		}
		set, problems := tables.Load(g.Tables())
		if problems.HasErrors() {
			break
		}
		if compiled, _ := e.Compile(set); compiled != nil {
			e.proofs.names = namesIn(set, compiled)
		}
	}
	return e.proofs.names
}

// began is when a flow began, as far as is known.
func began(f *Flow) time.Time {
	if !f.Start.IsZero() {
		return f.Start
	}
	return f.FirstSeen
}

// handshaken reports whether a TCP connection got through in both directions.
// Conntrack keeps an assured flow so until it forgets it.
func handshaken(f *Flow) bool { return f.Assured || f.State == "ESTABLISHED" }

// isDenied reports whether a rule of ours decides against a packet. The chains
// drop and reject are where it then goes: they count nothing by themselves.
func isDenied(r *ruleset.Rule) bool {
	switch t := r.Target.(type) {
	case ruleset.Verdict:
		return t == ruleset.Drop
	case ruleset.Reject:
		return true
	case ruleset.Jump:
		return isAction(t.Chain) && !strings.HasSuffix(t.Chain, ruleset.ChainAccept)
	}
	return false
}

// countDenied adds up the packets that our rules turned away, by row id.
func countDenied(rs *ruleset.Ruleset) map[string]uint64 {
	counts := make(map[string]uint64)
	for _, f := range ruleset.Families() {
		filter := rs.Tables(f).Table(ruleset.Filter)
		if filter == nil {
			continue
		}
		for _, c := range filter.Chains {
			if isAction(c.Name) || live.Owner(*rs.Tables(f), ruleset.Filter, c.Name) != live.Ours {
				continue
			}
			for _, r := range c.Rules {
				if r.ID != "" && isDenied(r) {
					counts[r.ID] += r.Counters.Packets
				}
			}
		}
	}
	return counts
}

// denied are the rows that turned packets away since the baseline.
func (b *baseline) denied(rs *ruleset.Ruleset, names map[string]rowName) []DeniedRow {
	var rows []DeniedRow
	for id, n := range countDenied(rs) {
		if was := b.Denied[id]; n > was {
			rows = append(rows, DeniedRow{ID: id, Row: names[id].ref, Text: names[id].text, Packets: n - was})
		}
	}
	slices.SortFunc(rows, func(a, b DeniedRow) int { return cmp.Or(cmp.Compare(b.Packets, a.Packets), cmp.Compare(a.ID, b.ID)) })
	return rows
}

// logins are the flows to the SSH port of this host that were not there at the
// baseline, the latest first.
func (b *baseline) logins(flows FlowList, port uint16, local func(netip.Addr) bool) []Flow {
	var list []Flow
	for _, f := range flows.All() {
		if isLogin(f, port) && !slices.Contains(b.Logins, loginKey(f)) && local(f.Reply.Src) {
			list = append(list, *f)
		}
	}
	slices.SortFunc(list, func(a, b Flow) int {
		return cmp.Or(began(&b).Compare(began(&a)), cmp.Compare(b.ID, a.ID))
	})
	return list
}

func isLogin(f *Flow, port uint16) bool {
	return f.Proto == ruleset.TCP && f.Reply.SrcPort == port
}
