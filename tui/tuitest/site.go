package tuitest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing/fstest"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// Site is the firewall. Fields may be set before it is used.
type Site struct {
	// Files are the tables on disk, by name.
	Files fstest.MapFS
	// Now is the clock.
	Now func() time.Time
	// Fail gives the error of a call by its name, Panic makes it panic.
	Fail  map[string]error
	Panic map[string]bool
	// FlowCount is how many flows there are.
	FlowCount int
	// Resyncs are the overruns of conntrack's events.
	Resyncs int
	// NoAccounting makes conntrack count no bytes.
	NoAccounting bool
	// Locked makes every preview lock the administrator out.
	Locked bool
	// NoDocker makes no engine answer.
	NoDocker bool
	// Damaged is why the generation in force cannot be read; nil when it can.
	Damaged error
	// HookWrong is what is wrong with a hook; empty when nothing is.
	HookWrong string
	// Name is the host name.
	Name string
	// Idle are the rows that do nothing.
	Idle []engine.RowInsight
	// Became is what becomes of flows that are to end; nil: all end.
	Became *engine.EndedFlows
	// Own are the ends of the administrator's connection, client and server.
	Own [2]netip.AddrPort
	// Silent makes nothing log what is denied, and a trace hear of no packet;
	// Lost are the overruns of the log and the forgotten packets.
	Silent bool
	Lost   [2]uint64
	// Taint is added to every text that comes from outside: names of people,
	// warnings, chains, rules, proofs, errors.
	Taint string
	// Changed makes the kernel differ from what was compared.
	Changed bool
	// Written are the files that were written, by path.
	Written map[string]string

	entered  sync.Map // names of calls
	mu       sync.Mutex
	began    time.Time
	live     *ruleset.Ruleset
	old      *ruleset.Ruleset // what a rollback brings back
	trial    *engine.TrialStatus
	deadline time.Time
	history  []engine.Generation
	archive  map[string]fstest.MapFS // the tables of the generations by id
	calls    []string

	since      *engine.CounterBaseline
	logins     []engine.Login // since the flip
	timestamps bool
	read       fstest.MapFS // the files as they were read or saved last; nil: never
}

// New makes a site whose kernel runs what its sample tables say.
func New(now func() time.Time) *Site {
	s := &Site{Files: sampleFiles(), FlowCount: 200, Name: "edge-01", Now: now, began: now()}
	set, _ := tables.Load(s.Files)
	cfg, _ := set.Check(tables.Facts{})
	s.live = withForeign(compileSample(cfg, nil))
	s.history, s.archive = s.sampleHistory(), s.sampleArchive()
	return s
}

// Calls lists the calls that change something, in order.
func (s *Site) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.calls...)
}

// Entered lists the calls that were made at all, each once.
func (s *Site) Entered() []string {
	var names []string
	s.entered.Range(func(name, _ any) bool { names = append(names, name.(string)); return true })
	slices.Sort(names)
	return names
}

// enter notes a call and gives its fault.
func (s *Site) enter(call string) error {
	s.entered.Store(call, true)
	if s.Panic[call] {
		panic(call + " was told to panic")
	}
	if err := s.Fail[call]; err != nil {
		return fmt.Errorf("%w%s", err, s.Taint)
	}
	return nil
}

func (s *Site) changed(format string, args ...any) {
	s.calls = append(s.calls, fmt.Sprintf(format, args...))
}

// Host is the name of the machine.
func (s *Site) Host() string {
	_ = s.enter("Host")
	return s.Name + s.Taint
}

// Dir is where the tables seem to be.
func (s *Site) Dir() string {
	_ = s.enter("Dir")
	return "/etc/microfw"
}

