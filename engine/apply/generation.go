package apply

import (
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/mfwtui/mfwtui/engine/plan"
)

// Generation is one applied ruleset on disk.
type Generation struct {
	ID       string
	Dir      string
	When     time.Time
	Who      string
	Result   State
	Reason   string // why it ended so
	Took     time.Duration
	Own      plan.Ownership
	Previous string
	// Damaged says why the fields above are not known: what the generation
	// says of itself was changed. Target verifies the rest.
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
func Current(paths Paths) (Generation, bool, error) {
	s := store{paths.State}
	id := s.linked(currentLink)
	if id == "" {
		return Generation{}, false, nil
	}
	return s.generation(id), true, nil
}

// History lists the generations, newest first.
func History(paths Paths) ([]Generation, error) {
	s := store{paths.State}
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	list := make([]Generation, 0, len(ids))
	for _, id := range ids {
		list = append(list, s.generation(id))
	}
	return list, nil
}

func (s store) generation(id string) Generation {
	g := Generation{ID: id, Dir: s.path(id)}
	m, err := s.about(id)
	if err != nil {
		g.Damaged = err
	} else {
		g.When, g.Who, g.Own, g.Previous = m.When, m.Who, m.Own, m.Previous
	}
	if r, ended := s.readResult(id); ended {
		g.Result, g.Reason, g.Took = r.State, r.Reason, r.Took
	}
	// The link decides: the result may be missing on a disk that was full.
	if s.linked(currentLink) == id {
		g.Result = Confirmed
	}
	return g
}
