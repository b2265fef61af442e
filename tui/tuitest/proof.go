package tuitest

import (
	"context"
	"net/netip"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
)

// adminAddr is where the administrator of the site sits.
var adminAddr = netip.MustParseAddr("203.0.113.7")

// LogIn opens a new SSH connection during the trial; done says whether the
// handshake gets through.
func (s *Site) LogIn(done bool) {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logins = []engine.Login{{From: netip.AddrPortFrom(adminAddr, 52144), At: now, Done: done, Verdict: "accept by rules:7" + s.Taint}}
}

// Proof tells what came through since the trial began: a denied packet every
// second.
func (s *Site) Proof(ctx context.Context) (engine.TrialProof, error) {
	if err := s.enter("Proof"); err != nil {
		return engine.TrialProof{}, err
	}
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trial == nil {
		return engine.TrialProof{}, engine.ErrNoTrial
	}
	p := engine.TrialProof{
		ID: s.trial.ID, At: now, Since: s.trial.Since, Client: adminAddr, Port: 22,
		Verdict: "accept by rules:7" + s.Taint, Open: true, Logins: s.logins,
		Services: []engine.Service{
			{Port: 22, Reachable: true, Clients: 2}, {Port: 25, Reachable: true, Clients: 1}, {Port: 53, Reachable: true},
			{Port: 80, Reachable: true}, {Port: 443, Reachable: true, Clients: 3}, {Port: 8080, Clients: 1, Cut: 1},
		},
	}
	if n := uint64(now.Sub(s.trial.Since).Seconds()); n > 0 {
		row := engine.DeniedRow{ID: "a1", Packets: 3 * n, Text: "int FW ALL ALL telnet reject" + s.Taint}
		row.Row.Kind, row.Row.Line = tables.Rules, 12
		rest := engine.DeniedRow{ID: "reject", Packets: n}
		rest.Row.Name = "reject"
		p.Denied = []engine.DeniedRow{row, rest}
	}
	return p, nil
}