// Load reads the tables.
func (s *Site) Load() (*tables.Set, tables.Problems) {
	if err := s.enter("Load"); err != nil {
		return nil, tables.Problems{{File: "tables", Cell: -1, Severity: tables.Error, Text: err.Error()}}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remember()
	return tables.Load(s.Files)
}

// Save writes the tables, unless Write changed one since it was read.
func (s *Site) Save(set *tables.Set) error {
	if err := s.enter("Save"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if list := s.changedOnDisk(); len(list) > 0 {
		return &engine.ErrChanged{Files: list}
	}
	defer s.remember()
	for _, k := range tables.Kinds() {
		data := set.File(k).Bytes()
		if old, ok := s.Files[k.String()]; !ok || !bytes.Equal(old.Data, data) {
			s.changed("save %s", k)
			s.Files[k.String()] = &fstest.MapFile{Data: data}
		}
	}
	return nil
}

// Check checks with the interfaces that the sample names.
func (s *Site) Check(set *tables.Set) (*tables.Config, tables.Problems) {
	_ = s.enter("Check")
	return set.Check(tables.Facts{Interfaces: []string{"lo", "eth0", "eth1", "docker0", "veth3f1", "wg0"}})
}

// Compile compiles in the simplest form.
func (s *Site) Compile(set *tables.Set) (*engine.Compiled, tables.Problems) {
	_ = s.enter("Compile")
	cfg, problems := s.Check(set)
	if problems.HasErrors() {
		return nil, problems
	}
	return compiledOf(cfg), problems
}

// Preview compares with what runs.
func (s *Site) Preview(ctx context.Context, set *tables.Set) (*engine.Preview, error) {
	if err := s.enter("Preview"); err != nil {
		return nil, err
	}
	compiled, problems := s.Compile(set)
	p := &engine.Preview{Compiled: compiled, Problems: problems, At: s.Now(), Countdown: 30 * time.Second, Fingerprint: "9f31"}
	if compiled == nil {
		return p, engine.ErrProblems
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p.Live = s.live
	p.Diff = plan.Compare(s.live, plan.Target{Rules: compiled.Rules, Hooks: compiled.Hooks}, plan.Ownership{})
	p.Lockout = engine.Lockout{Known: true, Safe: !s.Locked, New: "accept by rules:14", Open: "keeps running (established)", Client: netip.MustParseAddrPort("203.0.113.7:52110"), Server: netip.MustParseAddrPort("198.51.100.4:22")}
	if s.Locked {
		p.Lockout.New = "reject by rules:13" + s.Taint
	}
	return p, nil
}

// Apply starts a trial.
func (s *Site) Apply(ctx context.Context, p *engine.Preview, req engine.ApplyRequest) (engine.TrialStatus, error) {
	if err := s.enter("Apply"); err != nil {
		return engine.TrialStatus{}, err
	}
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed("apply override=%v", req.Override)
	s.old, s.live = s.live, withForeign(p.Compiled.Rules)
	s.begin(now, cmp.Or(req.Timeout, p.Countdown))
	return *s.trial, nil
}

// StartTrial begins a trial as another administrator would.
func (s *Site) StartTrial(countdown time.Duration) {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.old = s.live
	s.begin(now, countdown)
}

func (s *Site) begin(now time.Time, countdown time.Duration) {
	t := engine.TrialStatus{
		ID: fmt.Sprintf("20261120-140211-%04d", len(s.history)), Code: "K7QX", Who: "alice from 203.0.113.7" + s.Taint, Since: now,
		Left: countdown, Timeout: countdown, DeadMan: true, Guardian: 4711,
		Proof: []string{
			"the rules were rehearsed in a namespace of their own",
			"a new SSH connection from 203.0.113.7 was accepted there",
			"everything was read back from the kernel" + s.Taint,
		},
	}
	t.State = "trial"
	s.trial, s.deadline, s.logins = &t, now.Add(countdown), nil
}

// Trial asks the guardian.
func (s *Site) Trial(ctx context.Context) (engine.TrialStatus, bool, error) {
	if err := s.enter("Trial"); err != nil {
		return engine.TrialStatus{}, false, err
	}
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trial == nil {
		return engine.TrialStatus{}, false, nil
	}
	if !now.Before(s.deadline) {
		s.end("rolled back", "the time was over", now)
		return engine.TrialStatus{}, false, nil
	}
	s.trial.Left = s.deadline.Sub(now)
	return *s.trial, true, nil
}

// end ends the trial.
func (s *Site) end(state, reason string, now time.Time) engine.TrialStatus {
	t := *s.trial
	g := engine.Generation{Event: engine.Applied, ID: t.ID, When: t.Since, Who: t.Who, Took: now.Sub(t.Since), Previous: s.confirmed(), Reason: reason}
	s.archive[g.ID] = clone(s.Files)
	if state == "confirmed" {
		t.State, g.Result, g.By = "confirmed", "confirmed", t.Who
	} else {
		t.State, g.Result = "rolled back", "rolled back"
		s.live = s.old
	}
	t.Left, t.Reason, s.trial = 0, reason+s.Taint, nil
	s.history = append([]engine.Generation{g}, s.history...)
	return t
}

var errNone = errors.New("no apply is pending")

// Confirm keeps the new rules.
func (s *Site) Confirm(ctx context.Context, code string) (engine.TrialStatus, error) {
	return s.answer("Confirm", "confirmed", "", "confirm "+code)
}

// Reject brings the old rules back.
func (s *Site) Reject(ctx context.Context) (engine.TrialStatus, error) {
	return s.answer("Reject", "rolled back", "rejected by alice", "reject")
}

func (s *Site) answer(call, state, reason, note string) (engine.TrialStatus, error) {
	if err := s.enter(call); err != nil {
		return engine.TrialStatus{}, err
	}
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trial == nil {
		return engine.TrialStatus{}, errNone
	}
	s.changed("%s", note)
	return s.end(state, reason, now), nil
}

// Extend gives more time.
func (s *Site) Extend(ctx context.Context, by time.Duration) (engine.TrialStatus, error) {
	if err := s.enter("Extend"); err != nil {
		return engine.TrialStatus{}, err
	}
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trial == nil {
		return engine.TrialStatus{}, errNone
	}
	s.changed("extend %s", by)
	s.deadline = s.deadline.Add(by)
	s.trial.Left, s.trial.Timeout = s.deadline.Sub(now), s.trial.Timeout+by
	return *s.trial, nil
}

// Status says how things stand.
func (s *Site) Status(ctx context.Context) (engine.Status, error) {
	if err := s.enter("Status"); err != nil {
		return engine.Status{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := engine.Status{Version: "1.8.9", Warnings: []string{"legacy tables hold rules as well: filter" + s.Taint}, Drift: &plan.Diff{}, Trial: s.trial}
	st.Backend = "nft"
	if s.HookWrong != "" {
		st.Drift.Hooks = []plan.HookDiff{{Hook: sampleHooks()[0], Op: plan.Change, Why: s.HookWrong}}
	}
	if g, ok := s.generation(s.confirmed()); ok {
		st.Current = &g
		if g.Damaged = s.Damaged; g.Damaged != nil {
			st.Drift = nil
		}
		st.Unapplied = s.unapplied()
	}
	return st, nil
}

// unapplied are the tables on disk that are not those of the generation in force.
func (s *Site) unapplied() []tables.Kind {
	saved, problems := tables.Load(s.Files)
	applied, _ := tables.Load(s.archive[s.confirmed()])
	if saved == nil || applied == nil || problems.HasErrors() {
		return nil
	}
	return saved.Changed(applied)
}

// History lists what was applied, newest first.
func (s *Site) History() ([]engine.Generation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []engine.Generation
	for _, g := range s.history {
		g, _ = s.generation(g.ID)
		list = append(list, g)
	}
	return list, s.enter("History")
}

// EnableAccounting switches byte counters on.
func (s *Site) EnableAccounting() error {
	if err := s.enter("EnableAccounting"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed("accounting on")
	s.NoAccounting = false
	return nil
}

// Commands is empty: nothing is run.
func (s *Site) Commands() []engine.Command { return nil }
