package apply

import (
	"net/netip"
	"path/filepath"
	"time"

	"github.com/mfwtui/mfwtui/engine/plan"
)

// Paths are the directories that a transaction uses: State holds the
// generations and survives a reboot, Run holds journal, lock and socket and
// does not.
type Paths struct {
	State string // default /var/lib/mfwtui
	Run   string // default /run/mfwtui
}

// absolute makes the paths independent of the working directory, which a
// guardian does not share.
func (p Paths) absolute() (Paths, error) {
	var err error
	if p.State, err = filepath.Abs(p.State); err != nil {
		return p, err
	}
	p.Run, err = filepath.Abs(p.Run)
	return p, err
}

// Request is what to apply.
type Request struct {
	Want plan.Target
	// Tables are the bytes of each table file, stored with the generation.
	Tables map[string][]byte
	// Adopt names sets in the kernel that are taken over although no
	// generation recorded them: what MicroFW left and nobody uses.
	Adopt []string
	// Fingerprint is that of the live ruleset which the preview was made
	// from; empty takes the one found now.
	Fingerprint string
	// Timeout is the window, 30 s when zero and ten minutes at most.
	Timeout time.Duration
	// MarkBit is the conntrack mark bit that flows of the trial get, 0x4000000
	// when zero.
	MarkBit uint32
	// Yes confirms by itself after the read-back.
	Yes bool
	// Admin is the administrator's own connection, from SSH_CONNECTION; the
	// zero value skips the lock-out probe.
	Admin Connection
	// Who is shown to other administrators: login name and where from.
	Who string
	// Changes is what the request changes, for the history.
	Changes *Changes
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
	// Phases is how long each step of the guardian took so far.
	Phases []Phase
}

// Phase is how long one step of a transaction took.
type Phase struct {
	Name string
	Took time.Duration
}
