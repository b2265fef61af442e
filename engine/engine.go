package engine

import (
	"context"
	"net/netip"
	"time"

	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/compile"
	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// The values that the facade hands out, so that its users need none of the
// rooms below.
type (
	// TrialStatus is a pending or ended transaction.
	TrialStatus = apply.Status
	// TrialState is where one stands.
	TrialState = apply.State
	// Generation is one applied ruleset.
	Generation = apply.Generation
	// Event is what an entry of the history tells of, Changes how much an
	// apply changed.
	Event   = apply.Event
	Changes = apply.Changes
	// Compiled is a compiled ruleset.
	Compiled = compile.Result
	// LockoutError refuses an apply under which the administrator could not
	// log in again; see ApplyRequest.Override.
	LockoutError = apply.LockoutError
	// PendingError refuses a transaction, or a repair, while one is pending.
	PendingError = apply.PendingError
	// RowRef is where a compiled rule came from.
	RowRef = compile.RowRef
	// Flow, FlowList and FlowSnapshot are conntrack entries, a Tuple is one
	// direction of one.
	Flow         = live.Flow
	Tuple        = live.Tuple
	FlowList     = live.FlowList
	FlowSnapshot = live.FlowSnapshot
	// RuleCount is what the rules of a row counted, by family.
	RuleCount = live.RuleCount
	// Command is a program that was run.
	Command = host.Command
)

// The states of a transaction that a caller acts on.
const (
	OnTrial    = apply.Trial
	Confirmed  = apply.Confirmed
	RolledBack = apply.RolledBack
	Failed     = apply.Failed
)

// The events of a history.
const (
	Applied = apply.Applied
	Refused = apply.Refused
	Booted  = apply.Booted
)

// ErrGuardianGone says that a transaction is pending and nobody answers for it;
// Recover gives it a new guardian, or ends it.
var ErrGuardianGone = apply.ErrGuardianGone

// Preview is a compiled set of tables beside the live ruleset.
type Preview struct {
	Compiled *Compiled
	Live     *ruleset.Ruleset
	Diff     *plan.Diff
	Problems tables.Problems
	// Fingerprint is that of Live; an apply refuses when the kernel has
	// changed since.
	Fingerprint string
	At          time.Time
	// Tables are the bytes of the tables that were compiled, by file name.
	Tables map[string][]byte
	// Countdown is what the options table says.
	Countdown time.Duration
	// Lockout says in words what would happen to the administrator's own
	// connection; empty when it is not known.
	Lockout Lockout

	adopted []string // sets that MicroFW left and that nobody uses
	config  *tables.Config
	own     plan.Ownership
}

// Lockout is the verdict of the compiled rules about the administrator's own
// SSH connection, as a new one and as the one that is open.
type Lockout struct {
	// Client and Server are the ends of the connection; not valid when
	// SSH_CONNECTION tells none.
	Client, Server netip.AddrPort
	Known          bool
	// New and Open are the verdicts in words; Safe is true when a new
	// connection would be accepted.
	New, Open string
	Safe      bool
}

// RowCounter is a line of the counters view: a table row, or a built-in part
// such as "established".
type RowCounter struct {
	ID string
	// Row is where the rule comes from in the tables that are applied;
	// Text its cells.
	Row    compile.RowRef
	Text   string
	V4, V6 ruleset.Counters
	// Rate is packets per second since the last snapshot.
	Rate float64
}

// ChainCounter is a rule of any chain, ours or not.
type ChainCounter struct {
	Family ruleset.Family
	Table  string
	Chain  string
	Owner  string // "ours", "docker", "built-in" or "foreign"
	// Container is whom a rule of Docker's is about, as the engine names it;
	// Network, where it is about no container.
	Container, Network string
	Index              int // from 1; 0 for the policy of a built-in chain
	ID                 string
	// Rule is the rule; nil where Words say what it is, as for a policy. See
	// Text.
	Rule  *ruleset.Rule
	Words string
	Count ruleset.Counters
	Rate  float64
}

// CounterSnapshot is every counter at one moment.
type CounterSnapshot struct {
	At     time.Time
	Rows   []RowCounter
	Chains []ChainCounter
	// Since is the moment from which is to be counted, nil for none; the counts
	// above are those of the kernel all the same, see FromBaseline. Dropped says
	// why there is none any more.
	Since   *CounterBaseline
	Dropped string
}

// Status is how things stand.
type Status struct {
	Backend  host.Backend
	Version  string
	Warnings []string // both back ends in use, a hook behind Docker's jump, …
	Hooks    []ruleset.Hook
	// Current is the confirmed generation; nil: nothing was ever applied. When
	// its Damaged says why it cannot be read, Hooks and Drift are not known.
	Current *Generation
	// Drift is the difference between the live ruleset and the confirmed
	// generation, empty when in sync.
	Drift *plan.Diff
	Trial *TrialStatus // nil: none pending
	// Unapplied are the tables on disk that are not those of the confirmed
	// generation, as after a save, or an apply that was rolled back.
	Unapplied []tables.Kind
}

// ApplyRequest is what Apply needs from the person.
type ApplyRequest struct {
	Timeout  time.Duration // 0: the countdown option of the tables
	Yes      bool
	Override bool // go on although the lock-out probe failed
}

// Backend is what the console needs of an Engine; a test gives it another.
type Backend interface {
	FlowTeller
	Prover
	Observer
	Explainer
	Reviewer
	Historian
	// Host is the host name that the console shows; Dir the directory of
	// the tables.
	Host() string
	Dir() string
	// Load reads the tables from disk; Save writes the ones that changed,
	// all or none, and refuses with ErrChanged when a file on disk is not
	// what Load read.
	Load() (*tables.Set, tables.Problems)
	Save(set *tables.Set) error
	// Check finds every problem, with the facts of this host.
	Check(set *tables.Set) (*tables.Config, tables.Problems)
	// Compile is pure apart from reading country data and host names, which
	// it caches; Preview also reads the kernel.
	Compile(set *tables.Set) (*Compiled, tables.Problems)
	Preview(ctx context.Context, set *tables.Set) (*Preview, error)
	// Apply saves nothing: it applies what is in p, which was made from the
	// saved tables. It returns when the trial runs.
	Apply(ctx context.Context, p *Preview, req ApplyRequest) (TrialStatus, error)
	Trial(ctx context.Context) (TrialStatus, bool, error)
	Confirm(ctx context.Context, code string) (TrialStatus, error)
	Reject(ctx context.Context) (TrialStatus, error)
	Extend(ctx context.Context, by time.Duration) (TrialStatus, error)
	Status(ctx context.Context) (Status, error)
	History() ([]Generation, error)
	Counters(ctx context.Context) (CounterSnapshot, error)
	Flows(ctx context.Context) (FlowSnapshot, error)
	EnableAccounting() error
	// Commands is the log of programs that were run, oldest first.
	Commands() []Command

	Judge
	FlowTeller
	DenialReader
	Insighter
	FlowEnder
	Inventory
	Beginner
	Disk
	PacketTracer
	CounterStarter
	AddressTeller
	ContainerTeller
	HookKeeper
	OwnConnectionTeller
}
