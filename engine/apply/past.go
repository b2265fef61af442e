package apply

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

// pastFile is the list of what happened, in Paths.State: one JSON line for each
// transaction that ended, apply that was refused, and boot. It outlives the
// generations, of which only the newest stay. It tells people, and decides
// nothing: a line that is missing or damaged changes no rule.
const pastFile = "history.jsonl"

// The list is cut to its newer half when it is longer than maxPast.
const (
	maxPast     = 1 << 20
	maxPastLine = 16 << 10
)

// Event is what an entry of the history tells of.
type Event string

// The events.
const (
	Applied Event = "apply"
	Refused Event = "refused" // before anything was loaded
	Booted  Event = "boot"
)

// Changes is how much an apply changed: table rows, and kernel rules of both
// families.
type Changes struct{ Rows, Added, Gone int }

// pastLine is one line of the list.
type pastLine struct {
	Event    Event
	ID       string
	When     time.Time
	Who      string
	By       string
	State    State
	Reason   string
	Took     time.Duration
	Previous string   `json:",omitempty"` // for a boot what was confirmed then
	Changes  *Changes `json:",omitempty"`
}

// note adds a line to the list. A line is written at once, so that those of two
// processes do not mix.
func (s store) note(p pastLine) error {
	p.Reason = p.Reason[:min(len(p.Reason), maxPastLine/4)]
	line, err := json.Marshal(p)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(s.dir, pastFile), os.O_WRONLY|os.O_APPEND|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

// past reads the list, oldest first; of several lines about one event the last
// one counts. What cannot be read is left out.
func (s store) past() []pastLine {
	data, err := readFile(filepath.Join(s.dir, pastFile), 2*maxPast)
	if err != nil {
		return nil
	}
	at := make(map[string]int)
	var list []pastLine
	for line := range bytes.Lines(data) {
		var p pastLine
		if json.Unmarshal(line, &p) != nil || !validID(p.ID) {
			continue
		}
		if i, ok := at[p.ID]; ok {
			list[i] = p
			continue
		}
		at[p.ID] = len(list)
		list = append(list, p)
	}
	return list
}

// cutPast forgets the older half of a list that has become too long. The lock
// must be held; a line that somebody else adds meanwhile may be lost.
func (s store) cutPast() {
	name := filepath.Join(s.dir, pastFile)
	data, err := readFile(name, 64*maxPast)
	if err != nil || len(data) <= maxPast {
		return
	}
	data = data[len(data)-maxPast/2:]
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		data = data[i+1:]
	}
	_ = renameio.WriteFile(name, data, 0o600, renameio.WithTempDir(s.dir)) // it stays long, and the next one cuts it
}

// generation is an entry of which the list alone still tells.
func (p pastLine) generation() Generation {
	return Generation{
		Event: p.Event, ID: p.ID, When: p.When, Who: p.Who, By: p.By, Result: p.State, Reason: p.Reason,
		Took: p.Took, Previous: p.Previous, Changes: p.Changes, Pruned: true,
	}
}

// History lists what happened, newest first: the generations on disk, and what
// the list tells of others, of boots, and of what was refused.
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
	if j, pending, err := readJournal(paths); err == nil || !pending {
		tellUntoldEnds(list, j.Generation, time.Now())
	}
	for _, p := range s.past() {
		if _, stored := slices.BinarySearchFunc(ids, p.ID, func(a, b string) int { return cmp.Compare(b, a) }); !stored {
			list = append(list, p.generation())
		}
	}
	slices.SortStableFunc(list, func(a, b Generation) int { return cmp.Compare(b.ID, a.ID) })
	return list, nil
}

// untoldEnd is the reason of an end that is known from what followed only. So
// long after its generation was written an apply has a journal, if it runs.
const (
	untoldEnd   = "how it ended could not be written down"
	untoldAfter = time.Minute
)

// tellUntoldEnds says how the applies ended whose results are missing, as after
// a trial on a disk that was full: one that another followed was kept, one that
// is neither pending nor was ever in force was not.
func tellUntoldEnds(list []Generation, pending string, now time.Time) {
	followed := make(map[string]bool)
	for i := range list {
		followed[list[i].Previous] = true
	}
	for i := range list {
		g := &list[i]
		if g.Result != "" || g.Damaged != nil || g.ID == pending || now.Sub(g.When) < untoldAfter {
			continue
		}
		g.Result, g.Reason = RolledBack, untoldEnd
		if followed[g.ID] {
			g.Result = Confirmed
		}
	}
}
