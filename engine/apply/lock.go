package apply

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// The files of Paths.Run.
const (
	lockFile    = "tx.lock"
	journalFile = "tx.json"
	socketFile  = "guard.sock"
	oldDir      = "old"        // the ruleset before the trial
	gateFile    = "gate-works" // the boot in which the kernel was found able to hold a gate
)

// errLocked: somebody holds the lock, which means a guardian lives.
var errLocked = errors.New("locked")

// lock takes the transaction lock without waiting. It belongs to the open file
// description: the kernel frees it when the last process that holds the file
// is gone, so there is no stale lock, and the file is never removed.
func lock(paths Paths) (*os.File, error) {
	if err := makeRunDir(paths.Run); err != nil {
		return nil, err
	}
	name := filepath.Join(paths.Run, lockFile)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open transaction lock: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, errLocked
	}
	return nil, fmt.Errorf("lock %s: %w", name, err)
}

// idleLimit is how long a guardian may take that has told its outcome and only
// sweeps up: the tools have 10 s each.
const idleLimit = 30 * time.Second

// whenIdle calls f, which needs the lock, and again while the guardian that
// holds it only sweeps up. The error is a *PendingError when a transaction is
// pending.
func whenIdle(ctx context.Context, paths Paths, f func() error) error {
	for end := time.Now().Add(idleLimit); ; {
		err := f()
		if !errors.Is(err, errLocked) {
			return err
		}
		s, pending, _ := Query(ctx, paths)
		if pending || ctx.Err() != nil || time.Now().After(end) {
			return &PendingError{Status: s}
		}
		time.Sleep(lockPause)
	}
}

// lockPause lies between two tries to take a lock that is about to be free.
const lockPause = 20 * time.Millisecond

// lockWhenIdle takes the lock as soon as no transaction is pending.
func lockWhenIdle(ctx context.Context, paths Paths) (held *os.File, err error) {
	err = whenIdle(ctx, paths, func() error {
		held, err = lock(paths)
		return err
	})
	return held, err
}

// makeRunDir makes the directory for root alone, and refuses one that
// somebody else could put files into.
func makeRunDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make run directory: %w", err)
	}
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return fmt.Errorf("look at run directory: %w", &os.PathError{Op: "lstat", Path: dir, Err: err})
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR || int(st.Uid) != os.Geteuid() || st.Mode&0o022 != 0 {
		return fmt.Errorf("run directory %s: must be a directory of root that nobody else can write to", dir)
	}
	return nil
}
