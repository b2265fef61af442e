package apply

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// concluded stores a generation and records how its transaction ended.
func concluded(t *testing.T, s store, second int64, state State, by, reason string) string {
	t.Helper()
	id := put(t, s, second, letting(22))
	tx := &txn{paths: Paths{State: s.dir, Run: t.TempDir()}, store: s, now: bootClock}
	tx.j = journal{ID: id, Generation: id, Who: "alice", By: by, Reason: reason, Since: time.Now().Add(-17 * time.Second)}
	tx.record(state, nil)
	return id
}

func TestHistoryOutlivesItsGenerations(t *testing.T) {
	synctest.Test(t, historyOutlivesItsGenerations) // how long an apply took is told to the second
}

func historyOutlivesItsGenerations(t *testing.T) {
	s := store{t.TempDir()}
	kept := concluded(t, s, 1, Confirmed, "bob from 198.51.100.9", "")
	undone := concluded(t, s, 2, RolledBack, "", "no confirmation within 30s")
	for _, stored := range []bool{true, false} {
		list, err := History(Paths{State: s.dir})
		if err != nil || len(list) != 2 {
			t.Fatalf("history: %+v, %v", list, err)
		}
		for i, want := range []Generation{
			{ID: undone, Result: RolledBack, Reason: "no confirmation within 30s"},
			{ID: kept, Result: Confirmed, By: "bob from 198.51.100.9"},
		} {
			g := list[i]
			if g.Event != Applied || g.ID != want.ID || g.Result != want.Result || g.Reason != want.Reason || g.By != want.By ||
				g.Who != "alice" || g.Took != 17*time.Second || g.Pruned == stored || g.When.Unix() != int64(2-i) {
				t.Errorf("stored %v: got %+v, want %+v", stored, g, want)
			}
		}
		s.remove(kept)
		s.remove(undone)
	}
}

