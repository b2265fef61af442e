package host

import (
	"context"
	"time"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Kernel reads and loads rulesets. Every method is safe for concurrent use.
// Errors of programs are of type *ExecError.
type Kernel interface {
	// Read reads both families with counters, and the sets, at the same
	// time where that is safe; and what Docker's engine wrote into nftables,
	// where it did. The result is for reading only: later ones may
	// share rules with it.
	Read(ctx context.Context) (*ruleset.Ruleset, error)
	// ReadRules is Read without the sets, of which a host may have a great
	// many members.
	ReadRules(ctx context.Context) (*ruleset.Ruleset, error)
	// ReadTables reads one family.
	ReadTables(ctx context.Context, f ruleset.Family) (ruleset.Tables, error)
	// ReadSets reads every set of the namespace.
	ReadSets(ctx context.Context) (ruleset.Sets, error)
	// Restore loads rules with --noflush --counters and waits for the lock.
	// It is atomic by table, not over the whole text.
	Restore(ctx context.Context, f ruleset.Family, text string) error
	// RestoreBoth loads both families at once; an empty text is not loaded.
	// One may be loaded although the other failed: the error tells which.
	RestoreBoth(ctx context.Context, v4, v6 string) error
	// RestoreSets loads sets. It is not atomic.
	RestoreSets(ctx context.Context, text string) error
	// RestoreAndReadSet is RestoreSets, and gives one set as it is afterwards,
	// however many others there are; nil when there is none.
	RestoreAndReadSet(ctx context.Context, text, name string) (*ruleset.Set, error)
	// Links lists the network interfaces and those of them that are
	// bridges. It is cheap.
	Links(ctx context.Context) (interfaces, bridges []string, err error)
	// Probe finds out what this host has. It tries things out in a network
	// namespace of its own, which takes some 20 ms: what only wants to
	// compare calls Read, Links and ForwardHook instead.
	Probe(ctx context.Context) (Capabilities, error)
}

// Backend is the variant of the iptables tools.
type Backend string

// The back ends.
const (
	NFT    Backend = "nft"
	Legacy Backend = "legacy"
)

// Capabilities are what a host offers, as found by trying.
type Capabilities struct {
	Backend Backend
	Version string // of iptables, "1.8.9"
	// OtherTables lists tables of the other back end that hold rules ("v4
	// filter"): both back ends decide, so this deserves a warning.
	OtherTables []string
	// IPv6 is false when the kernel has no IPv6 at all.
	IPv6 bool
	// DeadMan reports whether the host has everything that a timed gate
	// needs; Missing names what it lacks, parts of the kernel or programs.
	DeadMan bool
	Missing []string
	// Bridges are the network interfaces that are bridges, Interfaces all.
	Bridges    []string
	Interfaces []string
	// ForwardHook4 and ForwardHook6 are where our forward chain is to be
	// hooked, see semantics of Docker's chains.
	ForwardHook4, ForwardHook6 string
}

// Command is one program run, for the command log.
type Command struct {
	Args    []string
	Input   int // bytes of standard input
	Started time.Time
	Took    time.Duration
	Status  int
	Err     string
	Lines   int // lines of standard output
}
