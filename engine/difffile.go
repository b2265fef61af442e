package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

// diffDir is the directory for differences, in the state directory.
const diffDir = "diffs"

// DiffFile proposes a file for a difference.
func (e *Engine) DiffFile() string {
	return filepath.Join(e.cfg.State, diffDir, e.Host()+"-"+time.Now().Format("20060102-150405")+".diff")
}

// WriteDiff writes a text to a file of mode 0600. The directory must exist
// unless it is the one that DiffFile proposes.
func (e *Engine) WriteDiff(path, text string, replace bool) error {
	if !filepath.IsAbs(path) {
		return fmt.Errorf("write %s: name the whole path, from / on", path)
	}
	if filepath.Dir(path) == filepath.Join(e.cfg.State, diffDir) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
	}
	if err := writePrivate(path, []byte(text), replace); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// writePrivate makes a file that only its owner can read. A symbolic link in
// its place is never followed: what exists is refused, or with replace, when it
// is a regular file, replaced by a rename.
func writePrivate(path string, data []byte, replace bool) error {
	st, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return createPrivate(path, data)
	case err != nil:
		return err
	case !st.Mode().IsRegular():
		return errors.New("is not a regular file")
	case !replace:
		return fs.ErrExist
	}
	return replacePrivate(path, data)
}

// replacePrivate puts a file of mode 0600 in the place of another one, whatever
// the mode of that was.
func replacePrivate(path string, data []byte) error {
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(0o600))
	if err != nil {
		return err
	}
	defer func() { _ = f.Cleanup() }() // a no-op after the rename
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}

// createPrivate makes a file that is not there; one that somebody put there
// meanwhile, link or not, is an error.
func createPrivate(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(path) // half a difference is worse than none
	}
	return err
}