// The results of these applies are missing, as after trials on a disk that was
// full.
func TestHistoryTellsEndsThatCouldNotBeWrittenDown(t *testing.T) {
	s := store{t.TempDir()}
	run := t.TempDir()
	first := put(t, s, 1, letting(22)) // kept
	if err := s.promote(first); err != nil {
		t.Fatal(err)
	}
	second := put(t, s, 2, letting(22)) // kept
	if err := s.promote(second); err != nil {
		t.Fatal(err)
	}
	third := put(t, s, 3, letting(22)) // not kept
	fourth := put(t, s, 4, letting(22))
	now := put(t, s, time.Now().Unix(), letting(22)) // has no journal yet
	j := testJournal()
	j.ID, j.Generation = fourth, fourth
	if err := writeJournal(Paths{Run: run}, j); err != nil {
		t.Fatal(err)
	}
	want := map[string]State{first: Confirmed, second: Confirmed, third: RolledBack, fourth: "", now: ""}
	list, err := History(Paths{State: s.dir, Run: run})
	if err != nil || len(list) != len(want) {
		t.Fatalf("history: %+v, %v", list, err)
	}
	for _, g := range list {
		if told := g.Reason == untoldEnd; g.Result != want[g.ID] || told != (g.ID == first || g.ID == third) {
			t.Errorf("%v: ended %q for %q, want %q", g.When, g.Result, g.Reason, want[g.ID])
		}
	}
	if err := os.WriteFile(filepath.Join(run, journalFile), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if list, err = History(Paths{State: s.dir, Run: run}); err != nil || list[2].Result != "" {
		t.Errorf("what is on trial is not known, and yet %v ended: %q, %v", list[2].When, list[2].Result, err)
	}
}

func TestHistoryTellsRefusalsAndBoots(t *testing.T) {
	s := store{t.TempDir()}
	for i, p := range []pastLine{
		{Event: Refused, State: Failed, Who: "alice", Reason: "would lock you out", Changes: &Changes{Rows: 1, Added: 2, Gone: 3}},
		{Event: Booted, State: Confirmed, Who: "boot", Reason: "loaded the confirmed generation"},
	} {
		p.ID, p.When = newID(time.Unix(int64(i+1), 0)), time.Unix(int64(i+1), 0)
		if err := s.note(p); err != nil {
			t.Fatal(err)
		}
	}
	list, err := History(Paths{State: s.dir})
	if err != nil || len(list) != 2 || list[0].Event != Booted || list[1].Event != Refused {
		t.Fatalf("history: %+v, %v", list, err)
	}
	if c := list[1].Changes; c == nil || *c != (Changes{1, 2, 3}) {
		t.Errorf("changes %+v", c)
	}
}

func TestHistoryReadsAroundDamage(t *testing.T) {
	s := store{t.TempDir()}
	a, b := newID(time.Unix(1, 0)), newID(time.Unix(2, 0))
	for _, p := range []pastLine{{ID: a, State: Trial}, {ID: b}, {ID: a, State: Confirmed}} {
		if err := s.note(p); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(s.dir, pastFile)
	good, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	bad := slices.Concat([]byte("{\x00\nnonsense\n{\"ID\":\"../../etc\"}\n"), good, []byte(`{"ID":"torn`))
	if err := os.WriteFile(name, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	list := s.past()
	if len(list) != 2 || list[0].ID != a || list[0].State != Confirmed || list[1].ID != b {
		t.Errorf("read %+v", list)
	}
}

func TestHistoryIsCutAtALine(t *testing.T) {
	s := store{t.TempDir()}
	name := filepath.Join(s.dir, pastFile)
	line := fmt.Sprintf(`{"ID":%q,"Reason":%q}`+"\n", newID(time.Unix(1, 0)), strings.Repeat("x", 1000))
	if err := os.WriteFile(name, bytes.Repeat([]byte(line), maxPast/len(line)+10), 0o600); err != nil {
		t.Fatal(err)
	}
	s.cutPast()
	got, err := os.ReadFile(name)
	if err != nil || len(got) > maxPast/2 || len(got) < maxPast/3 || !bytes.HasPrefix(got, []byte(`{"ID"`)) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestHistoryIsNotWrittenThroughALink(t *testing.T) {
	s := store{t.TempDir()}
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.Symlink(victim, filepath.Join(s.dir, pastFile)); err != nil {
		t.Fatal(err)
	}
	if err := s.note(pastLine{ID: newID(time.Unix(1, 0))}); err == nil {
		t.Error("written through a symbolic link")
	}
}

func TestLongReasonStaysOneLine(t *testing.T) {
	s := store{t.TempDir()}
	if err := s.note(pastLine{ID: newID(time.Unix(1, 0)), Reason: strings.Repeat("ü\n", maxPast)}); err != nil {
		t.Fatal(err)
	}
	if list := s.past(); len(list) != 1 || len(list[0].Reason) > maxPastLine/4+2 {
		t.Errorf("read %d lines", len(list))
	}
}

func TestResultOfAnEarlierVersionIsRead(t *testing.T) {
	s := store{t.TempDir()}
	id := put(t, s, 1, letting(22))
	old := `{"State":"rolled back","Reason":"rejected","Took":5,"Ended":"2026-01-02T03:04:05Z"}`
	if err := os.WriteFile(filepath.Join(s.path(id), resultFile), []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	g, ok := Find(Paths{State: s.dir}, id)
	if !ok || g.Result != RolledBack || g.By != "" || g.Changes != nil || g.Pruned {
		t.Errorf("found %+v, %v", g, ok)
	}
}

func TestFindGivesOnlyGenerations(t *testing.T) {
	s := store{t.TempDir()}
	for _, id := range []string{"", "..", newID(time.Unix(1, 0))} {
		if g, ok := Find(Paths{State: s.dir}, id); ok {
			t.Errorf("%q: %+v", id, g)
		}
	}
}
