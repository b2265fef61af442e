package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestDiffIsWrittenForItsOwnerOnly(t *testing.T) {
	state := t.TempDir()
	e := New(Config{State: state})
	path := e.DiffFile()
	if err := e.WriteDiff(path, "+ rule\n", false); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if st, err := os.Stat(name); err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want mode %o", name, st.Mode(), err, want)
		}
	}
	if got := read(t, path); got != "+ rule\n" {
		t.Errorf("wrote %q", got)
	}
}

func TestDiffOverwritesOnlyWhenToldTo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.diff")
	write(t, path, "precious")
	e := New(Config{})
	if err := e.WriteDiff(path, "new", false); !errors.Is(err, fs.ErrExist) || read(t, path) != "precious" {
		t.Fatalf("without replace: %v, file %q", err, read(t, path))
	}
	if err := e.WriteDiff(path, "new", true); err != nil || read(t, path) != "new" {
		t.Fatalf("with replace: %v, file %q", err, read(t, path))
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", st.Mode(), err)
	}
}

func TestDiffFollowsNoSymbolicLink(t *testing.T) {
	dir := t.TempDir()
	victim, absent := filepath.Join(dir, "victim"), filepath.Join(dir, "absent")
	write(t, victim, "precious")
	e := New(Config{})
	for name, target := range map[string]string{"link": victim, "dangling": absent} {
		link := filepath.Join(dir, name)
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		for _, replace := range []bool{false, true} {
			if err := e.WriteDiff(link, "evil", replace); err == nil {
				t.Errorf("%s, replace %v: written", name, replace)
			}
		}
	}
	if _, err := os.Lstat(absent); err == nil || read(t, victim) != "precious" {
		t.Error("a link was followed")
	}
}

func TestDiffNeedsAWholePathAndItsDirectory(t *testing.T) {
	e := New(Config{})
	for _, path := range []string{"a.diff", "", filepath.Join(t.TempDir(), "nowhere", "a.diff"), t.TempDir()} {
		if err := e.WriteDiff(path, "x", false); err == nil {
			t.Errorf("%q: written", path)
		}
	}
}
