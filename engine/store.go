package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/tables"
)

// ErrChanged says that table files on disk are not what was read: somebody
// else wrote them. Nothing was written.
type ErrChanged struct{ Files []string }

func (e *ErrChanged) Error() string {
	return strings.Join(e.Files, ", ") + ": changed on disk since it was read; load it again, or save under another name"
}

// store is the directory of the tables: it remembers what was read, and
// replaces files all or none.
type store struct {
	dir     string
	seen    map[tables.Kind][]byte // nil entry: absent
	stamped map[tables.Kind]stamp  // what the files looked like; nil: look again
	unread  []string               // tables that could not be read, so that nobody knows them
}

// intentName is the file that lists the renames of a save under way. While it
// exists the new files are complete under their temporary names, so whoever
// finds it finishes the save.
const intentName = ".mfwtui-save"

// rename is one step of a save: the temporary name and the table, both
// relative to the directory.
type rename struct{ From, To string }

// load reads the tables, finishing an interrupted save first.
func (s *store) load() (*tables.Set, tables.Problems) {
	if err := finishSave(s.dir); err != nil {
		return tables.NewSet(), tables.Problems{{File: s.dir, Severity: tables.Error, Cell: -1, Text: err.Error()}}
	}
	before := s.stamps() // a write during the read is then seen as one after it
	set, problems := tables.Load(tableFS(s.dir))
	s.remember(set, before)
	for _, p := range problems {
		s.unread = append(s.unread, p.File)
	}
	return set, problems
}

// remember takes the bytes of set as what is on disk, in files that looked like
// this.
func (s *store) remember(set *tables.Set, stamped map[tables.Kind]stamp) {
	s.stamped, s.unread = stamped, nil
	s.seen = make(map[tables.Kind][]byte)
	for _, k := range tables.Kinds() {
		if _, err := os.Lstat(filepath.Join(s.dir, k.String())); err == nil {
			s.seen[k] = set.File(k).Bytes()
		}
	}
}

// save writes the tables that differ from what was read.
func (s *store) save(set *tables.Set) error {
	lock, err := lockDir(s.dir)
	if err != nil {
		return fmt.Errorf("save tables: %w", err)
	}
	defer lock.Close()
	if changed := s.changedOnDisk(); len(changed) > 0 {
		return &ErrChanged{Files: changed}
	}
	var dirty []tables.Kind
	for _, k := range tables.Kinds() {
		old, present := s.seen[k]
		now := set.File(k).Bytes()
		if !bytes.Equal(old, now) || (!present && len(now) > 0) {
			dirty = append(dirty, k)
		}
	}
	if err := replaceAll(s.dir, set, dirty); err != nil {
		return fmt.Errorf("save tables: %w", err)
	}
	s.remember(set, nil)
	return nil
}

// changedOnDisk names the tables whose bytes on disk are not those that were
// read.
func (s *store) changedOnDisk() []string {
	var changed []string
	for _, k := range tables.Kinds() {
		old, present := s.seen[k]
		now, err := readTable(s.dir, k.String())
		switch {
		case errors.Is(err, fs.ErrNotExist) && !present:
		case err != nil, !present, !bytes.Equal(old, now):
			changed = append(changed, k.String())
		}
	}
	return changed
}

// readTable reads a file as load reads tables: it follows no link and waits for
// no pipe.
func readTable(dir, name string) ([]byte, error) {
	f, err := tableFS(dir).Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	return io.ReadAll(f)
}

// lockDir takes the advisory lock that keeps two saves apart; closing the file
// frees it.
func lockDir(dir string) (*os.File, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		d.Close()
		return nil, fmt.Errorf("lock %s: another mfwtui is saving: %w", dir, err)
	}
	return d, nil
}

// replaceAll writes every file under a temporary name, then the list of
// renames, then renames. A crash before the list leaves all old files, one
// after it is finished by the next load. A rename that fails, as for a file that
// is immutable or mounted, takes those before it back.
func replaceAll(dir string, set *tables.Set, dirty []tables.Kind) error {
	if len(dirty) == 0 {
		return nil
	}
	var pending []*renameio.PendingFile
	var steps []rename
	defer func() {
		for _, p := range pending {
			_ = p.Cleanup() // a no-op after the rename
		}
	}()
	for _, k := range dirty {
		p, err := writePending(filepath.Join(dir, k.String()), set.File(k).Bytes())
		if err != nil {
			return err
		}
		pending = append(pending, p)
		steps = append(steps, rename{From: filepath.Base(p.Name()), To: k.String()})
	}
	intent, err := json.Marshal(steps)
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(filepath.Join(dir, intentName), intent, 0o600); err != nil {
		return err
	}
	var takeBack []func()
	for i, k := range dirty {
		takeBack = append(takeBack, keepBackup(filepath.Join(dir, k.String())))
		if err := pending[i].CloseAtomicallyReplace(); err != nil {
			_ = endSave(dir)
			for _, undo := range takeBack[:i] {
				undo()
			}
			return err
		}
	}
	return endSave(dir)
}

// writePending writes and syncs one file beside its target, with the mode and
// owner of what it replaces.
func writePending(path string, data []byte) (*renameio.PendingFile, error) {
	p, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)),
		renameio.WithPermissions(0o640), renameio.WithExistingPermissions())
	if err != nil {
		return nil, err
	}
	if st, err := os.Stat(path); err == nil {
		if own, ok := st.Sys().(*syscall.Stat_t); ok {
			_ = p.Chown(int(own.Uid), int(own.Gid)) // only root can, and for others it is theirs already
		}
	}
	if _, err := p.Write(data); err != nil {
		_ = p.Cleanup()
		return nil, err
	}
	if err := p.Sync(); err != nil {
		_ = p.Cleanup()
		return nil, err
	}
	return p, nil
}

// keepBackup keeps the version before this save as NAME~ and returns what brings
// it back. A backup that cannot be kept does not stop a save.
func keepBackup(path string) (takeBack func()) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return func() { _ = os.Remove(path) }
	}
	_ = os.Remove(path + "~")
	if os.Link(path, path+"~") != nil {
		return func() {}
	}
	return func() { _ = os.Rename(path+"~", path) }
}

// finishSave does the renames that an interrupted save had promised.
func finishSave(dir string) error {
	data, err := readTable(dir, intentName)
	if err != nil {
		return nil // no save was interrupted, or nothing here is ours to read
	}
	var steps []rename
	if err := json.Unmarshal(data, &steps); err != nil {
		return fmt.Errorf("finish an interrupted save: %s is damaged; look at the files in %s and remove it", intentName, dir)
	}
	for _, st := range steps {
		if !isTable(st.To) || st.From != filepath.Base(st.From) {
			return fmt.Errorf("finish an interrupted save: %s names %q; remove it", intentName, st.To)
		}
		err := os.Rename(filepath.Join(dir, st.From), filepath.Join(dir, st.To))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("finish an interrupted save: %w", err)
		}
	}
	return endSave(dir)
}

// endSave forgets the list of renames and makes the renames durable.
func endSave(dir string) error {
	if err := os.Remove(filepath.Join(dir, intentName)); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func isTable(name string) bool {
	return slices.ContainsFunc(tables.Kinds(), func(k tables.Kind) bool { return k.String() == name })
}
