package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mfwtui/mfwtui/tables"
)

// Beginner helps somebody whose directory has no tables yet.
type Beginner interface {
	// FirstUse reports whether the directory of the tables is missing or has
	// no table in it.
	FirstUse() bool
	// StarterFacts are what Starter needs to know about this host.
	StarterFacts() (StarterFacts, error)
	// CreateTables makes the directory and the tables. It refuses when there
	// is a table already.
	CreateTables(set *tables.Set) error
}

// ErrTablesExist says that somebody else made tables meanwhile.
var ErrTablesExist = errors.New("there are tables already; nothing was written")

// FirstUse reports whether there is no table yet.
func (e *Engine) FirstUse() bool { return noTables(e.cfg.Dir) }

// noTables reports whether a directory is missing or holds no table. One that
// cannot be looked into is another trouble.
func noTables(dir string) bool {
	st, err := os.Stat(dir)
	if err != nil || !st.IsDir() {
		return errors.Is(err, fs.ErrNotExist)
	}
	for _, k := range tables.Kinds() {
		if _, err := os.Lstat(filepath.Join(dir, k.String())); !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return true
}

// StarterFacts looks at the interfaces, the routes, and the SSH session.
func (e *Engine) StarterFacts() (StarterFacts, error) {
	list, err := e.HostInterfaces()
	if err != nil {
		return StarterFacts{}, err
	}
	f := StarterFacts{Interfaces: list}
	if c := e.admin(); c.Client.IsValid() {
		f.Client, f.Server = c.Client, c.Server
		_, f.In = routeTo(c.Client.Addr())
	}
	return f, nil
}

// tableDirMode is that of a new directory: a group may be let in to read.
const tableDirMode = 0o750

// CreateTables writes the first tables, all or none of them.
func (e *Engine) CreateTables(set *tables.Set) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := makeTableDir(e.cfg.Dir); err != nil {
		return fmt.Errorf("create the tables: %w", err)
	}
	if !noTables(e.cfg.Dir) {
		return ErrTablesExist
	}
	e.disk = store{dir: e.cfg.Dir}
	return e.disk.save(set)
}

// makeTableDir makes the directory of the tables where it is missing, and
// refuses a place in which others could replace it.
func makeTableDir(dir string) error {
	switch _, err := os.Stat(dir); {
	case err == nil:
		return checkDir(dir)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if err := makeTableDir(parent); err != nil {
		return err
	}
	return os.Mkdir(dir, tableDirMode)
}
