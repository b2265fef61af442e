package engine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mfwtui/mfwtui/tables"
)

// starterSet is a set of first tables.
func starterSet(t *testing.T) *tables.Set {
	t.Helper()
	set, err := Starter(readStarterFacts(t, "interface eth0 up default 192.0.2.10/24\nssh 203.0.113.7 51022 192.0.2.10 22 by eth0\n"))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestFirstUseIsADirectoryWithoutTables(t *testing.T) {
	empty, other, one := t.TempDir(), t.TempDir(), t.TempDir()
	write(t, filepath.Join(other, "README"), "notes\n")
	write(t, filepath.Join(one, "rules"), "")
	file := filepath.Join(other, "README")
	for dir, want := range map[string]bool{filepath.Join(empty, "missing"): true, empty: true, other: true, one: false, file: false} {
		if got := New(Config{Dir: dir}).FirstUse(); got != want {
			t.Errorf("%s: %v, want %v", dir, got, want)
		}
	}
}

func TestCreateTablesMakesDirectoryAndFiles(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o022))
	dir := filepath.Join(t.TempDir(), "nodes", "edge")
	e := New(Config{Dir: dir})
	set := starterSet(t)
	if err := e.CreateTables(set); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{dir: 0o750, filepath.Join(dir, "rules"): 0o640, filepath.Join(dir, "options"): 0o640} {
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := st.Mode().Perm(); got != want {
			t.Errorf("%s: mode %04o, want %04o", path, got, want)
		}
	}
	got, problems := e.Load()
	if problems.HasErrors() || len(got.Changed(set)) > 0 {
		t.Errorf("read back: %v, changed %v", problems, got.Changed(set))
	}
	if _, problems := e.Check(got); problems.HasErrors() {
		t.Error(problems)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestCreateTablesNeverReplacesATable(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "rules"), "# mine\n")
	if err := New(Config{Dir: dir}).CreateTables(starterSet(t)); !errors.Is(err, ErrTablesExist) {
		t.Errorf("got %v, want ErrTablesExist", err)
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 || read(t, filepath.Join(dir, "rules")) != "# mine\n" {
		t.Errorf("the directory has %v", entries)
	}
}

func TestADirectoryWithoutTablesSaysInOneLineWhatToDo(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		_, problems := New(Config{Dir: dir}).Load()
		if len(problems) != 1 || !strings.Contains(problems[0].Text, "mfwtui on a terminal offers to make") {
			t.Errorf("%s: %v", dir, problems)
		}
	}
}
