package apply

import (
	"context"
	"net/netip"
	"time"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/plan"
)

// Paths are the directories that a transaction uses: State holds the
// generations and survives a reboot, Run holds journal, lock and socket and
// does not.
type Paths struct {
	State string // default /var/lib/mfwtui
	Run   string // default /run/mfwtui
}

// Request is what to apply.
type Request struct {
	Want plan.Target
	// Tables are the bytes of each table file, stored with the generation.
	Tables map[string][]byte
	// Fingerprint is that of the live ruleset which the preview was made
	// from; empty takes the one found now.
	Fingerprint string
	Timeout     time.Duration
	// Yes confirms by itself after the read-back.
	Yes bool
	// Admin is the administrator's own connection, from SSH_CONNECTION; the
	// zero value skips the lock-out probe.
	Admin Connection
	// Who is shown to other administrators: login name and where from.
	Who string
	// Override goes on although the lock-out probe failed.
	Override bool
	// Guardian is the command line that starts the guardian; the paths and
	// the transaction follow as arguments.
	Guardian []string
}

// Connection is a TCP connection as SSH_CONNECTION tells it.
type Connection struct {
	Client, Server netip.AddrPort
}

// State is where a transaction stands.
type State string

// The states. Prepared, Trial and Confirming are also in the journal.
const (
	Prepared   State = "prepared"
	Trial      State = "trial"
	Confirming State = "confirming"
	Confirmed  State = "confirmed"
	RolledBack State = "rolled back"
	Failed     State = "failed" // nothing was changed
)

// Status is a transaction as the guardian sees it.
type Status struct {
	ID    string
	State State
	Code  string // four letters, made after the flip; empty before
	Who   string
	Since time.Time
	// Left is the time until the rollback; Timeout the whole window.
	Left, Timeout time.Duration
	// DeadMan is false when the kernel could not be armed and the guardian
	// alone holds the rollback.
	DeadMan  bool
	Guardian int // process id
	// Reason says why the transaction ended as it did, or failed.
	Reason string
	// Proof lists what was verified, in words.
	Proof []string
}

// Start runs the transaction up to the flip and returns while the trial runs
// (or, with Yes, when it is confirmed). Anything before the flip that fails
// leaves the live ruleset as it was and gives an error.
func Start(ctx context.Context, k host.Kernel, paths Paths, req Request) (Status, error) {
	return Status{}, nil
}

// Query asks the guardian; false when no transaction is pending.
func Query(ctx context.Context, paths Paths) (Status, bool, error) { return Status{}, false, nil }

// Wait blocks until the pending transaction has ended, calling watch (when not
// nil) with each status on the way.
func Wait(ctx context.Context, paths Paths, id string, watch func(Status)) (Status, error) {
	return Status{}, nil
}

// Confirm keeps the new rules. An empty code confirms whatever is pending.
func Confirm(ctx context.Context, paths Paths, code string) (Status, error) { return Status{}, nil }

// Reject brings the old rules back now.
func Reject(ctx context.Context, paths Paths, why string) (Status, error) { return Status{}, nil }

// Extend gives the trial more time, up to ten minutes in all.
func Extend(ctx context.Context, paths Paths, by time.Duration) (Status, error) {
	return Status{}, nil
}

// Recover finishes or undoes what a dead process left. It returns what it did
// in words, empty when there was nothing to do, and leaves a transaction with
// a living guardian alone.
func Recover(ctx context.Context, k host.Kernel, paths Paths) (string, error) { return "", nil }

// Boot loads the confirmed generation, the previous one when that is damaged,
// and a lock-down ruleset when both are.
func Boot(ctx context.Context, k host.Kernel, paths Paths) (string, error) { return "", nil }

// Teardown removes all that is ours from the kernel.
func Teardown(ctx context.Context, k host.Kernel, paths Paths) error { return nil }

// Guard is the guardian process: it never returns before the transaction has
// ended. Args are what Start appended to Request.Guardian.
func Guard(ctx context.Context, k host.Kernel, args []string) error { return nil }

// Generation is one applied ruleset on disk.
type Generation struct {
	ID       string
	Dir      string
	When     time.Time
	Who      string
	Result   State
	Took     time.Duration
	Own      plan.Ownership
	Previous string
}

// Current is the confirmed generation; false when there is none.
func Current(paths Paths) (Generation, bool, error) { return Generation{}, false, nil }

// History lists the generations, newest first.
func History(paths Paths) ([]Generation, error) { return nil, nil }
