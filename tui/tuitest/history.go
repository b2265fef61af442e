package tuitest

import (
	"bytes"
	"fmt"
	"strings"
	"testing/fstest"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// The generations of a new site.
const (
	confirmedID = "20261120-091400-a1b2" // the one that runs
	earlierID   = "20261118-161200-c3d4"
	undoneID    = "20261119-223000-e5f6"
	bootID      = "20261119-060000-boot"
	refusedID   = "20261117-100500-a7b8"
	prunedID    = "20260301-080000-c9d0"
)

// sampleHistory is what happened before a new site was made, newest first.
func (s *Site) sampleHistory() []engine.Generation {
	ago := func(d time.Duration) time.Time { return s.began.Add(-d) }
	day := 24 * time.Hour
	list := []engine.Generation{
		{ID: confirmedID, When: ago(5 * time.Hour), Who: "alice from 203.0.113.7", By: "alice from 203.0.113.7", Took: 17 * time.Second,
			Result: engine.Confirmed, Previous: earlierID, Changes: &engine.Changes{Rows: 1, Added: 2}},
		{ID: undoneID, When: ago(15 * time.Hour), Who: "bob from 198.51.100.9", Took: 30 * time.Second,
			Result: engine.RolledBack, Reason: "no confirmation within 30s", Previous: earlierID, Changes: &engine.Changes{Rows: 1, Gone: 2}},
		{ID: bootID, Event: engine.Booted, When: ago(day + 8*time.Hour), Who: "boot", Result: engine.Confirmed, Reason: "loaded the confirmed generation"},
		{ID: earlierID, When: ago(day + 22*time.Hour), Who: "alice from 203.0.113.7", By: "bob from 198.51.100.9", Took: 41 * time.Second,
			Result: engine.Confirmed, Previous: prunedID, Changes: &engine.Changes{Rows: 3, Added: 6, Gone: 2}},
		{ID: refusedID, Event: engine.Refused, When: ago(3*day + 4*time.Hour), Who: "bob from 198.51.100.9", Result: engine.Failed,
			Reason: "the new rules would lock you out: a new connection from 198.51.100.9 to port 22 is rejected by rules:10"},
		{ID: prunedID, When: ago(264 * day), Who: "carol", Took: 12 * time.Second, Result: engine.Confirmed, Pruned: true},
	}
	for i := range list {
		if list[i].Event == "" {
			list[i].Event = engine.Applied
		}
	}
	return list
}

// sampleArchive are the tables of the sample generations: each lacks a row of
// the one after it.
func (s *Site) sampleArchive() map[string]fstest.MapFS {
	without := func(line string) fstest.MapFS {
		files := clone(s.Files)
		files["rules"].Data = bytes.Replace(files["rules"].Data, []byte(line+"\n"), nil, 1)
		return files
	}
	const smtp = "ext             FW               ALL                  ALL                    smtp           accept"
	const telnet = "int             FW               ALL                  ALL                    telnet         accept"
	return map[string]fstest.MapFS{confirmedID: clone(s.Files), earlierID: without(telnet), undoneID: without(smtp)}
}

func clone(files fstest.MapFS) fstest.MapFS {
	out := fstest.MapFS{}
	for name, f := range files {
		out[name] = &fstest.MapFile{Data: bytes.Clone(f.Data)}
	}
	return out
}

// generation finds an entry by its id.
func (s *Site) generation(id string) (engine.Generation, bool) {
	for _, g := range s.history {
		if g.ID == id {
			g.Who += s.Taint
			g.Reason += s.Taint
			return g, true
		}
	}
	return engine.Generation{}, false
}

// confirmed is the generation that is in force.
func (s *Site) confirmed() string {
	for _, g := range s.history {
		if g.Event == engine.Applied && g.Result == engine.Confirmed {
			return g.ID
		}
	}
	return ""
}

// PastTables are the tables of a generation.
func (s *Site) PastTables(id string) (*tables.Set, error) {
	if err := s.enter("PastTables"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	files, ok := s.archive[id]
	if !ok {
		return nil, engine.ErrPruned
	}
	set, _ := tables.Load(files)
	return set, nil
}

// Recall compares a generation with another one.
func (s *Site) Recall(id string, against engine.Against) (*engine.Recalled, error) {
	if err := s.enter("Recall"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	gen, _ := s.generation(id)
	baseID := gen.Previous
	if against == engine.Now {
		baseID = s.confirmed()
	}
	if _, ok := s.archive[baseID]; !ok {
		return nil, fmt.Errorf("generation %s, which it followed: %w", strings.ToUpper(baseID), engine.ErrPruned)
	}
	base, _ := s.generation(baseID)
	before, _ := tables.Load(s.archive[baseID])
	after, _ := tables.Load(s.archive[id])
	was, now := s.rows(before), s.rows(after)
	for _, c := range []**engine.Compiled{&was, &now} { // a table that a test spoiled
		if *c == nil {
			*c = &engine.Compiled{Rules: &ruleset.Ruleset{}}
		}
	}
	d := plan.Compare(was.Rules, plan.Target{Rules: now.Rules}, plan.Owned(was.Rules))
	review := engine.NewReview(engine.Sides{
		Before: before, After: after, BeforeRows: was.Rows, AfterRows: now.Rows, Rules: now.Rules, Diff: d,
	})
	review.Against = &base
	return &engine.Recalled{Generation: gen, Base: &base, Review: review, Diff: d}, nil
}

// Forget makes the site one where nothing was ever confirmed.
func (s *Site) Forget() { s.history, s.archive = nil, map[string]fstest.MapFS{} }

// Count gives every rule that runs so many packets.
func (s *Site) Count(packets uint64) {
	for _, f := range ruleset.Families() {
		for _, t := range *s.live.Tables(f) {
			for _, c := range t.Chains {
				for _, r := range c.Rules {
					r.Counters = ruleset.Counters{Packets: packets, Bytes: packets}
				}
			}
		}
	}
}
