package apply

import (
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/mfwtui/mfwtui/engine/plan"
)

// Generation is one applied ruleset on disk, or another entry of the history,
// of which Pruned says that there are no rules and tables on disk.
type Generation struct {
	Event    Event
	ID       string
	Dir      string
	When     time.Time
	Who      string
	Result   State  // empty: not known
	Reason   string // why it ended so
	By       string // who confirmed or rejected it; empty: nobody
	Took     time.Duration
	Changes  *Changes // nil: not known
	Own      plan.Ownership
	Previous string
	Pruned   bool
	// Damaged says why fields above are not known: what the generation says of
	// itself was changed. Target verifies the rest.
	Damaged error
}

// Target verifies the generation on disk and gives what it wants of the
// kernel. The error is a *DamagedError when a file was changed.
func (g Generation) Target() (plan.Target, error) {
	_, want, err := storeOf(g).target(g.ID)
	return want, err
}

// Tables are the table files that the generation was made from.
func (g Generation) Tables() fs.FS { return os.DirFS(filepath.Join(g.Dir, tablesDir)) }

func storeOf(g Generation) store { return store{dir: filepath.Dir(filepath.Dir(g.Dir))} }

// Current is the confirmed generation; false when there is none. A damaged one
// is given with Damaged set and without Own.
func Current(paths Paths) (Generation, bool) {
	s := store{paths.State}
	id := s.linked(currentLink)
	if id == "" {
		return Generation{}, false
	}
	return s.generation(id), true
}

// Find is the generation with this id; false when it is not on disk.
func Find(paths Paths, id string) (Generation, bool) {
	s := store{paths.State}
	if !validID(id) {
		return Generation{}, false
	}
	if st, err := os.Lstat(s.path(id)); err != nil || !st.IsDir() {
		return Generation{}, false
	}
	return s.generation(id), true
}

func (s store) generation(id string) Generation {
	g := Generation{Event: Applied, ID: id, Dir: s.path(id)}
	m, err := s.about(id)
	if err != nil {
		g.When, g.Damaged = madeAt(id), err
	} else {
		g.When, g.Who, g.Own, g.Previous, g.Changes = m.When, m.Who, m.Own, m.Previous, m.Changes
	}
	if r, ended := s.readResult(id); ended {
		g.Result, g.Reason, g.Took, g.By = r.State, r.Reason, r.Took, r.By
	}
	// The link decides: the result may be missing on a disk that was full.
	if s.linked(currentLink) == id {
		g.Result = Confirmed
	}
	return g
}
