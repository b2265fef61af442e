package engine

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/mfwtui/mfwtui/tables"
)

// Disk tells what somebody else did to the tables on disk.
type Disk interface {
	// ChangedOnDisk names the tables that are not what was read or saved
	// last. It looks at the files, and reads only those that look different,
	// so it may be asked every few seconds.
	ChangedOnDisk() []string
	// ReadDisk reads the tables as they are on disk now. Unlike Load it does
	// not make them what a save may replace.
	ReadDisk() (*tables.Set, tables.Problems)
	// Rebase says that a set from ReadDisk is known: a save may replace it,
	// and nothing that was written after it.
	Rebase(onDisk *tables.Set)
}

// stamp is what tells without reading that a file is the one that it was.
type stamp struct {
	device, inode uint64
	size          int64
	changed       syscall.Timespec // of content or owner or mode
}

// stampOf looks at a file; the zero stamp stands for one that is absent.
func stampOf(path string) stamp {
	info, err := os.Lstat(path)
	if err != nil {
		return stamp{}
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return stamp{}
	}
	return stamp{device: uint64(st.Dev), inode: st.Ino, size: st.Size, changed: st.Ctim}
}

// stamps looks at every table.
func (s *store) stamps() map[tables.Kind]stamp {
	all := make(map[tables.Kind]stamp)
	for _, k := range tables.Kinds() {
		all[k] = stampOf(filepath.Join(s.dir, k.String()))
	}
	return all
}

// glance is changedOnDisk without reading what looks as it did. Files that were
// only touched are looked at once.
func (s *store) glance() []string {
	if s.seen == nil {
		return nil // nothing was read, so nothing can differ from it
	}
	now := s.stamps()
	same := true
	for k, st := range now {
		same = same && st == s.stamped[k]
	}
	if same {
		return nil
	}
	changed := slices.DeleteFunc(s.changedOnDisk(), func(name string) bool { return slices.Contains(s.unread, name) })
	if len(changed) == 0 {
		s.stamped = now
	}
	return changed
}

// ChangedOnDisk names the tables that somebody else changed.
func (e *Engine) ChangedOnDisk() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.disk.glance()
}

// ReadDisk reads the tables without taking them as the base of a save.
func (e *Engine) ReadDisk() (*tables.Set, tables.Problems) {
	if err := e.CheckDir(); err != nil {
		return nil, tables.Problems{{File: "tables", Severity: tables.Error, Cell: -1, Text: err.Error()}}
	}
	return tables.Load(tableFS(e.cfg.Dir))
}

// Rebase takes what ReadDisk gave as the base of the next save.
func (e *Engine) Rebase(onDisk *tables.Set) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.disk.remember(onDisk, nil)
}
