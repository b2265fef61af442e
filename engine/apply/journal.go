package apply

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
)

// journal is what a transaction must not forget when its process dies. It
// lives in Paths.Run, which a reboot empties: after a reboot the confirmed
// generation is loaded, and nothing else counts.
type journal struct {
	ID         string
	State      State
	BootID     string
	Generation string
	// Started is the flip, Deadline the end of the window; both in time
	// since boot.
	Started, Deadline time.Duration
	Timeout           time.Duration // the window that was asked for
	Code              string
	Who               string
	Since             time.Time
	Fingerprint       string // of the rules before
	Census            string // of the staged trial
	Yes               bool
	DeadMan           bool
	Held              bool // the gate may be open without a timeout: a confirmation began
	IPv4Only          bool // the kernel has no IPv6
	MarkBit           uint32
	// Reason is why it is being rolled back, once that is decided.
	Reason string
	// By is who confirmed or rejected it, and from where.
	By    string `json:",omitempty"`
	Proof []string
	// Guardian is the command line that Recover starts when the window is
	// open and every guardian is dead.
	Guardian []string
}

// sealed is the form on disk: a torn or edited journal does not match its sum,
// so that nothing but what was written can confirm anything.
type sealed struct {
	SHA256  string
	Journal json.RawMessage
}

// maxJournal bounds what is read.
const maxJournal = 64 << 10

var errJournal = errors.New("the transaction journal is damaged")

func (j journal) encode() ([]byte, error) {
	body, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return json.Marshal(sealed{SHA256: hex.EncodeToString(sum[:]), Journal: body})
}

func decodeJournal(b []byte) (journal, error) {
	var s sealed
	if err := json.Unmarshal(b, &s); err != nil {
		return journal{}, fmt.Errorf("%w: %w", errJournal, err)
	}
	var body bytes.Buffer
	if err := json.Compact(&body, s.Journal); err != nil {
		return journal{}, fmt.Errorf("%w: %w", errJournal, err)
	}
	if sum := sha256.Sum256(body.Bytes()); hex.EncodeToString(sum[:]) != s.SHA256 {
		return journal{}, fmt.Errorf("%w: its checksum does not match", errJournal)
	}
	var j journal
	if err := json.Unmarshal(body.Bytes(), &j); err != nil {
		return journal{}, fmt.Errorf("%w: %w", errJournal, err)
	}
	if !validID(j.ID) || !validID(j.Generation) {
		return journal{}, fmt.Errorf("%w: %q is not a transaction", errJournal, j.ID)
	}
	return j, nil
}

// clamp keeps a deadline inside what a window can be, whatever the journal
// says: at most ten minutes from now, and from the flip.
func (j *journal) clamp(now time.Duration) {
	j.Started = min(max(j.Started, 0), now)
	j.Deadline = min(max(j.Deadline, 0), j.Started+maxWindow)
}

// window is the time from the flip to the deadline.
func (j journal) window() time.Duration {
	if j.Deadline == 0 {
		return j.Timeout
	}
	return j.Deadline - j.Started
}

// status tells a journal to people.
func (j journal) status(now time.Duration) Status {
	s := Status{
		ID: j.ID, State: j.State, Code: j.Code, Who: j.Who, Since: j.Since,
		Timeout: j.window(), DeadMan: j.DeadMan, Reason: j.Reason, Proof: j.Proof,
	}
	if j.State == Trial {
		s.Left = max(0, j.Deadline-now)
	}
	return s
}

func writeJournal(paths Paths, j journal) error {
	b, err := j.encode()
	if err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	name := filepath.Join(paths.Run, journalFile)
	if err := renameio.WriteFile(name, b, 0o600, renameio.WithTempDir(paths.Run)); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return syncDir(paths.Run)
}

// readJournal gives false when there is none. A journal that cannot be
// understood gives errJournal.
func readJournal(paths Paths) (journal, bool, error) {
	b, err := readFile(filepath.Join(paths.Run, journalFile), maxJournal)
	if errors.Is(err, fs.ErrNotExist) {
		return journal{}, false, nil
	}
	if err != nil {
		return journal{}, true, fmt.Errorf("read journal: %w", err)
	}
	j, err := decodeJournal(b)
	return j, true, err
}

func removeJournal(paths Paths) error {
	err := os.Remove(filepath.Join(paths.Run, journalFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// remedy is what a journal without a guardian calls for.
type remedy string

const (
	remedyNone   remedy = "none"   // of another boot: forget it
	remedyUndo   remedy = "undo"   // the old rules
	remedyResume remedy = "resume" // the window is open: wait on
	remedyFinish remedy = "finish" // a person said yes: the new rules
)

// judge decides about a journal that was found. Whatever is not understood is
// undone.
func judge(j journal, err error, now time.Duration, boot string) remedy {
	switch {
	case err != nil:
		return remedyUndo
	case j.BootID != boot:
		return remedyNone
	case j.State == Confirming:
		return remedyFinish
	case j.State == Trial && j.Reason == "" && now < j.Deadline:
		return remedyResume
	}
	return remedyUndo
}
