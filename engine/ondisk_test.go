package engine

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/tables"
)

// onSamples is an engine that has read the sample tables.
func onSamples(t *testing.T) (*Engine, string, *tables.Set) {
	t.Helper()
	dir := sampleDir(t)
	e := New(Config{Dir: dir})
	set, problems := e.Load()
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	return e, dir, set
}

func TestChangedOnDiskNamesWhatSomebodyElseWrote(t *testing.T) {
	e, dir, _ := onSamples(t)
	path := filepath.Join(dir, "services")
	was := read(t, path)
	wants := func(what string, want ...string) {
		t.Helper()
		if got := e.ChangedOnDisk(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	wants("untouched")
	if err := os.Chtimes(path, time.Now(), time.Now()); err != nil {
		t.Fatal(err)
	}
	wants("only touched")
	write(t, path, was+"new 4242 -\n")
	wants("written", "services")
	write(t, path, was)
	wants("put back")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	wants("removed", "services")
}

func TestChangedOnDiskIsNothingAfterASave(t *testing.T) {
	e, _, set := onSamples(t)
	if err := e.Save(withService(t, set, "mine")); err != nil {
		t.Fatal(err)
	}
	if got := e.ChangedOnDisk(); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

func TestATableThatCannotBeReadIsNoChange(t *testing.T) {
	dir := sampleDir(t)
	path := filepath.Join(dir, "services")
	if err := os.Rename(path, path+".real"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path+".real", path); err != nil {
		t.Fatal(err)
	}
	e := New(Config{Dir: dir})
	e.Load()
	if got := e.ChangedOnDisk(); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

// A merge ends in a save. It may replace what was merged, and nothing newer.
func TestSaveAfterRebaseReplacesWhatWasMergedAndNothingNewer(t *testing.T) {
	e, dir, set := onSamples(t)
	path := filepath.Join(dir, "services")
	mine := withService(t, set, "mine")
	write(t, path, read(t, path)+"theirs 4343 -\n")

	var changed *ErrChanged
	if err := e.Save(mine); !errors.As(err, &changed) {
		t.Fatalf("got %v, want ErrChanged", err)
	}
	theirs, problems := e.ReadDisk()
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	if err := e.Save(mine); !errors.As(err, &changed) {
		t.Fatalf("reading alone: got %v, want ErrChanged", err)
	}
	e.Rebase(theirs)
	write(t, path, read(t, path)+"newer 4444 -\n")
	if err := e.Save(mine); !errors.As(err, &changed) {
		t.Fatalf("a newer change: got %v, want ErrChanged", err)
	}
	theirs, _ = e.ReadDisk()
	e.Rebase(theirs)
	merge, err := tables.Merge3(set.File(tables.Services), mine.File(tables.Services), theirs.File(tables.Services))
	if err != nil {
		t.Fatal(err)
	}
	for i := range merge.Hunks {
		merge.Hunks[i].Take = tables.Both
	}
	file, err := merge.File()
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Save(mine.With(file)); err != nil {
		t.Fatal(err)
	}
	got, _ := e.ReadDisk()
	for _, name := range []string{"mine", "theirs", "newer"} {
		if len(got.WhereUsed(tables.ServiceObject, name)) != 1 {
			t.Errorf("%s is not in\n%s", name, got.File(tables.Services).Bytes())
		}
	}
}
